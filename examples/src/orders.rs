//! A shop with a journal: it takes orders through three outages of Redis and two crashes of its own, and an audit counts them in the end.

mod audit;
mod counter;
mod customers;
mod line;
mod scene;
mod shop;

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use audit::InRedis;
use counter::Counter;
use customers::{CUSTOMERS, Customers};
use scene::Scene;
use tokio::task::spawn_blocking;

use crate::args::{Args, Usage};
use crate::drill::{self, Run};
use crate::ledger::{Ledger, Orders};
use crate::load::{Calls, Load};
use crate::program::{self, Failure, announce_start, print};
use crate::report::Notes;
use crate::row::Row;
use crate::schedule::{Course, Kind, Phase, Span, Step};
use crate::stats::{Record, Served, Summary, readable};
use crate::verdict::Verdict;

const USAGE: Usage = Usage {
    name: "orders",
    what: "A shop takes orders while Redis fails three times and the shop itself is killed twice, and no order is lost.",
    shortest: 8,
    usual: 20,
    embeds: false,
    faults: &[],
};

const fn step(
    name: &'static str,
    meaning: &'static str,
    kind: Kind,
    share: u32,
    inflict: fn(&Scene) -> Result<(), Failure>,
) -> Step<Scene> {
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

/// How long Redis has been frozen when the shop is killed.
const UNANSWERED: Duration = Duration::from_millis(200);

// What waits after an outage is executed in less than half of the time that it took: see `shop::PER_SECOND`.
const PLAN: [Step<Scene>; 9] = [
    step("healthy", "Redis answers", Kind::Calm, 2, |_| Ok(())),
    step(
        "killed",
        "connections are refused",
        Kind::Outage,
        4,
        |scene| {
            scene.kill();
            Ok(())
        },
    ),
    step(
        "restarted",
        "Redis answers again",
        Kind::Recovery,
        5,
        Scene::restart,
    ),
    step(
        "frozen",
        "Redis accepts commands but does not answer",
        Kind::Outage,
        0,
        |scene| {
            scene.freeze()?;
            // Each customer has sent an order by then, and none is given up yet.
            thread::sleep(UNANSWERED);
            Ok(())
        },
    ),
    step(
        "crash 1",
        "the shop was killed before it knew what Redis has done",
        Kind::Outage,
        4,
        |scene| scene.counter.crash(),
    ),
    step(
        "thawed",
        "Redis answers again, starting with the backlog",
        Kind::Recovery,
        4,
        Scene::thaw,
    ),
    step(
        "full",
        "Redis has no memory for writes",
        Kind::Outage,
        4,
        Scene::fill,
    ),
    step(
        "freed",
        "Redis takes writes again",
        Kind::Recovery,
        2,
        Scene::free,
    ),
    step(
        "crash 2",
        "the shop was killed with its journal half empty",
        Kind::Calm,
        5,
        |scene| scene.counter.crash(),
    ),
];

/// Runs the drill as the command line says.
///
/// 0: everything held that must hold. 1: something did not, or the drill could not run. 2: a mistake in the command line.
/// 130: interrupted.
pub fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if let [role, url, journal] = &words[..]
        && role == shop::ROLE
    {
        return match shop::run(url, Path::new(journal)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => program::fail("orders: the shop", &*error),
        };
    }
    program::main(&USAGE, drill)
}

/// What came of it.
struct Audit {
    orders: Orders,
    in_redis: usize,
    out_of_order: usize,
}

