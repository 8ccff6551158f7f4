//! What is armed in this process.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
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

#[derive(Debug)]
struct Running {
    plan: Plan,
    ends_ms: u64,
    injected: AtomicU64,
}

/// A plan that is armed, as [`plans`] shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Armed {
    /// The plan.
    pub plan: Plan,
    /// How long it still lasts.
    pub left: Duration,
    /// In how many attempts it has been injected.
    pub injected: u64,
}

/// Injects what these plans say from now on, and nothing of what others said before. The first plan that strikes counts.
///
/// Only the application calls this. An empty list is as good as [`disarm`].
pub fn arm(plans: impl IntoIterator<Item = Plan>) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    end();
    let now_ms = now_ms();
    let running: Vec<_> = plans
        .into_iter()
        .map(|plan| Running {
            ends_ms: now_ms.saturating_add(whole_millis(plan.lasts())),
            plan,
            injected: AtomicU64::new(0),
        })
        .collect();
    for one in &running {
        observer::emit(&Event::ChaosArmed(ChaosArmed {
            share: one.plan.share_of_attempts(),
            lasts: one.plan.lasts(),
            fault: one.plan.fault().name(),
            function: one.plan.of_function(),
        }));
    }
    let is_armed = !running.is_empty();
    *PLANS.write().unwrap_or_else(PoisonError::into_inner) = running;
    ARMED.store(is_armed, Ordering::Release);
}

/// Injects nothing any more, at once: a delay that is under way ends too, within some milliseconds.
pub fn disarm() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    end();
}

fn end() {
    if !ARMED.swap(false, Ordering::AcqRel) {
        return;
    }
    let ended = std::mem::take(&mut *PLANS.write().unwrap_or_else(PoisonError::into_inner));
    let injected = ended.iter().map(|one| one.injected.load(Ordering::Relaxed));
    observer::emit(&Event::ChaosEnded(ChaosEnded {
        injected: injected.sum(),
    }));
}

/// The plans that are armed and whose time is not over.
#[must_use]
pub fn plans() -> Vec<Armed> {
    let now_ms = now_ms();
    let running = PLANS.read().unwrap_or_else(PoisonError::into_inner);
    let running = running.iter().filter(|one| now_ms < one.ends_ms);
    running
        .map(|one| Armed {
            plan: one.plan.clone(),
            left: Duration::from_millis(one.ends_ms - now_ms),
            injected: one.injected.load(Ordering::Relaxed),
        })
        .collect()
}

/// Whether there may be a plan.
#[inline]
pub(crate) fn is_armed() -> bool {
    ARMED.load(Ordering::Relaxed)
}

/// What is done to an attempt of this function that begins now.
#[cold]
pub(crate) fn decide(function: &str) -> Option<Fault> {
    if kill_switch::is_engaged() {
        return None;
    }
    let now_ms = now_ms();
    let is_over = {
        let running = PLANS.read().unwrap_or_else(PoisonError::into_inner);
        for one in running.iter().filter(|one| now_ms < one.ends_ms) {
            if is_armed() && one.plan.strikes(function, fastrand::f64()) {
                one.injected.fetch_add(1, Ordering::Relaxed);
                return Some(one.plan.fault());
            }
        }
        running.iter().all(|one| now_ms >= one.ends_ms)
    };
    if is_over {
        ends_by_itself(now_ms);
    }
    None
}

fn ends_by_itself(now_ms: u64) {
    let Ok(_turn) = TURN.try_lock() else { return };
    let is_over = {
        let running = PLANS.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().all(|one| now_ms >= one.ends_ms)
    };
    if is_over {
        end();
    }
}
