//! A history that cannot be used is refused in one sentence.

use std::path::Path;

use lookout::store::Store;
use rusqlite::Connection;

use crate::history::keep;
use crate::scratch::Scratch;

#[track_caller]
fn check(data: &Path, why: &str) {
    let scratch = Scratch::new();
    let mut keep = keep(&scratch);
    data.clone_into(&mut keep.data);
    let error = Store::open(&keep).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot use the history in {}: {why}", data.display()));
}

#[test]
fn a_folder_that_is_not_there() {
    check(Path::new("/nowhere/at/all/lookout.db"), "its folder does not exist");
}

#[test]
fn a_folder_that_is_a_file() {
    let scratch = Scratch::new();
    check(&scratch.file("file", "").join("lookout.db"), "its folder is not a folder");
}

#[test]
fn a_file_that_is_a_folder() {
    let scratch = Scratch::new();
    check(scratch.path(), "it is a folder, not a file");
}

#[test]
fn a_file_that_is_no_database() {
    let scratch = Scratch::new();
    let path = scratch.file("notes.txt", "This is a list of things to do. ".repeat(100));
    check(&path, "it is not a lookout database");
    assert!(std::fs::read_to_string(path).unwrap().starts_with("This is a list"));
}

#[test]
fn a_database_of_another_program() {
    let scratch = Scratch::new();
    let path = scratch.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE songs (name)").unwrap();
    check(&path, "it is the database of another program");
}

#[test]
fn a_database_of_a_newer_lookout() {
    let scratch = Scratch::new();
    let keep = keep(&scratch);
    drop(Store::open(&keep).unwrap());
    Connection::open(&keep.data).unwrap().pragma_update(None, "user_version", 7).unwrap();
    check(&keep.data, "a newer lookout wrote it (schema 7, this one knows 1); update lookout");
}

#[test]
fn a_database_that_a_running_lookout_uses() {
    let scratch = Scratch::new();
    let keep = keep(&scratch);
    let running = Store::open(&keep).unwrap();
    check(&keep.data, "another lookout is running on it");
    drop(running);
    Store::open(&keep).unwrap();
}

#[test]
fn a_damaged_database() {
    let scratch = Scratch::new();
    let keep = keep(&scratch);
    drop(Store::open(&keep).unwrap());
    let mut bytes = std::fs::read(&keep.data).unwrap();
    bytes[4_096..].fill(0xaa);
    std::fs::write(&keep.data, bytes).unwrap();
    check(&keep.data, "the file is damaged; restore a backup or move it away");
}
