//! Who is let in: passwords, and room.

use redis_resilient::Class;

use crate::Result;
use crate::client::Kind;
use crate::row::{Back, CONNECT, End, REST, Row, promise, wait_ms};
use crate::world::{Way, World, lock};

const REFUSED: &[Class] = &[Class::Misconfigured];

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "maxclients full for 12 s",
            way: Way::Direct,
            server: &["--maxclients", "4"],
            is_connected: false,
            begin: |world| {
                // One is on the side already.
                for _ in 0..3 {
                    world.admit_another()?;
                }
                Ok(())
            },
            end: End::When(|world, _| {
                wait_ms(12_000);
                lock(&world.others).clear();
                Ok(())
            }),
            // The server says so, if the reset that follows is not faster.
            promise: promise(
                &[Class::Unreachable, Class::Unavailable],
                CONNECT,
                Back::Within(REST),
            ),
            ..Row::BASE
        },
        Row {
            name: "wrong password at start, right after 12 s",
            server: &["--requirepass", "right"],
            password: Some("wrong"),
            is_connected: false,
            end: End::When(|world, kind| agree(world, kind, "right", "wrong")),
            promise: promise(REFUSED, CONNECT, Back::Within(REST)),
            ..Row::BASE
        },
        Row {
            name: "password rotated, connection lost, right after 12 s",
            server: &["--requirepass", "first"],
            password: Some("first"),
            begin: |world| {
                world.configure("requirepass", "second")?;
                world.proxy.reset_connections();
                Ok(())
            },
            end: End::When(|world, kind| agree(world, kind, "second", "first")),
            promise: promise(
                &[Class::Ambiguous, Class::Misconfigured],
                CONNECT,
                Back::Within(REST),
            ),
            ..Row::BASE
        },
        Row {
            name: "no password given, none needed after 1 s",
            server: &["--requirepass", "right"],
            is_connected: false,
            end: End::When(|world, _| {
                wait_ms(1_000);
                world.configure("requirepass", "")
            }),
            promise: promise(REFUSED, CONNECT, Back::Within(REST)),
            ..Row::BASE
        },
    ]
}

/// After a while application and server agree on a password: ours asks for the new one, for all others the server takes theirs.
fn agree(world: &World, kind: Kind, new: &str, old: &str) -> Result<()> {
    wait_ms(12_000);
    match &world.password {
        Some(password) if kind.is_ours() => {
            password.set(new);
            Ok(())
        }
        _ => world.configure("requirepass", old),
    }
}
