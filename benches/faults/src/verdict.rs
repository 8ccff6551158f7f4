//! Whether a caller of ours got what is promised.

use std::time::Duration;

use crate::row::{Back, Promise, SLACK};
use crate::trial::{Failure, Outcome};

/// What is missed, in words; `None` if nothing is.
pub(crate) fn missed(promise: &Promise, outcome: &Outcome) -> Option<String> {
    if outcome.hangs {
        return Some("a call hangs".to_owned());
    }
    let longest = outcome.failures.iter().map(|failure| failure.longest).max();
    if let Some(longest) = longest
        && longest > promise.error_within + SLACK
    {
        return Some(format!("a call took {longest:.1?}"));
    }
    let strange = outcome
        .failures
        .iter()
        .find(|failure| !promise.classes.contains(&failure.class) && !has_timed_out(failure));
    if let Some(strange) = strange {
        return Some(format!("{} is {:?}", strange.what, strange.class));
    }
    let back = match (promise.back, outcome.back) {
        (Back::Never, _) => return None,
        (_, None) => return Some("never back".to_owned()),
        (_, Some(back)) => back,
    };
    let failed = |most: usize| {
        let failed = outcome.failed_after;
        (failed > most).then(|| format!("{failed} calls failed after the fault was over"))
    };
    match promise.back {
        Back::Within(limit) if back > limit + SLACK => Some(format!("back after {back:.1?}")),
        Back::Within(_) | Back::Never => None,
        Back::AfterFailures(most) => failed(most),
        Back::SameConnection if outcome.connects > 0 => {
            Some(format!("{} new connections", outcome.connects))
        }
        Back::FirstCall | Back::SameConnection => failed(0),
    }
}

/// On a busy machine anything may, and is not held against it as long as that is in time.
fn has_timed_out(failure: &Failure) -> bool {
    matches!(&*failure.what, "TimedOut" | "WouldBlock")
}

/// The promise, for the table.
pub(crate) fn text(promise: &Promise) -> String {
    let error = millis(promise.error_within);
    let back = match promise.back {
        Back::Within(limit) => format!("back in {}", millis(limit)),
        Back::FirstCall => "back on the first call".to_owned(),
        Back::SameConnection => "first call, same connection".to_owned(),
        Back::AfterFailures(0) => return "no call fails".to_owned(),
        Back::AfterFailures(most) => format!("back after {most} failed call"),
        Back::Never => return format!("fails in {error}"),
    };
    format!("fails in {error}, {back}")
}

/// A time as it is printed: to a tenth below 10 ms.
pub(crate) fn millis(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else {
        format!("{ms:.0} ms")
    }
}
