//! Faults of a server that a connection lives through, and what the caller is told of each. Asynchronous and synchronous code see the same.

use std::thread;
use std::time::Instant;

use redis::{Cmd, RedisError, RedisResult, Value, pipe};
use redis_resilient::Class;
use redis_resilient::connection::Connector;
use redis_resilient_tests::server_with;
use tokio::runtime::{Builder, Runtime};

use super::*;

/// Callers of both kinds, each with a connector of its own.
enum Caller {
    Async(Connector, Runtime),
    Sync(Connector),
}

impl Caller {
    fn both(url: &str) -> Result<[Self; 2], Box<dyn std::error::Error>> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        // No limit is reached here, on the busiest machine.
        let connector = || -> RedisResult<Connector> {
            let long = Duration::from_secs(10);
            let builder = Connector::builder(url)?.connect_timeout(long);
            Ok(builder
                .response_timeout(long)
                .health_check_after(6 * long)
                .build())
        };
        Ok([Self::Async(connector()?, runtime), Self::Sync(connector()?)])
    }

    /// One plain call.
    fn call(&self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Async(redis, runtime) => {
                runtime.block_on(async { command.query_async(&mut redis.get().await?).await })
            }
            Self::Sync(redis) => command.query(&mut redis.get_blocking()?),
        }
    }

    fn transaction(&self, pipeline: &redis::Pipeline) -> RedisResult<Value> {
        match self {
            Self::Async(redis, runtime) => {
                runtime.block_on(async { pipeline.query_async(&mut redis.get().await?).await })
            }
            Self::Sync(redis) => pipeline.query(&mut redis.get_blocking()?),
        }
    }

    /// The failure of one call.
    fn failure(&self, command: &Cmd) -> Result<RedisError, Box<dyn std::error::Error>> {
        Ok(self.call(command).err().ok_or("there is no failure")?)
    }

    /// Calls until it has an answer; the failures before.
    fn calls_until_it_is_back(&self) -> Result<Vec<RedisError>, Box<dyn std::error::Error>> {
        let begun = Instant::now();
        let mut failures = Vec::new();
        while let Err(error) = self.call(&get()) {
            if begun.elapsed() > Duration::from_secs(20) {
                return Err(error.into());
            }
            failures.push(error);
            thread::sleep(MS(5));
        }
        Ok(failures)
    }
}

fn get() -> Cmd {
    Cmd::get("k")
}

fn side(server: &RealRedis) -> RedisResult<redis::Connection> {
    redis_resilient_tests::connect(&server.unix_url())
}

fn configure(side: &mut redis::Connection, name: &str, value: &str) -> RedisResult<()> {
    redis::cmd("CONFIG")
        .arg("SET")
        .arg(name)
        .arg(value)
        .exec(side)
}

#[test]
fn what_the_server_refuses_ends_no_connection() -> TestResult {
    let server = server_with(&["--lua-time-limit", "50"])?;
    let mut side = side(&server)?;
    let proxy = FaultProxy::to(server.addr())?;
    side.lpush::<_, _, ()>("list", "x")?;
    for caller in Caller::both(&proxy.url())? {
        caller.call(&get())?;
        let before = proxy.accepted();
        let refused = |command: &Cmd, code: &str, class| -> TestResult {
            let error = caller.failure(command)?;
            assert_eq!((error.code(), Class::of(&error)), (Some(code), class));
            Ok(())
        };
        refused(&Cmd::get("list"), "WRONGTYPE", Class::Permanent)?;
        let bad = pipe().atomic().set("k", "v").cmd("NOSUCHCOMMAND").clone();
        let error = caller.transaction(&bad).err().ok_or("it makes no sense")?;
        assert_eq!(Class::of(&error), Class::Permanent, "{error}");
        let write = Cmd::set("k", "v");
        for (name, bad, good, code) in [
            ("maxmemory", "1", "0", "OOM"),
            ("min-replicas-to-write", "1", "0", "NOREPLICAS"),
        ] {
            configure(&mut side, name, bad)?;
            refused(&write, code, Class::WriteRefused)?;
            configure(&mut side, name, good)?;
            caller.call(&write)?;
        }
        let mut busy = redis_resilient_tests::connect(&server.unix_url())?;
        let script = thread::spawn(move || {
            let mut endless = redis::cmd("EVAL");
            endless.arg("while true do end").arg(0).exec(&mut busy)
        });
        while redis::cmd("PING").exec(&mut side).is_ok() {
            thread::sleep(MS(2));
        }
        refused(&get(), "BUSY", Class::Unavailable)?;
        redis::cmd("SCRIPT").arg("KILL").exec(&mut side)?;
        assert!(script.join().is_ok_and(|killed| killed.is_err()));
        caller.call(&get())?;
        assert_eq!(proxy.accepted(), before, "over the same connection");
    }
    Ok(())
}

