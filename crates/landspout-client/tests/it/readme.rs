//! What the README shows.

#[test]
fn its_program_is_the_example() {
    let readme = include_str!("../../README.md");
    let example = include_str!("../../examples/fetch.rs");
    assert!(readme.contains(example));
    assert!(example.lines().count() <= 20);
}
