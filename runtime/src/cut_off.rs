//! What was under way when an attempt was cut off: commands that must not be sent again.
//!
//! A body that is cut off has no error to tell of them. Its connection does, when what was waiting for the answer is dropped: that happens on
//! this thread, and nothing else in between.

use std::cell::Cell;

/// Of one command, to be told from others by its address; which is only compared.
#[derive(Clone, Copy)]
struct Noted {
    commands: u32,
    #[cfg_attr(not(feature = "connection"), expect(dead_code))]
    last: usize,
}

const NOTHING: Noted = Noted {
    commands: 0,
    last: 0,
};

thread_local! {
    static NOTED: Cell<Noted> = const { Cell::new(NOTHING) };
}

/// What has been noted so far is of others.
pub(crate) fn begin() {
    NOTED.set(NOTHING);
}

/// Whether something was under way that must not be sent again.
pub(crate) fn end() -> bool {
    NOTED.replace(NOTHING).commands > 0
}

/// Nobody waits any more for the answer to this command, which must not be sent again.
#[cfg(feature = "connection")]
#[cold]
pub(crate) fn note<T>(command: &T) {
    let commands = NOTED.get().commands.saturating_add(1);
    let last = address(command);
    NOTED.set(Noted { commands, last });
}

/// The command that was noted last may be sent again after all, if it is this one.
#[cfg(feature = "connection")]
pub(crate) fn strike_out<T>(command: &T) {
    let noted = NOTED.get();
    if noted.commands > 0 && noted.last == address(command) {
        NOTED.set(Noted {
            commands: noted.commands - 1,
            last: 0,
        });
    }
}

#[cfg(feature = "connection")]
fn address<T>(command: &T) -> usize {
    std::ptr::from_ref(command).addr()
}

#[cfg(all(test, feature = "connection"))]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_sent_again_takes_back_only_its_own_note() {
        let (one, other) = (1_u8, 2_u8);
        begin();
        assert!(!end());
        note(&one);
        strike_out(&one);
        assert!(!end());
        note(&other);
        strike_out(&one);
        assert!(end());
        note(&other);
        note(&one);
        strike_out(&one);
        assert!(end());
        note(&one);
        begin();
        assert!(!end());
    }
}
