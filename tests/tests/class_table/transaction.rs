//! Transactions that are aborted: nothing of them was executed, and the class is that of the cause.

use redis::Commands;
use redis_resilient::Class;
use redis_resilient_testkit::Product;
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, atomic, query};

pub(crate) const SITUATIONS: &[Named] = &[
    (
        "a transaction, one command cannot be queued",
        cannot_be_queued,
    ),
    ("a transaction, one command fails when run", fails_when_run),
    ("EXEC and MULTI out of place", out_of_place),
];

fn cannot_be_queued(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let result = atomic(&mut connection, &["INCR n", "NOSUCHCOMMAND"]);
    stage.fails(
        "an unknown command",
        "unknown command",
        &[Class::Permanent],
        result,
    );
    let result = atomic(&mut connection, &["INCR n", "GET"]);
    stage.fails(
        "a missing argument",
        "wrong number",
        &[Class::Permanent],
        result,
    );
    stage.check(
        "nothing was executed",
        connection.get::<_, Option<i64>>("n")?.is_none(),
    );

    // Where it is asked for by hand, EXEC itself does not say why.
    query(&mut connection, "MULTI")?;
    let _ = query(&mut connection, "NOSUCHCOMMAND");
    let result = query(&mut connection, "EXEC");
    let text = "-EXECABORT Transaction discarded because of previous errors";
    stage.fails("EXEC by hand", text, &[Class::Permanent], result);
    Ok(())
}

/// The others are executed.
fn fails_when_run(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    let result = atomic(&mut connection, &["INCR n", "INCR text"]);
    stage.fails(
        "INCR of a text",
        "not an integer",
        &[Class::Permanent],
        result,
    );
    stage.check(
        "the other was executed",
        connection.get::<_, i64>("n")? == 1,
    );
    Ok(())
}

fn out_of_place(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut connection = connect(&server.url())?;
    let result = query(&mut connection, "EXEC");
    stage.fails("EXEC", "EXEC without MULTI", &[Class::Permanent], result);
    query(&mut connection, "MULTI")?;
    let result = query(&mut connection, "MULTI");
    stage.fails("MULTI twice", "-ERR", &[Class::Permanent], result);
    let result = query(&mut connection, "EXEC");
    let what = "EXEC after MULTI twice";
    if stage.is(Product::Valkey, (9, 0, 0)) {
        stage.fails(what, "-EXECABORT", &[Class::Permanent], result);
    } else {
        stage.works(what, result);
    }
    Ok(())
}