async fn drill(args: Args) -> Result<ExitCode, Failure> {
    announce_start("Redis");
    let scene = Arc::new(spawn_blocking(Scene::open).await??);
    print(&format!(
        "{}, which keeps what it acknowledges; a shop with a journal, a process of its own.\n\
         {CUSTOMERS} customers place {} orders/s for {} s. Redis is killed, frozen and filled; the shop is killed twice.\n\n",
        scene.description(),
        Customers::RATE,
        args.length.as_secs()
    ));
    let start = Instant::now();
    let customers = Customers::new(scene.counter.clone(), Ledger::new(start));
    let row = Row {
        name: "orders",
        circuit: None,
    };
    let load = Arc::new(Load::new(customers, vec![row], start, args.length));
    let course = Course::new(&PLAN, start, args.length);
    let Some(run) = drill::run(&USAGE, &load, &course, &scene).await? else {
        return Ok(ExitCode::from(program::INTERRUPTED));
    };

    let begun = Instant::now();
    let is_empty = {
        let counter = scene.counter.clone();
        spawn_blocking(move || counter.close()).await??
    };
    let took = begun.elapsed();
    let counter = scene.counter.clone();
    let kept = spawn_blocking(move || InRedis::read(&mut scene.connect()?)).await??;
    let audit = Audit {
        orders: load.calls.ledger.compare(&kept.orders),
        in_redis: kept.orders.len(),
        out_of_order: kept.out_of_order,
    };
    print(&format!("\n{}", notes(&run, &counter, took, &audit)));
    drill::draw(
        &args,
        "Redis and the shop fail, the customers' view",
        &load,
        &run,
    )?;

    let mut verdict = Verdict::default();
    judge(&mut verdict, &load, &audit);
    verdict.count(
        usize::from(!is_empty),
        "journal was not emptied, though Redis answers",
    );
    print(verdict.summed_up());
    Ok(verdict.exit(&USAGE))
}

/// What the table does not say.
fn notes(run: &Run, counter: &Counter, took: Duration, audit: &Audit) -> String {
    let mut notes = Notes::default();
    let all: Summary = run.records.iter().collect();
    notes.note(
        "answered",
        &format!(
            "{} by Redis, {} queued in the journal, {} errors; {} were placed again, for the shop was killed before it answered",
            all.count(Served::Redis),
            all.count(Served::Queued),
            all.count(Served::Nobody),
            counter.again()
        ),
    );
    for (number, found) in counter.found().iter().enumerate() {
        notes.note(
            &format!("crash {}", number + 1),
            &format!("the next process found {found} orders in the journal"),
        );
    }
    for span in &run.spans {
        if span.phase.kind == Kind::Recovery {
            notes.note(span.phase.name, &recovery(run, span));
        }
    }
    let took = readable(Some(took));
    notes.note(
        "closed",
        &format!("the journal was empty {took} after the last order"),
    );
    let Audit {
        orders,
        in_redis,
        out_of_order,
    } = audit;
    notes.note(
        "audit",
        &format!(
            "{} placed, {} acknowledged, {in_redis} in Redis; lost: {}, doubled: {}, out of order: {out_of_order}",
            orders.placed,
            orders.acknowledged,
            orders.lost(),
            orders.doubled
        ),
    );
    notes.into_text()
}

/// When Redis itself answered an order again, rather than the journal.
fn recovery(run: &Run, span: &Span) -> String {
    let since = run.records.iter().filter(|record| record.due >= span.from);
    let first = since
        .filter(|record| record.served == Served::Redis)
        .map(Record::over)
        .min();
    match first {
        Some(first) => format!(
            "Redis itself answered an order again after {}, behind what had waited",
            readable(Some(first.saturating_sub(span.from)))
        ),
        None => "what had waited was not executed before the run was over".to_owned(),
    }
}

fn judge(verdict: &mut Verdict, load: &Load<Customers>, audit: &Audit) {
    let Audit {
        orders,
        in_redis: _,
        out_of_order,
    } = audit;
    verdict.count(load.hung(), "orders had no answer for far too long");
    let refused = orders.placed.saturating_sub(orders.acknowledged);
    let why = load.calls.failure();
    verdict.count(
        refused,
        &format!(
            "orders were not acknowledged: {}",
            why.as_deref().unwrap_or("nobody answered")
        ),
    );
    verdict.count(orders.lost(), "acknowledged orders are not in Redis");
    verdict.count(
        orders.unreported,
        "orders are in Redis, and nobody was told",
    );
    verdict.count(orders.doubled, "orders are in Redis more than once");
    verdict.count(
        *out_of_order,
        "orders stand behind a later one of their customer",
    );
}
