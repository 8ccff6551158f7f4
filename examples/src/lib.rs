//! What the programs in `examples/` are made of.

mod args;
pub mod cache;
pub mod cluster;
mod connection;
mod database;
mod drill;
mod failover;
pub mod failovers;
mod ledger;
mod live;
mod load;
pub mod orders;
pub mod outage;
mod program;
mod report;
pub mod resharding;
mod row;
mod schedule;
pub mod sentinel;
mod shop;
mod stats;
mod timeline;
mod verdict;
mod waiting;
