//! What is printed at the end.

use std::fmt::Write;

use crate::row::Row;
use crate::schedule::Span;
use crate::stats::{Record, Served, Summary, percent, readable};

/// The table: a line for each phase, or for each row in each phase.
pub(crate) fn table(rows: &[Row], served: &[Served], records: &[Record], spans: &[Span]) -> String {
    let name = |name: &str| match rows {
        [_] => String::new(),
        _ => format!("{name:<9}"),
    };
    let in_columns = |text: &dyn Fn(Served) -> String| {
        let columns = served.iter().map(|&served| format!("{:>10}", text(served)));
        columns.collect::<Vec<_>>().concat()
    };
    let labels = in_columns(&|served| served.label().to_owned());
    let mut table = format!(
        "{:<10}{:>7}  {}{:>6}{labels}{:>10}{:>10}{:>10}\n",
        "phase",
        "length",
        name(""),
        "calls",
        "p50",
        "p99",
        "max"
    );
    for span in spans {
        let length = (span.to.saturating_sub(span.from)).as_secs_f64();
        let mut begin = format!("{:<10}{length:>5.1} s", span.phase.name);
        for (index, row) in rows.iter().enumerate() {
            let summary: Summary = records
                .iter()
                .filter(|record| record.row == index && is_in(record, span))
                .collect();
            let shares = in_columns(&|served| percent(summary.share(served)));
            let [p50, p99, max] = [50, 99, 100].map(|p| readable(summary.percentile(p)));
            let _ = writeln!(
                table,
                "{begin}  {}{:>6}{shares}{p50:>10}{p99:>10}{max:>10}",
                name(row.name),
                summary.calls()
            );
            begin = " ".repeat(begin.len());
        }
    }
    table
}

/// What the table does not say: lines with a name.
#[derive(Debug, Default)]
pub(crate) struct Notes(String);

impl Notes {
    pub(crate) fn note(&mut self, name: &str, text: &str) {
        let _ = writeln!(self.0, "{name:<10}{text}");
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// A call counts where it was due, wherever it ended.
fn is_in(record: &Record, span: &Span) -> bool {
    (span.from..span.to).contains(&record.due)
}

pub(crate) fn reads(records: &[Record]) -> String {
    let summary: Summary = records.iter().filter(|record| record.is_read).collect();
    let answered = summary.calls() - summary.count(Served::Nobody);
    format!(
        "{answered} of {} answered ({}), {} of them by the database",
        summary.calls(),
        percent(1.0 - summary.share(Served::Nobody)),
        summary.count(Served::Fallback)
    )
}

pub(crate) fn writes(records: &[Record]) -> String {
    let summary: Summary = records.iter().filter(|record| !record.is_read).collect();
    let answered = summary.calls() - summary.count(Served::Nobody);
    format!(
        "{answered} of {} succeeded within their call ({}), the longest took {}",
        summary.calls(),
        percent(1.0 - summary.share(Served::Nobody)),
        readable(summary.percentile(100))
    )
}

/// When Redis served the first call of a phase that is a recovery.
pub(crate) fn recovery(records: &[Record], span: &Span) -> String {
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

/// When, of these, Redis served the first call that was due after an outage had begun: another server by then.
pub(crate) fn failover<'a>(records: impl Iterator<Item = &'a Record>, span: &Span) -> String {
    let first = records
        .filter(|record| record.due >= span.from && record.served.by_redis())
        .map(Record::over)
        .min();
    match first {
        Some(first) => format!(
            "Redis served a call again after {}",
            readable(Some(first.saturating_sub(span.from)))
        ),
        None => "Redis served no call any more".to_owned(),
    }
}
