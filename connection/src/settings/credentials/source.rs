//! How the application is asked who it is: in its own task or thread, so that what takes its time or panics there harms nobody here.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{io, thread};

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Credentials;
use crate::manager::not_sent;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// So many threads may be waiting for the application at once: it may never answer.
const MOST_THREADS: usize = 16;

type Answer = RedisResult<Credentials>;
type Promise = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What is asked for credentials.
#[derive(Clone)]
pub(crate) struct CredentialsSource {
    asked: What,
    threads: Arc<AtomicUsize>,
}

#[derive(Clone)]
enum What {
    /// Always the same.
    Constant(Credentials),
    Closure(Arc<dyn Fn() -> Answer + Send + Sync>),
    Future(Arc<dyn Fn() -> Promise + Send + Sync>),
}

impl CredentialsSource {
    pub(crate) fn constant(credentials: Credentials) -> Self {
        Self::of(What::Constant(credentials))
    }

    pub(crate) fn closure(ask: impl Fn() -> Answer + Send + Sync + 'static) -> Self {
        Self::of(What::Closure(Arc::new(ask)))
    }

    pub(crate) fn future<F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::of(What::Future(Arc::new(move || Box::pin(ask()))))
    }

    fn of(asked: What) -> Self {
        Self {
            asked,
            threads: Arc::default(),
        }
    }

    pub(crate) async fn ask(&self, limit: Duration) -> Answer {
        let answer = match &self.asked {
            What::Constant(credentials) => return Ok(credentials.clone()),
            What::Closure(ask) => {
                let (reply, answer) = oneshot::channel();
                // So that it can use what the application's asynchronous code can.
                let runtime = Handle::current();
                let ask = ask.clone();
                self.on_thread(move || {
                    let _inside = runtime.enter();
                    // An error: nobody waits for it any more.
                    let _ = reply.send(ask());
                })?;
                let Ok(answer) = timeout(limit, answer).await else {
                    return Err(late(limit));
                };
                answer.map_err(|_| panicked())
            }
            What::Future(ask) => {
                // Ends with this, if nobody waits for it any more.
                let mut task = JoinSet::new();
                let ask = ask.clone();
                task.spawn(async move { ask().await });
                let Ok(answer) = timeout(limit, task.join_next()).await else {
                    return Err(late(limit));
                };
                match answer {
                    Some(Ok(answer)) => Ok(answer),
                    _ => Err(panicked()),
                }
            }
        };
        answer?.map_err(not_sent)
    }

    pub(crate) fn ask_blocking(&self, limit: Duration) -> Answer {
        let (reply, answer) = mpsc::sync_channel(1);
        match self.asked.clone() {
            What::Constant(credentials) => return Ok(credentials),
            What::Closure(ask) => self.on_thread(move || {
                let _ = reply.send(ask());
            })?,
            What::Future(ask) => self.on_thread(move || {
                let _ = reply.send(on_runtime(limit, &*ask));
            })?,
        }
        match answer.recv_timeout(limit) {
            Ok(answer) => answer.map_err(not_sent),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(late(limit)),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(panicked()),
        }
    }

    fn on_thread(&self, work: impl FnOnce() + Send + 'static) -> RedisResult<()> {
        let place = Place::take(&self.threads).ok_or_else(stuck)?;
        let thread = thread::Builder::new().name("redis-resilient-credentials".to_owned());
        let started = thread.spawn(move || {
            let _place = place;
            work();
        });
        started.map(drop).map_err(|error| not_sent(error.into()))
    }
}

/// In a runtime of its own: the one that calls this, if there is any, must not be blocked by it.
fn on_runtime(limit: Duration, ask: &(dyn Fn() -> Promise + Send + Sync)) -> Answer {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(async { timeout(limit, ask()).await });
    runtime.shutdown_background();
    answer.unwrap_or_else(|_| Err(late(limit)))
}

