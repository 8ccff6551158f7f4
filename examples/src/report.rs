//! What is printed at the end.

use std::fmt::Write;
use std::time::Duration;

use redis::RedisResult;

use crate::connection::Meter;
use crate::load::RATE;
use crate::schedule::{Phase, Span};
use crate::stats::{Record, Served, Summary, percent, readable, real};
use crate::verdict::Orders;

/// The table: a line for each phase.
pub(crate) fn table(records: &[Record], spans: &[Span]) -> String {
    let mut table = format!(
        "{:<10}{:>7}{:>8}{:>9}{:>9}{:>10}{:>9}{:>10}{:>10}{:>10}\n",
        "phase", "length", "calls", "redis", "retried", "fallback", "error", "p50", "p99", "max"
    );
    for span in spans {
        let summary: Summary = records
            .iter()
            .filter(|record| is_in(record, span))
            .collect();
        let length = (span.to.saturating_sub(span.from)).as_secs_f64();
        let [redis, retried, fallback, error] =
            Served::ALL.map(|served| percent(summary.share(served)));
        let [p50, p99, max] = [50, 99, 100].map(|p| readable(summary.percentile(p)));
        let _ = writeln!(
            table,
            "{:<10}{length:>5.1} s{:>8}{redis:>9}{retried:>9}{fallback:>10}{error:>9}{p50:>10}{p99:>10}{max:>10}",
            span.phase.name(),
            summary.calls()
        );
    }
    table
}

/// What the table does not say.
pub(crate) fn notes(
    records: &[Record],
    spans: &[Span],
    meter: &Meter,
    orders: &RedisResult<Orders>,
) -> String {
    let mut notes = String::new();
    let mut note = |name: &str, text: String| {
        let _ = writeln!(notes, "{name:<10}{text}");
    };
    note("reads", reads(records));
    for span in spans.iter().filter(|span| span.phase.is_outage()) {
        note(span.phase.name(), attempts(span, meter));
    }
    for span in spans {
        if matches!(span.phase, Phase::Restarted | Phase::Thawed) {
            note(span.phase.name(), recovery(records, span));
        }
    }
    if let Ok(orders) = orders {
        for (line, text) in recorded(orders).into_iter().enumerate() {
            note(if line == 0 { "orders" } else { "" }, text);
        }
    }
    notes
}

/// A call counts where it was due, wherever it ended.
fn is_in(record: &Record, span: &Span) -> bool {
    (span.from..span.to).contains(&record.due)
}

fn reads(records: &[Record]) -> String {
    let summary: Summary = records.iter().filter(|record| record.is_read).collect();
    let answered = summary.calls() - summary.count(Served::Nobody);
    format!(
        "{answered} of {} answered ({}), {} of them by the database",
        summary.calls(),
        percent(1.0 - summary.share(Served::Nobody)),
        summary.count(Served::Fallback)
    )
}

/// How often the dead Redis was asked: until the circuit opened, and from then on.
fn attempts(span: &Span, meter: &Meter) -> String {
    let opened = (span.from + Duration::from_millis(500)).min(span.to);
    let then = span.to.saturating_sub(opened).as_secs_f64();
    let rate = real(meter.between(opened, span.to)) / then.max(f64::EPSILON);
    format!(
        "{} attempts in the first 500 ms, then {rate:.1} a second, of {RATE} calls a second",
        meter.between(span.from, opened)
    )
}

fn recovery(records: &[Record], span: &Span) -> String {
    let served = records.iter().filter(|record| record.served.by_redis());
    let first = served
        .map(Record::over)
        .filter(|&over| over >= span.from)
        .min();
    match first {
        Some(first) if first <= span.to => format!(
            "first call served by Redis {} after it answered again",
            readable(Some(first.saturating_sub(span.from)))
        ),
        _ => "no call served by Redis in this phase".to_owned(),
    }
}

fn recorded(orders: &Orders) -> [String; 3] {
    let refused = orders.placed.saturating_sub(orders.acknowledged);
    [
        format!(
            "{} placed, {} acknowledged; doubled: {}, lost: {}",
            orders.placed, orders.acknowledged, orders.doubled, orders.lost
        ),
        format!("{refused} got an error, for a write has no fallback here"),
        format!(
            "of these, Redis executed {} all the same: it had received them",
            orders.unreported
        ),
    ]
}

/// The line before the run.
pub(crate) fn opening(server: &str, length: Duration) -> String {
    format!(
        "Redis is {server}, the database behind it is SQLite.\n\
         {RATE} calls a second for {} s, while Redis is killed, restarted, frozen and thawed.\n\n",
        length.as_secs()
    )
}
