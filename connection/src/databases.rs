//! Which of several databases commands go to: pure. The time comes in as an argument, in milliseconds, and nothing is asked or sent.
//!
//! The rules, in the order in which they count:
//!
//! * A database that is well is not left, but for a heavier one that has been well for the whole grace period ([`Choice::due_ms`] says when), and
//!   not before the minimum stay is over.
//! * One that is not well is left at once for the heaviest that is well and has not failed for the grace period. Another that is well counts only
//!   when the minimum stay is over: two databases that come and go in turn cannot drive everybody back and forth.
//! * Where none is well, nobody is sent anywhere: another that is not well either is no better, and writes would be spread over both.
//! * Where an operator has chosen, nothing heavier is gone back to. What is not well is left all the same.

pub(crate) mod choice;
pub(crate) mod probes;

pub(crate) use choice::{Choice, Rules};
pub(crate) use probes::Probes;
