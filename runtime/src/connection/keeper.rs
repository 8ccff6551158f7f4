//! Keeps one set of connections for all callers: one rebuild at a time, and none too soon after one that failed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::sync::watch;
use tokio::time::timeout;

#[cfg(feature = "cluster")]
use super::cluster::Nodes;
use super::live::Live;
use super::pool::Pool;
use super::settings::{Credentials, Settings};
use super::source::{Connected, Source};
use super::wire::Wire;
use crate::Class;
use crate::class::known::known;
use crate::clock::now_ms;

/// After the first failed rebuild there is none for this long; after each further one for twice as long, up to the longest.
const FIRST_REST_MS: u64 = 25;
const LONGEST_REST_MS: u64 = 250;

#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) source: Source,
    pub(super) settings: Settings,
    state: Mutex<State>,
    /// For synchronous callers.
    pub(super) pool: Pool,
    /// The servers, if they are those of a cluster: each has a keeper of its own.
    #[cfg(feature = "cluster")]
    pub(super) nodes: Option<Arc<Nodes>>,
}

#[derive(Debug)]
enum State {
    /// Nobody has asked yet, or whoever built it is gone.
    Nothing,
    Connected(Arc<Live>),
    /// In the making, for all who ask meanwhile.
    Building(watch::Receiver<Built>),
    Failed(Failed),
}

/// `None` until it is decided.
type Built = Option<RedisResult<Arc<Live>>>;

/// The last attempt to connect, which failed.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    error: RedisError,
    times: u32,
    until_ms: u64,
    /// Those that were used: others may be right.
    credentials: Option<Credentials>,
}

impl Failed {
    /// After so many that failed before it.
    pub(super) fn new(error: RedisError, times: u32, credentials: Option<Credentials>) -> Self {
        Self {
            error,
            times: times.saturating_add(1),
            until_ms: now_ms() + rest_ms(times, fastrand::u32(..)),
            credentials,
        }
    }

    pub(super) const fn times(&self) -> u32 {
        self.times
    }

    /// The error, if it is too soon to try again.
    pub(super) fn is_fresh(
        &self,
        now_ms: u64,
        credentials: Option<&Credentials>,
    ) -> Option<RedisError> {
        let is_fresh = now_ms < self.until_ms && credentials == self.credentials.as_ref();
        is_fresh.then(|| self.error.clone())
    }
}

impl Keeper {
    pub(super) fn new(source: Source, settings: Settings) -> Self {
        Self {
            #[cfg(feature = "cluster")]
            nodes: match &source {
                Source::Cluster(cluster) => Some(Arc::new(Nodes::new(cluster, &settings))),
                _ => None,
            },
            source,
            settings,
            state: Mutex::new(State::Nothing),
            pool: Pool::default(),
        }
    }

    pub(super) fn credentials(&self) -> Option<Credentials> {
        self.settings.credentials.as_ref().map(|source| source())
    }

    /// What is connected; connects if nothing is. Fails at once for a moment after a failure.
    pub(super) async fn live(self: &Arc<Self>) -> RedisResult<Arc<Live>> {
        loop {
            let mut built = match self.look() {
                Look::Connected(live) => return Ok(live),
                Look::Failed(error) => return Err(error),
                Look::Building(built) => built,
            };
            // An error: whoever built it is gone with its runtime.
            if let Ok(built) = built.wait_for(Option::is_some).await
                && let Some(result) = &*built
            {
                return result.clone();
            }
        }
    }

    /// One more connection, for a command that waits.
    pub(super) async fn connect_spare(&self) -> RedisResult<Wire> {
        let settings = Settings {
            connections: 1,
            response_timeout: Duration::MAX,
            ..self.settings.clone()
        };
        let connected = self.connect(&settings, self.credentials().as_ref()).await?;
        let wire = connected.wires.into_iter().next();
        wire.ok_or_else(|| self.took_too_long())
    }

    /// Takes no longer than it may.
    pub(super) async fn connect(
        &self,
        settings: &Settings,
        credentials: Option<&Credentials>,
    ) -> RedisResult<Connected> {
        let connect = async {
            #[cfg(feature = "cluster")]
            if let Some(nodes) = &self.nodes {
                nodes.learn().await?;
                return Ok(Connected::nothing());
            }
            self.source.connect(settings, credentials).await
        };
        match timeout(self.source.connect_limit(settings), connect).await {
            Ok(connected) => connected.map_err(not_sent),
            Err(_) => Err(self.took_too_long()),
        }
    }

