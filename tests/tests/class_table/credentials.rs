//! Passwords and permissions.

use redis_resilient::Class;
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, atomic, query};

pub(crate) const SITUATIONS: &[Named] = &[
    ("NOPERM", no_permission),
    ("WRONGPASS and NOAUTH", wrong_password),
];

fn no_permission(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut admin = connect(&server.url())?;
    let reader = "ACL SETUSER reader on >secret ~open:* +get +mget +client +select +multi +exec";
    query(&mut admin, reader)?;
    let as_reader = server.url().replace("redis://", "redis://reader:secret@");
    let mut connection = connect(&as_reader)?;
    let permanent = NO_PERMISSION;
    let result = query(&mut connection, "SET open:k v");
    stage.fails("a command", "-NOPERM", permanent, result);
    let result = query(&mut connection, "GET closed");
    stage.fails("a key", "-NOPERM", permanent, result);
    let result = atomic(&mut connection, &["GET open:k", "SET open:k v"]);
    stage.fails("in a transaction", "-NOPERM", permanent, result);
    query(&mut connection, "MULTI")?;
    query(&mut connection, "GET open:k")?;
    query(&mut admin, "ACL SETUSER reader -get")?;
    let result = query(&mut connection, "EXEC").and_then(redis::Value::extract_error);
    let what = "EXEC after it was taken away";
    stage.fails(what, "-NOPERM ACLs rules changed", permanent, result);
    Ok(())
}

/// Redis answered, and will answer the same again.
const NO_PERMISSION: &[Class] = &[Class::Misconfigured];

fn wrong_password(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut admin = connect(&server.url())?;
    query(&mut admin, "ACL SETUSER reader on >secret ~* +get")?;
    let misconfigured = &[Class::Misconfigured];
    let wrong = server.url().replace("redis://", "redis://reader:wrong@");
    stage.fails(
        "connect, wrong password",
        "",
        misconfigured,
        connect(&wrong),
    );
    let result = query(&mut admin, "AUTH reader wrong");
    stage.fails("AUTH, wrong password", "-WRONGPASS", misconfigured, result);
    query(&mut admin, "CONFIG SET requirepass hidden")?;
    let mut connection = connect(&server.url())?;
    let result = query(&mut connection, "GET k");
    stage.fails("GET without a password", "-NOAUTH", misconfigured, result);
    let result = query(&mut connection, "HELLO 3");
    stage.fails(
        "HELLO 3 without a password",
        "-NOAUTH",
        misconfigured,
        result,
    );
    // Not in one go: a blocking connection of redis-rs 1.8 panics where MULTI itself is refused.
    let result = query(&mut connection, "MULTI");
    stage.fails("MULTI without a password", "-NOAUTH", misconfigured, result);
    Ok(())
}
