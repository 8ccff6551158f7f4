//! The cold start: a load of reads while Redis is killed, restarted empty, frozen, loading, and reset.

mod calls;
mod popularity;
mod primary;
mod server;
mod services;

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use calls::{NAMES, OURS, READS, Readers, Tally};
use futures_util::future::join_all;
use popularity::{Popularity, USERS};
use primary::{AT_ONCE, Primary};
use server::Server;
#[cfg(feature = "peer-cached")]
use services::OfCached;
use services::{ByHand, Origin, Ours, REDIS};
use tokio::task::spawn_blocking;

use crate::args::{Args, Usage};
use crate::drill;
use crate::load::Load;
use crate::program::{self, Failure, announce_start, print};
use crate::row::{Circuit, Row};
use crate::schedule::{Course, Kind, Phase, Step};
use crate::stats::{percent, share};
use crate::verdict::Verdict;

const USAGE: Usage = Usage {
    name: "cache",
    what: "Kills Redis and brings it back empty under 1,000 reads/s, before a primary store that can do 200/s.",
    shortest: 15,
    usual: 30,
    embeds: false,
    faults: &[],
};

/// How long all users may take to be in Redis again: the primary store needs ten seconds for it.
const REFILL: Duration = Duration::from_secs(60);

const fn step(
    name: &'static str,
    meaning: &'static str,
    kind: Kind,
    share: u32,
    inflict: fn(&Server) -> Result<(), Failure>,
) -> Step<Server> {
    Step {
        phase: Phase {
            name,
            meaning,
            kind,
        },
        share,
        inflict,
    }
}

const PLAN: [Step<Server>; 9] = [
    step("healthy", "Redis answers", Kind::Calm, 3, |_| Ok(())),
    step(
        "killed",
        "connections are refused",
        Kind::Outage,
        4,
        |server| {
            server.kill();
            Ok(())
        },
    ),
    step(
        "empty",
        "Redis answers, and has nothing",
        Kind::Recovery,
        8,
        Server::restart_empty,
    ),
    step(
        "frozen",
        "Redis does not answer",
        Kind::Outage,
        3,
        |server| {
            server.freeze();
            Ok(())
        },
    ),
    step(
        "thawed",
        "Redis answers again",
        Kind::Recovery,
        2,
        |server| {
            server.thaw();
            Ok(())
        },
    ),
    step(
        "loading",
        "Redis says LOADING",
        Kind::Outage,
        2,
        Server::restart_loading,
    ),
    step("loaded", "Redis answers again", Kind::Recovery, 2, |_| {
        Ok(())
    }),
    step(
        "resets",
        "all connections are reset, ten times a second",
        Kind::Outage,
        3,
        |server| {
            server.begin_resets();
            Ok(())
        },
    ),
    step("calm", "Redis answers", Kind::Recovery, 3, |server| {
        server.end_resets();
        Ok(())
    }),
];

/// Runs the drill as the command line says.
///
/// 0: everything held that must hold. 1: something did not, or the drill could not run. 2: a mistake in the command line.
/// 130: interrupted.
pub fn main() -> ExitCode {
    program::main(&USAGE, drill)
}

