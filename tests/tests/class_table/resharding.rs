//! Slots on their way to another node, asked for by a client that knows nothing of clusters.

use redis::{Connection, RedisResult};
use redis_resilient::Class;
use redis_resilient_testkit::{Product, RealCluster};
use redis_resilient_tests::connect;

use crate::situation::{Named, Outcome};
use crate::stage::{Stage, Waiting, atomic, eval, pipe, query, query_words, wait_until_blocked};

pub(crate) const SITUATIONS: &[Named] = &[
    ("ASK and TRYAGAIN", half_way),
    ("MOVED, to those who wait", left_meanwhile),
];

const PERMANENT: &[Class] = &[Class::Permanent];
const UNAVAILABLE: &[Class] = &[Class::Unavailable];

fn half_way(stage: &mut Stage<'_>) -> Outcome {
    let cluster = RealCluster::builder().program(stage.program()).start()?;
    let tag = cluster.key_on(0);
    let (a, b) = (format!("{{{tag}}}a"), format!("{{{tag}}}b"));
    let mut old = connect(&cluster.node(0).url())?;
    query(&mut old, &format!("MSET {a} 1 {b} 2"))?;
    let moving = cluster.begin_move(RealCluster::slot_of(&tag), 1)?;
    moving.move_keys(1)?;
    let (gone, here) = if query(&mut old, &format!("GET {a}")).is_err() {
        (a, b)
    } else {
        (b, a)
    };
    let (get_gone, get_here) = (format!("GET {gone}"), format!("GET {here}"));
    let both = format!("MGET {gone} {here}");
    stage.works(
        "GET of one that is here",
        query(&mut old, &get_here).map(drop),
    );
    stage.fails(
        "GET of one that is gone",
        "-ASK",
        PERMANENT,
        query(&mut old, &get_gone),
    );
    stage.fails(
        "MGET of both",
        "-TRYAGAIN",
        UNAVAILABLE,
        query(&mut old, &both),
    );
    let result = pipe(&[&get_here, &get_gone]).exec(&mut old);
    stage.fails("a pipeline of both", "[1] -ASK", PERMANENT, result);
    let script = "return redis.call('GET', KEYS[1])";
    let result = eval(&mut old, script, &[&gone]);
    stage.fails("EVAL, gone", "-ASK", PERMANENT, result);
    let result = eval(&mut old, script, &[&gone, &here]);
    stage.fails("EVAL, both", "-TRYAGAIN", UNAVAILABLE, result);

    // Valkey 9 queues all of them, and says so at the end.
    let is_valkey_9 = stage.is(Product::Valkey, (9, 0, 0));
    let aborted = |code: &str| {
        if is_valkey_9 {
            format!("-{code} ")
        } else {
            "-EXECABORT".to_owned()
        }
    };
    let result = by_hand(&mut old, &[&get_gone]);
    stage.fails("EXEC by hand, gone", &aborted("ASK"), PERMANENT, result);
    let result = by_hand(&mut old, &[&both]);
    // An EXECABORT by itself does not tell its cause.
    let classes = if is_valkey_9 { UNAVAILABLE } else { PERMANENT };
    stage.fails(
        "EXEC by hand, MGET of both",
        &aborted("TRYAGAIN"),
        classes,
        result,
    );
    let result = atomic(&mut old, &[&get_gone]);
    let classes = [Class::Permanent, Class::WriteRefused];
    // There redis-rs keeps to itself what EXEC said.
    stage.fails(
        "MULTI, GET gone, EXEC",
        "",
        &classes[usize::from(is_valkey_9)..][..1],
        result,
    );
    let result = atomic(&mut old, &[&both]);
    let classes = [Class::Unavailable, Class::WriteRefused];
    stage.fails(
        "MULTI, MGET of both, EXEC",
        "",
        &classes[usize::from(is_valkey_9)..][..1],
        result,
    );

    let mut new = connect(&cluster.node(1).url())?;
    stage.fails(
        "the new owner without ASKING",
        "-MOVED",
        PERMANENT,
        query(&mut new, &get_gone),
    );
    query(&mut new, "ASKING")?;
    stage.fails(
        "the new owner, MGET of both",
        "-TRYAGAIN",
        UNAVAILABLE,
        query(&mut new, &both),
    );
    moving.finish()?;
    Ok(())
}

fn by_hand(connection: &mut Connection, lines: &[&str]) -> RedisResult<redis::Value> {
    query(connection, "MULTI")?;
    for line in lines {
        let _ = query(connection, line);
    }
    query(connection, "EXEC")
}

fn left_meanwhile(stage: &mut Stage<'_>) -> Outcome {
    let cluster = RealCluster::builder().program(stage.program()).start()?;
    let key = cluster.key_on(0);
    let node = cluster.node(0);
    let mut begun = connect(&node.url())?;
    query(&mut begun, "MULTI")?;
    query(&mut begun, &format!("SET {key} v"))?;
    let list = format!("{{{key}}}list");
    let waiting = Waiting::start(node, move |connection| {
        query_words(connection, &["BLPOP", &list, "0"])
    });
    wait_until_blocked(&mut connect(&node.url())?);
    cluster.move_slot(RealCluster::slot_of(&key), 1)?;
    stage.fails("BLPOP that waited", "-MOVED", PERMANENT, waiting.answer());
    let result = query(&mut begun, "EXEC");
    stage.fails(
        "EXEC of what was queued before",
        "-MOVED",
        PERMANENT,
        result,
    );
    Ok(())
}
