//! What is kept beside the state word: made when something is first to be told of a breaker, so that a healthy one has none.

#[cfg(feature = "overrides")]
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::Breaker;
use super::note::Note;
use super::packed_state::PackedState;
use super::settings::Settings;
use super::sums::Sums;
use super::window::Window;
use crate::handle::{Handle, Way};
use crate::observer::Observers;
use crate::weak_list::WeakList;

// Sums, a switch, what is shown and a hint: nothing is published through them, and the state word has the say.
const ORDER: Ordering = Ordering::Relaxed;

/// All of a breaker but the word itself.
#[derive(Debug)]
pub(crate) struct Record {
    pub(super) name: &'static str,
    /// Its place in the list: the name that it was given, and the number that tells it from its namesakes.
    place: (&'static str, Option<u16>),
    /// Set if it is known to be there for others.
    way: OnceLock<Way<Breaker>>,
    pub(super) settings: Settings,
    /// What was said in place of them.
    #[cfg(feature = "overrides")]
    pub(super) tuned: RwLock<Option<Arc<Settings>>>,
    /// The state word as it was when it last changed, for those who have only the record.
    word: AtomicU64,
    /// The time that was last written to the state word.
    pub(super) note: Note,
    /// When the state was entered, in milliseconds; 0 if it never was. Perhaps of the state before or after.
    since_ms: AtomicU64,
    /// Whether calls that would be refused are let through.
    observing: AtomicBool,
    /// For the rules that slide.
    pub(super) window: Option<Window>,
    pub(super) observers: Observers,
    /// Those of its name.
    pub(super) sums: &'static Sums,
}

impl Record {
    /// One that is listed from now on, for as long as its breaker lives.
    pub(super) fn listed(breaker: &Breaker, word: PackedState) -> Arc<Self> {
        let (settings, name) = (breaker.settings, breaker.full_name());
        let record = Arc::new(Self {
            name,
            place: (breaker.name, breaker.number),
            way: OnceLock::new(),
            settings,
            #[cfg(feature = "overrides")]
            tuned: RwLock::new(None),
            word: AtomicU64::new(word.bits()),
            note: Note::new(),
            since_ms: AtomicU64::new(0),
            observing: AtomicBool::new(false),
            window: Window::for_rule(settings.trip),
            observers: Observers::new(),
            sums: Sums::of(name),
        });
        LIST.add_new(&record);
        // Once it is listed: whoever says something from now on finds it.
        #[cfg(feature = "overrides")]
        record.retune();
        record
    }

    /// The name that it was given, and the same with its number.
    #[cfg(feature = "overrides")]
    pub(super) const fn names(&self) -> [&'static str; 2] {
        [self.place.0, self.name]
    }

    /// The number that tells it from its namesakes.
    pub(crate) const fn number(&self) -> Option<u16> {
        self.place.1
    }

    pub(crate) fn handle(&self) -> Option<Handle<Breaker>> {
        self.way.get()?.handle()
    }

    /// From now on others find the way to its breaker.
    pub(super) fn lead(&self, way: Way<Breaker>) {
        let _ = self.way.set(way);
    }

    pub(super) fn word(&self) -> PackedState {
        PackedState::from_bits(self.word.load(ORDER))
    }

    /// Takes over the breaker's word, which may be changing, and notes the time in it.
    pub(super) fn follow(&self, word: impl Fn() -> PackedState, now_ms: u64) {
        // Whoever writes last looks once more, so that the last one written is the last one there was.
        let mut seen = word();
        loop {
            if let Some(stamp) = seen.stamp(self.settings.trip) {
                self.note.write(stamp.whole_ms(now_ms));
            }
            self.word.swap(seen.bits(), Ordering::AcqRel);
            let now = word();
            if now == seen {
                return;
            }
            seen = now;
        }
    }

    pub(super) fn entered(&self, now_ms: u64) {
        self.since_ms.store(now_ms, ORDER);
    }

    pub(super) fn since_ms(&self) -> Option<u64> {
        match self.since_ms.load(ORDER) {
            0 => None,
            since_ms => Some(since_ms),
        }
    }

    pub(super) fn is_observing(&self) -> bool {
        self.observing.load(ORDER)
    }

    /// Whether that changes anything.
    pub(super) fn observe(&self, observe: bool) -> bool {
        self.observing.swap(observe, ORDER) != observe
    }

    pub(super) fn clear_window(&self) {
        if let Some(window) = &self.window {
            window.clear();
        }
    }
}

static LIST: WeakList<Record> = WeakList::new();

/// Has all of them go by what is said now.
#[cfg(feature = "overrides")]
pub(crate) fn retune_all() {
    for record in LIST.all() {
        record.retune();
    }
}

/// All records whose breakers live, by name and number; of the same ones, those made earlier first.
pub(crate) fn all() -> Vec<Arc<Record>> {
    let mut records = LIST.all();
    records.sort_by_key(|record| record.place);
    records
}
