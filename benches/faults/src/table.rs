//! All rows with all kinds of connections, several at once, printed in their order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::Handle;

use crate::Result;
use crate::client::Kind;
use crate::row::{CONNECT, RESPONSE, Row, SLACK};
use crate::trial::{self, NEVER, Outcome};
use crate::verdict::{millis, missed, text};
use crate::world::lock;

/// How many are under way at once: most of the time they wait.
const AT_ONCE: usize = 12;

/// Prints the table; returns what our connections missed.
pub(crate) fn print(rows: &[Row], runtime: &Handle) -> Result<Vec<String>> {
    let cells: Vec<_> = rows
        .iter()
        .flat_map(|row| Kind::ALL.map(|kind| (row, kind)))
        .collect();
    let outcomes: Vec<_> = cells.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some((row, kind)), Some(outcome)) = (cells.get(at), outcomes.get(at))
                    else {
                        return;
                    };
                    *lock(outcome) = Some(trial::run(row, *kind, runtime));
                }
            });
        }
    });
    println!(
        "One caller, a plain call each 20 ms, no retries. All with their default settings: Connector and redis-rs's asynchronous \
         connections with a response timeout of {} and a connect timeout of {}, redis::Connection with none.",
        millis(RESPONSE),
        millis(CONNECT)
    );
    println!(
        "A cell: the failures that the caller saw, with the class that the attribute takes them for, each with the longest that such a \
         call took; then how long after the end of the fault a call had succeeded (where the fault stays, after its beginning). \
         Never: not within {} s. Limits are with {} for a busy machine.",
        NEVER.as_secs(),
        millis(SLACK)
    );
    println!();
    let names = Kind::ALL.map(Kind::name).join(" | ");
    println!("| fault | promise of `Connector` | {names} |");
    println!("|---|---|{}", "---|".repeat(Kind::ALL.len()));
    let mut all_missed = Vec::new();
    let mut outcomes = outcomes.into_iter();
    for row in rows {
        let mut line = vec![row.name.to_owned(), text(&row.promise)];
        for (kind, outcome) in Kind::ALL.into_iter().zip(&mut outcomes) {
            let (name, kind_name) = (row.name, kind.name());
            let outcome = lock(&outcome).take().ok_or("a cell was left out")?;
            let outcome = outcome.map_err(|error| format!("{name}, {kind_name}: {error}"))?;
            line.push(cell(&outcome, kind));
            if kind.is_ours()
                && let Some(missed) = missed(&row.promise, &outcome)
            {
                all_missed.push(format!("{name}, {kind_name}: {missed}"));
            }
        }
        println!("| {} |", line.join(" | "));
    }
    Ok(all_missed)
}

fn cell(outcome: &Outcome, kind: Kind) -> String {
    let mut parts: Vec<_> = outcome
        .failures
        .iter()
        .map(|failure| {
            let longest = millis(failure.longest);
            if kind.is_ours() {
                format!("{} ({:?}) {longest}", failure.what, failure.class)
            } else {
                format!("{} {longest}", failure.what)
            }
        })
        .collect();
    if parts.is_empty() {
        parts.push("no failure".to_owned());
    }
    let back = match outcome.back {
        Some(back) => format!("back {}", millis(back)),
        None if outcome.hangs => "hangs".to_owned(),
        None => "never back".to_owned(),
    };
    format!("{}; {back}", parts.join(", "))
}
