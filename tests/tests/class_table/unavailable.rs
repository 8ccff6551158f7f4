//! Servers that cannot serve for now.

use redis::Connection;
use redis_resilient::Class;
use redis_resilient_testkit::{Product, RealRedis};
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{
    Stage, Waiting, atomic, eval, keep_busy, query, wait_until, wait_until_blocked,
};

pub(crate) const SITUATIONS: &[Named] = &[
    ("LOADING", loading),
    ("BUSY", busy),
    ("BUSY, the script has written", busy_and_unkillable),
    ("READONLY", read_only),
    ("MASTERDOWN", master_down),
    ("UNBLOCKED", unblocked),
    ("REDIRECT after CLIENT CAPA", redirect),
];

const UNAVAILABLE: &[Class] = &[Class::Unavailable];

fn loading(stage: &mut Stage<'_>) -> Outcome {
    let builder = RealRedis::builder().program(stage.program());
    let server = builder.wait_loaded(false).start()?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "DEBUG POPULATE 20000 key 10")?;
    query(&mut connection, "SAVE")?;
    let interval = "--loading-process-events-interval-bytes";
    server.restart_with(["--key-load-delay", "200", interval, "1024"])?;
    let mut connection = connect(&server.url())?;
    for line in ["GET key:1", "SET k v", "PING"] {
        let result = query(&mut connection, line);
        stage.fails(line, "-LOADING", UNAVAILABLE, result);
    }
    let result = eval(&mut connection, "return 1", &[]);
    stage.fails("EVAL", "-LOADING", UNAVAILABLE, result);
    let result = atomic(&mut connection, &["GET key:1", "SET k v"]);
    stage.fails("MULTI, GET, SET, EXEC", "-LOADING", UNAVAILABLE, result);
    Ok(())
}

fn busy(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--busy-reply-threshold", "50"])?;
    let mut connection = connect(&server.url())?;
    let mut begun = begin(&server, &["GET k"])?;
    let script = keep_busy(&server, &mut connection, "while true do end");
    for line in ["GET k", "PING"] {
        let result = query(&mut connection, line);
        stage.fails(line, "-BUSY", UNAVAILABLE, result);
    }
    let result = atomic(&mut connection, &["GET k"]);
    stage.fails("MULTI, GET, EXEC", "-BUSY", UNAVAILABLE, result);
    let result = query(&mut begun, "EXEC");
    let text = "-EXECABORT Transaction discarded because of: BUSY";
    stage.fails("EXEC of what was queued before", text, UNAVAILABLE, result);
    // redis-rs reports the refusal of the SELECT that opens a connection in words of its own.
    let what = "connect to database 1";
    let result = connect(&format!("{}1", server.url())).map(drop);
    if stage.is(Product::Valkey, (9, 0, 0)) {
        stage.works(what, result);
    } else {
        stage.fails(what, "switch database", UNAVAILABLE, result);
    }
    query(&mut connection, "SCRIPT KILL")?;
    let text = "Script killed by user";
    stage.fails(
        "the script that is killed",
        text,
        &[Class::Ambiguous],
        script.answer(),
    );
    let result = query(&mut connection, "SCRIPT KILL");
    stage.fails("SCRIPT KILL again", "-NOTBUSY", &[Class::Permanent], result);
    Ok(())
}

fn busy_and_unkillable(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--busy-reply-threshold", "50"])?;
    let mut connection = connect(&server.url())?;
    let script = "redis.call('SET', 'k', 'v') while true do end";
    let script = keep_busy(&server, &mut connection, script);
    let result = query(&mut connection, "SCRIPT KILL");
    stage.fails("SCRIPT KILL", "-UNKILLABLE", &[Class::Permanent], result);
    server.kill();
    stage.fails(
        "the script whose server is killed",
        "",
        &[Class::Ambiguous],
        script.answer(),
    );
    Ok(())
}

/// A connection that has begun a transaction.
pub(crate) fn begin(server: &RealRedis, lines: &[&str]) -> redis::RedisResult<Connection> {
    let mut connection = connect(&server.url())?;
    query(&mut connection, "MULTI")?;
    for line in lines {
        query(&mut connection, line)?;
    }
    Ok(connection)
}

