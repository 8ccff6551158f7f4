//! What can go wrong on the wire, and what is to go wrong now.

use std::{collections::VecDeque, time::Duration};

/// A standing fault: in force from [`FaultProxy::set`](crate::FaultProxy::set) until it is
/// replaced or lifted by [`FaultProxy::pass`](crate::FaultProxy::pass).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// Connecting is refused, and the connections there are get reset; as when the server has died.
    Refuse,
    /// Nothing gets through in either direction and nobody is told, as when a cable is cut.
    ///
    /// New connections are accepted, as the operating system does for a stuck server. What was
    /// held up goes through once the fault is lifted.
    BlackHole,
    /// As [`BlackHole`](Self::BlackHole) for the connections there are; new ones work. As when a
    /// firewall or a load balancer has forgotten a connection.
    BlackHoleExisting,
    /// Each reply comes so much later; replies on one connection stay in order, but the delays of
    /// pipelined ones do not add up.
    Delay(Duration),
    /// As [`Delay`](Self::Delay), for the connection with this number alone: they are counted from 0, as they are accepted.
    DelayOne {
        /// The number of the connection.
        connection: u64,
        /// How much later each of its replies comes.
        delay: Duration,
    },
    /// Each reply comes byte by byte, with this time before each.
    Trickle(Duration),
    /// Each reply is cut; commands arrive and are executed.
    EachReply(ReplyCut),
}

/// How a reply gets lost or spoilt on the wire after its command was executed.
///
/// [`FaultProxy::next_reply`](crate::FaultProxy::next_reply) cuts one reply,
/// [`WireFault::EachReply`] each one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyCut {
    /// The reply is swallowed; the connection stays, and later replies come through.
    ///
    /// On a connection used by several callers the later replies go to the wrong ones, as happens
    /// with a client that has lost count; to see a plain timeout prefer [`WireFault::BlackHole`].
    Drop,
    /// The connection is closed (FIN) after so many bytes of the reply, or after all of it where
    /// it is shorter.
    CloseAfter(usize),
    /// The connection is reset (RST) after so many bytes of the reply, or after all of it where
    /// it is shorter.
    ResetAfter(usize),
    /// These bytes come in place of the reply: `b"hello\r\n"` is none.
    ReplaceBy(&'static [u8]),
    /// These bytes come after the reply: `b"+OK\r\n"` is one too many.
    FollowBy(&'static [u8]),
}

/// What is in force at present.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) standing: Option<WireFault>,
    /// The number of the first connection that [`WireFault::BlackHoleExisting`] spares.
    pub(super) first_new: u64,
    /// The cuts of the next replies, one each.
    pub(super) cuts: VecDeque<ReplyCut>,
}

impl Plan {
    /// Whether nothing gets through on a connection.
    pub(super) fn holds_up(&self, connection: u64) -> bool {
        match self.standing {
            Some(WireFault::BlackHole) => true,
            Some(WireFault::BlackHoleExisting) => connection < self.first_new,
            _ => false,
        }
    }

    pub(super) fn delay(&self, of: u64) -> Duration {
        match self.standing {
            Some(WireFault::Delay(delay)) => delay,
            Some(WireFault::DelayOne { connection, delay }) if connection == of => delay,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn trickle(&self) -> Option<Duration> {
        match self.standing {
            Some(WireFault::Trickle(each)) => Some(each),
            _ => None,
        }
    }

    /// Takes the cut of a reply that begins now. What a client has asked on its own account takes
    /// none from the command that it is meant for.
    pub(super) fn next_cut(&mut self, is_own_account: bool) -> Option<ReplyCut> {
        let next = if is_own_account {
            None
        } else {
            self.cuts.pop_front()
        };
        next.or(match self.standing {
            Some(WireFault::EachReply(cut)) => Some(cut),
            _ => None,
        })
    }
}
