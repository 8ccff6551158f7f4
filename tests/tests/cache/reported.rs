//! What was reported of other caches, put to this one: the rows C of the list of reported problems, by their number.
//!
//! Elsewhere, or not at all:
//! * C2, C5: invalidations that are pushed to a near cache; tested with it.
//! * C8: a slow load and impatient callers are `stampede::a_load_in_the_background_finishes_though_all_callers_are_impatient` and
//!   `stampede::a_leader_that_nobody_polls_is_overtaken`.
//! * C19: the formula of early refreshes, over many draws and for loads of milliseconds and of seconds, is a unit test of `freshness`.
//! * C22: there are no tags, and so no marker that says when one was invalidated and could be renewed.
//! * C23: null, false, 0 and the empty text as hits are `reads::nothing_false_zero_and_empty_are_hits`.
//! * C25, C26: hedged attempts; tested with them.

mod invalidated;
mod shared;
mod stale;
