//! One read in synchronous code.

use std::sync::Arc;
use std::time::Duration;

use redis_resilient_runtime::__seam::clock::{now, sleep};

use crate::codec::Codec;
use crate::flight::{Entered, Joined};
use crate::held::Held;
use crate::missed::{Aim, AtHand, Claimed, Missed, Read};
use crate::state::{Lifetime, Look, State};
use crate::time_left::Caller;

impl<T, C> State<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// As `read`, by blocking the thread.
    pub(crate) fn read_blocking<E, L, F>(
        self: &Arc<Self>,
        key: &str,
        read: &Read<E, L>,
        loader: F,
    ) -> Result<T, E>
    where
        E: 'static,
        L: Fn(&T) -> Lifetime,
        F: FnOnce(Duration) -> Result<T, E>,
    {
        if let Some(value) = self.nearby(key) {
            return Ok(value);
        }
        let caller = Caller::begins(read.refuse);
        let Missed { mut at_hand, aim } = match self.answer(key, self.look_blocking(key)) {
            Ok(answer) => return Ok(answer.give(&self.way)),
            Err(missed) => missed,
        };
        if caller.is_over(&at_hand) {
            return caller.end(&self.way, at_hand, true);
        }
        let lead = match self.enter(key) {
            None => None,
            Some(Entered::Lead(lead)) => Some(lead),
            Some(Entered::Join(join)) => {
                at_hand = match at_hand {
                    AtHand::AtOnce(stale) => return Ok(stale.answer().give(&self.way)),
                    other => other,
                };
                let lease = self.settings.lease;
                match join.wait_blocking_within(lease, caller.left(&at_hand)) {
                    None => return caller.end(&self.way, at_hand, false),
                    Some(Joined::Lead(lead)) => Some(lead),
                    Some(Joined::Outcome(outcome)) => match Self::told(&outcome) {
                        Some(result) => return at_hand.finish(&self.way, result),
                        None => None,
                    },
                }
            }
        };
        let held = match self.lease_blocking(key, &aim) {
            Claimed::Load(held) => held,
            Claimed::Answer(found) => {
                drop(lead.map(|lead| lead.settle(found.outcome())));
                return Ok(found.answer().give(&self.way));
            }
        };
        let begun = now();
        let result = loader(aim.patience(read));
        let took = now().saturating_duration_since(begun);
        let result = self.loaded(key, &aim, read, (lead, held), result, took);
        at_hand.finish(&self.way, result)
    }

    pub(crate) fn look_blocking(&self, key: &str) -> Look<T> {
        if !self.may_ask(key) {
            return self.unreachable(key);
        }
        if let Some(copy) = self.fresh_copy(key) {
            let Ok(reply) = self.way.get_blocking(key, false) else {
                return self.unreachable(key);
            };
            if let Some(look) = self.judge_by(key, copy, reply) {
                return look;
            }
        }
        let tickets = self.tickets(key);
        match self.way.get_blocking(key, self.asks_age()) {
            Ok(reply) => self.judge(key, &tickets, reply),
            Err(_) => self.unreachable(key),
        }
    }

    fn lease_blocking(&self, key: &str, aim: &Aim) -> Claimed<T> {
        if !aim.claims() {
            return Claimed::Load(None);
        }
        loop {
            let claim = Held::claim_blocking(&self.way, key, self.settings.lease, aim.overwrites());
            match self.claimed(key, aim, claim) {
                Ok(claimed) => return claimed,
                Err(pause) => sleep(pause),
            }
        }
    }
}
