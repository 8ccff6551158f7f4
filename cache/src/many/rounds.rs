//! What follows for each key from what Redis, the other callers and the load say.

use std::time::Duration;

use redis::RedisResult;
use redis_resilient_runtime::__seam::clock::now;

use super::{Batch, Loaded, Loads, Miss, Step};
use crate::codec::Codec;
use crate::flight::{Entered, Joined, Outcome};
use crate::held::Held;
use crate::key::Key;
use crate::lease::{Claim, Kept};
use crate::missed::{Answer, AtHand, Claimed, Missed, Read};
use crate::nearby::From;
use crate::served::{self, Served};
use crate::state::{Lifetime, Look, State, Tickets};
use crate::time_left::Caller;

impl<T, C> State<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// Those that are kept near; and the places of the others.
    pub(super) fn near_of<'a>(&self, keys: &'a [Key]) -> (Batch<'a, T>, Vec<usize>) {
        let mut batch = Batch::of(keys);
        let mut far = Vec::new();
        for (place, key) in keys.iter().enumerate() {
            match self.nearby(key.as_str()) {
                Some(value) => {
                    let served = Served::Near;
                    batch.answers[place] = Some(Answer { value, served });
                }
                None => far.push(place),
            }
        }
        (batch, far)
    }

    /// What Redis says of them.
    pub(super) fn looked(&self, batch: &mut Batch<'_, T>, looks: Vec<(usize, Look<T>)>) {
        for (place, look) in looks {
            match self.answer(batch.key(place), look) {
                Ok(answer) => batch.answers[place] = Some(answer),
                Err(Missed { at_hand, aim }) => batch.misses.push(Miss {
                    place,
                    at_hand,
                    aim,
                    step: Step::Enters,
                }),
            }
        }
    }

    /// What is given for those that would have to be waited for, where no time is left.
    pub(super) fn end_all<E>(
        &self,
        batch: &mut Batch<'_, T>,
        caller: &Caller<E>,
        is_told: &mut bool,
    ) -> Result<(), E> {
        for miss in std::mem::take(&mut batch.misses) {
            if caller.is_over(&miss.at_hand) {
                let ended = caller.ends(&self.way, miss.at_hand, *is_told);
                *is_told = true;
                batch.answers[miss.place] = Some(ended?);
            } else {
                batch.misses.push(miss);
            }
        }
        Ok(())
    }

    /// Finds out what others load already, and what their loads have come to.
    pub(super) fn enter_all<E: 'static>(&self, batch: &mut Batch<'_, T>) -> Result<(), E> {
        for mut miss in std::mem::take(&mut batch.misses) {
            miss.step = match miss.step {
                Step::Enters => match self.enter(batch.key(miss.place)) {
                    None => Step::Claims(None),
                    Some(Entered::Lead(lead)) => Step::Claims(Some(lead)),
                    Some(Entered::Join(join)) => {
                        miss.at_hand = match miss.at_hand {
                            AtHand::AtOnce(stale) => {
                                batch.answers[miss.place] = Some(stale.answer());
                                continue;
                            }
                            other => other,
                        };
                        Step::Waits(join)
                    }
                },
                Step::Joined(Joined::Lead(lead)) => Step::Claims(Some(lead)),
                Step::Joined(Joined::Outcome(outcome)) => match &*outcome {
                    Outcome::NotThere => continue,
                    outcome => match Self::told(outcome) {
                        Some(result) => {
                            batch.answers[miss.place] = Some(miss.at_hand.stand_in(result)?);
                            continue;
                        }
                        None => Step::Claims(None),
                    },
                },
                other => other,
            };
            batch.misses.push(miss);
        }
        Ok(())
    }

    /// What Redis says of the leases that were asked for.
    pub(super) fn claimed_all(
        &self,
        batch: &mut Batch<'_, T>,
        claims: Vec<RedisResult<(Held, Claim)>>,
    ) {
        let mut claims = claims.into_iter();
        for mut miss in std::mem::take(&mut batch.misses) {
            if let Step::Claims(lead) = miss.step {
                let claimed = claims.next().map_or(Ok(Claimed::Load(None)), |claim| {
                    self.claimed(batch.key(miss.place), &miss.aim, claim)
                });
                match claimed {
                    Ok(Claimed::Load(held)) => miss.step = Step::Loads(lead, held),
                    Ok(Claimed::Answer(found)) => {
                        drop(lead.map(|lead| lead.settle(found.outcome())));
                        batch.answers[miss.place] = Some(found.answer());
                        continue;
                    }
                    Err(pause) => miss.step = Step::Pauses(lead, now() + pause),
                }
            }
            batch.misses.push(miss);
        }
    }

    /// Tells all who wait what the load has come to, and has the values stored. A key without a value is not there.
    pub(super) fn loaded_all<E, L>(
        &self,
        batch: &mut Batch<'_, T>,
        loads: Loads<T>,
        read: &Read<E, L>,
        mut result: Result<Loaded<T>, E>,
        took: Duration,
    ) -> Result<(), E>
    where
        E: Clone + 'static,
        L: Fn(&T) -> Lifetime,
    {
        let mut ended = Ok(());
        for load in loads.misses {
            let key = batch.key(load.place);
            let one = match &mut result {
                Ok(values) => {
                    let Some(value) = values.remove(key) else {
                        drop(load.lead.map(|lead| lead.settle(Outcome::NotThere)));
                        continue;
                    };
                    Ok(value)
                }
                Err(error) => Err(error.clone()),
            };
            let one = self.loaded(key, &load.aim, read, (load.lead, load.held), one, took);
            match load.at_hand.stand_in(one) {
                Ok(answer) => batch.answers[load.place] = Some(answer),
                Err(error) => ended = Err(error),
            }
        }
        ended
    }

    /// The values, for the caller, who is told of the least good of them from where it was served.
    pub(super) fn give_all(&self, batch: Batch<'_, T>) -> Vec<Option<T>> {
        let mut worst = None;
        let mut give = |answer: Answer<T>| {
            worst = served::worse(worst, answer.served);
            answer.give(&self.way)
        };
        let values = batch.answers.into_iter();
        let values = values.map(|answer| answer.map(&mut give)).collect();
        if let Some(worst) = worst {
            served::note(worst);
        }
        values
    }

    /// The looks at all of those keys: of those that were asked for, by the replies.
    pub(super) fn replied(
        &self,
        batch: &Batch<'_, T>,
        far: &[usize],
        asked: Vec<(usize, Tickets)>,
        replies: Vec<RedisResult<(Option<Kept>, From)>>,
    ) -> Vec<(usize, Look<T>)> {
        let mut replies = asked.into_iter().zip(replies).peekable();
        let look = |place: &usize| {
            let reply = replies.next_if(|((asked, _), _)| asked == place);
            let key = batch.key(*place);
            let look = match reply {
                Some(((_, tickets), Ok(reply))) => self.judge(key, &tickets, reply),
                Some((_, Err(_))) | None => self.unreachable(key),
            };
            (*place, look)
        };
        far.iter().map(look).collect()
    }

    /// The keys that Redis can be asked for, with what has to be known before it is.
    pub(super) fn askable(&self, batch: &Batch<'_, T>, far: &[usize]) -> Vec<(usize, Tickets)> {
        let askable = far.iter().filter(|place| self.may_ask(batch.key(**place)));
        askable
            .map(|place| (*place, self.tickets(batch.key(*place))))
            .collect()
    }
}
