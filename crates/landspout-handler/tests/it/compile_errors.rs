//! What the compiler says of a wrong handler.

use std::process::Command;

/// The words of these errors are part of the interface. Other compilers phrase the rest of the
/// message differently, so it is compared on the version that the words were recorded with.
#[test]
fn a_wrong_handler_has_a_readable_error() {
    const RECORDED_WITH: &str = "rustc 1.95.";
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    if !String::from_utf8(version).unwrap().starts_with(RECORDED_WITH) {
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/it/wrong/*.rs");
}
