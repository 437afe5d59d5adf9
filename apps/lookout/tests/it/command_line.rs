//! The program as a person types it.

use std::path::Path;
use std::process::{Command, Output};

use crate::scratch::Scratch;

fn lookout(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lookout"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn check_says_what_it_found() {
    let scratch = Scratch::new();
    let sample = lookout(scratch.path(), &["sample"]);
    assert!(sample.status.success());
    scratch.file("lookout.toml", &sample.stdout);
    for arguments in
        [&["check"][..], &["check", "lookout.toml"], &["--config", "lookout.toml", "check"]]
    {
        let output = lookout(scratch.path(), arguments);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(
            said(&output.stdout),
            "lookout.toml: 1 endpoint, 1 group, 0.20 checks a second; no mistakes\n"
        );
    }
}

#[test]
fn check_points_at_mistakes_and_ends_with_2() {
    let scratch = Scratch::new();
    scratch.file("bad.toml", "[[endpoint]]\nid = \"a\"\nurl = 5\nevery = \"1ms\"\n");
    let output = lookout(scratch.path(), &["check", "bad.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output.stderr),
        "bad.toml:3:7: \"url\" must be a text in quotes\n  \
         |\n3 | url = 5\n  |       ^\n\n\
         bad.toml:4:9: \"every\" must be at least 1s\n  \
         |\n4 | every = \"1ms\"\n  |         ^^^^^\n\n\
         lookout: bad.toml has 2 mistakes\n"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_file_that_is_not_there_is_said_in_one_sentence() {
    let scratch = Scratch::new();
    let output = lookout(scratch.path(), &["check", "none.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(said(&output.stderr), "lookout: cannot read none.toml: there is no such file\n");
    let binary = scratch.file("binary.toml", [0xff, 0xfe]);
    let output = lookout(scratch.path(), &["check", binary.to_str().unwrap()]);
    assert!(said(&output.stderr).ends_with(": it is not UTF-8 text\n"));
}

#[test]
fn help_names_every_command_and_option() {
    let scratch = Scratch::new();
    let output = lookout(scratch.path(), &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for word in
        ["check", "sample", "--config", "--listen", "--data", "--help", "--version", "lookout.toml"]
    {
        assert!(said(&output.stdout).contains(word), "{word}");
    }
}

#[test]
fn a_wrong_argument_ends_with_2() {
    let scratch = Scratch::new();
    for arguments in [&["--lsten", "x"][..], &["--listen", "x"], &["chekc"], &["sample", "x"]] {
        let output = lookout(scratch.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output.stderr).starts_with("error: "), "{arguments:?}");
    }
}
