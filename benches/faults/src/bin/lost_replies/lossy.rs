//! A network that loses replies.

use std::cell::{Cell, RefCell};

use redis_resilient_testkit::{FaultProxy, ReplyCut};

/// In per cent.
const LOSS: u32 = 2;

/// What happens to the attempts of one call after the other.
pub(crate) struct Lossy<'p> {
    proxy: &'p FaultProxy,
    dice: RefCell<fastrand::Rng>,
    attempts: Cell<u32>,
    lost: Cell<u32>,
}

impl<'p> Lossy<'p> {
    pub(crate) fn new(proxy: &'p FaultProxy, seed: u64) -> Self {
        Self {
            proxy,
            dice: RefCell::new(fastrand::Rng::with_seed(seed)),
            attempts: Cell::new(0),
            lost: Cell::new(0),
        }
    }

    /// An attempt is about to be made: its reply may be lost.
    pub(crate) fn attempt(&self) {
        self.attempts.set(self.attempts.get() + 1);
        let mut dice = self.dice.borrow_mut();
        if dice.u32(..100) < LOSS {
            self.lost.set(self.lost.get() + 1);
            self.proxy.next_reply(match dice.u8(..4) {
                0 => ReplyCut::CloseAfter(1),
                1 => ReplyCut::ResetAfter(0),
                2 => ReplyCut::ResetAfter(2),
                _ => ReplyCut::CloseAfter(0),
            });
        }
    }

    /// How many replies were lost of the call that has ended.
    pub(crate) fn end(&self) -> u32 {
        self.attempts.set(0);
        let lost = self.lost.take();
        if lost > 0 {
            self.proxy.pass();
        }
        lost
    }
}
