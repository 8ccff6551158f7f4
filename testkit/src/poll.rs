//! Waiting until servers know what is wanted.

use std::{
    io, thread,
    time::{Duration, Instant},
};

/// How long to leave servers alone between two questions.
const PAUSE: Duration = Duration::from_millis(5);

/// Tries until it gives something.
///
/// # Errors
///
/// [`TimedOut`](io::ErrorKind::TimedOut) with the words `what` and those of `state` if that takes
/// longer than `timeout`.
pub(crate) fn poll<T>(
    timeout: Duration,
    what: &str,
    mut attempt: impl FnMut() -> Option<T>,
    state: impl FnOnce() -> String,
) -> io::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return Ok(found);
        }
        if started.elapsed() > timeout {
            let message = format!("{what} not within {timeout:?}: {}", state());
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        thread::sleep(PAUSE);
    }
}
