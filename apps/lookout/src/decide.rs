//! From outcomes to states: the window rule and the recovery rule.

use std::collections::VecDeque;

use crate::outcome::{Outcome, Verdict};
use crate::state::State;

/// When a run of verdicts becomes a state: `down = "3 of 5"` and `up = "2 in a row"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many failures ... (1 to `of`; default 3)
    pub failures: usize,
    /// ... among this many last measured checks make it down (1 to 60; default 5).
    pub of: usize,
    /// So many answers in a row end it (1 to 60; default 2).
    pub recover: usize,
}

impl Default for Rule {
    fn default() -> Self {
        Rule { failures: 3, of: 5, recover: 2 }
    }
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip {
    /// When the deciding check began, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The state that ends.
    pub from: State,
    /// The state that begins.
    pub to: State,
    /// The reason given by the deciding check; `None` when all is well.
    pub cause: Option<String>,
}

/// Decides the state of one endpoint, outcome by outcome.
///
/// - **down** when `failures` of the last `of` measured checks failed;
/// - **slow** when as many of them were slow or failed, and it is not down;
/// - **up** from down or slow after `recover` good checks in a row; slow answers among them end
///   down too, but as slow;
/// - from **unknown** the first answer is enough to be up, while a failure waits for the rule;
/// - **unknown** when `of` checks in a row could not be made.
///
/// On the way up everything before the good checks is forgotten, or the failures that made it
/// down would make it down again at once.
///
/// ```
/// use lookout::decide::{Decider, Rule};
/// use lookout::outcome::{Outcome, Verdict};
/// use lookout::state::State;
///
/// let mut decider = Decider::new(Rule { failures: 2, of: 3, recover: 1 });
/// let flips: Vec<State> = [Verdict::Ok, Verdict::Failed, Verdict::Failed, Verdict::Ok]
///     .into_iter()
///     .filter_map(|verdict| decider.decide(&Outcome { verdict, ..Outcome::default() }))
///     .map(|flip| flip.to)
///     .collect();
/// assert_eq!(flips, [State::Up, State::Down, State::Up]);
/// ```
#[derive(Debug, Clone)]
pub struct Decider {
    rule: Rule,
    state: State,
    /// The last measured verdicts, newest at the back, never more than either rule looks at.
    recent: VecDeque<Verdict>,
    /// Checks that could not be made since the last one that was.
    unmeasured: usize,
}

impl Decider {
    /// A decider that knows nothing yet: its state is [`State::Unknown`].
    pub fn new(rule: Rule) -> Self {
        Decider { rule, state: State::Unknown, recent: VecDeque::new(), unmeasured: 0 }
    }

    /// The state as decided so far.
    pub fn state(&self) -> State {
        self.state
    }

    /// Takes one outcome into account and returns the change of state that it brings, if any.
    pub fn decide(&mut self, outcome: &Outcome) -> Option<Flip> {
        let next = self.weigh(outcome.verdict);
        if next == self.state {
            return None;
        }
        let flip = Flip {
            at: outcome.at,
            from: self.state,
            to: next,
            cause: outcome.reason.clone().filter(|_| next != State::Up),
        };
        self.state = next;
        Some(flip)
    }

    /// Whether the last measured check speaks against the state, so that it is worth checking
    /// again soon instead of at the next regular time.
    pub fn in_doubt(&self) -> bool {
        self.recent.back().is_some_and(|verdict| verdict.state() != self.state)
    }

    fn weigh(&mut self, verdict: Verdict) -> State {
        if verdict == Verdict::NotMeasured {
            self.unmeasured += 1;
            if self.unmeasured < self.rule.of {
                return self.state;
            }
            self.recent.clear();
            return State::Unknown;
        }
        self.unmeasured = 0;
        self.remember(verdict, self.rule.of.max(self.rule.recover));
        let next = self.judge();
        let better = self.state != State::Unknown && next.code() < self.state.code();
        if better {
            self.forget_before(self.rule.recover);
        }
        next
    }

    fn remember(&mut self, verdict: Verdict, room: usize) {
        self.recent.push_back(verdict);
        self.forget_before(room);
    }

    fn forget_before(&mut self, kept: usize) {
        let surplus = self.recent.len().saturating_sub(kept);
        self.recent.drain(..surplus);
    }

    fn judge(&self) -> State {
        let window = || self.recent.iter().rev().take(self.rule.of);
        let failed = window().filter(|v| **v == Verdict::Failed).count() >= self.rule.failures;
        let slow = window().filter(|v| **v != Verdict::Ok).count() >= self.rule.failures;
        let answers = self.recent.back() != Some(&Verdict::Failed);
        match self.state {
            State::Down if self.in_a_row(|verdict| verdict == Verdict::Ok) => State::Up,
            State::Down if self.in_a_row(|verdict| verdict != Verdict::Failed) => State::Slow,
            State::Down => State::Down,
            _ if failed => State::Down,
            State::Slow if self.in_a_row(|verdict| verdict == Verdict::Ok) => State::Up,
            State::Slow => State::Slow,
            State::Up if slow => State::Slow,
            State::Up => State::Up,
            State::Unknown if answers && slow => State::Slow,
            State::Unknown if answers => State::Up,
            State::Unknown => State::Unknown,
        }
    }

    fn in_a_row(&self, good: impl Fn(Verdict) -> bool) -> bool {
        let last = self.recent.iter().rev().take(self.rule.recover);
        last.clone().count() == self.rule.recover && last.copied().all(good)
    }
}
