//! Scripts that fail half-way: which refusals can come after a script's first write.
//!
//! None of the server's own: what is looked at before the first write of a script (memory, replicas, its role) is not looked
//! at again, even where it changes while the script runs. So a refusal with ` script: ` in its text means that nothing was
//! written. Only an error of the command itself comes later.

use redis::{Commands, Connection};
use redis_resilient::Class;
use redis_resilient_testkit::{RealCluster, RealRedis};
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, Waiting, eval, query, wait_until};

pub(crate) const SITUATIONS: &[Named] = &[
    ("a script fails after its first write", own_error),
    ("OOM after a script's first write", out_of_memory),
    ("NOREPLICAS after a script's first write", replica_lost),
    ("READONLY after a script's first write", demoted),
    ("NOSCRIPT", unknown_script),
];

/// A script's error comes after the writes it has made, and comes again.
fn own_error(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let script =
        "redis.call('INCR', 'n') redis.call('SET', 't', 'abc') return redis.call('INCR', 't')";
    let result = eval(&mut connection, script, &[]);
    stage.fails(
        "INCR of a text",
        "not an integer",
        &[Class::Permanent],
        result,
    );
    stage.check(
        "the write before was made",
        connection.get::<_, i64>("n")? == 1,
    );
    let result = eval(&mut connection, "return redis.error_reply('MY own')", &[]);
    stage.fails(
        "an error of its own",
        "-MY own",
        &[Class::Permanent],
        result,
    );
    Ok(())
}

/// Memory is looked at before a script's first write only, whatever that is.
fn out_of_memory(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "SET gone v")?;
    query(&mut connection, "CONFIG SET maxmemory 1")?;
    let script = "redis.call('DEL', 'gone') return redis.call('SET', 'k', 'v')";
    stage.works("SET after DEL", eval(&mut connection, script, &[]));
    query(&mut connection, "CONFIG SET maxmemory 0")?;
    // Memory that runs out because of the script itself.
    let used: String = redis::cmd("INFO").arg("memory").query(&mut connection)?;
    let used = used
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    let used: u64 = used.unwrap_or_default().parse()?;
    let limit = used + 1_000_000;
    query(&mut connection, &format!("CONFIG SET maxmemory {limit}"))?;
    let script = "for i = 1, 100 do redis.call('SET', 'k' .. i, string.rep('x', 100000)) end \
                  return redis.call('DBSIZE')";
    stage.works(
        "the 100th SET of 100 kB",
        eval(&mut connection, script, &[]),
    );
    Ok(())
}

/// A script that writes, waits until `sign` is in what `INFO replication` says, writes again, and returns both.
fn two_writes(
    connection: &mut Connection,
    key: &str,
    sign: &str,
) -> redis::RedisResult<redis::Value> {
    // Others are let in only once the script is known to be slow.
    let script = format!(
        "redis.call('INCR', KEYS[1]) \
         local seen = false \
         for i = 1, 1000000 do \
           seen = string.find(redis.call('INFO', 'replication'), '{sign}') \
           if seen then break end \
         end \
         return {{seen and 'seen' or 'not seen', redis.call('INCR', KEYS[1])}}"
    );
    eval(connection, &script, &[key])
}

fn replica_lost(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--busy-reply-threshold", "20"])?;
    let port = server.addr().port().to_string();
    let replica = stage.server(&["--replicaof", &format!("127.0.0.1 {port}")])?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "CONFIG SET min-replicas-to-write 1")?;
    wait_until(|| query(&mut connection, "SET k v").is_ok());
    let waiting = Waiting::start(&server, |connection| {
        two_writes(connection, "n", "min_slaves_good_slaves:0")
    });
    wait_until_slow(&server)?;
    replica.kill();
    seen_and_written(stage, "INCR once there are none", waiting)?;
    let result = query(&mut connection, "SET k v");
    stage.fails(
        "SET after it",
        "-NOREPLICAS",
        &[Class::WriteRefused],
        result,
    );
    Ok(())
}

/// A cluster's node hears of its successor even while a script runs.
fn demoted(stage: &mut Stage<'_>) -> Outcome {
    let cluster = RealCluster::builder().program(stage.program()).start()?;
    let node = cluster.node(0);
    query(
        &mut connect(&node.url())?,
        "CONFIG SET busy-reply-threshold 20",
    )?;
    let key = cluster.key_on(0);
    let asked = key.clone();
    let waiting = Waiting::start(node, move |connection| {
        two_writes(connection, &asked, "role:slave")
    });
    wait_until_slow(node)?;
    query(
        &mut connect(&cluster.node(3).url())?,
        "CLUSTER FAILOVER TAKEOVER",
    )?;
    let answer = waiting.answer();
    stage.fails(
        "INCR as a replica",
        "non local key",
        &[Class::Permanent],
        answer,
    );
    let result = query(&mut connect(&node.url())?, &format!("SET {key} v"));
    stage.fails("SET after it", "-MOVED", &[Class::Permanent], result);
    Ok(())
}

fn seen_and_written(stage: &mut Stage<'_>, what: &str, waiting: Waiting) -> Outcome {
    let answer: (String, i64) = redis::from_redis_value(waiting.answer()?)?;
    stage.check("it was seen within the script", answer.0 == "seen");
    stage.works(what, Ok(answer.1));
    Ok(())
}

/// Waits until the server lets others in beside a script.
fn wait_until_slow(server: &RealRedis) -> Outcome {
    let mut connection = connect(&server.url())?;
    wait_until(|| {
        let busy = query(&mut connection, "PING");
        busy.is_err_and(|error| error.code() == Some("BUSY"))
    });
    Ok(())
}

fn unknown_script(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let evalsha = format!("EVALSHA {} 0", "0".repeat(40));
    let result = query(&mut connection, &evalsha);
    stage.fails("EVALSHA", "-NOSCRIPT", &[Class::Permanent], result);
    let result = crate::stage::atomic(&mut connection, &["INCR n", &evalsha]);
    let what = "MULTI, INCR, EVALSHA, EXEC";
    stage.fails(what, "-NOSCRIPT", &[Class::Permanent], result);
    stage.check(
        "the other was executed",
        connection.get::<_, i64>("n")? == 1,
    );
    let result = query(&mut connection, "FCALL none 0");
    stage.fails("FCALL", "Function not found", &[Class::Permanent], result);
    Ok(())
}
