//! What is armed in this process, and by whom.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use super::{Fault, Plan};
use crate::clock::{now_ms, whole_millis};
use crate::event::{ChaosArmed, ChaosEnded, Event};
use crate::{kill_switch, observer};

// The plans are behind their lock; this one only says that it is worth a look.
static ARMED: AtomicBool = AtomicBool::new(false);
static PLANS: RwLock<Vec<Running>> = RwLock::new(Vec::new());
/// Who arms and who ends take turns, so that what is told is in their order.
static TURN: Mutex<()> = Mutex::new(());
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[derive(Debug)]
struct Running {
    /// Never 0.
    id: u64,
    plan: Plan,
    by: By,
    ends_ms: u64,
    injected: AtomicU64,
}

/// Who has armed a plan. Each ends his own, and [`disarm`] those of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum By {
    /// The application, by [`arm`].
    Code,
    /// A file of settings.
    Settings,
    /// An operator, by the console.
    Console,
}

impl By {
    /// As events tell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Settings => "settings",
            Self::Console => "console",
        }
    }
}

/// A plan that is armed, as [`plans`] shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Armed {
    /// The plan.
    pub plan: Plan,
    /// Who has armed it.
    pub by: By,
    /// How long it still lasts.
    pub left: Duration,
    /// In how many attempts it has been injected.
    pub injected: u64,
}

/// A fault that strikes an attempt, and the plan it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) fault: Fault,
    pub(crate) id: u64,
}

/// Injects what these plans say from now on, and nothing of what this function was given before. The first plan that strikes counts.
///
/// Only the application calls this. An empty list ends what it has armed, and nothing of what settings and the console have.
pub fn arm(plans: impl IntoIterator<Item = Plan>) {
    let _turn = turn();
    end(|running| running.by == By::Code);
    begin(plans, By::Code);
}

/// Injects nothing any more, at once, whoever has armed it: a delay that is under way ends too, within some milliseconds.
///
/// What a file of settings still says stays disarmed until the file says something else.
pub fn disarm() {
    let _turn = turn();
    end(|_| true);
}

/// The plans that are armed and whose time is not over.
#[must_use]
pub fn plans() -> Vec<Armed> {
    let now_ms = now_ms();
    let running = running();
    let running = running.iter().filter(|one| now_ms < one.ends_ms);
    running
        .map(|one| Armed {
            plan: one.plan.clone(),
            by: one.by,
            left: Duration::from_millis(one.ends_ms - now_ms),
            injected: one.injected.load(Ordering::Relaxed),
        })
        .collect()
}

/// To be held while something is armed or ended.
pub(super) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Arms these beside what is armed. The turn is held.
pub(super) fn begin(plans: impl IntoIterator<Item = Plan>, by: By) {
    let now_ms = now_ms();
    let begun: Vec<_> = plans
        .into_iter()
        .map(|plan| Running {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            ends_ms: now_ms.saturating_add(whole_millis(plan.lasts())),
            plan,
            by,
            injected: AtomicU64::new(0),
        })
        .collect();
    for one in &begun {
        observer::emit(&Event::ChaosArmed(ChaosArmed {
            share: one.plan.share_of_attempts(),
            lasts: one.plan.lasts(),
            fault: one.plan.fault().name(),
            by: by.name(),
            function: one.plan.of_function(),
        }));
    }
    if !begun.is_empty() {
        let mut running = PLANS.write().unwrap_or_else(PoisonError::into_inner);
        running.extend(begun);
        ARMED.store(true, Ordering::Release);
    }
}

/// Ends those, and tells how many there were. The turn is held.
pub(super) fn end_where(ends: impl Fn(By, &Plan) -> bool) -> usize {
    end(|running| ends(running.by, &running.plan))
}

fn end(ends: impl Fn(&Running) -> bool) -> usize {
    let mut ended = Vec::new();
    {
        let mut running = PLANS.write().unwrap_or_else(PoisonError::into_inner);
        let all = std::mem::take(&mut *running);
        let (over, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| ends(one));
        ARMED.store(!left.is_empty(), Ordering::Release);
        *running = left;
        ended.extend(over);
    }
    if !ended.is_empty() {
        let injected = ended.iter().map(|one| one.injected.load(Ordering::Relaxed));
        observer::emit(&Event::ChaosEnded(ChaosEnded {
            injected: injected.sum(),
        }));
    }
    ended.len()
}

fn running() -> RwLockReadGuard<'static, Vec<Running>> {
    PLANS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there may be a plan.
#[inline]
pub(crate) fn is_armed() -> bool {
    ARMED.load(Ordering::Relaxed)
}

/// Whether this plan is armed still, and its time is not over.
pub(crate) fn is_running(id: u64) -> bool {
    let is_it = |one: &Running| one.id == id && now_ms() < one.ends_ms;
    is_armed() && running().iter().any(is_it)
}

/// What is done to an attempt of this function that begins now.
pub(crate) fn decide(function: &str) -> Option<Strike> {
    decide_where(function, |_| true)
}

/// As [`decide`], with those faults only.
#[cold]
pub(crate) fn decide_where(function: &str, may: impl Fn(Fault) -> bool) -> Option<Strike> {
    if kill_switch::is_engaged() {
        return None;
    }
    let now_ms = now_ms();
    let is_over = {
        let running = running();
        for one in running.iter().filter(|one| now_ms < one.ends_ms) {
            if is_armed() && may(one.plan.fault()) && one.plan.strikes(function, fastrand::f64()) {
                one.injected.fetch_add(1, Ordering::Relaxed);
                let (fault, id) = (one.plan.fault(), one.id);
                return Some(Strike { fault, id });
            }
        }
        running.iter().any(|one| now_ms >= one.ends_ms)
    };
    if is_over {
        ends_by_itself(now_ms);
    }
    None
}

fn ends_by_itself(now_ms: u64) {
    let Ok(_turn) = TURN.try_lock() else { return };
    end(|one| now_ms >= one.ends_ms);
}
