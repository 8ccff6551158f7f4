//! The cells: one for each function and thread, written by that thread alone.
//!
//! A thread that ends leaves its slab to one that begins: nothing is lost, and there are no more slabs than there were threads at once.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::durations::{self, Histogram};
use super::{AttemptDurations, CallResult, RESULTS};

// Sums, and what is shown: nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

const CHUNK: usize = 64;
/// More functions than 65,535 share the last cell.
const CHUNKS: usize = 1024;
/// The functions in so many chunks, a thousand, are found by one load.
const AT_HAND: usize = 16;

/// Where a function's calls are counted, in the slab of each thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(NonZeroU32);

/// What a function has of that.
#[derive(Debug)]
pub(crate) struct Slot {
    #[cfg(feature = "counts")]
    id: AtomicU32,
}

static ASSIGNED: AtomicU32 = AtomicU32::new(0);

impl Slot {
    pub(crate) const fn new() -> Self {
        Self {
            #[cfg(feature = "counts")]
            id: AtomicU32::new(0),
        }
    }

    #[cfg(feature = "counts")]
    #[expect(clippy::unnecessary_wraps, reason = "as without the feature")]
    #[inline]
    fn id(&self) -> Option<&AtomicU32> {
        Some(&self.id)
    }

    #[cfg(not(feature = "counts"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    #[inline]
    fn id(&self) -> Option<&AtomicU32> {
        None
    }

    /// `None`: it has none yet.
    #[inline]
    pub(crate) fn get(&self) -> Option<Id> {
        NonZeroU32::new(self.id()?.load(ORDER)).map(Id)
    }

    /// Its cell from now on, unless it has one. `None`: nothing is counted.
    #[cold]
    pub(crate) fn assign(&self) -> Option<Id> {
        let slot = self.id()?;
        // As it is first asked, and that is once for each function, one is lost where two threads ask at once.
        let last = u32::try_from(CHUNK * CHUNKS - 1).unwrap_or(u32::MAX);
        let next = ASSIGNED.fetch_add(1, ORDER).saturating_add(1).min(last);
        let _ = slot.compare_exchange(0, next, ORDER, ORDER);
        self.get()
    }
}

/// What one thread has counted of one function.
#[derive(Debug)]
struct Counts {
    results: [AtomicU64; RESULTS],
    answered: OnceLock<Box<Histogram>>,
    failed: OnceLock<Box<Histogram>>,
}

impl Counts {
    const fn new() -> Self {
        Self {
            results: [const { AtomicU64::new(0) }; RESULTS],
            answered: OnceLock::new(),
            failed: OnceLock::new(),
        }
    }
}

/// Far from what other threads write.
#[derive(Debug)]
#[repr(align(128))]
struct Chunk([Counts; CHUNK]);

#[derive(Debug)]
struct Slab {
    chunks: [OnceLock<Box<Chunk>>; CHUNKS],
}

impl Id {
    const fn at(self) -> usize {
        self.0.get() as usize
    }
}

impl Chunk {
    #[inline]
    const fn counts(&self, id: Id) -> &Counts {
        &self.0[id.at() % CHUNK]
    }
}

impl Slab {
    /// Made when the first of its functions is counted.
    fn chunk(&self, id: Id) -> &Chunk {
        let chunk = &self.chunks[(id.at() / CHUNK) % CHUNKS];
        chunk.get_or_init(|| Box::new(Chunk([const { Counts::new() }; CHUNK])))
    }

    fn counts(&self, id: Id) -> &Counts {
        self.chunk(id).counts(id)
    }
}

/// All slabs there are, and those of them that no thread has.
static SLABS: Mutex<Slabs> = Mutex::new(Slabs {
    all: Vec::new(),
    free: Vec::new(),
});

struct Slabs {
    all: Vec<&'static Slab>,
    free: Vec<&'static Slab>,
}

impl Slabs {
    fn take(&mut self) -> &'static Slab {
        if let Some(slab) = self.free.pop() {
            return slab;
        }
        let slab: &'static Slab = Box::leak(Box::new(Slab {
            chunks: [const { OnceLock::new() }; CHUNKS],
        }));
        self.all.push(slab);
        slab
    }
}

fn with_slabs<R>(run: impl FnOnce(&mut Slabs) -> R) -> R {
    run(&mut SLABS.lock().unwrap_or_else(PoisonError::into_inner))
}

