//! The side of the one who waits.

use std::sync::Arc;
use std::task::{Context, Waker};

use tokio::runtime::Handle;

use super::entry::Entry;
use super::keeper::Keeper;
use super::moment::since_origin;
use crate::clock::Instant;

/// Wakes its task at a given time, as a `Sleep` of tokio's does. It can be used again and again, and is cheapest in the same runtime.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    at: Option<Instant>,
    /// Whether the watchdog knows of that time.
    is_armed: bool,
    place: Option<Place>,
    /// Which waker the entry has.
    waker: Option<Identity>,
}

#[derive(Debug)]
struct Place {
    entry: Arc<Entry>,
    keeper: Arc<Keeper>,
}

/// Two wakers with the same ones wake the same. Nothing is read through them; the entry keeps the waker for as long as this is compared with others.
type Identity = [usize; 2];

fn identity(waker: &Waker) -> Identity {
    [
        waker.data().addr(),
        std::ptr::from_ref(waker.vtable()).addr(),
    ]
}

impl Alarm {
    /// Sets it to another time. It begins to run when it is polled.
    #[inline]
    pub(crate) const fn set(&mut self, at: Instant) {
        self.at = Some(at);
        self.is_armed = false;
    }

    /// Whether it has been set to a time that has come, which this forgets. If not, the task is woken when it has. `now` has just been read.
    ///
    /// # Panics
    /// Outside of a runtime of tokio's with its timers enabled, as a `Sleep` does.
    #[inline]
    pub(crate) fn has_come(&mut self, cx: &Context<'_>, now: Instant) -> bool {
        let Some(at) = self.at else { return false };
        if at <= now {
            self.forget();
            return true;
        }
        if !self.is_armed {
            self.arm(at, cx.waker());
        } else if self.knows_another(cx.waker()) || self.is_alone() {
            // Another task, and so maybe another runtime; or the runtime of before is gone.
            self.arm(at, cx.waker());
            // The watchdog may have woken the task before.
            if at <= Instant::now() {
                self.forget();
                return true;
            }
        }
        false
    }

    /// Whether the watchdog has ever heard of it.
    #[cfg(test)]
    pub(crate) const fn has_been_armed(&self) -> bool {
        self.place.is_some()
    }

    /// Nobody waits for it any more.
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.at = None;
        if std::mem::take(&mut self.is_armed)
            && let Some(place) = &self.place
        {
            place.entry.rests();
        }
    }

    #[inline]
    fn arm(&mut self, at: Instant, waker: &Waker) {
        let due = since_origin(at);
        let runtime = Handle::current();
        let place = match &mut self.place {
            Some(place) if place.keeper.is_of(&runtime) => place,
            place => {
                if let Some(place) = place {
                    place.entry.rests();
                }
                self.waker = None;
                place.insert(Place {
                    entry: Arc::new(Entry::new()),
                    keeper: Keeper::of(&runtime),
                })
            }
        };
        let identity = identity(waker);
        if self.waker != Some(identity) {
            // Before the time: whoever sees that finds this waker.
            place.entry.set_waker(waker);
            self.waker = Some(identity);
        }
        if !place.entry.waits_until(due) {
            place.keeper.queue(&place.entry, due, waker);
        }
        self.is_armed = true;
    }

    fn knows_another(&self, waker: &Waker) -> bool {
        self.waker != Some(identity(waker))
    }

    fn is_alone(&self) -> bool {
        self.place
            .as_ref()
            .is_none_or(|place| place.keeper.is_over())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.forget();
    }
}
