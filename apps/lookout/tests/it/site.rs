//! A lookout in memory: a board, a history in a folder of its own, and the pages over them.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use landspout::Client;
use landspout::web::Application;
use lookout::archive::Archive;
use lookout::board::Board;
use lookout::config::Config;
use lookout::outcome::{Outcome, Phases, Verdict};
use lookout::pages::{self, Lookout};
use lookout::store::Store;

use crate::history::keep;
use crate::scratch::Scratch;

pub(crate) struct Site {
    pub(crate) board: Rc<Board>,
    pub(crate) store: Arc<Store>,
    _scratch: Scratch,
}

impl Site {
    /// The site of a file; nothing is checked yet.
    pub(crate) fn of(file: &str) -> Site {
        let scratch = Scratch::new();
        let config = Config::parse("lookout.toml", file, Path::new(""), &|_| None).unwrap();
        let board = Rc::new(Board::new(config.endpoints));
        let store = Arc::new(Store::open(&keep(&scratch)).unwrap());
        Site { board, store, _scratch: scratch }
    }

    /// The site of so many endpoints: `e0`, `e1`, …
    pub(crate) fn with(endpoints: usize) -> Site {
        Site::of(&file(endpoints, "http://127.0.0.1:1"))
    }

    pub(crate) fn application(&self) -> Application {
        let archive = Archive::new(self.store.reader().unwrap());
        let (board, store) = (Rc::clone(&self.board), Arc::clone(&self.store));
        pages::application(Lookout::new(board, store, archive, "Test".to_owned(), false))
    }

    pub(crate) fn client(&self) -> Client {
        Client::over(self.application())
    }

    /// Puts the outcome of a check on the board.
    pub(crate) fn take(&self, place: usize, verdict: Verdict) {
        self.board.take(place, outcome(verdict), Vec::new());
    }
}

/// A file with so many endpoints at an address.
pub(crate) fn file(endpoints: usize, address: &str) -> String {
    (0..endpoints)
        .map(|number| format!("[[endpoint]]\nid = \"e{number}\"\nurl = \"{address}/{number}\"\n"))
        .collect()
}

/// An outcome of now, which took 12 ms.
pub(crate) fn outcome(verdict: Verdict) -> Outcome {
    let phases = Phases { total: Some(12_000), ..Phases::default() };
    let reason = (verdict != Verdict::Ok).then(|| "status: wanted 2xx, got 503".to_owned());
    Outcome { at: lookout::clock::wall(), verdict, status: Some(503), phases, reason }
}
