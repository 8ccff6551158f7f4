//! Pipelines of which some entries fail: those that did not were executed.

use redis::Commands;
use redis_resilient::Class;
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, pipe, query};

pub(crate) const SITUATIONS: &[Named] = &[
    ("a pipeline, one entry refused for now", refused_for_now),
    ("a pipeline, one entry cannot succeed", cannot_succeed),
    ("a pipeline that mixes both", both),
];

fn refused_for_now(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "CONFIG SET maxmemory 1")?;
    let result = pipe(&["GET k", "SET k v"]).exec(&mut connection);
    stage.fails(
        "GET, SET out of memory",
        "[1] -OOM",
        &[Class::Ambiguous],
        result,
    );
    query(&mut connection, "CONFIG SET maxmemory 0")?;

    query(&mut connection, "CONFIG SET min-replicas-to-write 1")?;
    let result = pipe(&["PUBLISH c m", "SET k v"]).exec(&mut connection);
    let text = "[1] -NOREPLICAS";
    stage.fails(
        "PUBLISH, SET without replicas",
        text,
        &[Class::Ambiguous],
        result,
    );
    query(&mut connection, "CONFIG SET min-replicas-to-write 0")?;

    query(&mut connection, "REPLICAOF 127.0.0.1 1")?;
    let mut connection = connect(&server.url())?;
    let result = pipe(&["GET k", "SET k v"]).exec(&mut connection);
    stage.fails(
        "GET, SET on a replica",
        "[1] -READONLY",
        &[Class::Ambiguous],
        result,
    );
    Ok(())
}

/// That entry would fail again, whatever the others did.
fn cannot_succeed(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    let result = pipe(&["INCR text", "INCR n"]).exec(&mut connection);
    let text = "[0] -ERR value is not an integer";
    stage.fails("INCR text, INCR n", text, &[Class::Permanent], result);
    stage.check(
        "the other was executed",
        connection.get::<_, i64>("n")? == 1,
    );
    let unknown = format!("EVALSHA {} 0", "0".repeat(40));
    let result = pipe(&["INCR n", &unknown, "INCR n"]).exec(&mut connection);
    let what = "INCR, EVALSHA of an unknown script, INCR";
    stage.fails(what, "[1] -NOSCRIPT", &[Class::Permanent], result);
    stage.check(
        "the others were executed",
        connection.get::<_, i64>("n")? == 3,
    );
    Ok(())
}

fn both(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    query(&mut connection, "CONFIG SET maxmemory 1")?;
    let result = pipe(&["SET k v", "LPOP text"]).exec(&mut connection);
    let what = "SET out of memory, LPOP of a string";
    stage.fails(what, "[0] -OOM", &[Class::Permanent], result);
    Ok(())
}
