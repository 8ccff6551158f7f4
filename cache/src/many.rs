//! Many keys in one read. What is decided of each key is what is decided of one that is read alone; here is in which order it is done for all of them:
//! one look at Redis, one question for the leases, one load of what nobody else loads. Then those are waited for that others load, and what comes to
//! nothing there begins anew.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use redis_resilient_runtime::__seam::clock::{Instant, now};

use crate::flight::{Join, Joined, Lead, Outcome};
use crate::held::Held;
use crate::key::Key;
use crate::missed::{Aim, Answer, AtHand, Read};
use crate::served::Served;
use crate::state::{Found, Look};
use crate::time_left::Caller;

mod read;
mod read_blocking;
mod rounds;

/// The keys of one read, each once, and what is known of them.
pub(crate) struct Batch<'a, T> {
    keys: &'a [Key],
    /// `None`: not known yet, or not there.
    answers: Vec<Option<Answer<T>>>,
    misses: Vec<Miss<T>>,
}

/// A key that Redis has not answered.
struct Miss<T> {
    /// Of the key.
    place: usize,
    at_hand: AtHand<T>,
    aim: Aim,
    step: Step,
}

/// What comes next for it.
enum Step {
    /// Somebody may load it already.
    Enters,
    Waits(Join<Outcome>),
    Joined(Joined<Outcome>),
    /// The lease is asked for.
    Claims(Option<Lead<Outcome>>),
    /// Another process has the lease: it is asked for again then.
    Pauses(Option<Lead<Outcome>>, Instant),
    Loads(Option<Lead<Outcome>>, Option<Held>),
}

/// Those that are loaded together.
struct Loads<T> {
    misses: Vec<Load<T>>,
}

struct Load<T> {
    place: usize,
    at_hand: AtHand<T>,
    aim: Aim,
    lead: Option<Lead<Outcome>>,
    held: Option<Held>,
}

impl<'a, T> Batch<'a, T> {
    fn of(keys: &'a [Key]) -> Self {
        Self {
            keys,
            answers: keys.iter().map(|_| None).collect(),
            misses: Vec::new(),
        }
    }

    fn key(&self, place: usize) -> &'a str {
        self.keys[place].as_str()
    }

    fn is_over(&self) -> bool {
        self.misses.is_empty()
    }

    /// What is fresh of them.
    fn found(&mut self, looks: Vec<(usize, Look<T>)>) {
        for (place, look) in looks {
            if let Look::Fresh(Found { value, .. }) = look {
                let served = Served::Redis;
                self.answers[place] = Some(Answer { value, served });
            }
        }
    }

    /// The keys whose leases are to be asked for now, and whether each is wanted though there is a fresh value. Nothing is asked of a Redis that cannot
    /// be: those are loaded.
    fn claiming(&mut self) -> Vec<(&'a str, bool)> {
        for miss in &mut self.misses {
            if let Step::Claims(lead) = &mut miss.step
                && !miss.aim.claims()
            {
                miss.step = Step::Loads(lead.take(), None);
            }
        }
        let claims = |miss: &&Miss<T>| matches!(miss.step, Step::Claims(_));
        self.misses
            .iter()
            .filter(claims)
            .map(|miss| (self.keys[miss.place].as_str(), miss.aim.overwrites()))
            .collect()
    }

    /// Those that are to be loaded now. While they are, nobody here asks whether other processes are done with theirs: that is left to those who wait
    /// for it, if there are any.
    fn loading(&mut self) -> Option<Loads<T>> {
        if !self
            .misses
            .iter()
            .any(|miss| matches!(miss.step, Step::Loads(..)))
        {
            return None;
        }
        let mut loads = Vec::new();
        for mut miss in std::mem::take(&mut self.misses) {
            match miss.step {
                Step::Loads(lead, held) => {
                    loads.push(Load {
                        place: miss.place,
                        at_hand: miss.at_hand,
                        aim: miss.aim,
                        lead,
                        held,
                    });
                    continue;
                }
                Step::Pauses(..) => miss.step = Step::Enters,
                other => miss.step = other,
            }
            self.misses.push(miss);
        }
        Some(Loads { misses: loads })
    }

    /// For how long nothing is to be done, unless a load ends that is waited for.
    fn patience<E>(&self, lease: Duration, caller: &Caller<E>) -> Duration {
        let patience = |miss: &Miss<T>| {
            let patience = match &miss.step {
                Step::Waits(join) => join.patience(lease),
                Step::Pauses(_, until) => until.saturating_duration_since(now()),
                _ => Duration::ZERO,
            };
            let left = caller.left(&miss.at_hand);
            left.map_or(patience, |left| patience.min(left))
        };
        self.misses.iter().map(patience).min().unwrap_or_default()
    }

    /// Is over when one of the loads is that are waited for.
    async fn joined(&mut self) {
        poll_fn(|context| {
            let mut is_over = false;
            for miss in &mut self.misses {
                if let Step::Waits(join) = &mut miss.step
                    && let Poll::Ready(joined) = Pin::new(join).poll(context)
                {
                    miss.step = Step::Joined(joined);
                    is_over = true;
                }
            }
            if is_over {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// What has taken too long.
    fn overdue(&mut self, lease: Duration) {
        for mut miss in std::mem::take(&mut self.misses) {
            miss.step = match miss.step {
                Step::Waits(join) if join.patience(lease).is_zero() => match join.overtake(lease) {
                    Ok(joined) => Step::Joined(joined),
                    Err(join) => Step::Waits(join),
                },
                Step::Pauses(lead, until) if until <= now() => Step::Claims(lead),
                other => other,
            };
            self.misses.push(miss);
        }
    }
}

impl<T> Loads<T> {
    fn places(&self) -> Vec<usize> {
        self.misses.iter().map(|load| load.place).collect()
    }

    /// How long all of it may take; `None`: as long as it takes.
    fn left<E>(&self, caller: &Caller<E>) -> Option<Duration> {
        let left = self.misses.iter().map(|load| caller.left(&load.at_hand));
        left.min().flatten()
    }

    /// They are not waited for any longer: who else waits for one loads it.
    fn into_misses(self) -> impl Iterator<Item = Miss<T>> {
        self.misses.into_iter().map(|load| Miss {
            place: load.place,
            at_hand: load.at_hand,
            aim: load.aim,
            step: Step::Enters,
        })
    }

    /// How long to wait for room at the primary store: not at all if there is something at hand for all of them.
    fn patience<E, L>(&self, read: &Read<E, L>) -> Duration {
        let patience = self.misses.iter().map(|load| load.aim.patience(read));
        patience.max().unwrap_or_default()
    }
}

/// What was loaded, by the texts of the keys.
pub(crate) type Loaded<T> = HashMap<String, T>;
