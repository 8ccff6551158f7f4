//! The network: names, resets, cut replies, holes.

use redis_resilient::Class;
use redis_resilient_testkit::{ReplyCut, WireFault};

use crate::row::{Back, CONNECT, End, RESPONSE, Row, promise, wait_ms};
use crate::world::Way;

const MAYBE_DONE: &[Class] = &[Class::Ambiguous];

pub(crate) fn rows() -> Vec<Row> {
    let cut = promise(MAYBE_DONE, RESPONSE, Back::FirstCall);
    vec![
        Row {
            name: "unknown host name",
            way: Way::NoSuchName,
            is_connected: false,
            end: End::Hopeless,
            promise: promise(&[Class::Unreachable], CONNECT, Back::Never),
            ..Row::BASE
        },
        Row {
            name: "RST in mid-reply",
            begin: |world| {
                world.proxy.next_reply(ReplyCut::ResetAfter(5));
                Ok(())
            },
            promise: cut,
            ..Row::BASE
        },
        Row {
            name: "FIN before the reply",
            begin: |world| {
                world.proxy.next_reply(ReplyCut::CloseAfter(0));
                Ok(())
            },
            promise: cut,
            ..Row::BASE
        },
        Row {
            name: "FIN after 5 bytes of the reply",
            begin: |world| {
                world.proxy.next_reply(ReplyCut::CloseAfter(5));
                Ok(())
            },
            promise: cut,
            ..Row::BASE
        },
        Row {
            name: "connection black-holed, new ones work",
            begin: |world| {
                world.proxy.set(WireFault::BlackHoleExisting);
                Ok(())
            },
            end: End::Stays,
            promise: promise(
                MAYBE_DONE,
                RESPONSE,
                Back::Within(RESPONSE.saturating_mul(2).saturating_add(CONNECT)),
            ),
            ..Row::BASE
        },
        Row {
            name: "the same after 1.2 s without a call",
            begin: |world| {
                wait_ms(1_200);
                world.proxy.set(WireFault::BlackHoleExisting);
                Ok(())
            },
            end: End::Stays,
            promise: promise(MAYBE_DONE, RESPONSE, Back::AfterFailures(0)),
            ..Row::BASE
        },
    ]
}
