//! What a subscriber has not taken yet: a queue with a limit, which tells of what it drops.
//!
//! Pure. The limit is for messages. States (subscribed, lost) are few beside them: those that say no more than a later one are dropped.

use std::collections::VecDeque;
use std::sync::Arc;

use redis::{Msg, RedisError};

use super::event::{SubscriptionEvent, WhenFull};

#[derive(Debug)]
pub(crate) struct Queue {
    items: VecDeque<Item>,
    messages: usize,
    pub(crate) capacity: usize,
    pub(crate) when_full: WhenFull,
    /// What was dropped before the first item.
    before: Gap,
    /// What was dropped after the last item.
    after: Gap,
}

#[derive(Debug)]
enum Item {
    State(State),
    Missed(u64),
    Message(Arc<Msg>),
}

#[derive(Debug)]
pub(crate) enum State {
    Subscribed,
    Lost(RedisError),
}

/// The last state among what was dropped, and how many messages. The state is told first: some of them may have come after it.
#[derive(Debug, Default)]
struct Gap {
    state: Option<State>,
    messages: u64,
}

impl Gap {
    const fn is_none(&self) -> bool {
        self.state.is_none() && self.messages == 0
    }

    fn take(&mut self) -> Option<Item> {
        match self.state.take() {
            Some(state) => Some(Item::State(state)),
            None if self.messages > 0 => Some(Item::Missed(std::mem::take(&mut self.messages))),
            None => None,
        }
    }
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::new(),
            messages: 0,
            capacity,
            when_full: WhenFull::default(),
            before: Gap::default(),
            after: Gap::default(),
        }
    }

    /// Whether it was taken, or another one dropped for it; `false`: it is full, and no more is wanted.
    pub(crate) fn message(&mut self, message: Arc<Msg>) -> bool {
        if self.is_full() {
            match self.when_full {
                WhenFull::DropOldest => self.drop_oldest(),
                WhenFull::DropNewest => {
                    self.after.messages += 1;
                    return true;
                }
                WhenFull::Resubscribe => return false,
            }
        }
        self.end_gap();
        self.items.push_back(Item::Message(message));
        self.messages += 1;
        true
    }

    pub(crate) fn state(&mut self, state: State) {
        if self.is_full() && !self.after.is_none() {
            self.after.state = Some(state);
            return;
        }
        self.end_gap();
        match (&state, self.items.back()) {
            (State::Subscribed, Some(Item::State(State::Subscribed))) => return,
            (State::Lost(_), Some(Item::State(State::Lost(_)))) => {
                self.items.pop_back();
            }
            (State::Lost(_), Some(Item::State(State::Subscribed))) => {
                // It was back for a moment in which nothing came.
                let before = self.items.len().checked_sub(2);
                let before = before.and_then(|place| self.items.get(place));
                if let Some(Item::State(State::Lost(_))) = before {
                    self.items.truncate(self.items.len() - 2);
                }
            }
            _ => {}
        }
        self.items.push_back(Item::State(state));
    }

    pub(crate) fn pop(&mut self) -> Option<SubscriptionEvent> {
        let item = self.before.take();
        let item = item.or_else(|| self.items.pop_front());
        Some(match item.or_else(|| self.after.take())? {
            Item::State(State::Subscribed) => SubscriptionEvent::Subscribed,
            Item::State(State::Lost(error)) => SubscriptionEvent::Lost(error),
            Item::Missed(count) => SubscriptionEvent::Missed { count },
            Item::Message(message) => {
                self.messages -= 1;
                SubscriptionEvent::Message(Arc::unwrap_or_clone(message))
            }
        })
    }

    const fn is_full(&self) -> bool {
        self.messages >= self.capacity
    }

    fn drop_oldest(&mut self) {
        while let Some(item) = self.items.pop_front() {
            match item {
                Item::State(state) => self.before.state = Some(state),
                Item::Missed(count) => self.before.messages += count,
                Item::Message(_) => {
                    self.before.messages += 1;
                    self.messages -= 1;
                    return;
                }
            }
        }
    }

    fn end_gap(&mut self) {
        while let Some(item) = self.after.take() {
            self.items.push_back(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use redis::Value;

    use super::*;

    fn message(text: &str) -> Arc<Msg> {
        let data = ["message", "news", text].map(|text| Value::BulkString(text.into()));
        Arc::new(Msg::from_value(&Value::Array(data.to_vec())).expect("a message"))
    }

    fn lost() -> State {
        State::Lost(io::Error::from(io::ErrorKind::BrokenPipe).into())
    }

    /// A queue with room for two, after `+` (subscribed), `-` (lost) and messages.
    fn after(when_full: WhenFull, story: &str) -> Queue {
        let mut queue = Queue::new(2);
        queue.when_full = when_full;
        go_on(&mut queue, story);
        queue
    }

    fn go_on(queue: &mut Queue, story: &str) {
        for word in story.split(' ') {
            match word {
                "+" => queue.state(State::Subscribed),
                "-" => queue.state(lost()),
                text => assert!(queue.message(message(text)), "{text}"),
            }
        }
    }

    fn rest(queue: &mut Queue) -> String {
        let events = std::iter::from_fn(|| queue.pop()).map(|event| match event {
            SubscriptionEvent::Subscribed => "+".to_owned(),
            SubscriptionEvent::Lost(_) => "-".to_owned(),
            SubscriptionEvent::Missed { count } => format!("({count})"),
            SubscriptionEvent::Message(message) => message.get_payload().expect("text"),
        });
        events.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_dropped_is_told_where_it_would_have_been() {
        use WhenFull::{DropNewest, DropOldest};
        for (when_full, story, told) in [
            (DropOldest, "+ a b", "+ a b"),
            (DropOldest, "+ a b c", "+ (1) b c"),
            (DropOldest, "+ a b c d e", "+ (3) d e"),
            (DropOldest, "+ a - + b c d", "+ (2) c d"),
            (DropOldest, "+ a - b c", "+ (1) - b c"),
            (DropOldest, "+ a - b c d", "- (2) c d"),
            (DropOldest, "+ a b - +", "+ a b - +"),
            (DropNewest, "+ a b c", "+ a b (1)"),
            (DropNewest, "+ a b c - d +", "+ a b + (2)"),
            (DropNewest, "+ a b - + c", "+ a b - + (1)"),
        ] {
            let mut queue = after(when_full, story);
            assert_eq!(rest(&mut queue), told, "{when_full:?} {story}");
        }
    }

    #[test]
    fn a_gap_ends_where_there_is_room_again() {
        let mut queue = after(WhenFull::DropNewest, "a b c d");
        assert!(queue.pop().is_some());
        go_on(&mut queue, "e f - + g");
        assert_eq!(rest(&mut queue), "b (2) e + (2)");
        let mut queue = after(WhenFull::DropOldest, "a b c");
        assert!(queue.pop().is_some(), "the gap");
        go_on(&mut queue, "d e");
        assert_eq!(rest(&mut queue), "(2) d e");
    }

    #[test]
    fn one_that_wants_no_more_says_so() {
        let mut queue = after(WhenFull::Resubscribe, "+ a b");
        assert!(!queue.message(message("c")));
        go_on(&mut queue, "-");
        assert_eq!(rest(&mut queue), "+ a b -");
    }

    #[test]
    fn states_do_not_pile_up() {
        for when_full in [WhenFull::DropOldest, WhenFull::DropNewest] {
            let mut queue = after(when_full, "+ a b c");
            for _ in 0..1000 {
                go_on(&mut queue, "- - + + d");
            }
            assert!(queue.items.len() <= 6, "{}", queue.items.len());
            let told = rest(&mut queue);
            assert!(told.contains("(1001)"), "{told}");
        }
        let mut queue = after(WhenFull::DropOldest, "+ - + - + - - +");
        assert_eq!(rest(&mut queue), "+ - +");
    }
}