async fn drill(args: Args) -> Result<ExitCode, Failure> {
    announce_start("Redis");
    let server = Arc::new(spawn_blocking(Server::start).await??);
    let primaries = NAMES.map(|_| Primary::new());
    let url = server.url();
    let readers = Readers {
        ours: Ours::new(&url, primaries[OURS].clone())?,
        by_hand: ByHand::new(&url, primaries[1].clone()).await?,
        #[cfg(feature = "peer-cached")]
        cached: OfCached::new(&url, primaries[2].clone()).await?,
        popularity: Popularity::new(),
        tallies: NAMES.map(|_| Tally::default()),
    };
    print(&format!(
        "{USERS} users, popular as Zipf says; {} reads/s of each service for {} s. The primary store of each can do {AT_ONCE} at a time of 20 ms.\n\
         All users are read once, as in a service that has run for a while.\n\n",
        READS,
        args.length.as_secs()
    ));
    warm(&readers).await;

    let start = Instant::now();
    let rows = NAMES.map(|name| Row {
        name,
        circuit: (name == NAMES[OURS]).then_some(Circuit(&REDIS)),
    });
    let load = Arc::new(Load::new(readers, rows.to_vec(), start, args.length));
    let course = Course::new(&PLAN, start, args.length);
    let Some(run) = drill::run(&USAGE, &load, &course, &server).await? else {
        return Ok(ExitCode::from(program::INTERRUPTED));
    };
    print("\nThe column \"fallback\" is the primary store, or a stale value.\n");
    let refilled = refill(&load.calls).await;
    print(&table(&load.calls.tallies, &primaries));
    print(&match refilled {
        Some(time) => format!(
            "refill    all {USERS} users are hits again, {:.1} s after the run\n",
            time.as_secs_f64()
        ),
        None => "refill    not all users are hits again\n".to_owned(),
    });
    drill::draw(&args, "A cache before a small primary store", &load, &run)?;

    let mut verdict = Verdict::default();
    judge(
        &mut verdict,
        &load.calls,
        &primaries[OURS],
        refilled.is_some(),
    );
    verdict.count(load.hung(), "calls hung far beyond their deadline");
    print(&verdict.told(
        "with this crate 99.9 % of the reads are answered, the primary store never does more than it can, and all is in Redis again",
    ));
    Ok(verdict.exit(&USAGE))
}

/// Reads all users with each service, no faster than the primary stores can.
async fn warm(readers: &Readers) {
    let services = (0..NAMES.len()).map(|service| pass(readers, service));
    join_all(services).await;
    // The hits from which copies are made, now that Redis has them.
    pass(readers, OURS).await;
}

/// Until all users are in Redis; how long that took.
async fn refill(readers: &Readers) -> Option<Duration> {
    let begun = Instant::now();
    while begun.elapsed() < REFILL {
        if pass(readers, OURS).await == 0 && readers.ours.under_way() == 0 {
            return Some(begun.elapsed());
        }
    }
    None
}

/// Reads all users, as many at a time as the primary store can do; how many were not hits.
async fn pass(readers: &Readers, service: usize) -> usize {
    let some = (0..AT_ONCE).map(|first| async move {
        let mut misses = 0;
        for user in (first..USERS).step_by(AT_ONCE as usize) {
            let answer = readers.read(service, user).await;
            misses += usize::from(!matches!(answer, Some((_, Origin::Redis))));
        }
        misses
    });
    join_all(some).await.into_iter().sum()
}

fn judge(verdict: &mut Verdict, readers: &Readers, primary: &Primary, is_full: bool) {
    let tally = &readers.tallies[OURS];
    let [redis, loaded, stale, nothing, wrong] = counts(tally);
    let all = redis + loaded + stale + nothing;
    if nothing * 1_000 > all {
        verdict.count(
            nothing,
            "reads were not answered, more than one in a thousand",
        );
    }
    verdict.count(wrong, "answers were not what the primary store has");
    let over = primary.most().saturating_sub(AT_ONCE) as usize;
    verdict.count(
        over,
        "more reads than it can do were at the primary store at once",
    );
    verdict.count(usize::from(!is_full), "time Redis was not filled again");
}

fn counts(tally: &Tally) -> [usize; 5] {
    [
        &tally.redis,
        &tally.primary,
        &tally.stale,
        &tally.nothing,
        &tally.wrong,
    ]
    .map(|count: &AtomicU32| count.load(Ordering::Relaxed) as usize)
}

fn table(tallies: &[Tally], primaries: &[Primary]) -> String {
    let mut table = format!(
        "\n{:<10}{:>7}{:>11}{:>9}{:>9}{:>9}{:>9}{:>16}{:>12}\n",
        "service",
        "reads",
        "answered",
        "redis",
        "primary",
        "stale",
        "wrong",
        "most at primary",
        "done by it"
    );
    for ((name, tally), primary) in NAMES.iter().zip(tallies).zip(primaries) {
        let [redis, loaded, stale, nothing, wrong] = counts(tally);
        let all = redis + loaded + stale + nothing;
        let part = |count| percent(share(count, all));
        let _ = writeln!(
            table,
            "{name:<10}{all:>7}{:>11}{:>9}{:>9}{:>9}{wrong:>9}{:>16}{:>12}",
            part(all - nothing),
            part(redis),
            part(loaded),
            part(stale),
            primary.most(),
            primary.answered()
        );
    }
    table
}
