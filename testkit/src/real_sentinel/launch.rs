//! How the processes are started.

use super::{PRIMARY_NAME, REPLICAS};
use crate::{RealRedis, RealRedisBuilder, StartError, replication};

/// After how many milliseconds each sentinel takes the primary for down. They differ, so that one
/// sentinel asks the others for their votes: if all ask at once, each votes for itself, and the
/// next try is six seconds later.
pub(super) const DOWN_AFTER: [u32; 3] = [500, 1000, 1500];

/// A server that is to be a replica or, with an empty configuration, the primary.
pub(super) fn server(process: &RealRedisBuilder, config: &str) -> Result<RealRedis, StartError> {
    process
        .clone()
        .config(config)
        .args(replication::ARGS)
        .start()
}

/// A sentinel that watches over the primary on that port.
pub(super) fn sentinel(
    process: &RealRedisBuilder,
    primary: u16,
    down_after: u32,
) -> Result<RealRedis, StartError> {
    // One sentinel's word is enough for a failover, if most of them then vote for it.
    let config = format!(
        "sentinel monitor {PRIMARY_NAME} 127.0.0.1 {primary} 1\n\
         sentinel down-after-milliseconds {PRIMARY_NAME} {down_after}\n\
         sentinel failover-timeout {PRIMARY_NAME} 3000\n\
         sentinel parallel-syncs {PRIMARY_NAME} {REPLICAS}\n"
    );
    process.clone().config(config).arg("--sentinel").start()
}
