//! A cluster's node asked by a client that knows nothing of clusters.

use redis_resilient::Class;
use redis_resilient_testkit::RealCluster;
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, atomic, eval, pipe, query, wait_until};

pub(crate) const SITUATIONS: &[Named] = &[
    ("CLUSTERDOWN", no_slots),
    ("CROSSSLOT", keys_of_two_slots),
    ("MOVED", moved),
];

const PERMANENT: &[Class] = &[Class::Permanent];

fn no_slots(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--cluster-enabled", "yes"])?;
    let mut connection = connect(&server.url())?;
    let unavailable = &[Class::Unavailable];
    for line in ["GET k", "SET k v"] {
        let result = query(&mut connection, line);
        stage.fails(line, "-CLUSTERDOWN", unavailable, result);
    }
    let result = atomic(&mut connection, &["GET k", "SET k v"]);
    stage.fails("MULTI, GET, SET, EXEC", "-CLUSTERDOWN", unavailable, result);
    let result = eval(&mut connection, "return redis.call('GET', KEYS[1])", &["k"]);
    stage.fails("EVAL", "-CLUSTERDOWN", unavailable, result);
    Ok(())
}

fn keys_of_two_slots(stage: &mut Stage<'_>) -> Outcome {
    let server = stage.server(&["--cluster-enabled", "yes"])?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "CLUSTER ADDSLOTSRANGE 0 16383")?;
    wait_until(|| query(&mut connection, "GET k").is_ok());
    let result = query(&mut connection, "MGET a b");
    stage.fails("MGET a b", "-CROSSSLOT", PERMANENT, result);
    let result = atomic(&mut connection, &["MGET a b"]);
    stage.fails("MULTI, MGET a b, EXEC", "-CROSSSLOT", PERMANENT, result);
    let result = eval(&mut connection, "return redis.call('GET', 'k')", &[]);
    stage.works("EVAL with a key it did not name", result);
    let result = query(&mut connection, "SELECT 1");
    stage.fails("SELECT 1", "", PERMANENT, result);
    Ok(())
}

/// It reaches a caller only where the client is no cluster client: asking the same node again changes nothing.
fn moved(stage: &mut Stage<'_>) -> Outcome {
    let cluster = RealCluster::builder().program(stage.program()).start()?;
    let (mine, other) = (cluster.key_on(0), cluster.key_on(1));
    let mut connection = connect(&cluster.node(0).url())?;
    let (get, set) = (format!("GET {other}"), format!("SET {other} v"));
    let result = query(&mut connection, &get);
    stage.fails("GET", "-MOVED", PERMANENT, result);
    let result = pipe(&[&format!("GET {mine}"), &set]).exec(&mut connection);
    stage.fails(
        "a pipeline, SET of the other",
        "[1] -MOVED",
        PERMANENT,
        result,
    );
    let result = atomic(&mut connection, &[&set]);
    stage.fails("MULTI, SET, EXEC", "-MOVED", PERMANENT, result);
    let result = eval(
        &mut connection,
        "return redis.call('GET', KEYS[1])",
        &[&other],
    );
    stage.fails("EVAL", "-MOVED", PERMANENT, result);
    let script = format!("return redis.call('GET', '{other}')");
    let result = eval(&mut connection, &script, &[]);
    stage.fails(
        "EVAL with a key it did not name",
        "non local key",
        PERMANENT,
        result,
    );
    let mut replica = connect(&cluster.node(3).url())?;
    let result = query(&mut replica, &format!("GET {mine}"));
    stage.fails("GET of a replica", "-MOVED", PERMANENT, result);
    Ok(())
}
