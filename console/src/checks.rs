//! What is tried to find out whether Redis would serve a command now.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{RedisError, RedisResult};
use redis_resilient_runtime::__seam::error_text;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::health::{CheckHealth, millis};

/// What is tried to find out whether Redis would serve a command now: commands of the application's own, over the connections that it uses itself.
///
/// A `PING` proves little: a server that takes no writes answers it, and so does one that lets nobody else in. A check should write, as the
/// application does. Whoever asks gets an answer in bounded time: one that takes longer has failed. Answers are shared for a second, so that many who ask
/// do not make many commands.
///
/// ```no_run
/// use redis::AsyncCommands;
/// use redis_resilient::connection::Connector;
/// use redis_resilient::console::{Checks, HealthPolicy};
/// use std::time::Duration;
///
/// # async fn run() -> redis::RedisResult<()> {
/// let redis = Connector::open("redis://sessions.example/")?;
/// let checks = Checks::new().add("sessions", Duration::from_millis(500), move || {
///     let redis = redis.clone();
///     async move { redis.get().await?.set_ex("health", 1, 10).await }
/// });
/// let policy = HealthPolicy::new().required("sessions");
/// println!("{:?}", policy.health(checks.run().await).verdict);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Checks {
    list: Vec<Check>,
    answers: Arc<Answers>,
}

#[derive(Default)]
struct Answers {
    /// Held by the one who asks, while others wait.
    asking: tokio::sync::Mutex<()>,
    last: Mutex<Option<(Instant, Vec<CheckHealth>)>>,
}

#[derive(Clone)]
struct Check {
    name: &'static str,
    within: Duration,
    run: Arc<dyn Fn() -> Running + Send + Sync>,
}

type Running = Pin<Box<dyn Future<Output = RedisResult<()>> + Send>>;

/// For so long an answer is shared.
const SHARED: Duration = Duration::from_secs(1);

/// For so long it is shown by those who ask nobody.
#[cfg(feature = "axum")]
const KNOWN: Duration = Duration::from_secs(60);

impl Checks {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, which has so long to answer.
    pub fn add<F, Fut>(mut self, name: &'static str, within: Duration, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = RedisResult<()>> + Send + 'static,
    {
        self.list.push(Check {
            name,
            within,
            run: Arc::new(move || Box::pin(check())),
        });
        self
    }

    /// Tries all of them beside each other. Whoever comes within a second gets the same answer.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled, if there are any. A check that panics has failed.
    ///
    /// # Cancellation
    /// Safe: what is under way is dropped.
    pub async fn run(&self) -> Vec<CheckHealth> {
        if self.list.is_empty() {
            return Vec::new();
        }
        let _asking = self.answers.asking.lock().await;
        if let Some(answers) = self.answers.no_older_than(SHARED) {
            return answers;
        }
        let running: Vec<_> = self.list.iter().map(Check::start).collect();
        let mut answers = Vec::with_capacity(running.len());
        for running in running {
            answers.push(running.ended().await);
        }
        self.answers.are(answers.clone());
        answers
    }

    #[cfg(feature = "axum")]
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What they were found to be, if that is not long ago: asks nobody.
    #[cfg(feature = "axum")]
    pub(crate) fn known(&self) -> Vec<CheckHealth> {
        self.answers.no_older_than(KNOWN).unwrap_or_default()
    }
}

impl Answers {
    fn no_older_than(&self, age: Duration) -> Option<Vec<CheckHealth>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answers) = last.as_ref()?;
        (at.elapsed() < age).then(|| answers.clone())
    }

    fn are(&self, answers: Vec<CheckHealth>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), answers));
    }
}

/// A check under way, dropped with this.
struct Started {
    name: &'static str,
    task: tokio::task::JoinHandle<(Result<(), String>, Duration)>,
    _cut_off: CutOff,
}

struct CutOff(AbortHandle);

impl Drop for CutOff {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Check {
    /// In a task of its own, so that a panic is an answer too.
    fn start(&self) -> Started {
        let (within, run) = (self.within, self.run.clone());
        let task = tokio::spawn(async move {
            let begun = Instant::now();
            let answer = match timeout(within, run()).await {
                Ok(answer) => answer.map_err(|error: RedisError| error_text(&error)),
                Err(_) => Err(format!("no answer within {within:?}")),
            };
            (answer, begun.elapsed())
        });
        Started {
            name: self.name,
            _cut_off: CutOff(task.abort_handle()),
            task,
        }
    }
}

impl Started {
    async fn ended(self) -> CheckHealth {
        let (answer, took) = match self.task.await {
            Ok(ended) => ended,
            Err(_) => (Err("the check has panicked".to_owned()), Duration::ZERO),
        };
        CheckHealth {
            name: self.name,
            error: answer.err(),
            took_ms: millis(took),
        }
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.list.iter().map(|check| check.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn all_answer_in_bounded_time_whatever_they_do() {
        let checks = Checks::new()
            .add("well", Duration::from_secs(5), || async { Ok(()) })
            .add("silent", Duration::from_millis(20), pending)
            .add("panics", Duration::from_secs(5), || async {
                panic!("in a test")
            })
            .add("fails", Duration::from_secs(5), || async {
                Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
            });
        let answers = checks.run().await;
        let answers: Vec<_> = answers
            .iter()
            .map(|one| (one.name, one.error.as_deref()))
            .collect();
        assert_eq!(answers[0], ("well", None));
        assert_eq!(answers[1], ("silent", Some("no answer within 20ms")));
        assert_eq!(answers[2], ("panics", Some("the check has panicked")));
        assert!(
            answers[3].1.is_some_and(|text| text.contains("refused")),
            "{answers:?}"
        );
    }

    #[tokio::test]
    async fn those_who_ask_together_share_the_answer() {
        static RUN: AtomicU32 = AtomicU32::new(0);
        let checks = Checks::new().add("counted", Duration::from_secs(5), || async {
            RUN.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let (one, other) = tokio::join!(checks.run(), checks.run());
        assert_eq!((one.len(), other.len()), (1, 1));
        assert_eq!(RUN.load(Ordering::Relaxed), 1);
    }
}
