//! Where the log goes. It is counted: how many lines an outage writes.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::Failure;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Log(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    /// The terminal if there is none.
    file: Option<File>,
    /// When each line was written.
    lines: Vec<Instant>,
    is_over: bool,
}

impl Log {
    /// Takes what is written to `tracing` from now on.
    pub(crate) fn begin(path: Option<&Path>) -> Result<Self, Failure> {
        let file = path.map(File::create).transpose()?;
        let (lines, is_over) = (Vec::new(), false);
        let inner = Inner {
            file,
            lines,
            is_over,
        };
        let log = Self(Arc::new(Mutex::new(inner)));
        // Without spans, which are for traces: what they say of a call that goes wrong is in its lines, too.
        let lines = filter_fn(|of| of.is_event() && *of.level() <= Level::INFO);
        let layer = fmt::layer().with_writer(log.clone()).with_ansi(false);
        let layer = layer.with_filter(lines.with_max_level_hint(Level::INFO));
        tracing_subscriber::registry().with(layer).try_init()?;
        Ok(log)
    }

    /// Takes no more.
    pub(crate) fn end(&self) {
        self.lock().is_over = true;
    }

    /// How many lines were written between the two, and how many in the worst second.
    pub(crate) fn lines(&self, from: Instant, to: Instant) -> (usize, usize) {
        let inner = self.lock();
        let mut each_second = vec![0; usize::try_from((to - from).as_secs() + 1).unwrap_or(1)];
        for line in inner.lines.iter().filter(|line| (from..to).contains(*line)) {
            if let Some(count) = usize::try_from((*line - from).as_secs())
                .ok()
                .and_then(|second| each_second.get_mut(second))
            {
                *count += 1;
            }
        }
        (
            each_second.iter().sum(),
            each_second.iter().copied().max().unwrap_or(0),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A line is written at once.
impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut inner = self.lock();
        if inner.is_over {
            return Ok(line.len());
        }
        inner.lines.push(Instant::now());
        match &mut inner.file {
            Some(file) => file.write_all(line)?,
            None => io::stderr().write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
