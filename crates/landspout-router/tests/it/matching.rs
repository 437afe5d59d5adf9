//! Which route has a path.

use landspout_router::{Miss, Router};

/// Checks which of the patterns has each path; `-` for none.
#[track_caller]
fn check(patterns: &[&str], expected: &[(&str, &str)]) {
    let mut router = Router::new();
    for pattern in patterns {
        router.insert(pattern, *pattern).unwrap();
    }
    for (path, expected) in expected {
        let found = match router.at(path) {
            Ok(found) => {
                assert_eq!(found.pattern, *found.value);
                found.pattern
            }
            Err(miss) => {
                assert_eq!(miss, Miss::NotFound);
                "-"
            }
        };
        assert_eq!(found, *expected, "at {path}");
    }
}

#[test]
fn text_matches_itself() {
    check(
        &["/", "/about", "/about/us"],
        &[
            ("/", "/"),
            ("/about", "/about"),
            ("/about/us", "/about/us"),
            ("/abou", "-"),
            ("/About", "-"),
            ("/about/", "-"),
            ("", "-"),
            ("about", "-"),
            ("*", "-"),
        ],
    );
}

#[test]
fn paths_of_one_length_are_told_apart() {
    let paths: Vec<_> = (0..50).map(|number| format!("/{:02}", number * 37 % 50)).collect();
    let mut patterns: Vec<_> = paths.iter().map(|path| &**path).collect();
    patterns.push("/{other}");
    let mut expected: Vec<_> = paths.iter().map(|path| (&**path, &**path)).collect();
    expected.extend([("/50", "/{other}"), ("/0", "/{other}"), ("/000", "/{other}")]);
    expected.push(("/%30%30", "/00"));
    check(&patterns, &expected);
}

#[test]
fn a_parameter_is_one_segment_that_is_not_empty() {
    check(
        &["/story/{id}", "/story/{id}/edit"],
        &[
            ("/story/7", "/story/{id}"),
            ("/story/7/edit", "/story/{id}/edit"),
            ("/story/", "-"),
            ("/story//edit", "-"),
            ("/story/7/", "-"),
        ],
    );
}

#[test]
fn a_catch_all_is_the_rest_of_the_path_that_is_not_empty() {
    check(
        &["/static/{*file}"],
        &[
            ("/static/a", "/static/{*file}"),
            ("/static/a/b/", "/static/{*file}"),
            ("/static//", "/static/{*file}"),
            ("/static/", "-"),
            ("/static", "-"),
        ],
    );
}

#[test]
fn a_parameter_can_have_text_around_it() {
    check(
        &["/{id}.json", "/{id}.tar.gz", "/{id}.gz", "/{id}", "/at/@{user}"],
        &[
            ("/7.json", "/{id}.json"),
            ("/7.tar.gz", "/{id}.tar.gz"),
            ("/7.gz", "/{id}.gz"),
            ("/7", "/{id}"),
            ("/.json", "/{id}"),
            ("/at/@ann", "/at/@{user}"),
            ("/at/@", "-"),
        ],
    );
}

#[test]
fn text_comes_before_a_parameter_and_a_parameter_before_nothing() {
    check(
        &["/user/{id}", "/user/me", "/user/me/{tab}", "/{page}/me", "/user/a{id}"],
        &[
            ("/user/me", "/user/me"),
            ("/user/a1", "/user/a{id}"),
            ("/user/1", "/user/{id}"),
            ("/user/me/1", "/user/me/{tab}"),
            ("/users/me", "/{page}/me"),
            ("/user/a", "/user/{id}"),
        ],
    );
}

#[test]
fn a_branch_that_leads_nowhere_is_left_again() {
    check(
        &["/a/b/c", "/a/{x}/d", "/{*rest}"],
        &[("/a/b/c", "/a/b/c"), ("/a/b/d", "/a/{x}/d"), ("/a/b/e", "/{*rest}")],
    );
}

#[test]
fn the_longest_suffix_is_not_reconsidered() {
    check(
        &["/{repo}.git/info", "/{repo}/issues"],
        &[
            ("/landspout.git/info", "/{repo}.git/info"),
            ("/landspout/issues", "/{repo}/issues"),
            ("/landspout.git/issues", "-"),
        ],
    );
}

#[test]
fn doubled_braces_are_braces() {
    check(
        &["/{{id}}", "/{id}", "/x{{{id}"],
        &[("/{id}", "/{{id}}"), ("/%7Bid%7d", "/{{id}}"), ("/id", "/{id}"), ("/x{7", "/x{{{id}")],
    );
}

#[test]
fn dots_and_slashes_are_not_removed() {
    check(
        &["/a/b", "/files/{*path}"],
        &[
            ("/a/./b", "-"),
            ("/x/../a/b", "-"),
            ("//a/b", "-"),
            ("/a//b", "-"),
            ("/files/../a/b", "/files/{*path}"),
        ],
    );
}

#[test]
fn an_empty_router_has_nothing() {
    check(&[], &[("/", "-"), ("", "-"), ("/a", "-")]);
}
