//! Servers that refuse writes and still serve reads.

use redis_resilient::Class;
use redis_resilient_testkit::{Product, RealRedis};
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, atomic, eval, query, wait_until};
use crate::unavailable::begin;

pub(crate) const SITUATIONS: &[Named] = &[
    ("OOM", out_of_memory),
    ("NOREPLICAS", too_few_replicas),
    ("MISCONF", failed_background_save),
];

const REFUSED: &[Class] = &[Class::WriteRefused];

/// A script that reads and then writes.
const READ_THEN_WRITE: &str = "redis.call('GET', 'k') return redis.call('SET', 'k', 'v')";
/// Scripts with a line that says what they are have their first write allowed or refused before they begin.
const DECLARED: &str = "#!lua\nreturn redis.call('SET', 'k', 'v')";

fn out_of_memory(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut begun = begin(&server, &["GET k", "SET k v"])?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "CONFIG SET maxmemory 1")?;
    for line in ["SET k v", "RPUSH list v"] {
        let result = query(&mut connection, line);
        stage.fails(line, "-OOM", REFUSED, result);
    }
    stage.works("DEL k", query(&mut connection, "DEL k"));
    let result = atomic(&mut connection, &["SET k v"]);
    stage.fails("MULTI, SET, EXEC", "-OOM", REFUSED, result);
    let result = query(&mut begun, "EXEC");
    let text = "-EXECABORT Transaction discarded because of: OOM";
    stage.fails("EXEC of what was queued before", text, REFUSED, result);
    let result = atomic(&mut connection, &["GET k"]);
    let what = "MULTI, GET, EXEC";
    if stage.is(Product::Redis, (7, 0, 0)) && !stage.is(Product::Redis, (7, 2, 0)) {
        stage.fails(what, "-OOM", REFUSED, result);
    } else {
        stage.works(what, result);
    }
    let result = eval(&mut connection, READ_THEN_WRITE, &[]);
    stage.fails("EVAL, read and write", "script: ", REFUSED, result);
    let result = eval(&mut connection, DECLARED, &[]);
    stage.fails("EVAL with #!lua", "-OOM", REFUSED, result);
    Ok(())
}

fn too_few_replicas(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&[])?;
    let mut begun = begin(&server, &["GET k", "SET k v"])?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "CONFIG SET min-replicas-to-write 1")?;
    write_refused(stage, &server, "NOREPLICAS")?;
    let result = query(&mut begun, "EXEC");
    let text = "-EXECABORT Transaction discarded because of: NOREPLICAS";
    stage.fails("EXEC of what was queued before", text, REFUSED, result);
    Ok(())
}

fn failed_background_save(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--enable-protected-configs", "yes", "--save", "1 1"])?;
    let mut connection = connect(&server.url())?;
    let mut begun = begin(&server, &["GET k", "SET k v"])?;
    let gone = server.dir().join("gone");
    std::fs::create_dir(&gone)?;
    query(
        &mut connection,
        &format!("CONFIG SET dir {}", gone.display()),
    )?;
    std::fs::remove_dir(&gone)?;
    query(&mut connection, "SET k v")?;
    query(&mut connection, "BGSAVE")?;
    wait_until(|| query(&mut connection, "SET k v").is_err());
    write_refused(stage, &server, "MISCONF")?;
    // Of what MISCONF is about, EXEC says nothing but that: the code stands alone.
    let result = query(&mut begun, "EXEC");
    stage.fails("EXEC of what was queued before", "MISCONF", REFUSED, result);
    Ok(())
}

fn write_refused(stage: &mut Stage<'_>, server: &RealRedis, code: &str) -> Outcome {
    let mut connection = connect(&server.url())?;
    for line in ["SET k v", "DEL k", "BLPOP list 1"] {
        let result = query(&mut connection, line);
        stage.fails(line, code, REFUSED, result);
    }
    stage.works("GET k", query(&mut connection, "GET k").map(drop));
    let result = atomic(&mut connection, &["GET k", "SET k v"]);
    stage.fails("MULTI, GET, SET, EXEC", code, REFUSED, result);
    let result = eval(&mut connection, READ_THEN_WRITE, &[]);
    stage.fails("EVAL, read and write", code, REFUSED, result);
    let result = eval(&mut connection, DECLARED, &[]);
    stage.fails("EVAL with #!lua", code, REFUSED, result);
    Ok(())
}
