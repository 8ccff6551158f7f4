//! The table of what commands do when they are executed twice, against real servers.

mod attribute;
mod cut_off;
mod document;
mod looked_at;
mod lost;
mod measured;
mod switch;

use std::time::Duration;

use redis_resilient::connection::command_table;
use redis_resilient_testkit::{RealRedis, ServerProgram};
use redis_resilient_tests::commands::samples::Sample;
use redis_resilient_tests::commands::words;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// What the table says of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Read,
    Repeatable,
    SameState,
    Once,
}

impl Effect {
    fn named(name: &str) -> Self {
        match name {
            "Read" => Self::Read,
            "Repeatable" => Self::Repeatable,
            "SameState" => Self::SameState,
            "Once" => Self::Once,
            other => panic!("the table says {other}"),
        }
    }

    fn of(line: &str) -> Self {
        let words: Vec<&[u8]> = words(line).into_iter().map(str::as_bytes).collect();
        Self::named(&command_table::effect(&words))
    }
}

/// A server of this program, and a connection that sees replies as they come.
fn started(
    program: &ServerProgram,
) -> Result<(RealRedis, redis::Connection), Box<dyn std::error::Error>> {
    let server = RealRedis::builder().program(program).start()?;
    let connection = redis_resilient_tests::connect(&server.url())?;
    // With a limit, a read fails when the whole process is stopped for a moment, and a command must not be sent twice here.
    connection.set_read_timeout(None)?;
    connection.set_write_timeout(Some(Duration::from_secs(5)))?;
    Ok((server, connection))
}

/// Whether the first reply says that the server is too old for it.
fn is_unknown(sample: &Sample, reply: &str) -> bool {
    let unknown = [
        "unknown",
        "syntax",
        "wrong number",
        "Unknown",
        "Unrecognized",
        "Invalid stream ID",
    ];
    sample.is_newer && reply.starts_with("error") && unknown.iter().any(|text| reply.contains(text))
}
