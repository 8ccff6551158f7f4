//! What the programs in `examples/` are made of.

mod args;
mod connection;
mod database;
mod live;
mod load;
pub mod outage;
mod report;
mod schedule;
mod server;
mod shop;
mod stats;
mod timeline;
mod verdict;
