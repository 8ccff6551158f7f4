//! What was under way when an attempt was cut off.
//!
//! A body that is cut off has no error to tell of it. Its connection does, when what was waiting for the answer is dropped: that happens on this
//! thread, and nothing else in between.

use std::cell::Cell;

/// What connections that look at their commands say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnderWay {
    /// Nothing: there was no such connection.
    Unknown,
    /// All of it may be sent again.
    Repeatable,
    /// Something must not be sent again.
    NotRepeatable,
}

thread_local! {
    static UNDER_WAY: Cell<UnderWay> = const { Cell::new(UnderWay::Unknown) };
    static ADDRESS: Cell<Option<Box<str>>> = const { Cell::new(None) };
}

/// What has been noted so far is of others.
pub(crate) fn begin() {
    UNDER_WAY.set(UnderWay::Unknown);
    ADDRESS.set(None);
}

/// What was under way.
pub(crate) fn end() -> UnderWay {
    UNDER_WAY.replace(UnderWay::Unknown)
}

/// The server that was last waited for, if its connection has said so.
pub(crate) fn address() -> Option<Box<str>> {
    ADDRESS.take()
}

/// The command went to the server at this address.
#[cold]
pub fn note_address(address: Box<str>) {
    // A thread that ends has no such place any more.
    let _ = ADDRESS.try_with(|place| place.set(Some(address)));
}

/// Nobody waits any more for the answer to a command.
#[cold]
pub fn note(may_be_repeated: bool) {
    if !may_be_repeated {
        UNDER_WAY.set(UnderWay::NotRepeatable);
    } else if UNDER_WAY.get() == UnderWay::Unknown {
        UNDER_WAY.set(UnderWay::Repeatable);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_repeated_is_heard_among_others() {
        for (notes, expected) in [
            (&[][..], UnderWay::Unknown),
            (&[true], UnderWay::Repeatable),
            (&[true, true], UnderWay::Repeatable),
            (&[true, false], UnderWay::NotRepeatable),
            (&[false, true], UnderWay::NotRepeatable),
        ] {
            begin();
            for may_be_repeated in notes {
                note(*may_be_repeated);
            }
            assert_eq!(end(), expected, "{notes:?}");
            assert_eq!(end(), UnderWay::Unknown);
        }
        note(false);
        begin();
        assert_eq!(end(), UnderWay::Unknown);
    }
}
