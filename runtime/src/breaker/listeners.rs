//! Those who listen to a breaker, and how they are told.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use super::event::BreakerEvent;

type Listener = Box<dyn Fn(&BreakerEvent) + Send + Sync>;

/// A list that only grows, so that it can be walked without a lock.
pub(super) struct Listeners {
    first: OnceLock<Box<Node>>,
}

struct Node {
    listener: Listener,
    next: OnceLock<Box<Self>>,
}

impl Listeners {
    pub(super) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
        }
    }

    pub(super) fn add(&self, listener: Listener) {
        let mut node = Box::new(Node {
            listener,
            next: OnceLock::new(),
        });
        let mut slot = &self.first;
        while let Err(back) = slot.set(node) {
            node = back;
            let Some(taken) = slot.get() else { return };
            slot = &taken.next;
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.get().is_none()
    }

    /// The word has changed already: a listener that panics or takes its time does nothing to the breaker.
    #[cold]
    pub(super) fn call(&self, event: &BreakerEvent) {
        let Some(_delivery) = Delivery::begin(self, event) else {
            return;
        };
        let (mut event, mut causes) = (*event, Vec::new());
        loop {
            innermost(|under_way| under_way.causes = causes);
            let mut next = self.first.get();
            while let Some(node) = next {
                if is_next(node) {
                    // The panic hook has reported it.
                    let _ = catch_unwind(AssertUnwindSafe(|| (node.listener)(&event)));
                }
                next = node.next.get();
            }
            let Some(queued) = innermost(|under_way| under_way.queue.pop_front()).flatten() else {
                return;
            };
            (event, causes) = (queued.event, queued.causes);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listeners")
    }
}

thread_local! {
    /// What is told on this thread. Of a breaker whose listener makes another one tell something: both, the innermost last.
    static UNDER_WAY: RefCell<Vec<UnderWay>> = const { RefCell::new(Vec::new()) };
}

/// A breaker that tells its listeners something on this thread.
struct UnderWay {
    /// Only compared.
    listeners: usize,
    /// The listener that is called.
    at_work: usize,
    /// The listeners that have caused what it is told: one by what it did when it was told what another had caused, and so on.
    causes: Vec<usize>,
    /// What is told next, in turn.
    queue: VecDeque<Queued>,
}

/// An event that listeners have caused. They are not told it, or it would never end.
struct Queued {
    event: BreakerEvent,
    causes: Vec<usize>,
}

/// While this lives, what its breaker has to tell on this thread is put into the queue.
struct Delivery;

impl Delivery {
    /// `None`: the event is in the queue of one that is under way.
    fn begin(listeners: &Listeners, event: &BreakerEvent) -> Option<Self> {
        let listeners = address(listeners);
        let begin = |under_way: &RefCell<Vec<UnderWay>>| {
            let mut under_way = under_way.borrow_mut();
            let Some(outer) = under_way.iter_mut().find(|one| one.listeners == listeners) else {
                under_way.push(UnderWay {
                    listeners,
                    at_work: 0,
                    causes: Vec::new(),
                    queue: VecDeque::new(),
                });
                return Some(Self);
            };
            let mut causes = outer.causes.clone();
            causes.push(outer.at_work);
            outer.queue.push_back(Queued {
                event: *event,
                causes,
            });
            None
        };
        // A thread that is ending may have no such list any more.
        UNDER_WAY.try_with(begin).ok().flatten()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        UNDER_WAY.with_borrow_mut(Vec::pop);
    }
}

/// Whether the listener is to be called now.
fn is_next(node: &Node) -> bool {
    let node = address(node);
    let is_next = innermost(|under_way| {
        under_way.at_work = node;
        !under_way.causes.contains(&node)
    });
    is_next.unwrap_or(false)
}

/// Of the delivery that began last; there is one.
fn innermost<T>(run: impl FnOnce(&mut UnderWay) -> T) -> Option<T> {
    UNDER_WAY.with_borrow_mut(|under_way| under_way.last_mut().map(run))
}

fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}