fn read_only(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    // An ordinary connection stays open when the role changes.
    let mut begun = begin(&server, &["GET k", "SET k v"])?;
    query(&mut connect(&server.url())?, "REPLICAOF 127.0.0.1 1")?;
    let result = query(&mut begun, "EXEC");
    let text = "-EXECABORT Transaction discarded because of: READONLY";
    stage.fails("EXEC of what was queued before", text, UNAVAILABLE, result);

    let mut connection = connect(&server.url())?;
    for line in ["SET k v", "INCR n", "BLPOP list 1"] {
        let result = query(&mut connection, line);
        stage.fails(line, "-READONLY", UNAVAILABLE, result);
    }
    let result = atomic(&mut connection, &["GET k", "SET k v"]);
    stage.fails("MULTI, GET, SET, EXEC", "-READONLY", UNAVAILABLE, result);
    let script = "redis.call('GET', 'k') return redis.call('SET', 'k', 'v')";
    let result = eval(&mut connection, script, &[]);
    stage.fails("EVAL, read and write", "-READONLY", UNAVAILABLE, result);
    let result = query(&mut connection, "WAIT 1 10");
    stage.fails("WAIT", "replica instances", &[Class::Permanent], result);
    Ok(())
}

fn master_down(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[
        "--replicaof",
        "127.0.0.1 1",
        "--replica-serve-stale-data",
        "no",
    ])?;
    let mut connection = connect(&server.url())?;
    for line in ["GET k", "PING", "DBSIZE"] {
        let result = query(&mut connection, line);
        stage.fails(line, "-MASTERDOWN", UNAVAILABLE, result);
    }
    let result = query(&mut connection, "SET k v");
    stage.fails("SET k v", "-READONLY", UNAVAILABLE, result);
    let result = eval(&mut connection, "return 1", &[]);
    stage.fails("EVAL", "-MASTERDOWN", UNAVAILABLE, result);
    let result = atomic(&mut connection, &["GET k"]);
    stage.fails("MULTI, GET, EXEC", "-MASTERDOWN", UNAVAILABLE, result);
    Ok(())
}

fn unblocked(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let waiting = Waiting::start(&server, |connection| query(connection, "BLPOP list 0"));
    wait_until_blocked(&mut connection);
    query(&mut connection, "REPLICAOF 127.0.0.1 1")?;
    stage.fails(
        "BLPOP of a demoted primary",
        "-UNBLOCKED",
        UNAVAILABLE,
        waiting.answer(),
    );
    query(&mut connection, "REPLICAOF NO ONE")?;

    let waiting = Waiting::start(&server, |connection| query(connection, "BLPOP list 0"));
    wait_until_blocked(&mut connection);
    wait_until(|| unblock(&mut connection).is_ok_and(|unblocked| unblocked));
    stage.fails(
        "BLPOP, CLIENT UNBLOCK … ERROR",
        "-UNBLOCKED",
        UNAVAILABLE,
        waiting.answer(),
    );
    Ok(())
}

/// Unblocks whoever waits in a BLPOP.
fn unblock(connection: &mut Connection) -> redis::RedisResult<bool> {
    let list: String = redis::cmd("CLIENT").arg("LIST").query(connection)?;
    let line = list.lines().find(|line| line.contains(" cmd=blpop "));
    let id = line.and_then(|line| line.strip_prefix("id=")?.split(' ').next());
    redis::cmd("CLIENT")
        .arg(&["UNBLOCK", id.unwrap_or("0"), "ERROR"])
        .query(connection)
}

/// Who says to Valkey that it follows redirections gets them from a replica. Only a client that does not say so is served; the
/// connections of this crate do not.
fn redirect(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--replicaof", "127.0.0.1 1"])?;
    let mut connection = connect(&server.url())?;
    let result = query(&mut connection, "CLIENT CAPA redirect");
    if !stage.is(Product::Valkey, (8, 0, 0)) {
        let text = "unknown subcommand 'CAPA'";
        stage.fails("CLIENT CAPA redirect", text, &[Class::Permanent], result);
        return Ok(());
    }
    result?;
    for line in ["GET k", "SET k v"] {
        let result = query(&mut connection, line);
        stage.fails(line, "-REDIRECT", &[Class::Permanent], result);
    }
    let result = atomic(&mut connection, &["SET k v"]);
    let what = "MULTI, SET, EXEC";
    stage.fails(what, "-REDIRECT", &[Class::Permanent], result);
    Ok(())
}
