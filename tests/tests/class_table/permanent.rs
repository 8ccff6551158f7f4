//! What will be answered the same again.

use redis::{Commands, RedisResult};
use redis_resilient::Class;
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, query};

pub(crate) const SITUATIONS: &[Named] = &[
    ("commands that cannot succeed", cannot_succeed),
    ("replies of the wrong type", wrong_type),
    ("a database that is not there", no_such_database),
    ("an empty command", empty_command),
];

fn cannot_succeed(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    query(&mut connection, "XGROUP CREATE stream group $ MKSTREAM")?;
    for (line, text) in [
        ("LPUSH text x", "-WRONGTYPE"),
        ("INCR text", "not an integer"),
        ("NOSUCHCOMMAND", "unknown command"),
        ("GET", "wrong number"),
        ("SCRIPT KILL", "-NOTBUSY"),
        ("XGROUP CREATE stream group $", "-BUSYGROUP"),
        ("XREADGROUP GROUP none me STREAMS stream >", "-NOGROUP"),
        ("RESTORE text 0 x", "-BUSYKEY"),
        ("SETRANGE text 536870911 xx", "maximum allowed size"),
        ("CLUSTER INFO", "cluster support disabled"),
        ("HELLO 9", "-NOPROTO"),
    ] {
        let result = query(&mut connection, line);
        stage.fails(line, text, &[Class::Permanent], result);
    }
    Ok(())
}

fn wrong_type(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    let result = connection.get::<_, i64>("text");
    stage.fails(
        "GET text as a number",
        "ncompatible",
        &[Class::Permanent],
        result,
    );
    Ok(())
}

/// Another URL is needed, and Redis has done no work.
fn no_such_database(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let result = connect(&format!("{}999", server.url()));
    stage.fails("connect to database 999", "database", NO_DATABASE, result);
    let result = query(&mut connect(&server.url())?, "SELECT 999");
    stage.fails("SELECT 999", "out of range", &[Class::Permanent], result);
    Ok(())
}

const NO_DATABASE: &[Class] = &[Class::Permanent];

fn empty_command(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let result: RedisResult<()> = redis::Cmd::new().query(&mut connect(&server.url())?);
    stage.fails(
        "of no words",
        "empty command",
        &[Class::Misconfigured],
        result,
    );
    Ok(())
}
