//! Connections that are refused, lost, silent, or cut in the middle of a reply.

use std::time::Duration;

use redis::{Client, Commands, RedisResult, cmd};
use redis_resilient::Class;
use redis_resilient_testkit::{FaultProxy, RealRedis, ReplyCut, WireFault};
use redis_resilient_tests::connect;
use tokio::runtime::{Builder, Runtime};

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, query, wait_until};

pub(crate) const SITUATIONS: &[Named] = &[
    ("nobody listens", nobody_listens),
    ("a silent server", silent_server),
    ("a black hole", black_hole),
    (
        "killed under an idle connection",
        killed_under_an_idle_connection,
    ),
    ("the reply is cut", reply_is_cut),
    ("maxclients", full_server),
];

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

fn nobody_listens(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    server.kill();
    let refused = connect(&server.url());
    stage.fails(
        "connect over TCP",
        "refused",
        &[Class::Unreachable],
        refused,
    );
    let refused = connect(&server.unix_url());
    stage.fails("connect to the socket", "", &[Class::Unreachable], refused);
    Ok(())
}

fn silent_server(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    connection.set_read_timeout(Some(Duration::from_millis(50)))?;
    let runtime = runtime()?;
    let timeout = Some(Duration::from_millis(50));
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(timeout);
    let client = Client::open(server.url())?;
    let shared = client.get_multiplexed_async_connection_with_config(&config);
    let mut shared = runtime.block_on(shared)?;

    server.freeze();
    let result: RedisResult<i64> = connection.incr("n", 1);
    stage.fails("INCR, blocking", "", &[Class::Ambiguous], result);
    let ping = async { cmd("PING").exec_async(&mut shared).await };
    let result = runtime.block_on(ping);
    stage.fails(
        "PING, multiplexed",
        "timed out",
        &[Class::Ambiguous],
        result,
    );
    server.thaw();
    // It was executed all the same: this is why the class is what it is.
    let mut other = connect(&server.url())?;
    wait_until(|| other.get("n").ok() == Some(1));
    Ok(())
}

fn black_hole(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let proxy = FaultProxy::to(server.addr())?;
    let mut connection = connect(&proxy.url())?;
    connection.set_read_timeout(Some(Duration::from_millis(50)))?;
    proxy.set(WireFault::BlackHole);
    let result = query(&mut connection, "PING");
    stage.fails("PING", "", &[Class::Ambiguous], result);
    Ok(())
}

fn killed_under_an_idle_connection(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let runtime = runtime()?;
    let client = Client::open(server.url())?;
    let mut shared = runtime.block_on(client.get_multiplexed_async_connection())?;
    server.kill();
    let result = query(&mut connection, "PING");
    stage.fails("PING, blocking", "", &[Class::Ambiguous], result);
    let result = query(&mut connection, "PING");
    let class = &[Class::Ambiguous];
    stage.fails("PING again", "roken pipe", class, result);
    for what in ["PING, multiplexed", "PING again, multiplexed"] {
        let ping = async { cmd("PING").exec_async(&mut shared).await };
        stage.fails(what, "", &[Class::Ambiguous], runtime.block_on(ping));
    }
    Ok(())
}

/// The command was executed, however the connection ended.
fn reply_is_cut(stage: &mut Stage<'_>) -> Outcome {
    for (what, cut) in [
        ("INCR, reset before the reply", ReplyCut::ResetAfter(0)),
        ("INCR, closed before the reply", ReplyCut::CloseAfter(0)),
    ] {
        let server = stage.server(&[])?;
        let proxy = FaultProxy::to(server.addr())?;
        let mut connection = connect(&proxy.url())?;
        proxy.next_reply(cut);
        let result: RedisResult<i64> = connection.incr("n", 1);
        stage.fails(what, "", &[Class::Ambiguous], result);
        stage.check("it was executed", count(&server)? == Some(1));
    }
    // On a multiplexed connection half a reply comes as an error of the parser.
    let server = stage.server(&[])?;
    let proxy = FaultProxy::to(server.addr())?;
    let runtime = runtime()?;
    let client = Client::open(proxy.url())?;
    let mut shared = runtime.block_on(client.get_multiplexed_async_connection())?;
    proxy.next_reply(ReplyCut::CloseAfter(2));
    let incr = async { cmd("INCR").arg("n").exec_async(&mut shared).await };
    let what = "INCR, closed within the reply, multiplexed";
    stage.fails(what, "", &[Class::Ambiguous], runtime.block_on(incr));
    stage.check("it was executed", count(&server)? == Some(1));
    Ok(())
}

fn count(server: &RealRedis) -> RedisResult<Option<i64>> {
    connect(&server.url())?.get("n")
}

fn full_server(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--maxclients", "1"])?;
    // Whoever has looked whether the server is there may not have left yet.
    let mut held = None;
    wait_until(|| {
        held = connect(&server.url()).ok();
        held.is_some()
    });
    // Which of the two arrives first, the reply or the end of the connection, is a race in the client.
    let classes = [Class::Ambiguous, Class::Unavailable];
    match connect(&server.url()) {
        Ok(_) => stage.problem("connect", "a full server let another client in"),
        Err(error) => stage.check("its class", classes.contains(&Class::of(&error))),
    }
    drop(held);
    Ok(())
}
