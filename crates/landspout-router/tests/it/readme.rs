//! The README shows what works.

#[test]
fn the_readme_shows_the_example() {
    let readme = include_str!("../../README.md");
    let example = include_str!("../../examples/routes.rs");
    assert!(readme.contains(example));
}
