//! The README shows what there is.

const README: &str = include_str!("../../README.md");
const EXAMPLE: &str = include_str!("../../examples/greeting.rs");

#[test]
fn the_program_is_the_example_and_has_20_lines_at_most() {
    let (_, program) = README.split_once("```rust\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    assert!(EXAMPLE.ends_with(program));
    assert!(program.lines().count() <= 20);
}
