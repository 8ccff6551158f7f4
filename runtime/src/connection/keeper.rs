//! Keeps one set of connections for all callers: one rebuild at a time, and none too soon after one that failed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::sync::watch;
use tokio::time::timeout;

#[cfg(feature = "cluster")]
use super::cluster::Nodes;
use super::failed::Failed;
use super::live::Live;
use super::pool::Pool;
use super::settings::Settings;
use super::source::{Connected, Source};
use super::wire::Wire;
use crate::Class;
use crate::class::known::known;
use crate::clock::{now_ms, whole_millis};

#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) source: Source,
    pub(super) settings: Settings,
    state: Mutex<State>,
    /// The last spare connection, if it could not be made.
    spare: Mutex<Option<Failed>>,
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
            spare: Mutex::new(None),
            pool: Pool::default(),
        }
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
        let limit_ms = whole_millis(self.source.connect_limit(&settings));
        let failed = {
            let mut spare = self.spare();
            let failed = spare.clone();
            if let Some(error) = failed.as_ref().and_then(|failed| failed.rest(now_ms())) {
                return Err(error);
            }
            // One tries, and the others fail as the last one did.
            if let Some(failed) = &mut *spare {
                failed.rests_until(now_ms().saturating_add(limit_ms));
            }
            failed
        };
        let connected = self.connect(&settings).await;
        *self.spare() = connected.as_ref().err().map(|error| {
            let error = error.clone();
            Failed::after(failed.as_ref(), error, now_ms())
        });
        let connected = connected?;
        let wire = connected.wires.into_iter().next();
        wire.ok_or_else(|| self.took_too_long())
    }

    fn spare(&self) -> MutexGuard<'_, Option<Failed>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no longer than it may.
    pub(super) async fn connect(&self, settings: &Settings) -> RedisResult<Connected> {
        let connect = async {
            #[cfg(feature = "cluster")]
            if let Some(nodes) = &self.nodes {
                nodes.learn().await?;
                return Ok(Connected::nothing());
            }
            self.source.connect(settings).await
        };
        match timeout(self.source.connect_limit(settings), connect).await {
            Ok(connected) => connected.map_err(not_sent),
            Err(_) => Err(self.took_too_long()),
        }
    }

    fn look(self: &Arc<Self>) -> Look {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = match &*state {
            State::Connected(live) if !live.is_given_up() => return Look::Connected(live.clone()),
            State::Building(built) if built.has_changed().is_ok() => {
                return Look::Building(built.clone());
            }
            State::Failed(failed) => Some(failed.clone()),
            State::Nothing | State::Connected(_) | State::Building(_) => None,
        };
        if let Some(error) = failed.as_ref().and_then(|failed| failed.rest(now_ms())) {
            return Look::Failed(error);
        }
        let (decided, built) = watch::channel(None);
        *state = State::Building(built.clone());
        drop(state);
        let building = Building(self.clone());
        // Its own task: callers may leave as they like.
        tokio::spawn(async move {
            let result = building.0.build(failed).await;
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

    async fn build(&self, failed: Option<Failed>) -> RedisResult<Arc<Live>> {
        let connect = self.connect(&self.settings);
        let result = connect
            .await
            .map(|connected| Arc::new(Live::new(connected, now_ms())));
        if let Ok(live) = &result {
            live.ends_with_runtime();
            live.renews(&self.settings);
        }
        let next = match &result {
            Ok(live) => State::Connected(live.clone()),
            Err(error) => {
                let error = error.clone();
                State::Failed(Failed::after(failed.as_ref(), error, now_ms()))
            }
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
            self.0
                .is_now(State::Failed(Failed::after(None, error, now_ms())));
        }
    }
}

enum Look {
    Connected(Arc<Live>),
    Building(watch::Receiver<Built>),
    Failed(RedisError),
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
