//! How the house is kept.

use crate::workspace::{crates, files, root, shown};
use std::fs;
use std::path::Path;

/// Lines that a source file has at the most.
const MAX_LINES: usize = 500;

/// The crates of the two sides of the wire. Of their files, `connection.rs` or those of the folder
/// `connection` may name hyper.
const HYPER: [&str; 2] = ["crates/landspout-client/src/", "crates/landspout-server/src/"];

/// Whether this is a file, or in the folder, that may name hyper.
fn is_connection(shown: &str) -> bool {
    let inside = HYPER.iter().find_map(|src| shown.strip_prefix(src));
    inside.is_some_and(|inside| inside == "connection.rs" || inside.starts_with("connection/"))
}

/// Asserts that nothing was found, and shows what was.
#[track_caller]
fn assert_none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// Whether a line says that what follows is built for tests only: `#[cfg(test)]`, or
/// `#[cfg(all(test, ..))]` where the tests need a feature.
fn is_for_tests(line: &str) -> bool {
    let line = line.trim();
    line == "#[cfg(test)]" || line.starts_with("#[cfg(all(test, ")
}

/// The lines of a source file that are code, with their numbers. Its own tests, which are last in
/// it, are left out; behind a line that only names the file of the tests, it goes on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let next = text.lines().skip(1).chain([""]);
    text.lines()
        .zip(next)
        .take_while(|(line, next)| !is_for_tests(line) || next.trim() == "mod tests;")
        .zip(1..)
        .filter(|((line, _), _)| !line.trim().starts_with("//"))
        .map(|((line, _), at)| (at, line))
}

/// Whether a file has the tests of its folder: it is called so, and its module is built for tests
/// only.
fn is_tests_of_folder(path: &Path) -> bool {
    let module = path.with_file_name("mod.rs");
    path.ends_with("tests.rs") && module.is_file() && {
        let text = read(&module);
        text.lines()
            .zip(text.lines().skip(1))
            .any(|(line, next)| is_for_tests(line) && next.trim() == "mod tests;")
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    let found: Vec<_> = files(&root(), ".rs")
        .iter()
        .filter(|path| !read(path).starts_with("//! "))
        .map(|path| shown(path))
        .collect();
    assert_none("a file begins with `//!` and what it is", &found);
}

#[test]
fn no_source_file_is_long() {
    let found: Vec<_> = files(&root(), ".rs")
        .iter()
        .map(|path| (path, read(path).lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{}: {lines} lines", shown(path)))
        .collect();
    assert_none("a file has at most 500 lines: is it one noun?", &found);
}

#[test]
fn hyper_is_named_in_the_two_connections() {
    let mut found = Vec::new();
    let mut homes = [0; 2];
    for path in crates().iter().flat_map(|folder| files(&folder.join("src"), ".rs")) {
        let (text, shown) = (read(&path), shown(&path));
        if is_connection(&shown) {
            let side = HYPER.iter().position(|src| shown.starts_with(src)).expect("it is in one");
            homes[side] += usize::from(text.contains("hyper::"));
            continue;
        }
        let named = code(&text).filter(|(_, line)| line.contains("hyper"));
        found.extend(named.map(|(at, line)| format!("{shown}:{at}: {}", line.trim())));
    }
    assert_none("hyper is behind the two connections", &found);
    assert!(homes.iter().all(|files| *files > 0), "hyper is in both connections: {homes:?}");
}

#[test]
fn libraries_do_not_unwrap() {
    let mut found = Vec::new();
    for path in crates().iter().flat_map(|folder| files(&folder.join("src"), ".rs")) {
        if is_tests_of_folder(&path) {
            continue;
        }
        let text = read(&path);
        let unwraps = code(&text).filter(|(_, line)| line.contains(".unwrap()"));
        found.extend(unwraps.map(|(at, line)| format!("{}:{at}: {}", shown(&path), line.trim())));
    }
    assert_none("a library states its invariant with `expect`, or returns an error", &found);
}

#[test]
fn no_file_is_a_drawer() {
    const DRAWERS: [&str; 6] =
        ["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs", "types.rs"];
    let found: Vec<_> = files(&root(), ".rs")
        .iter()
        .filter(|path| DRAWERS.iter().any(|name| path.ends_with(name)))
        .map(|path| shown(path))
        .collect();
    assert_none("a file is named for what is in it", &found);
}

#[test]
fn every_crate_can_be_picked_alone() {
    let mut found = Vec::new();
    for folder in crates() {
        for file in ["README.md", "CHANGELOG.md", "tests/it/main.rs"] {
            if !folder.join(file).is_file() {
                found.push(format!("{}: no {file}", shown(&folder)));
            }
        }
        if files(&folder.join("examples"), ".rs").is_empty() {
            found.push(format!("{}: no example", shown(&folder)));
        }
    }
    assert_none("a crate has a README, a CHANGELOG, an example and tests", &found);
}

/// A README shows the program that its user copies: the whole of an example that is compiled, in
/// twenty lines at the most.
#[test]
fn every_readme_shows_a_short_example_that_is_compiled() {
    let mut readmes: Vec<_> = crates().into_iter().map(|folder| (folder.clone(), folder)).collect();
    readmes.push((root(), root().join("crates/landspout")));
    let found: Vec<_> = readmes
        .iter()
        .filter(|(folder, krate)| {
            let readme = read(&folder.join("README.md"));
            !files(&krate.join("examples"), ".rs").iter().any(|example| {
                let text = read(example);
                let program = text.split_once("\n\n").map_or(&*text, |(_, program)| program);
                readme.contains(program.trim()) && program.trim().lines().count() <= 20
            })
        })
        .map(|(folder, _)| shown(&folder.join("README.md")))
        .collect();
    assert_none("a README shows one of its examples, word for word, in 20 lines at most", &found);
}

#[test]
fn only_tests_at_the_end_of_a_file_are_no_code() {
    let code_of = |text: &str| code(text).map(|(at, _)| at).collect::<Vec<_>>();
    assert_eq!(code_of("a\n// b\nc"), [1, 3]);
    assert_eq!(code_of("a\n#[cfg(test)]\nmod tests {\n    b\n}"), [1]);
    assert_eq!(code_of("a\n#[cfg(all(test, feature = \"b\"))]\nmod tests {\n}"), [1]);
    assert_eq!(code_of("a\n#[cfg(test)]\nmod tests;\nb"), [1, 2, 3, 4]);
    assert_eq!(code_of("a\n#[cfg(feature = \"test\")]\nb"), [1, 2, 3]);
}
