//! All the doors through which a connector connects, when the server lets nobody in: how often it knocks; and workers that wait for a server
//! which is not there any more.

mod storms;
mod workers;

use std::time::Duration;

use tokio::runtime::Handle;

use crate::Result;
use crate::storm::MOST_IN_A_SECOND;
use crate::verdict::millis;

/// What is known of a door in the end.
pub(crate) enum Seen {
    /// Connects in any second, at most, and how often credentials were asked for by each of them, if they are counted.
    Connects { most: u64, asked: Option<f64> },
    /// How long it took a worker to be told, or to be served elsewhere; `None`: never.
    Left {
        after: Option<Duration>,
        limit: Duration,
    },
    /// Whether what must not happen has happened.
    Happened(bool),
}

/// One door, as asynchronous or synchronous callers go through it.
struct Door {
    name: &'static str,
    run: fn(&Handle) -> Result<Seen>,
    /// `None`: there is none for synchronous code.
    run_blocking: Option<fn() -> Result<Seen>>,
}

/// Prints the table; returns what our connections missed.
pub(crate) fn print(runtime: &Handle) -> Result<Vec<String>> {
    println!(
        "Connects in any second through each door of one `Connector` while the server lets nobody in: at most {MOST_IN_A_SECOND} are promised. And \
         how long workers wait for a server that is not there any more."
    );
    println!();
    println!("| door | Connector | Connector, sync |");
    println!("|---|---:|---:|");
    let mut missed = Vec::new();
    for door in storms::doors().into_iter().chain(workers::doors()) {
        let seen = (door.run)(runtime)?;
        let blocking = door.run_blocking.map(|run| run()).transpose()?;
        let blocking_text = blocking.as_ref().map_or_else(|| "-".to_owned(), Seen::text);
        println!("| {} | {} | {blocking_text} |", door.name, seen.text());
        for (seen, kind) in [(Some(seen), "Connector"), (blocking, "Connector, sync")] {
            if let Some(fault) = seen.and_then(|seen| seen.missed()) {
                missed.push(format!("{}, {kind}: {fault}", door.name));
            }
        }
    }
    Ok(missed)
}

impl Seen {
    fn text(&self) -> String {
        match self {
            Self::Connects { most, asked: None } => format!("{most}/s"),
            Self::Connects {
                most,
                asked: Some(asked),
            } => format!("{most}/s, asked {asked:.2} times each"),
            Self::Left {
                after: Some(after), ..
            } => millis(*after),
            Self::Left { after: None, .. } => "never".to_owned(),
            Self::Happened(happened) => if *happened { "yes" } else { "no" }.to_owned(),
        }
    }

    fn missed(&self) -> Option<String> {
        match self {
            Self::Connects { most, asked } => {
                let too_often = asked.is_some_and(|asked| asked > 1.1);
                (*most > MOST_IN_A_SECOND || too_often).then(|| self.text())
            }
            Self::Left { after, limit } => {
                let in_time = after.is_some_and(|after| after <= *limit);
                (!in_time).then(|| format!("left after {}", self.text()))
            }
            Self::Happened(happened) => happened.then(|| "happened".to_owned()),
        }
    }
}
