//! What the server refuses: it is not the one to write to, it has no room, it is busy; or the command makes no sense.

use std::fs;
use std::thread;

use redis_resilient::Class;

use crate::Result;
use crate::client::{Call, Kind};
use crate::row::{Back, CONNECT, End, Promise, RESPONSE, Row, promise, wait_ms};
use crate::world::{Way, World};

const SAME: Promise = promise(&[Class::WriteRefused], RESPONSE, Back::SameConnection);
const NONSENSE: Promise = promise(&[Class::Permanent], RESPONSE, Back::SameConnection);
const ELSEWHERE: Promise = promise(&[Class::Unavailable], CONNECT, Back::AfterFailures(1));

pub(crate) fn rows() -> Vec<Row> {
    let write = Row {
        call: Call::Set,
        promise: SAME,
        ..Row::BASE
    };
    vec![
        Row {
            name: "READONLY, new connections lead to the primary",
            way: Way::Switch,
            begin: |world| {
                world.say(&["REPLICAOF", "127.0.0.1", "1"])?;
                world.switch()
            },
            end: End::Stays,
            promise: ELSEWHERE,
            ..write
        },
        Row {
            name: "MASTERDOWN, new connections lead to the primary",
            way: Way::Switch,
            server: &["--replica-serve-stale-data", "no"],
            begin: |world| {
                world.say(&["REPLICAOF", "127.0.0.1", "1"])?;
                world.switch()
            },
            end: End::Stays,
            promise: ELSEWHERE,
            ..Row::BASE
        },
        Row {
            name: "OOM for 1 s",
            begin: |world| world.configure("maxmemory", "1"),
            end: End::When(|world, _| {
                wait_ms(1_000);
                world.configure("maxmemory", "0")
            }),
            ..write
        },
        Row {
            name: "NOREPLICAS for 1 s",
            begin: |world| world.configure("min-replicas-to-write", "1"),
            end: End::When(|world, _| {
                wait_ms(1_000);
                world.configure("min-replicas-to-write", "0")
            }),
            ..write
        },
        Row {
            name: "MISCONF for 1 s",
            server: &["--enable-protected-configs", "yes"],
            begin: saves_no_more,
            end: End::When(|world, _| {
                wait_ms(1_000);
                world.configure("stop-writes-on-bgsave-error", "no")
            }),
            ..write
        },
        Row {
            name: "BUSY with a script for 1 s",
            server: &["--lua-time-limit", "100"],
            begin: runs_a_script,
            end: End::When(stops_the_script),
            promise: promise(&[Class::Unavailable], RESPONSE, Back::SameConnection),
            ..write
        },
        Row {
            name: "WRONGTYPE",
            call: Call::WrongType,
            promise: NONSENSE,
            ..Row::BASE
        },
        Row {
            name: "MULTI with a bad command",
            call: Call::BadTransaction,
            promise: NONSENSE,
            ..Row::BASE
        },
    ]
}

fn saves_no_more(world: &World) -> Result<()> {
    let gone = world.server.dir().join("gone");
    fs::create_dir(&gone)?;
    let path = gone.to_str().ok_or("a path that is no text")?;
    world.configure("dir", path)?;
    fs::remove_dir(&gone)?;
    world.configure("save", "1 1")?;
    // It may have begun by itself.
    let _ = world.say(&["BGSAVE"]);
    while !world.reports("rdb_last_bgsave_status:err")? {
        wait_ms(2);
    }
    Ok(())
}

fn runs_a_script(world: &World) -> Result<()> {
    let url = world.server.unix_url();
    let mut busy = redis::Client::open(url)?.get_connection()?;
    thread::spawn(move || {
        // It is killed in the end, which is an error.
        let _ = redis::cmd("EVAL")
            .arg("while true do end")
            .arg(0)
            .exec(&mut busy);
    });
    while world.say(&["PING"]).is_ok() {
        wait_ms(2);
    }
    Ok(())
}

fn stops_the_script(world: &World, _: Kind) -> Result<()> {
    wait_ms(1_000);
    world.say(&["SCRIPT", "KILL"])?;
    while world.say(&["PING"]).is_err() {
        wait_ms(2);
    }
    Ok(())
}
