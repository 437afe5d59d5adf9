//! Messages that wait for a connection.

use super::{Message, ReconnectConfig, ReconnectError, UnsentPolicy};
use std::collections::VecDeque;

/// What a message counts as beside its length, lest empty ones be free: as in the codec's queue.
const PLACE: usize = 64;

/// Messages that wait for a connection, in bounds.
#[derive(Debug)]
pub(super) struct Unsent {
    queue: VecDeque<Message>,
    bytes: usize,
    /// How many of the first messages are a connection's first words.
    words: usize,
    /// How many messages have ever left the front: the number of the first one.
    left: u64,
    dropped: u64,
    max: usize,
    policy: UnsentPolicy,
}

impl Unsent {
    pub(super) fn new(config: &ReconnectConfig) -> Unsent {
        let ReconnectConfig { max_unsent: max, unsent: policy, .. } = *config;
        Unsent { queue: VecDeque::new(), bytes: 0, words: 0, left: 0, dropped: 0, max, policy }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The first message, and its number.
    pub(super) fn first(&self) -> Option<(u64, &Message)> {
        Some((self.left, self.queue.front()?))
    }

    /// Removes the message of this number, if it still is the first: the policy may have been
    /// faster.
    pub(super) fn remove(&mut self, number: u64) {
        if self.left == number {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        if let Some(message) = self.queue.pop_front() {
            self.left += 1;
            self.bytes -= cost(&message);
            self.words = self.words.saturating_sub(1);
        }
    }

    /// Adds a message at the end, if the policy lets it.
    pub(super) fn push(&mut self, message: Message) -> Result<(), ReconnectError> {
        let cost = cost(&message);
        if self.policy == UnsentPolicy::DropOldest && cost <= self.max {
            while self.bytes + cost > self.max {
                self.remove_first();
                self.dropped += 1;
            }
        }
        if self.bytes.saturating_add(cost) <= self.max {
            self.bytes += cost;
            self.queue.push_back(message);
            return Ok(());
        }
        match self.policy {
            UnsentPolicy::Refuse => Err(ReconnectError::Full),
            UnsentPolicy::DropNewest | UnsentPolicy::DropOldest => {
                self.dropped += 1;
                Ok(())
            }
        }
    }

    /// Puts a connection's first words before all other messages, in place of those that an earlier
    /// connection left. They always have room.
    pub(super) fn set_first_words(&mut self, messages: Vec<Message>) {
        while self.words > 0 {
            self.remove_first();
        }
        self.words = messages.len();
        for message in messages.into_iter().rev() {
            self.bytes += cost(&message);
            self.queue.push_front(message);
        }
    }

    pub(super) fn clear(&mut self) {
        self.queue = VecDeque::new();
        (self.bytes, self.words) = (0, 0);
    }
}

fn cost(message: &Message) -> usize {
    message.len().saturating_add(PLACE)
}

#[cfg(test)]
mod tests {
    use super::Unsent;
    use crate::websocket::{ReconnectConfig, ReconnectError, UnsentPolicy};

    /// Room for two messages of one byte.
    fn unsent(policy: UnsentPolicy) -> Unsent {
        Unsent::new(&ReconnectConfig::default().max_unsent(130).unsent(policy))
    }

    fn drain(mut unsent: Unsent) -> String {
        let mut text = String::new();
        while let Some((number, message)) = unsent.first() {
            text.push_str(message.as_text().unwrap());
            unsent.remove(number);
        }
        assert_eq!(unsent.bytes(), 0);
        text
    }

    #[test]
    fn a_full_queue_does_as_its_policy_says() {
        for (policy, dropped, left) in [
            (UnsentPolicy::Refuse, 0, "ab"),
            (UnsentPolicy::DropNewest, 2, "ab"),
            (UnsentPolicy::DropOldest, 2, "cd"),
        ] {
            let mut unsent = unsent(policy);
            for text in ["a", "b", "c", "d"] {
                let pushed = unsent.push(text.into());
                let is_full = matches!(pushed, Err(ReconnectError::Full));
                assert_eq!(is_full, policy == UnsentPolicy::Refuse && "cd".contains(text));
            }
            assert_eq!(unsent.dropped(), dropped);
            assert_eq!(drain(unsent), left);
        }
    }

    #[test]
    fn what_never_has_room_throws_nothing_else_away() {
        let mut unsent = unsent(UnsentPolicy::DropOldest);
        unsent.push("a".into()).unwrap();
        unsent.push("x".repeat(1000).into()).unwrap();
        assert_eq!((unsent.dropped(), drain(unsent)), (1, "a".to_owned()));
    }

    #[test]
    fn first_words_go_before_all_others_in_their_order() {
        let mut unsent = unsent(UnsentPolicy::Refuse);
        unsent.push("c".into()).unwrap();
        unsent.set_first_words(vec!["x".into(), "y".into()]);
        unsent.remove_first();
        unsent.set_first_words(vec!["a".into(), "b".into()]);
        assert_eq!(drain(unsent), "abc");
    }
}
