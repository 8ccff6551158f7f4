//! How a primary and what belongs to it are to be started.

use super::RealSentinel;
use crate::{RealRedis, RealRedisBuilder, ServerProgram, StartError};

/// The options of a [`RealSentinel`], from [`RealSentinel::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder starts nothing until `start` is called"]
pub struct RealSentinelBuilder {
    /// What all processes have in common.
    process: RealRedisBuilder,
}

impl RealSentinelBuilder {
    pub(super) fn new() -> Self {
        Self {
            process: RealRedis::builder(),
        }
    }

    /// Runs that program for all servers and sentinels, and not the machine's [first](RealRedis).
    pub fn program(mut self, program: &ServerProgram) -> Self {
        self.process = self.process.program(program);
        self
    }

    /// Starts all processes and waits until the sentinels know each other and the replicas, so
    /// that they can act on a failure.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no server program, or one of them does not start.
    pub fn start(self) -> Result<RealSentinel, StartError> {
        RealSentinel::start_of(&self.process)
    }
}
