//! The commands of a pipeline, with redis-rs 1 and 2.
//!
//! Redis-rs 1 gives a `&Cmd` for each, and redis-rs 2 a `CmdRef`, which has no public name. So neither is named here.

use redis::{Arg, Pipeline};

use crate::command::Args;

/// The arguments of each command.
pub fn commands_of(pipeline: &Pipeline) -> impl Iterator<Item = impl Args<'_>> {
    pipeline.cmd_iter().map(|command| {
        command.args_iter().map(|arg| match arg {
            Arg::Simple(bytes) => bytes,
            // The cursor of a SCAN, a number.
            _ => b"0".as_slice(),
        })
    })
}

/// A copy of each command, with the cursor of a SCAN.
#[cfg(feature = "cluster")]
pub(crate) fn copies_of(pipeline: &Pipeline) -> impl Iterator<Item = redis::Cmd> {
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the path would name only one of both"
    )]
    pipeline.cmd_iter().map(|command| command.to_cmd())
}

/// What `CmdRef` has in redis-rs 2.
#[cfg(feature = "cluster")]
trait ToCmd {
    #[allow(dead_code, reason = "redis-rs 2 has a method of this name")]
    fn to_cmd(self) -> redis::Cmd;
}

#[cfg(feature = "cluster")]
impl ToCmd for &redis::Cmd {
    fn to_cmd(self) -> redis::Cmd {
        self.clone()
    }
}