/// One of the threads that may wait.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(threads: &Arc<AtomicUsize>) -> Option<Self> {
        let taken = |now| (now < MOST_THREADS).then_some(now + 1);
        let order = Ordering::Relaxed;
        threads.fetch_update(order, order, taken).ok()?;
        Some(Self(threads.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn late(limit: Duration) -> RedisError {
    let text = format!("whoever is asked for the credentials has not answered within {limit:?}");
    let error = io::Error::new(io::ErrorKind::TimedOut, text);
    tagged(Class::Unreachable, RedisError::from(error))
}

fn stuck() -> RedisError {
    let text = format!(
        "whoever is asked for the credentials has not answered {MOST_THREADS} times, and is not asked again before it does"
    );
    let error = io::Error::new(io::ErrorKind::TimedOut, text);
    tagged(Class::Unreachable, RedisError::from(error))
}

fn panicked() -> RedisError {
    let what = "whoever was asked for the credentials has panicked, with a message of its own";
    (ErrorKind::InvalidClientConfig, what).into()
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    #[expect(clippy::unnecessary_wraps, reason = "as those that may fail")]
    fn password() -> Answer {
        Ok(Credentials::password("p"))
    }

    fn refused() -> Answer {
        Err(io::Error::from(io::ErrorKind::ConnectionRefused).into())
    }

    fn of_both(ask: fn() -> Answer) -> [CredentialsSource; 2] {
        [
            CredentialsSource::closure(ask),
            CredentialsSource::future(move || async move { ask() }),
        ]
    }

    /// What asynchronous and synchronous code are told.
    fn answers(source: &CredentialsSource, limit: Duration) -> [Answer; 2] {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        [
            runtime.block_on(source.ask(limit)),
            source.ask_blocking(limit),
        ]
    }

    #[test]
    fn closures_and_futures_are_asked_by_asynchronous_and_synchronous_code() {
        for source in of_both(password) {
            for answer in answers(&source, LONG) {
                assert_eq!(answer.expect("an answer"), Credentials::password("p"));
            }
        }
        for source in of_both(refused) {
            for answer in answers(&source, LONG) {
                assert_eq!(Class::of(&answer.expect_err("refused")), Class::Unreachable);
            }
        }
    }

    #[test]
    fn a_panic_is_an_error() {
        for source in of_both(|| panic!("on purpose")) {
            for answer in answers(&source, LONG) {
                let error = answer.expect_err("it panicked");
                assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
                assert!(error.to_string().contains("panicked"), "{error}");
            }
        }
    }

    #[test]
    fn one_that_never_answers_is_not_waited_for() {
        let sources = [
            CredentialsSource::closure(|| {
                thread::sleep(LONG);
                password()
            }),
            CredentialsSource::future(pending),
        ];
        let begun = Instant::now();
        for source in sources {
            for answer in answers(&source, LIMIT) {
                let error = answer.expect_err("it does not answer");
                assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
                assert!(error.is_timeout(), "{error}");
            }
        }
        assert!(begun.elapsed() < LONG / 2);
    }

    #[test]
    fn threads_that_wait_do_not_pile_up() {
        let source = CredentialsSource::closure(|| {
            thread::sleep(LONG);
            password()
        });
        for _ in 0..MOST_THREADS * 2 {
            let answer = source.ask_blocking(Duration::from_millis(1));
            assert!(answer.is_err());
        }
        assert_eq!(source.threads.load(Ordering::Relaxed), MOST_THREADS);
        let error = source.ask_blocking(LONG).expect_err("there is no place");
        assert!(error.to_string().contains("16 times"), "{error}");
    }

    #[test]
    fn a_future_finds_timers_in_synchronous_code_and_a_closure_the_runtime_in_asynchronous() {
        let sleeps = CredentialsSource::future(|| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            password()
        });
        assert!(answers(&sleeps, LONG).iter().all(Result::is_ok));
        let blocks = CredentialsSource::closure(|| {
            let runtime = Handle::try_current().map_err(io::Error::other)?;
            runtime.block_on(async { password() })
        });
        let [inside, outside] = answers(&blocks, LONG);
        assert!(inside.is_ok() && outside.is_err());
    }
}
