//! The faults of an embedded server.

use std::{collections::VecDeque, time::Duration};

/// How the embedded server fails to answer a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyFault {
    /// The command is not executed and answered by this error, as in
    /// `"LOADING Redis is loading the dataset in memory"`.
    Error(&'static str),
    /// The command is not executed, and its connection never answers again.
    Hang,
    /// The connection is closed (FIN) without executing the command.
    CloseBefore,
    /// The command is executed, and the connection closed (FIN) without a reply.
    CloseAfter,
    /// The command is executed, and the connection reset (RST) without a reply.
    ResetAfter,
    /// The command is executed, and the connection closed (FIN) after half of the reply.
    HalfReply,
    /// The command is executed at once, and its connection answers so much later.
    Delay(Duration),
}

/// The faults that commands are to meet.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Each for one command: the next one of that name, or just the next one.
    next: VecDeque<(Option<String>, ReplyFault)>,
    standing: Option<ReplyFault>,
}

impl Faults {
    pub(super) fn add(&mut self, command: Option<String>, fault: ReplyFault) {
        self.next.push_back((command, fault));
    }

    pub(super) fn set_standing(&mut self, fault: Option<ReplyFault>) {
        self.standing = fault;
    }

    /// Takes the fault that a command meets.
    pub(super) fn take(&mut self, command: &str) -> Option<ReplyFault> {
        let is_meant = |(name, _): &(Option<String>, ReplyFault)| {
            name.as_ref().is_none_or(|name| name == command)
        };
        let position = self.next.iter().position(is_meant);
        position
            .and_then(|position| self.next.remove(position))
            .map(|(_, fault)| fault)
            .or(self.standing)
    }
}
