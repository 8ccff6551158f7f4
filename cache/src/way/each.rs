//! Something asked of each of many keys, in one round trip.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::{Cmd, RedisResult, Value};
use redis_resilient_connection::__seam::listening::HasOrigin as _;
use redis_resilient_connection::__seam::script::repeatable;

use super::Way;
use crate::nearby::From;

/// What is asked of one key, by its place: something to keep until the answer is there, and the commands.
pub(crate) trait Ask<K>: Fn(usize) -> (K, Vec<Cmd>) {}

impl<K, F: Fn(usize) -> (K, Vec<Cmd>)> Ask<K> for F {}

/// The answer for one key, of the replies to its commands.
pub(crate) trait Read<K, R>: Fn(K, Vec<Value>) -> RedisResult<R> {}

impl<K, R, F: Fn(K, Vec<Value>) -> RedisResult<R>> Read<K, R> for F {}

/// The answer for each key, and from where; or why there is none.
pub(crate) type Each<R> = Vec<RedisResult<(R, From)>>;

impl Way {
    /// Asks that of so many keys, all together, or a thousand at a time; and again of those that have failed, as the policy has it. All of it may be
    /// sent twice.
    pub(crate) async fn each<K, R>(
        &self,
        keys: usize,
        ask: impl Ask<K>,
        read: impl Read<K, R>,
    ) -> Each<R> {
        let mut all = Vec::with_capacity(keys);
        while let Some(count) = next(keys, &mut all) {
            let first = all.len();
            all.extend(self.some(count, |at| ask(first + at), &read).await);
        }
        all
    }

    pub(crate) fn each_blocking<K, R>(
        &self,
        keys: usize,
        ask: impl Ask<K>,
        read: impl Read<K, R>,
    ) -> Each<R> {
        let mut all = Vec::with_capacity(keys);
        while let Some(count) = next(keys, &mut all) {
            let first = all.len();
            all.extend(self.some_blocking(count, |at| ask(first + at), &read));
        }
        all
    }

    async fn some<K, R>(&self, keys: usize, ask: impl Ask<K>, read: &impl Read<K, R>) -> Each<R> {
        let answers = Answers::of(keys);
        let attempt = async || {
            let mut connection = self.connector.get().await?;
            let mut round = Round::begin(&answers, &ask);
            let groups = std::mem::take(&mut round.groups);
            let sent = connection
                .send_each(&groups, &mut |at, replies| {
                    round.answered(at, replies, read);
                })
                .await;
            round.end(sent, || From(connection.origin()))
        };
        let ended = self.policy.run(attempt).await;
        answers.ended(&ended)
    }

    fn some_blocking<K, R>(
        &self,
        keys: usize,
        ask: impl Ask<K>,
        read: &impl Read<K, R>,
    ) -> Each<R> {
        let answers = Answers::of(keys);
        let ended = self.policy.run_blocking(|| {
            let mut connection = self.connector.get_blocking()?;
            let mut round = Round::begin(&answers, &ask);
            let groups = std::mem::take(&mut round.groups);
            let sent = connection.send_each(&groups, &mut |at, replies| {
                round.answered(at, replies, read);
            });
            round.end(sent, || From(connection.origin()))
        });
        answers.ended(&ended)
    }
}

/// So many are asked for at a time: all of them have to be answered within one timeout.
const AT_A_TIME: usize = 1_000;

/// How many of so many keys are asked for next; `None`: none. If nothing was said of the last ones, nothing is of the rest either.
fn next<R>(keys: usize, all: &mut Each<R>) -> Option<usize> {
    let last = all.len().saturating_sub(AT_A_TIME);
    if let [.., Err(error)] = &all[..]
        && all[last..].iter().all(RedisResult::is_err)
    {
        let error = error.clone();
        all.resize_with(keys, || Err(error.clone()));
    }
    let left = keys - all.len();
    (left > 0).then_some(left.min(AT_A_TIME))
}

/// The answers so far: an attempt that is cut off leaves those that it has.
struct Answers<R>(Mutex<Vec<Option<(R, From)>>>);

impl<R> Answers<R> {
    fn of(keys: usize) -> Self {
        Self(Mutex::new((0..keys).map(|_| None).collect()))
    }

    fn all(&self) -> MutexGuard<'_, Vec<Option<(R, From)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(self, ended: &RedisResult<()>) -> Each<R> {
        let answers = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let or_why = |answer: Option<_>| match (answer, ended) {
            (Some(answer), _) => Ok(answer),
            (None, Err(error)) => Err(error.clone()),
            (None, Ok(())) => Err(unanswered()),
        };
        answers.into_iter().map(or_why).collect()
    }
}

/// One attempt at those that have no answer yet.
struct Round<'a, K, R> {
    answers: &'a Answers<R>,
    /// Where among the answers each is that is asked, and what is kept for it.
    asked: Vec<(usize, Option<K>)>,
    groups: Vec<Vec<Cmd>>,
    refused: RedisResult<()>,
}

impl<'a, K, R> Round<'a, K, R> {
    fn begin(answers: &'a Answers<R>, ask: &impl Ask<K>) -> Self {
        let all = answers.all();
        let open = all
            .iter()
            .enumerate()
            .filter(|(_, answer)| answer.is_none());
        let (asked, groups) = open
            .map(|(place, _)| {
                let (kept, group) = ask(place);
                ((place, Some(kept)), group)
            })
            .unzip();
        drop(all);
        Self {
            answers,
            asked,
            groups,
            refused: Ok(()),
        }
    }

    fn answered(&mut self, at: usize, replies: Vec<Value>, read: &impl Read<K, R>) {
        let Some((place, kept)) = self.asked.get_mut(at) else {
            return;
        };
        let Some(kept) = kept.take() else { return };
        match read(kept, replies) {
            Ok(answer) => self.answers.all()[*place] = Some((answer, From::default())),
            Err(error) => {
                if self.refused.is_ok() {
                    self.refused = Err(error);
                }
            }
        }
    }

    fn end(self, sent: RedisResult<()>, origin: impl FnOnce() -> From) -> RedisResult<()> {
        let origin = origin();
        if origin.0.is_some() {
            let mut all = self.answers.all();
            for (place, kept) in &self.asked {
                if let (None, Some((_, from))) = (kept, &mut all[*place]) {
                    *from = origin.clone();
                }
            }
        }
        sent.and(self.refused).map_err(repeatable)
    }
}

fn unanswered() -> redis::RedisError {
    (
        redis::ErrorKind::UnexpectedReturnType,
        "a command of many has no reply",
    )
        .into()
}
