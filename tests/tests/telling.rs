//! What the log tells of an outage: to a person on call, who has nothing else, and to a tracing system. And what it
//! tells of faults on purpose.

#[path = "telling/chaos.rs"]
mod chaos;
#[path = "telling/on_call.rs"]
mod on_call;
#[path = "telling/spans.rs"]
mod spans;
