//! What settings and the console may arm, once the application has let them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::armed::{self, By};
use super::{Fault, Plan};

// Nothing is published through it.
static IS_GIVEN: AtomicBool = AtomicBool::new(false);

/// What settings say.
#[derive(Debug)]
struct Leave {
    /// Of the file in force.
    wanted: Vec<Wanted>,
    /// Which one that is: an older one that comes late says nothing.
    turn: u64,
}

static LEAVE: Mutex<Leave> = Mutex::new(Leave {
    wanted: Vec::new(),
    turn: 0,
});

/// A plan of settings: when the same is said again, it goes on, and does not begin anew.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// What to inject.
    pub(crate) fault: Fault,
    /// `None`: in all functions.
    pub(crate) function: Option<String>,
    /// From 0 to 1.
    pub(crate) share: f64,
    /// When it ends.
    pub(crate) ends: Ends,
}

/// When a plan of settings ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// So long after it was armed.
    After(Duration),
    /// At this time, in milliseconds since 1970.
    At(u64),
}

impl Wanted {
    /// As it is to be armed now; `None`: its time is over.
    fn plan(&self) -> Option<Plan> {
        let lasts = match self.ends {
            Ends::After(lasts) => lasts,
            Ends::At(at_ms) => Duration::from_millis(at_ms).checked_sub(since_1970())?,
        };
        let plan = Plan::new(self.fault, lasts).ok()?.share(self.share).ok()?;
        match &self.function {
            Some(function) => plan.function(function).ok(),
            None => Some(plan),
        }
    }
}

fn since_1970() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

/// Lets settings files and the console arm faults from now on; what the file in force says is armed at once.
///
/// Until then nothing but [`arm`](super::arm) does: not a file, not a button, and not another crate of the build that turns on this feature. Call it
/// when the service has started, so that no fault meets what starts.
///
/// ```
/// # extern crate redis_resilient_runtime as redis_resilient;
/// // In `main`, once the service is ready.
/// redis_resilient::chaos::allow();
/// ```
pub fn allow() {
    with(|leave| {
        if !IS_GIVEN.swap(true, Ordering::Relaxed) {
            let _turn = armed::turn();
            armed::begin(leave.wanted.iter().filter_map(Wanted::plan), By::Settings);
        }
    });
}

/// Whether settings and the console may arm faults.
#[must_use]
pub fn is_allowed() -> bool {
    IS_GIVEN.load(Ordering::Relaxed)
}

/// This is what settings say from now on.
pub(crate) fn settings_want(turn: u64, wanted: Vec<Wanted>) {
    with(|leave| {
        if leave.turn > turn {
            return;
        }
        leave.turn = turn;
        let before = std::mem::replace(&mut leave.wanted, wanted);
        if !is_allowed() {
            return;
        }
        let _turn = armed::turn();
        let stays = |of: By, plan: &Plan| {
            of != By::Settings
                || leave
                    .wanted
                    .iter()
                    .any(|one| before.contains(one) && one.is(plan))
        };
        armed::end_where(|by, plan| !stays(by, plan));
        let new = leave.wanted.iter().filter(|one| !before.contains(one));
        armed::begin(new.filter_map(Wanted::plan), By::Settings);
    });
}

impl Wanted {
    /// Whether that is what was armed for it. The end is not looked at: another one is another entry.
    fn is(&self, plan: &Plan) -> bool {
        self.fault == plan.fault()
            && self.function.as_deref() == plan.of_function()
            && self.share.to_bits() == plan.share_of_attempts().to_bits()
    }
}

fn with<T>(work: impl FnOnce(&mut Leave) -> T) -> T {
    work(&mut LEAVE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// An operator arms this.
///
/// # Errors
/// If the application has not let him, or the plan makes no sense.
pub(crate) fn start(plan: Plan) -> Result<(), String> {
    if !is_allowed() {
        return Err(
            "the application does not let faults be injected: call `chaos::allow()` in it, once it is ready".to_owned(),
        );
    }
    let _turn = armed::turn();
    let function = plan.of_function().map(str::to_owned);
    armed::end_where(|by, other| by == By::Console && other.of_function() == function.as_deref());
    armed::begin([plan], By::Console);
    Ok(())
}

/// An operator ends what is armed for this function alone, or for all of them; whoever has armed it.
pub fn stop(function: Option<&str>) -> usize {
    let _turn = armed::turn();
    armed::end_where(|_, plan| plan.of_function() == function)
}

/// An operator ends all of it.
pub fn stop_all() -> usize {
    let _turn = armed::turn();
    armed::end_where(|_, _| true)
}
