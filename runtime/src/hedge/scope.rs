//! Which of two attempts beside each other runs on this thread, for connections that want to know: a hedge is to travel over another connection
//! than the first attempt, and must not send what must not be sent twice.
//!
//! It is said while the attempt is polled: a connection that is used within it is used on this thread, and nothing else in between.

use std::cell::Cell;

/// What is known of the two attempts, between polls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The connection that the first attempt used last; 0: not known.
    connection: usize,
    /// One of them sends what must not be sent twice.
    pub(super) once: bool,
}

/// How an attempt runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    First,
    Hedge,
}

/// What is done about a command that must not be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Guard {
    /// Nothing: the function says that twice does no harm.
    None,
    /// It is sent, and there is no hedge from then on.
    Notes,
    /// It is not sent: another attempt is under way.
    Refuses,
}

#[derive(Clone, Copy)]
struct Scope {
    /// `None`: no attempt of a hedged function.
    role: Option<Role>,
    guard: Guard,
    seen: Seen,
}

thread_local! {
    static SCOPE: Cell<Scope> = const {
        Cell::new(Scope {
            role: None,
            guard: Guard::None,
            seen: Seen {
                connection: 0,
                once: false,
            },
        })
    };
}

/// Runs `poll` as a part of this attempt.
pub(super) fn within<T>(role: Role, guard: Guard, seen: &mut Seen, poll: impl FnOnce() -> T) -> T {
    let outer = SCOPE.get();
    // What runs within a hedge is a part of it, whatever it is by itself.
    let is_in_hedge = outer.role == Some(Role::Hedge);
    if is_in_hedge && seen.connection == 0 {
        seen.connection = outer.seen.connection;
    }
    let entered = Entered(outer);
    SCOPE.set(Scope {
        role: Some(if is_in_hedge { Role::Hedge } else { role }),
        guard: guard.max(outer.guard),
        seen: *seen,
    });
    let polled = poll();
    *seen = SCOPE.get().seen;
    drop(entered);
    if seen.once && outer.role.is_some() {
        note_once();
    }
    polled
}

/// Ends what has been entered, by a panic too.
struct Entered(Scope);

impl Drop for Entered {
    fn drop(&mut self) {
        SCOPE.set(self.0);
    }
}

fn note_once() {
    let mut scope = SCOPE.get();
    scope.seen.once = true;
    SCOPE.set(scope);
}

/// The first attempt uses this connection, which is any number but 0.
#[inline]
pub fn uses(connection: usize) {
    let mut scope = SCOPE.get();
    if scope.role == Some(Role::First) {
        scope.seen.connection = connection;
        SCOPE.set(scope);
    }
}

/// Whether the code that runs is a hedge.
#[inline]
#[must_use]
pub fn is_hedge() -> bool {
    SCOPE.get().role == Some(Role::Hedge)
}

/// The connection that a hedge is not to use; 0: not known.
#[must_use]
pub fn avoided() -> usize {
    SCOPE.get().seen.connection
}

/// Whether this may be sent: `repeatable` says whether twice does no harm.
#[inline]
pub fn may_send(repeatable: impl FnOnce() -> bool) -> bool {
    let guard = SCOPE.get().guard;
    if guard == Guard::None || repeatable() {
        return true;
    }
    note_once();
    guard == Guard::Notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_a_hedged_function_everything_may_be_sent() {
        assert!(may_send(|| unreachable!("nobody asks")));
        assert!(!is_hedge());
        uses(7);
        assert_eq!(avoided(), 0);
    }

    #[test]
    fn a_hedge_is_told_what_the_first_attempt_uses_and_sends_nothing_twice() {
        let mut seen = Seen::default();
        within(Role::First, Guard::Notes, &mut seen, || {
            uses(7);
            assert!(may_send(|| true) && !is_hedge());
        });
        assert!(!seen.once);
        within(Role::Hedge, Guard::Refuses, &mut seen, || {
            uses(8);
            assert!(is_hedge() && avoided() == 7);
            assert!(may_send(|| true) && !may_send(|| false));
        });
        assert!(seen.once && !is_hedge());
    }

    #[test]
    fn what_a_first_attempt_sends_once_is_known_to_those_around_it() {
        let (mut outer, mut inner) = (Seen::default(), Seen::default());
        within(Role::First, Guard::Notes, &mut outer, || {
            within(Role::First, Guard::Notes, &mut inner, || {
                assert!(may_send(|| false));
            });
        });
        assert!(outer.once && inner.once);
    }

    #[test]
    fn a_hedged_call_within_a_hedge_is_a_hedge() {
        let (mut outer, mut inner) = (Seen::default(), Seen::default());
        within(Role::First, Guard::Notes, &mut outer, || uses(7));
        within(Role::Hedge, Guard::Refuses, &mut outer, || {
            within(Role::First, Guard::Notes, &mut inner, || {
                assert!(is_hedge() && avoided() == 7);
            });
        });
    }

    #[test]
    fn a_panic_ends_it() {
        let panics = || {
            within(Role::Hedge, Guard::Refuses, &mut Seen::default(), || {
                panic!("as a body may")
            })
        };
        assert!(std::panic::catch_unwind(panics).is_err());
        assert!(!is_hedge());
    }
}
