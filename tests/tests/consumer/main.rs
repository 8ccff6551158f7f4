//! `Consumer` on real servers: it loses nothing, and does nothing twice that can be done once.
//!
//! Of what was reported of other consumers, these cannot occur: recovery switched off by a lock whose holder was killed (there is none: each consumer looks
//! for itself), a side index that vanishes (what is pending is found in the group itself), and delays computed from the clocks of several hosts (a
//! consumer sends none, the server says what is idle).

mod basics;
mod ends;
mod events;
mod groups;
mod numbers;
mod once;
mod order;
mod outages;
mod poison;
mod pressure;
mod support;
mod takeover;
