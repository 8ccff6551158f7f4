//! The server's process: killed, stopped, busy with itself.

use redis_resilient::Class;

use crate::Result;
use crate::row::{Back, CONNECT, End, RESPONSE, REST, Row, promise, wait_ms};
use crate::world::{Way, World};

const LOST: &[Class] = &[Class::Ambiguous, Class::Unreachable];
const NEVER_SENT: &[Class] = &[Class::Unreachable];

const BASE: Row = Row {
    way: Way::Direct,
    ..Row::BASE
};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = away();
    rows.extend(silent());
    rows
}

/// Its port is closed, or it is not ready yet.
fn away() -> Vec<Row> {
    vec![
        Row {
            name: "no server at start, for 12 s",
            is_connected: false,
            begin: kill,
            end: End::When(|world, _| {
                wait_ms(12_000);
                start(world)
            }),
            promise: promise(NEVER_SENT, CONNECT, Back::Within(REST)),
            ..BASE
        },
        Row {
            name: "kill -9 while idle, away 12 s",
            begin: kill,
            end: End::When(|world, _| {
                wait_ms(12_000);
                start(world)
            }),
            promise: promise(LOST, CONNECT, Back::Within(REST)),
            ..BASE
        },
        Row {
            name: "kill -9 with a call in flight, away 5 s",
            // Stopped first, so that the call is in flight.
            begin: freeze,
            end: End::When(|world, _| {
                wait_ms(100);
                world.server.kill();
                wait_ms(5_000);
                start(world)
            }),
            promise: promise(LOST, CONNECT, Back::Within(REST)),
            ..BASE
        },
        Row {
            name: "restart while idle",
            begin: start,
            end: End::When(|_, _| Ok(())),
            promise: promise(LOST, RESPONSE, Back::AfterFailures(1)),
            ..BASE
        },
        Row {
            name: "restart with LOADING, about 2 s",
            begin: |world| {
                world.say(&["DEBUG", "POPULATE", "20000", "key", "10"])?;
                world.say(&["SAVE"])?;
                let slowly = ["--key-load-delay", "100"];
                let heard = ["--loading-process-events-interval-bytes", "1024"];
                world.server.restart_with([slowly, heard].concat())?;
                world.side_again()
            },
            end: End::When(|world, _| {
                while !world.reports("loading:0")? {
                    wait_ms(2);
                }
                Ok(())
            }),
            promise: promise(
                &[Class::Ambiguous, Class::Unavailable],
                CONNECT,
                Back::FirstCall,
            ),
            ..BASE
        },
    ]
}

/// It is there and does not answer.
fn silent() -> Vec<Row> {
    vec![
        Row {
            name: "SIGSTOP, CONT after 3 s",
            begin: freeze,
            end: End::When(|world, _| {
                wait_ms(3_000);
                world.server.thaw();
                Ok(())
            }),
            promise: promise(LOST, CONNECT, Back::Within(REST)),
            ..BASE
        },
        Row {
            name: "SIGSTOP before the first connect, CONT after 20 s",
            is_connected: false,
            begin: freeze,
            end: End::When(|world, _| {
                wait_ms(20_000);
                world.server.thaw();
                Ok(())
            }),
            promise: promise(NEVER_SENT, CONNECT, Back::Within(REST)),
            ..BASE
        },
        Row {
            name: "CLIENT PAUSE 2 s",
            begin: |world| world.say(&["CLIENT", "PAUSE", "2000", "ALL"]).map(drop),
            end: End::When(|_, _| {
                wait_ms(2_000);
                Ok(())
            }),
            promise: promise(LOST, CONNECT, Back::Within(REST)),
            ..BASE
        },
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "other faults may fail to come")]
fn kill(world: &World) -> Result<()> {
    world.server.kill();
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "other faults may fail to come")]
fn freeze(world: &World) -> Result<()> {
    world.server.freeze();
    Ok(())
}

fn start(world: &World) -> Result<()> {
    world.server.restart()?;
    Ok(())
}
