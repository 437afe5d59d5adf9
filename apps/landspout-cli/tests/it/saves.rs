//! Bodies that are saved in files.

use crate::command::{FILE, run_in, server};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder that is there for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_body_is_saved_under_a_given_name_or_that_of_its_url() {
    let addr = server();
    let folder = Folder::new("saved");
    let (file, whole) = (format!("http://{addr}/file.txt"), format!("http://{addr}/whole.txt?x"));
    let ended = run_in(&folder.0, &["fetch", "-o", "mine", &file], "");
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (0, "", ""));
    assert_eq!(run_in(&folder.0, &["fetch", "-O", &file, &whole], "").code, 0);
    for name in ["mine", "file.txt", "whole.txt"] {
        assert_eq!(folder.read(name), FILE);
    }
    // A longer file of the same name is not left behind.
    fs::write(folder.0.join("mine"), "x".repeat(100)).unwrap();
    run_in(&folder.0, &["fetch", "-o", "mine", &file], "");
    assert_eq!(folder.read("mine"), FILE);
}

#[test]
fn a_download_goes_on_where_it_stopped() {
    let addr = server();
    let folder = Folder::new("resumed");
    let file = format!("http://{addr}/file.txt");
    for (begun, expected) in [
        (None, FILE.to_owned()),
        (Some("01234"), FILE.to_owned()),
        // Not the file's own beginning, which nobody can know: the rest is what was asked for.
        (Some("ABCDE"), format!("ABCDE{}", &FILE[5..])),
        (Some(FILE), FILE.to_owned()),
    ] {
        let _ = fs::remove_file(folder.0.join("part"));
        if let Some(begun) = begun {
            fs::write(folder.0.join("part"), begun).unwrap();
        }
        let ended = run_in(&folder.0, &["fetch", "-C", "-f", "-o", "part", &file], "");
        assert_eq!((ended.code, folder.read("part")), (0, expected), "{begun:?} {ended:?}");
    }
    // A server that does not do parts sends everything, which takes the place of what was there.
    fs::write(folder.0.join("whole"), "ABCDE").unwrap();
    let whole = format!("http://{addr}/whole.txt");
    assert_eq!(run_in(&folder.0, &["fetch", "-C", "-o", "whole", &whole], "").code, 0);
    assert_eq!(folder.read("whole"), FILE);
}

#[test]
fn what_cannot_be_saved_is_told() {
    let addr = server();
    let folder = Folder::new("unsaved");
    let (one, two) = (format!("http://{addr}/a/x"), format!("http://{addr}/b/x"));
    for (arguments, code, line) in [
        (vec!["-o", "f", &one, &two], 2, "--output is for one URL"),
        (vec!["-O", &one, &two], 2, "two URLs end with the name x"),
        (vec!["-O", "http://127.0.0.1/"], 2, "ends with no name for a file"),
        (vec!["-C", &one], 2, "--continue needs --output"),
        (vec!["-o", "no/such/folder", &one], 3, "no/such/folder: No such file"),
    ] {
        let arguments: Vec<&str> = ["fetch"].into_iter().chain(arguments).collect();
        let ended = run_in(&folder.0, &arguments, "");
        assert!(ended.code == code && ended.stderr.contains(line), "{arguments:?}: {ended:?}");
    }
    assert!(fs::read_dir(&folder.0).unwrap().next().is_none());
}