    fn look(self: &Arc<Self>) -> Look {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let times = match &*state {
            State::Connected(live) if !live.is_given_up() => return Look::Connected(live.clone()),
            State::Building(built) if built.has_changed().is_ok() => {
                return Look::Building(built.clone());
            }
            State::Failed(failed) => {
                if let Some(error) = failed.is_fresh(now_ms(), self.credentials().as_ref()) {
                    return Look::Failed(error);
                }
                failed.times
            }
            State::Nothing | State::Connected(_) | State::Building(_) => 0,
        };
        let (decided, built) = watch::channel(None);
        *state = State::Building(built.clone());
        drop(state);
        let building = Building(self.clone());
        // Its own task: callers may leave as they like.
        tokio::spawn(async move {
            let result = building.0.build(times).await;
            decided.send_replace(Some(result));
        });
        Look::Building(built)
    }

    fn is_now(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    pub(super) fn took_too_long(&self) -> RedisError {
        let limit = self.source.connect_limit(&self.settings);
        let text = format!("no connection within {limit:?}");
        not_sent(std::io::Error::new(std::io::ErrorKind::TimedOut, text).into())
    }

    async fn build(&self, failed: u32) -> RedisResult<Arc<Live>> {
        let credentials = self.credentials();
        let connect = self.connect(&self.settings, credentials.as_ref());
        let result = connect
            .await
            .map(|connected| Arc::new(Live::new(connected, now_ms())));
        if let Ok(live) = &result {
            live.ends_with_runtime();
        }
        let next = match &result {
            Ok(live) => State::Connected(live.clone()),
            Err(error) => State::Failed(Failed::new(error.clone(), failed, credentials)),
        };
        self.is_now(next);
        result
    }
}

/// A rebuild under way. One that panics has failed, or the next caller would be the next to panic, and so on without end.
struct Building(Arc<Keeper>);

impl Drop for Building {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let what = "connecting has panicked, with a message of its own";
            let error = RedisError::from((ErrorKind::InvalidClientConfig, what));
            self.0.is_now(State::Failed(Failed::new(error, 0, None)));
        }
    }
}

enum Look {
    Connected(Arc<Live>),
    Building(watch::Receiver<Built>),
    Failed(RedisError),
}

/// How long to rest after the failure that follows on so many: spread over its upper half, so that processes do not march in step.
pub(super) fn rest_ms(times: u32, random: u32) -> u64 {
    let rest = FIRST_REST_MS
        .saturating_mul(1 << times.min(10))
        .min(LONGEST_REST_MS);
    let half = rest / 2;
    rest - half + half * u64::from(random) / u64::from(u32::MAX)
}

/// Whatever happened while connecting, no command was sent; and what a server said there for good is no answer to a command.
pub(super) fn not_sent(error: RedisError) -> RedisError {
    match Class::of(&error) {
        Class::Ambiguous => known(Class::Unreachable, error),
        Class::Permanent => known(Class::Misconfigured, error),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_up_to_the_longest_and_are_spread() {
        let rests = |random| {
            (0..6)
                .map(|times| rest_ms(times, random))
                .collect::<Vec<_>>()
        };
        assert_eq!(rests(u32::MAX), [25, 50, 100, 200, 250, 250]);
        assert_eq!(rests(0), [13, 25, 50, 100, 125, 125]);
        assert_eq!(rest_ms(u32::MAX, u32::MAX), 250);
    }

    #[test]
    fn a_connect_that_failed_was_never_sent() {
        let io = |kind| RedisError::from(std::io::Error::from(kind));
        for kind in [
            std::io::ErrorKind::TimedOut,
            std::io::ErrorKind::ConnectionReset,
            std::io::ErrorKind::ConnectionRefused,
        ] {
            assert_eq!(Class::of(&not_sent(io(kind))), Class::Unreachable, "{kind}");
        }
        let wrong = RedisError::from((ErrorKind::AuthenticationFailed, "wrong password"));
        assert_eq!(Class::of(&not_sent(wrong)), Class::Misconfigured);
        let no_database = RedisError::from((
            ErrorKind::Server(redis::ServerErrorKind::ResponseError),
            "Redis server refused to switch database",
        ));
        assert_eq!(Class::of(&not_sent(no_database)), Class::Misconfigured);
    }
}
