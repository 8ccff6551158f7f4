//! Replies that are none, or one too many, or come bit by bit; and connections that wait for their turn.

use std::time::Duration;

use redis_resilient::Class;
use redis_resilient_testkit::{ReplyCut, WireFault};

use crate::row::{Back, CONNECT, End, RESPONSE, REST, Row, promise, wait_ms};
use crate::world::Way;

/// What a reply that cannot be read says of the command: nothing.
const SPOILT: &[Class] = &[Class::Ambiguous];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = spoilt();
    rows.extend(idle());
    rows
}

fn spoilt() -> Vec<Row> {
    let spoilt = promise(SPOILT, RESPONSE, Back::FirstCall);
    vec![
        Row {
            name: "a reply that is no RESP",
            begin: |world| {
                world.proxy.next_reply(ReplyCut::ReplaceBy(b"hello\r\n"));
                Ok(())
            },
            promise: spoilt,
            ..Row::BASE
        },
        Row {
            name: "one reply too many",
            begin: |world| {
                world
                    .proxy
                    .next_reply(ReplyCut::FollowBy(b"$5\r\nextra\r\n"));
                Ok(())
            },
            // Nothing is wrong with the reply itself, and what comes after it must not be anybody's.
            end: End::When(|_, _| {
                wait_ms(3_000);
                Ok(())
            }),
            promise: promise(SPOILT, RESPONSE, Back::AfterFailures(0)),
            ..Row::BASE
        },
        Row {
            name: "replies byte by byte, 100 ms apart, for 5 s",
            begin: |world| {
                world
                    .proxy
                    .set(WireFault::Trickle(Duration::from_millis(100)));
                Ok(())
            },
            end: End::When(|world, _| {
                wait_ms(5_000);
                world.proxy.pass();
                Ok(())
            }),
            promise: promise(
                &[Class::Ambiguous, Class::Unreachable],
                CONNECT,
                // What was on its way then still comes as slowly.
                Back::Within(CONNECT.saturating_add(REST)),
            ),
            ..Row::BASE
        },
    ]
}

/// A call after a time without any, when 32 threads have used the connector before.
fn idle() -> Vec<Row> {
    vec![
        Row {
            name: "SIGSTOP, CONT after 5 s, 32 idle connections",
            way: Way::Direct,
            idle: 32,
            begin: |world| {
                wait_ms(1_200);
                world.server.freeze();
                Ok(())
            },
            end: End::When(|world, _| {
                wait_ms(5_000);
                world.server.thaw();
                Ok(())
            }),
            promise: promise(
                &[Class::Ambiguous, Class::Unreachable],
                RESPONSE.saturating_add(CONNECT),
                Back::Within(REST),
            ),
            ..Row::BASE
        },
        Row {
            name: "32 idle connections black-holed, new ones work",
            idle: 32,
            begin: |world| {
                wait_ms(1_200);
                world.proxy.set(WireFault::BlackHoleExisting);
                Ok(())
            },
            end: End::Stays,
            promise: promise(SPOILT, RESPONSE, Back::AfterFailures(0)),
            ..Row::BASE
        },
    ]
}
