//! The outage drill: a load on annotated functions while Redis is killed, restarted, frozen and thawed.

mod calls;
mod server;
mod shop;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use calls::{Customers, JOURNAL, ROWS};
use redis::{Client, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::journal::Journal;
use server::Server;
use tokio::task::spawn_blocking;

use crate::args::{Args, Usage};
use crate::connection::{Cache, Meter, SyncCache};
use crate::database::{self, Database};
use crate::drill::{self, Run};
use crate::ledger::{Ledger, Orders};
use crate::load::{Calls, Load};
use crate::program::{self, Failure, print};
use crate::report::{self, Notes};
use crate::row::{Circuit, Row};
use crate::schedule::{Course, Kind, Phase, Span, Step};
use crate::stats::{Record, Served, real};
use crate::verdict::{self, RETURN, Verdict};

const USAGE: Usage = Usage {
    name: "outage",
    what: "Kills and freezes a Redis server under load and shows what the callers notice.",
    shortest: 5,
    usual: 30,
    embeds: true,
    faults: &[(
        WRONG_PASSWORD,
        "Redis stays up and refuses the password, for a third of the run",
    )],
};

const WRONG_PASSWORD: &str = "wrong-password";

const HEALTHY: Phase = Phase {
    name: "healthy",
    meaning: "Redis answers",
    kind: Kind::Calm,
};

const ROTATION: [Step<Server>; 3] = [
    Step {
        phase: HEALTHY,
        share: 10,
        inflict: |_| Ok(()),
    },
    Step {
        phase: Phase {
            name: "refused",
            meaning: "Redis refuses the password",
            kind: Kind::Outage,
        },
        share: 10,
        inflict: Server::change_password,
    },
    Step {
        phase: Phase {
            name: "accepted",
            meaning: "Redis accepts the password again",
            kind: Kind::Recovery,
        },
        share: 10,
        inflict: Server::restore_password,
    },
];

const PLAN: [Step<Server>; 5] = [
    Step {
        phase: HEALTHY,
        share: 4,
        inflict: |_| Ok(()),
    },
    Step {
        phase: Phase {
            name: "killed",
            meaning: "connections are refused",
            kind: Kind::Outage,
        },
        share: 7,
        inflict: |server| {
            server.kill();
            Ok(())
        },
    },
    Step {
        phase: Phase {
            name: "restarted",
            meaning: "Redis answers again",
            kind: Kind::Recovery,
        },
        share: 6,
        inflict: Server::revive,
    },
    Step {
        phase: Phase {
            name: "frozen",
            meaning: "Redis accepts commands but does not answer",
            kind: Kind::Outage,
        },
        share: 6,
        inflict: Server::freeze,
    },
    Step {
        phase: Phase {
            name: "thawed",
            meaning: "Redis answers again, starting with the backlog",
            kind: Kind::Recovery,
        },
        share: 7,
        inflict: Server::thaw,
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
    let (embedded, is_rotation) = (args.embedded, args.fault == Some(WRONG_PASSWORD));
    let server = spawn_blocking(move || Server::start(embedded, is_rotation)).await??;
    let server = Arc::new(server);
    print(&opening(&server.description(), is_rotation, args.length));
    let url = if is_rotation {
        server.url_with_password()
    } else {
        server.url()
    };
    let client = Client::open(url.as_str())?;
    fill(&client)?;

    let start = Instant::now();
    let meter = Meter::new(start);
    let connector = Connector::open(url)?;
    let customers = Customers {
        cache: if is_rotation {
            Cache::of(&connector, meter.clone()).await?
        } else {
            Cache::new(client.clone(), meter.clone())?
        },
        sync_cache: SyncCache::new(client.clone(), meter.clone()),
        database: Database::with_users()?,
        // In memory, for this process is not killed.
        journal: Journal::builder("orders").open(&connector)?,
        ledger: Ledger::new(start),
        accepted: Ledger::new(start),
        wrong: AtomicUsize::new(0),
    };
    // They have one circuit.
    let rows = ROWS.map(|name| Row {
        name,
        circuit: (name == ROWS[0]).then_some(Circuit(&shop::REDIS)),
    });
    let load = Arc::new(Load::new(customers, rows.to_vec(), start, args.length));
    let plan = if is_rotation { &ROTATION[..] } else { &PLAN };
    let course = Course::new(plan, start, args.length);
    let Some(run) = drill::run(&USAGE, &load, &course, &server).await? else {
        return Ok(ExitCode::from(program::INTERRUPTED));
    };
    let customers = &load.calls;
    let read = async || {
        let user = shop::get_user(&mut customers.cache.clone(), &customers.database, 1).await;
        user.ok().map(|user| user.source)
    };
    let is_back = verdict::comes_back(read).await;
    let waiting = customers.journal.close(RETURN).await?;
    let on_server = spawn_blocking(move || read_back(&client)).await?;
    let orders = on_server.map(|(recorded, accepted)| {
        (
            customers.ledger.compare(&recorded),
            customers.accepted.compare(&accepted),
        )
    });

    let mut notes = Notes::default();
    notes.note("reads", &report::reads(&run.records));
    let refused = is_rotation.then(|| reads_while_refused(&run));
    if let Some(reads) = &refused {
        notes.note("refused", &report::reads(reads));
    }
    for span in run.spans.iter().filter(|span| span.phase.is_outage()) {
        notes.note(span.phase.name, &attempts(span, &meter));
    }
    let is_recovery = |span: &&Span| span.phase.kind == Kind::Recovery;
    for span in run.spans.iter().filter(is_recovery) {
        notes.note(span.phase.name, &report::recovery(&run.records, span));
    }
    if let Ok((orders, accepted)) = &orders {
        for (line, text) in recorded(orders).iter().enumerate() {
            notes.note(if line == 0 { "orders" } else { "" }, text);
        }
        notes.note("journal", &told(accepted));
    }
    print(&format!("\n{}", notes.into_text()));
    drill::draw(&args, "Redis fails, the callers' view", &load, &run)?;

    let mut verdict = Verdict::default();
    let wrong = customers.wrong.load(Ordering::Relaxed);
    if let Some(reads) = refused {
        let unanswered = reads.iter().filter(|read| read.served == Served::Nobody);
        verdict.count(
            unanswered.count(),
            "reads had no answer while the password was refused",
        );
    }
    let with_journal = run.records.iter().filter(|record| record.row == JOURNAL);
    let errors = with_journal.filter(|record| record.served == Served::Nobody);
    verdict.count(
        errors.count(),
        "orders had an error in spite of the journal",
    );
    let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
    verdict.count(waiting, "orders wait in the journal, and Redis answers");
    if let Ok((_, accepted)) = &orders {
        let lost = accepted.lost();
        verdict.count(lost, "accepted orders of the journal are not on the server");
    }
    let orders = orders.as_ref().map(|(orders, _)| (orders, 0));
    verdict.judge(load.hung(), wrong, orders, is_back);
    Ok(verdict.exit(&USAGE))
}

/// Puts into Redis what the database says.
fn fill(client: &Client) -> RedisResult<()> {
    let mut pipeline = redis::pipe();
    for id in 0..database::USERS {
        pipeline.set(crate::shop::name_key(id), database::name_of(id));
        pipeline.set(shop::credit_key(id), database::credit_of(id));
    }
    pipeline.exec(&mut client.get_connection_with_timeout(Duration::from_secs(5))?)
}

/// The orders that the server has, without the journal and with it. Blocks.
fn read_back(client: &Client) -> RedisResult<(Vec<u32>, Vec<u32>)> {
    let mut connection = client.get_connection_with_timeout(RETURN)?;
    connection.set_read_timeout(Some(RETURN))?;
    let recorded = connection.lrange(shop::ORDERS, 0, -1)?;
    Ok((recorded, connection.hkeys(shop::ACCEPTED)?))
}

/// The line before the run.
fn opening(server: &str, is_rotation: bool, length: Duration) -> String {
    let happening = if is_rotation {
        "its password changes, and changes back"
    } else {
        "Redis is killed, restarted, frozen and thawed"
    };
    format!(
        "Redis is {server}, the database behind it is SQLite.\n\
         {} calls a second for {} s, while {happening}.\n\
         They are reads, orders, and orders behind which there is a journal.\n\n",
        Customers::RATE,
        length.as_secs()
    )
}

/// The reads from when every connection had been closed, which takes a moment.
fn reads_while_refused(run: &Run) -> Vec<Record> {
    let mut spans = run.spans.iter().filter(|span| span.phase.is_outage());
    let Some(span) = spans.next() else {
        return Vec::new();
    };
    let from = (span.from + Duration::from_millis(500)).min(span.to);
    let reads = run.records.iter().filter(|record| record.is_read);
    reads
        .filter(|read| (from..span.to).contains(&read.due))
        .copied()
        .collect()
}

/// How often the dead Redis was asked: until the circuit opened, and from then on.
fn attempts(span: &Span, meter: &Meter) -> String {
    let opened = (span.from + Duration::from_millis(500)).min(span.to);
    let then = span.to.saturating_sub(opened).as_secs_f64();
    let rate = real(meter.between(opened, span.to)) / then.max(f64::EPSILON);
    format!(
        "{} attempts in the first 500 ms, then {rate:.1} a second, of {} calls a second",
        meter.between(span.from, opened),
        Customers::RATE
    )
}

fn recorded(orders: &Orders) -> [String; 3] {
    let refused = orders.placed.saturating_sub(orders.acknowledged);
    [
        format!(
            "{} placed, {} acknowledged; doubled: {}, lost: {}",
            orders.placed,
            orders.acknowledged,
            orders.doubled,
            orders.lost()
        ),
        format!("{refused} got an error, for these writes have no fallback"),
        format!(
            "of these, Redis executed {} all the same: it had received them",
            orders.unreported
        ),
    ]
}

/// Of the orders with the journal.
fn told(accepted: &Orders) -> String {
    format!(
        "{} placed, {} accepted, {} errors; lost: {}",
        accepted.placed,
        accepted.acknowledged,
        accepted.placed.saturating_sub(accepted.acknowledged),
        accepted.lost()
    )
}
