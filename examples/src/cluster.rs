//! The cluster drill: the owner of a third of the slots is killed under load, and its replica takes over.

mod shop;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealCluster;
use shop::{Functions, SETS, SHARDS};
use tokio::task::spawn_blocking;

use crate::args::{Args, Usage};
use crate::connection::{Meter, Redis};
use crate::database::USERS;
use crate::drill::{self, Run};
use crate::failover::{self, Customers, PATIENCE};
use crate::load::{Calls, Load};
use crate::program::{self, Failure, print};
use crate::report;
use crate::row::{Circuit, Row};
use crate::schedule::{Course, Kind, Phase, Step};
use crate::shop::name_key;
use crate::verdict::Verdict;

const USAGE: Usage = Usage {
    name: "cluster",
    what: "Kills the owner of a third of a cluster's slots under load and shows what the callers notice, shard by shard.",
    shortest: 8,
    usual: 20,
    embeds: false,
    faults: &[],
};

/// The shard that loses its owner, and the index of that node; its replica has another one.
const LOST: usize = 0;

const PLAN: [Step<RealCluster>; 4] = [
    Step {
        phase: Phase {
            name: "healthy",
            meaning: "all shards answer",
            kind: Kind::Calm,
        },
        share: 5,
        inflict: |_| Ok(()),
    },
    Step {
        phase: Phase {
            name: "killed",
            meaning: "nobody owns the slots of shard 1",
            kind: Kind::Outage,
        },
        share: 0,
        inflict: |cluster| {
            cluster.kill(LOST);
            Ok(())
        },
    },
    Step {
        phase: Phase {
            name: "took over",
            meaning: "a replica has taken over the slots of shard 1",
            kind: Kind::Recovery,
        },
        share: 17,
        inflict: |cluster| Ok(cluster.wait_until_ok(PATIENCE)?),
    },
    Step {
        phase: Phase {
            name: "returned",
            meaning: "the old owner is back, as a replica",
            kind: Kind::Calm,
        },
        share: 8,
        inflict: |cluster| Ok(cluster.restart(LOST)?),
    },
];

/// Runs the drill as the command line says.
///
/// 0: everything held that must hold. 1: something did not, or the drill could not run. 2: a mistake in the command line.
/// 130: interrupted.
pub fn main() -> ExitCode {
    program::main(&USAGE, drill)
}

async fn drill(args: Args) -> Result<ExitCode, Failure> {
    program::announce_start("a cluster of three primaries, with a replica each");
    let cluster = Arc::new(spawn_blocking(RealCluster::start).await??);
    let connector = Connector::cluster(cluster.urls())?
        .connect_timeout(Duration::from_millis(500))
        .response_timeout(Duration::from_millis(250))
        .build();
    print(&format!(
        "{} calls a second for {} s, while the owner of shard 1 is killed.\n\n",
        Customers::<Functions>::RATE,
        args.length.as_secs()
    ));

    failover::fill(&connector).await?;
    let start = Instant::now();
    let redis = Redis::new(connector.clone(), Meter::new(start));
    let customers = Customers::new(Functions, redis, start)?;
    let rows = SHARDS.iter().map(|breaker| Row {
        name: breaker.name(),
        circuit: Some(Circuit(breaker)),
    });
    let load = Arc::new(Load::new(customers, rows.collect(), start, args.length));
    let course = Course::new(&PLAN, start, args.length);
    let Some(run) = drill::run(&USAGE, &load, &course, &cluster).await? else {
        return Ok(ExitCode::from(program::INTERRUPTED));
    };

    let kept = read_back(&connector).await;
    let on_the_lost = |id: &u32| shop::shard_of(&name_key(*id)) == LOST;
    let user = (0..USERS).find(on_the_lost).unwrap_or_default();
    let (mut notes, mut verdict) = load.calls.judge(&load, &run, kept, user).await;
    for span in run.spans.iter().filter(|span| span.phase.is_outage()) {
        let lost = run.records.iter().filter(|record| record.row == LOST);
        notes.note(span.phase.name, &report::failover(lost, span));
    }
    notes.note("others", &others(&load, &run, &mut verdict));
    print(&format!("\n{}", notes.into_text()));
    drill::draw(
        &args,
        "An owner of slots fails, the callers' view",
        &load,
        &run,
    )?;
    print(&verdict.told("no call on the other shards noticed, and no acknowledged write was lost"));
    Ok(verdict.exit(&USAGE))
}

/// The other shards are well all the time, and so must be their calls.
fn others<C: Calls>(load: &Load<C>, run: &Run, verdict: &mut Verdict) -> String {
    let others = run.records.iter().filter(|record| record.row != LOST);
    let failed = others.clone().filter(|record| !record.served.by_redis());
    let failed = failed.count();
    verdict.count(failed, "calls on the other shards were not served by Redis");
    let rows = load.rows.iter().enumerate();
    let circuits = rows.filter(|(row, _)| *row != LOST);
    let opened = circuits.filter_map(|(_, row)| row.circuit);
    let opened = opened
        .filter(|circuit| !circuit.was_always_closed())
        .count();
    verdict.count(opened, "circuits of the other shards have opened");
    format!(
        "{} calls on the other shards: {failed} failed, {opened} of their circuits opened",
        others.count()
    )
}

/// The orders that all shards have.
async fn read_back(connector: &Connector) -> RedisResult<Vec<u32>> {
    let mut redis = connector.get().await?;
    let mut orders = Vec::new();
    for set in 0..SETS {
        orders.extend(redis.smembers::<_, Vec<u32>>(shop::set_of(set)).await?);
    }
    Ok(orders)
}
