//! The states an endpoint can be in.

use std::fmt;

/// What is held to be true of an endpoint, from one flip to the next.
///
/// The codes written to the database are fixed for ever: 0 unknown, 1 up, 2 slow, 3 down.
/// 4, 5 and 6 are kept free for *unreachable*, *maintenance* and *paused*.
///
/// ```
/// use lookout::state::State;
///
/// assert_eq!(State::from_code(State::Slow.code()), Some(State::Slow));
/// assert_eq!(State::Down.to_string(), "down");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum State {
    /// Not measured: lookout was off, has only just begun, or could not check.
    #[default]
    Unknown,
    /// It answers as expected.
    Up,
    /// It answers as expected, but later than wished.
    Slow,
    /// It does not answer, or not as expected.
    Down,
}

impl State {
    /// The number that stands for this state in the database.
    pub fn code(self) -> u8 {
        match self {
            State::Unknown => 0,
            State::Up => 1,
            State::Slow => 2,
            State::Down => 3,
        }
    }

    /// The state of a number from the database, `None` for a number of a later version.
    pub fn from_code(code: u8) -> Option<State> {
        match code {
            0 => Some(State::Unknown),
            1 => Some(State::Up),
            2 => Some(State::Slow),
            3 => Some(State::Down),
            _ => None,
        }
    }

    /// The state in one lower-case word, as pages and the API say it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Unknown => "unknown",
            State::Up => "up",
            State::Slow => "slow",
            State::Down => "down",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
