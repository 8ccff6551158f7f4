//! What is kept beside the state word: made when something is first to be told of a breaker, so that a healthy one has none.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::note::Note;
use super::packed_state::PackedState;
use super::settings::Settings;
use super::window::Window;
use crate::observer::Observers;

// Sums, a switch, what is shown and a hint: nothing is published through them, and the state word has the say.
const ORDER: Ordering = Ordering::Relaxed;

/// All of a breaker but the word itself.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: &'static str,
    pub(super) settings: Settings,
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
}

impl Record {
    /// One that is listed from now on, for as long as its breaker lives.
    pub(super) fn listed(name: &'static str, settings: Settings, word: PackedState) -> Arc<Self> {
        let record = Arc::new(Self {
            name,
            settings,
            word: AtomicU64::new(word.bits()),
            note: Note::new(),
            since_ms: AtomicU64::new(0),
            observing: AtomicBool::new(false),
            window: Window::for_rule(settings.trip),
            observers: Observers::new(),
        });
        let mut list = LIST.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|record| record.strong_count() > 0);
        list.push(Arc::downgrade(&record));
        record
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

static LIST: Mutex<Vec<Weak<Record>>> = Mutex::new(Vec::new());

/// All records whose breakers live, by name; of the same name, those made earlier first.
pub(super) fn all() -> Vec<Arc<Record>> {
    let list = LIST.lock().unwrap_or_else(PoisonError::into_inner);
    let mut records: Vec<_> = list.iter().filter_map(Weak::upgrade).collect();
    drop(list);
    records.sort_by_key(|record| record.name);
    records
}