thread_local! {
    /// The first chunks of this thread's slab, as far as it has needed them. They need no `drop`, so that to look one up is one load.
    static CHUNKS_AT_HAND: [Cell<Option<&'static Chunk>>; AT_HAND] = const { [const { Cell::new(None) }; AT_HAND] };
    static MINE: Cell<Option<&'static Slab>> = const { Cell::new(None) };
    /// What gives it back.
    static GIVES_BACK: GivesBack = const { GivesBack };
}

struct GivesBack;

impl Drop for GivesBack {
    fn drop(&mut self) {
        CHUNKS_AT_HAND.with(|chunks| chunks.iter().for_each(|chunk| chunk.set(None)));
        if let Some(slab) = MINE.take() {
            with_slabs(|slabs| slabs.free.push(slab));
        }
    }
}

#[inline]
fn with(id: Id, run: impl FnOnce(&Counts)) {
    let at_hand = CHUNKS_AT_HAND.with(|chunks| chunks.get(id.at() / CHUNK)?.get());
    match at_hand {
        Some(chunk) => run(chunk.counts(id)),
        None => with_another(id, run),
    }
}

#[cold]
#[inline(never)]
fn with_another(id: Id, run: impl FnOnce(&Counts)) {
    if GIVES_BACK.try_with(|_| {}).is_ok() {
        let slab = MINE.get().unwrap_or_else(|| with_slabs(Slabs::take));
        MINE.set(Some(slab));
        let chunk = slab.chunk(id);
        CHUNKS_AT_HAND.with(|chunks| {
            if let Some(at_hand) = chunks.get(id.at() / CHUNK) {
                at_hand.set(Some(chunk));
            }
        });
        return run(chunk.counts(id));
    }
    // What is called while the thread ends. Nobody else writes to it meanwhile.
    with_slabs(|slabs| {
        let slab = slabs.take();
        run(slab.counts(id));
        slabs.free.push(slab);
    });
}

/// Counts a call that has ended like this.
#[inline]
pub(crate) fn add(id: Id, result: CallResult) {
    with(id, |counts| {
        durations::add(&counts.results[result as usize], 1);
    });
}

/// So many attempts took so long.
#[cold]
pub(crate) fn record(id: Id, answered: bool, took: Duration, times: u32) {
    with(id, |counts| {
        let histogram = if answered {
            &counts.answered
        } else {
            &counts.failed
        };
        let histogram = histogram.get_or_init(|| Box::new(Histogram::new()));
        histogram.record(took, times);
    });
}

/// What all threads have counted there.
pub(super) fn sum(id: Id, durations: &mut AttemptDurations) -> [u64; RESULTS] {
    let mut sums = [0_u64; RESULTS];
    for slab in with_slabs(|slabs| slabs.all.clone()) {
        let Some(chunk) = slab.chunks[(id.at() / CHUNK) % CHUNKS].get() else {
            continue;
        };
        let counts = chunk.counts(id);
        for (sum, count) in sums.iter_mut().zip(&counts.results) {
            *sum = sum.wrapping_add(count.load(ORDER));
        }
        for (histogram, durations) in [
            (&counts.answered, &mut durations.answered),
            (&counts.failed, &mut durations.failed),
        ] {
            if let Some(histogram) = histogram.get() {
                histogram.add_to(durations);
            }
        }
    }
    sums
}

const NAMES: usize = 64;

/// A name in the program, by where it is, and its cell.
type Remembered = Cell<(usize, usize, Option<Id>)>;

thread_local! {
    /// The cells of functions that are found by their names only.
    static BY_NAME: [Remembered; NAMES] = const { [const { Cell::new((0, 0, None)) }; NAMES] };
}

fn place(name: &'static str) -> (usize, usize, usize) {
    let address = name.as_ptr().addr();
    (
        (address ^ (address >> 6) ^ (address >> 12)) % NAMES,
        address,
        name.len(),
    )
}

/// The cell of the name, if this thread has asked for it not long ago.
pub(crate) fn remembered(name: &'static str) -> Option<Id> {
    let (at, address, length) = place(name);
    let (its_address, its_length, id) = BY_NAME.with(|names| names[at].get());
    id.filter(|_| (its_address, its_length) == (address, length))
}

pub(crate) fn remember(name: &'static str, id: Id) {
    let (at, address, length) = place(name);
    BY_NAME.with(|names| names[at].set((address, length, Some(id))));
}

#[cfg(all(test, feature = "counts"))]
pub(super) fn slabs() -> usize {
    with_slabs(|slabs| slabs.all.len())
}