#[test]
fn a_server_that_loads_is_connected_to_once() -> TestResult {
    let server = RealRedis::builder().wait_loaded(false).start()?;
    let proxy = FaultProxy::to(server.addr())?;
    for caller in Caller::both(&proxy.url())? {
        caller.call(&get())?;
        let mut side = side(&server)?;
        redis::cmd("DEBUG")
            .arg(&["POPULATE", "10000", "key", "10"])
            .exec(&mut side)?;
        redis::cmd("SAVE").exec(&mut side)?;
        let slowly = ["--key-load-delay", "100"];
        let heard = ["--loading-process-events-interval-bytes", "1024"];
        server.restart_with([slowly, heard].concat())?;
        let before = proxy.accepted();
        let failures = caller.calls_until_it_is_back()?;
        let loading = match failures.split_first() {
            // Synchronous code has seen that the connection was closed, and sent nothing over it.
            Some((lost, loading)) if lost.code() != Some("LOADING") => {
                assert_eq!(Class::of(lost), Class::Ambiguous, "{lost}");
                loading
            }
            _ => &failures,
        };
        assert!(!loading.is_empty(), "it was loaded at once");
        for error in loading {
            assert_eq!(error.code(), Some("LOADING"), "{error}");
            assert_eq!(Class::of(error), Class::Unavailable);
        }
        assert_eq!(proxy.accepted(), before + 1);
    }
    Ok(())
}

#[test]
fn a_server_without_room_is_tried_again() -> TestResult {
    let server = server_with(&["--maxclients", "2"])?;
    for caller in Caller::both(&server.url())? {
        let others = [side(&server)?, side(&server)?];
        let mut errors = vec![caller.failure(&get())?];
        drop(others);
        errors.extend(caller.calls_until_it_is_back()?);
        // Each time it says so, if the reset that follows is not faster.
        for error in errors {
            let class = Class::of(&error);
            assert!(
                matches!(class, Class::Unreachable | Class::Unavailable),
                "{error}: {class:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn whoever_gives_no_password_is_told_so_until_none_is_needed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut side = side(&server)?;
    for caller in Caller::both(&server.url())? {
        configure(&mut side, "requirepass", "secret")?;
        for _ in 0..3 {
            let error = caller.failure(&get())?;
            assert_eq!(error.code(), Some("NOAUTH"), "{error}");
            assert_eq!(Class::of(&error), Class::Misconfigured);
        }
        configure(&mut side, "requirepass", "")?;
        caller.call(&get())?;
    }
    Ok(())
}

#[test]
fn a_call_in_flight_when_the_server_dies_may_have_run() -> TestResult {
    let server = redis_resilient_tests::server()?;
    for caller in Caller::both(&server.url())? {
        caller.call(&get())?;
        server.freeze();
        let error = thread::scope(|scope| {
            let call = scope.spawn(|| caller.call(&Cmd::incr("n", 1)));
            thread::sleep(RESPONSE / 4);
            server.kill();
            call.join().map_err(|_| "it panicked")
        })?;
        let error = error.err().ok_or("nobody answers")?;
        // Where a busy machine took longer than 10 ms to come here, the server was looked at first, and the command never sent.
        let class = Class::of(&error);
        assert!(
            matches!(class, Class::NotIdempotent | Class::Unreachable),
            "{error}"
        );
        server.restart()?;
        caller.calls_until_it_is_back()?;
    }
    Ok(())
}

#[test]
fn a_replica_that_has_lost_its_primary_is_left() -> TestResult {
    let server = server_with(&["--replica-serve-stale-data", "no"])?;
    let proxy = FaultProxy::to(server.addr())?;
    let mut side = side(&server)?;
    for caller in Caller::both(&proxy.url())? {
        caller.call(&get())?;
        redis::cmd("REPLICAOF")
            .arg(&["127.0.0.1", "1"])
            .exec(&mut side)?;
        let before = proxy.accepted();
        let error = caller.failure(&get())?;
        assert_eq!(error.code(), Some("MASTERDOWN"), "{error}");
        assert_eq!(Class::of(&error), Class::Unavailable);
        redis::cmd("REPLICAOF")
            .arg(&["NO", "ONE"])
            .exec(&mut side)?;
        caller.call(&get())?;
        assert_eq!(proxy.accepted(), before + 1, "over a new connection");
    }
    Ok(())
}

#[test]
fn a_name_that_nobody_has_is_never_sent_anything() -> TestResult {
    for caller in Caller::both("redis://no-such-host.invalid/")? {
        let error = caller.failure(&get())?;
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    }
    Ok(())
}

#[test]
fn synchronous_code_waits_once_for_a_server_that_stands_still() -> TestResult {
    let limit = SLACK + MS(500);
    let server = redis_resilient_tests::server()?;
    let redis = Connector::builder(server.url())?
        .connect_timeout(limit)
        .build();
    server.freeze();
    let begun = Instant::now();
    let error = redis.get_blocking().err().ok_or("it stands still")?;
    let took = begun.elapsed();
    server.thaw();
    assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    assert!(took >= limit && took < limit + SLACK, "{took:?}");
    Ok(())
}
