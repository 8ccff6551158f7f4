//! Groups of commands, each of one key, that are sent together.

use redis::{Cmd, Pipeline, Value};

/// All of them, one after the other.
pub(crate) fn all_of(groups: &[Vec<Cmd>]) -> Pipeline {
    let mut pipeline = redis::pipe();
    for command in groups.iter().flatten() {
        pipeline.add_command(command.clone());
    }
    pipeline
}

/// Gives each group the replies to its commands; of each its place, and how many commands it has.
pub(crate) fn tell(
    groups: impl IntoIterator<Item = (usize, usize)>,
    replies: Vec<Value>,
    answered: &mut impl FnMut(usize, Vec<Value>),
) {
    let mut replies = replies.into_iter();
    for (place, count) in groups {
        answered(place, replies.by_ref().take(count).collect());
    }
}

/// The place of each, and how many commands it has.
pub(crate) fn sizes(groups: &[Vec<Cmd>]) -> impl Iterator<Item = (usize, usize)> {
    groups.iter().map(Vec::len).enumerate()
}
