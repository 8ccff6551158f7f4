//! The Sentinel drill: primaries are killed and frozen under load, and the Sentinels promote replicas.

mod shop;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis::{Client, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{RealRedis, RealSentinel};
use shop::Functions;
use tokio::task::spawn_blocking;

use crate::args::{Args, Usage};
use crate::connection::{Meter, Redis};
use crate::drill;
use crate::failover::{self, Customers, PATIENCE};
use crate::load::{Calls, Load};
use crate::program::{self, Failure, print};
use crate::report;
use crate::row::{Circuit, Row};
use crate::schedule::{Course, Kind, Phase, Step};
use crate::verdict::RETURN;

const USAGE: Usage = Usage {
    name: "sentinel",
    what: "Kills and freezes primaries under load, while Sentinels promote replicas, and shows what the callers notice.",
    shortest: 10,
    usual: 24,
    embeds: false,
    faults: &[],
};

const PLAN: [Step<Servers>; 7] = [
    Step {
        phase: Phase {
            name: "healthy",
            meaning: "the primary answers",
            kind: Kind::Calm,
        },
        share: 3,
        inflict: |_| Ok(()),
    },
    Step {
        phase: Phase {
            name: "killed",
            meaning: "there is no primary",
            kind: Kind::Outage,
        },
        share: 0,
        inflict: |servers| {
            servers.primary().kill();
            Ok(())
        },
    },
    Step {
        phase: TOOK_OVER,
        share: 9,
        inflict: Servers::wait_for_failover,
    },
    Step {
        phase: Phase {
            name: "returned",
            meaning: "the old primary is back, empty, and becomes a replica",
            kind: Kind::Calm,
        },
        share: 5,
        inflict: |servers| Ok(servers.old_primary().restart()?),
    },
    Step {
        phase: Phase {
            name: "frozen",
            meaning: "the primary accepts commands but does not answer",
            kind: Kind::Outage,
        },
        share: 0,
        inflict: |servers| {
            servers.primary().freeze();
            Ok(())
        },
    },
    Step {
        phase: TOOK_OVER,
        share: 8,
        inflict: Servers::wait_for_failover,
    },
    Step {
        phase: Phase {
            name: "thawed",
            meaning: "the old primary wakes up, and still acts as the primary",
            kind: Kind::Calm,
        },
        share: 5,
        inflict: |servers| {
            servers.old_primary().thaw();
            Ok(())
        },
    },
];

const TOOK_OVER: Phase = Phase {
    name: "took over",
    meaning: "a replica has become the primary",
    kind: Kind::Recovery,
};

#[derive(Debug)]
struct Servers {
    sentinels: RealSentinel,
    /// Their indices; known beforehand, so that nobody has to be asked when it is to fail.
    primary: AtomicUsize,
    old_primary: AtomicUsize,
}

impl Servers {
    fn of(sentinels: RealSentinel) -> Self {
        let primary = sentinels.primary_index();
        Self {
            sentinels,
            primary: AtomicUsize::new(primary),
            old_primary: AtomicUsize::new(primary),
        }
    }

    fn primary(&self) -> &RealRedis {
        self.sentinels.server(self.primary.load(Ordering::Relaxed))
    }

    fn old_primary(&self) -> &RealRedis {
        self.sentinels
            .server(self.old_primary.load(Ordering::Relaxed))
    }

    fn wait_for_failover(&self) -> Result<(), Failure> {
        let old = self.primary.load(Ordering::Relaxed);
        let new = self.sentinels.wait_for_failover(old, PATIENCE)?;
        self.old_primary.store(old, Ordering::Relaxed);
        self.primary.store(new, Ordering::Relaxed);
        Ok(())
    }

    /// The orders that the primary has.
    fn read_back(&self) -> RedisResult<Vec<u32>> {
        let primary = Client::open(self.sentinels.primary().url())?;
        let mut connection = primary.get_connection_with_timeout(RETURN)?;
        connection.set_read_timeout(Some(RETURN))?;
        connection.smembers(shop::ORDERS)
    }
}

/// Runs the drill as the command line says.
///
/// 0: everything held that must hold. 1: something did not, or the drill could not run. 2: a mistake in the command line.
/// 130: interrupted.
pub fn main() -> ExitCode {
    program::main(&USAGE, drill)
}

async fn drill(args: Args) -> Result<ExitCode, Failure> {
    program::announce_start("a primary, two replicas and three Sentinels");
    let sentinels = spawn_blocking(RealSentinel::start).await??;
    let urls = sentinels.sentinel_urls();
    let connector = Connector::sentinel(urls, sentinels.primary_name())?
        .connect_timeout(Duration::from_millis(500))
        .response_timeout(Duration::from_millis(250))
        .build();
    let servers = Arc::new(Servers::of(sentinels));
    print(&format!(
        "{} calls a second for {} s, while one primary is killed and the next one frozen.\n\n",
        Customers::<Functions>::RATE,
        args.length.as_secs()
    ));

    failover::fill(&connector).await?;
    let start = Instant::now();
    let redis = Redis::new(connector, Meter::new(start));
    let customers = Customers::new(Functions, redis, start)?;
    let rows = vec![
        Row {
            name: "reads",
            circuit: Some(Circuit(&shop::REDIS)),
        },
        Row {
            name: "writes",
            circuit: None,
        },
    ];
    let load = Arc::new(Load::new(customers, rows, start, args.length));
    let course = Course::new(&PLAN, start, args.length);
    let Some(run) = drill::run(&USAGE, &load, &course, &servers).await? else {
        return Ok(ExitCode::from(program::INTERRUPTED));
    };

    let kept = {
        let servers = servers.clone();
        spawn_blocking(move || servers.read_back()).await?
    };
    let (mut notes, verdict) = load.calls.judge(&load, &run, kept, 0).await;
    for span in run.spans.iter().filter(|span| span.phase.is_outage()) {
        let writes = run.records.iter().filter(|record| !record.is_read);
        notes.note(span.phase.name, &report::failover(writes, span));
    }
    print(&format!("\n{}", notes.into_text()));
    drill::draw(&args, "A primary fails, the callers' view", &load, &run)?;
    print(&verdict.told("calls came back by themselves, and no acknowledged write was lost"));
    Ok(verdict.exit(&USAGE))
}
