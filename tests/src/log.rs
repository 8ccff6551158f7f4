//! What the log says, as tests read it.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Writes down each line of the log: its target, its level and its fields.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Vec<String>>>);

/// While this lives, what is logged on this thread is written down.
#[derive(Debug)]
#[must_use]
pub struct Recording {
    _guard: DefaultGuard,
    /// With one scoped subscriber alone, `tracing` asks only the thread that comes first to a line whether anybody wants it, and remembers "never"
    /// for all: other tests would take this one's events away.
    _second: Dispatch,
}

impl Recorder {
    /// Writes down from now on.
    pub fn record(&self) -> Recording {
        self.record_through(tracing_subscriber::registry())
    }

    /// Writes down what this one lets through.
    pub fn record_through<S>(&self, subscriber: S) -> Recording
    where
        S: Subscriber
            + for<'a> tracing_subscriber::registry::LookupSpan<'a>
            + Send
            + Sync
            + 'static,
    {
        let second = Dispatch::new(tracing_subscriber::registry());
        Recording {
            _guard: tracing::subscriber::set_default(subscriber.with(self.clone())),
            _second: second,
        }
    }

    /// Adds a line of the test's own.
    pub fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} {}", metadata.target(), metadata.level()));
        event.record(&mut line);
        self.push(line.0);
    }
}
