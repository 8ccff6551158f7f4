//! The journal on real servers: what is taken, in what order it is executed, what is set aside, and what a process that is killed has lost: nothing.

mod blocking;
mod dead;
mod files;
mod full;
mod nats;
mod order;
mod outage;
mod remembering;
mod reported;
mod support;
mod topologies;
mod unsure;
