//! A list of observers, and how they are told: each event to all, in order, whatever they do meanwhile.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use super::Observer;
use crate::event::{Event, KeptEvent};

/// A list that only grows, so that it can be walked without a lock.
pub(crate) struct Observers {
    first: OnceLock<Box<Node>>,
}

struct Node {
    observer: Box<dyn Observer>,
    next: OnceLock<Box<Self>>,
}

impl Observers {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
        }
    }

    pub(crate) fn add(&self, observer: Box<dyn Observer>) {
        let mut node = Box::new(Node {
            observer,
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
    pub(crate) fn is_empty(&self) -> bool {
        self.first.get().is_none()
    }

    /// What the event tells of has been done already: an observer that panics or takes its time changes nothing of it.
    #[cold]
    pub(crate) fn call(&self, event: &Event<'_>) {
        if self.is_empty() {
            return;
        }
        let Some(_delivery) = Delivery::begin(self, event) else {
            return;
        };
        self.call_all(event, Vec::new());
        while let Some(queued) = innermost(|under_way| under_way.queue.pop_front()).flatten() {
            self.call_all(&queued.event.event(), queued.causes);
        }
    }

    fn call_all(&self, event: &Event<'_>, causes: Vec<usize>) {
        innermost(|under_way| under_way.causes = causes);
        let mut next = self.first.get();
        while let Some(node) = next {
            if is_next(node) {
                // The panic hook has reported it.
                let _ = catch_unwind(AssertUnwindSafe(|| node.observer.on_event(event)));
            }
            next = node.next.get();
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observers")
    }
}

thread_local! {
    /// What is told on this thread. Where an observer of one list makes another one tell something: both, the innermost last.
    static UNDER_WAY: RefCell<Vec<UnderWay>> = const { RefCell::new(Vec::new()) };
}

/// A list whose observers are told something on this thread.
struct UnderWay {
    /// Only compared.
    observers: usize,
    /// The observer that is called.
    at_work: usize,
    /// The observers that have caused what it is told: one by what it did when it was told what another had caused, and so on.
    causes: Vec<usize>,
    /// What is told next, in turn.
    queue: VecDeque<Queued>,
}

/// An event that observers have caused. They are not told it, or it would never end.
struct Queued {
    event: KeptEvent,
    causes: Vec<usize>,
}

/// While this lives, what its list has to tell on this thread is put into the queue.
struct Delivery;

impl Delivery {
    /// `None`: the event is in the queue of one that is under way.
    fn begin(observers: &Observers, event: &Event<'_>) -> Option<Self> {
        let observers = address(observers);
        let begin = |under_way: &RefCell<Vec<UnderWay>>| {
            let mut under_way = under_way.borrow_mut();
            let Some(outer) = under_way.iter_mut().find(|one| one.observers == observers) else {
                under_way.push(UnderWay {
                    observers,
                    at_work: 0,
                    causes: Vec::new(),
                    queue: VecDeque::new(),
                });
                return Some(Self);
            };
            let mut causes = outer.causes.clone();
            causes.push(outer.at_work);
            outer.queue.push_back(Queued {
                event: event.kept(),
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

/// Whether the observer is to be called now.
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
