//! One watchdog for each runtime of tokio: it wakes whoever has waited for as long as he may.
//!
//! A timer of tokio's for each attempt that waits costs more than all else that the attribute does. Here a call that waits has an entry which its
//! watchdog has known for longer than the call: at its end it is neither taken out of the queue nor is its waker dropped, and the next call that uses the
//! entry finds both there. It writes its own end into it, and that is all. A watchdog comes to an entry at a time that is never later than its end, and looks
//! then whether somebody waits, and until when; one that nobody uses any more it takes out. So a waker, and with it the memory of a task that has
//! ended, is kept for as long as its last attempt might have taken, and no longer than its runtime.
//!
//! A watchdog only wakes. Whether the time is over is read from tokio's clock by the one who waits: nobody is ever told too early, whatever happens to
//! the watchdog, and tests that pause the clock see what they see of tokio's own timers.

mod alarm;
mod entry;
mod keeper;
mod moment;
mod reuse;
mod watched;

pub(crate) use alarm::Alarm;
pub(crate) use reuse::Reuse;
pub use watched::{Watched, watched};

#[cfg(test)]
#[path = "watchdog_tests.rs"]
mod tests;
