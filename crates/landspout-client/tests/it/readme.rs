//! What the README shows.

#[test]
fn its_program_is_the_example() {
    let readme = include_str!("../../README.md");
    let example = include_str!("../../examples/fetch.rs");
    assert!(readme.contains(example));
    assert!(example.lines().count() <= 20);
}

#[test]
fn each_of_its_pieces_is_compiled() {
    let readme = include_str!("../../README.md");
    let examples =
        [include_str!("../../examples/fetch.rs"), include_str!("../../examples/session.rs")];
    let pieces: Vec<_> = readme.split("```rust\n").skip(1).collect();
    assert_eq!(pieces.len(), 4);
    for piece in pieces {
        let code = piece.split("```").next().unwrap();
        assert!(examples.iter().any(|example| example.contains(code)), "{code}");
    }
}
