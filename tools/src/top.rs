//! What is shown of a sample, line by line. Pure.

use std::collections::HashMap;

use crate::line::{Line, Tone};
use crate::sample::{Breaker, Connector, Consumer, Failure, Function, Journal, Sample};
use crate::table::{Cell, Table, cell, toned};
use crate::units::{NONE, bytes, micros, number, number_or_none, per_second, share, time};

/// What is shown of it. `before`: an earlier one of the same service, from which it is known how many calls there are per second. `width`: of the
/// terminal, if there is one.
pub(crate) fn frame(now: &Sample, before: Option<&Sample>, width: Option<usize>) -> Vec<Line> {
    let mut lines = vec![head(now)];
    lines.extend(findings(now));
    for table in [
        breakers(now),
        functions(now, before),
        connectors(now),
        caches(now),
        journals(now),
        consumers(now),
        bulkheads(now),
        checks(now),
    ] {
        let table = table.lines(width);
        if !table.is_empty() {
            lines.push(Line::empty());
            lines.extend(table);
        }
    }
    if lines.len() == 1 {
        lines.push(Line::of("Nothing has been called yet.", Tone::Soft));
    }
    lines
}

fn head(now: &Sample) -> Line {
    let mut line = Line::of(mark(&now.verdict), of_verdict(&now.verdict))
        .and(format!(" {}", &*now.verdict), of_verdict(&now.verdict));
    if now.kill_switch {
        line = line.and(", the kill switch is engaged", Tone::Down);
    }
    line
}

fn of_verdict(verdict: &str) -> Tone {
    match verdict {
        "up" => Tone::Up,
        "down" => Tone::Down,
        _ => Tone::Degraded,
    }
}

const fn mark_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Up => "●",
        Tone::Down => "■",
        _ => "◐",
    }
}

fn mark(verdict: &str) -> &'static str {
    mark_of(of_verdict(verdict))
}

fn findings(now: &Sample) -> Vec<Line> {
    let findings = now.findings.iter().map(|finding| {
        let tone = of_verdict(&finding.verdict);
        let (part, name, text) = (&*finding.part, &*finding.name, &*finding.text);
        Line::of(format!("  {} ", mark_of(tone)), tone)
            .and(format!("{}: ", &*finding.verdict), tone)
            .and(format!("{part} {name}"), Tone::Strong)
            .and(format!(": {text}"), Tone::Plain)
    });
    findings.collect()
}

/// A state with a mark, so that it is not told by colour alone.
fn state(tone: Tone, text: &str) -> Cell {
    toned(format!("{} {text}", mark_of(tone)), tone)
}

fn why(failure: Option<&Failure>) -> Cell {
    let Some(failure) = failure else {
        return cell(NONE);
    };
    let error = failure.error.as_ref().unwrap_or(&failure.class);
    let ago = time(Some(failure.ago_ms));
    toned(format!("{ago} ago: {}", &**error), Tone::Soft)
}

/// Those first that are not as they should be, in the order there is.
fn worst_first<T>(things: &[T], is_well: impl Fn(&T) -> bool) -> Vec<&T> {
    let mut sorted: Vec<&T> = things.iter().collect();
    sorted.sort_by_key(|thing| is_well(thing));
    sorted
}

fn breakers(now: &Sample) -> Table {
    let mut table = Table::of(&[
        "BREAKERS",
        "STATE",
        "SINCE",
        "FAILURES",
        "RATE",
        "REFUSES FOR",
    ]);
    let is_well = |one: &Breaker| &*one.state == "closed" && !one.observing;
    for one in worst_first(&now.breakers, is_well) {
        let name = match one.number {
            Some(number) => format!("{} #{number}", &*one.name),
            None => one.name.to_string(),
        };
        let tone = match &*one.state {
            "closed" if !one.observing => Tone::Up,
            "open" | "forced_open" => Tone::Down,
            _ => Tone::Degraded,
        };
        let mut text = one.state.replace('_', "-");
        if one.observing {
            text += ", observing";
        }
        let rate = one.failure_rate.map(|rate| format!("{rate:.1} %"));
        let refuses = (one.retry_after_ms > 0).then_some(one.retry_after_ms);
        table.row(vec![
            cell(name),
            state(tone, &text),
            cell(time(one.in_state_for_ms)),
            cell(format!("{} of {}", number(one.failures), number(one.calls))),
            cell(rate.unwrap_or_else(|| NONE.to_owned())),
            cell(time(refuses)),
        ]);
    }
    table
}

fn functions(now: &Sample, before: Option<&Sample>) -> Table {
    let mut table = Table::of(&[
        "FUNCTIONS",
        "CALLS",
        "PER S",
        "FAILED",
        "ATTEMPTS FAILED",
        "RETRIES",
        "FALLBACKS",
        "SHARE",
        "P50",
        "P99",
        "WORST CASE",
    ]);
    let earlier: HashMap<&str, &Function> = before.map_or_else(HashMap::new, |before| {
        before
            .functions
            .iter()
            .map(|one| (&*one.name, one))
            .collect()
    });
    let passed_ms = before.map_or(0, |before| now.at_ms.saturating_sub(before.at_ms));
    for one in &now.functions {
        let calls = one.calls.as_ref();
        let earlier = earlier.get(&*one.name).and_then(|one| one.calls.as_ref());
        let speed = calls.zip(earlier).and_then(|(now, then)| {
            // A service that was restarted has begun to count again.
            per_second(now.total.checked_sub(then.total)?, passed_ms)
        });
        let fallbacks = calls.map_or(one.fallbacks, |calls| calls.fallbacks);
        let part = |tone| if fallbacks > 0 { tone } else { Tone::Plain };
        let worst = one
            .policy
            .as_ref()
            .map(|policy| match policy.worst_case_ms {
                None => "no end".to_owned(),
                some => time(some),
            });
        table.row(vec![
            cell(one.name.to_string()),
            cell(number_or_none(calls.map(|calls| calls.total))),
            cell(number_or_none(speed)),
            toned(
                number_or_none(calls.map(|calls| calls.failed)),
                calls.map_or(Tone::Plain, |calls| at_fault(calls.failed)),
            ),
            cell(number(one.failed_attempts)),
            cell(number(one.retries)),
            toned(number(fallbacks), part(Tone::Degraded)),
            cell(calls.map_or(NONE.to_owned(), |calls| share(fallbacks, calls.total))),
            cell(micros(calls.and_then(|calls| calls.p50_us))),
            cell(micros(calls.and_then(|calls| calls.p99_us))),
            cell(worst.unwrap_or_else(|| NONE.to_owned())),
        ]);
    }
    table
}

const fn at_fault(count: u64) -> Tone {
    if count > 0 { Tone::Down } else { Tone::Plain }
}

fn connectors(now: &Sample) -> Table {
    let mut table = Table::of(&["CONNECTORS", "STATE", "FOR", "LAST FAILURE"]).ending_with_text();
    let is_well = |one: &Connector| !one.connections.is_empty();
    for one in worst_first(&now.connectors, is_well) {
        let name = || one.name.to_string();
        if one.connections.is_empty() {
            let tone = match one.last_failure {
                Some(_) => Tone::Down,
                None => Tone::Degraded,
            };
            let row = vec![cell(name()), state(tone, "not connected"), cell(NONE)];
            table.row([row, vec![why(one.last_failure.as_ref())]].concat());
        }
        for connection in &one.connections {
            let mut to = connection.address.to_string();
            if let Some(role) = &connection.role {
                to = format!("{to} ({})", &**role);
            }
            table.row(vec![
                cell(name()),
                state(Tone::Up, &to),
                cell(time(Some(connection.connected_for_ms))),
                why(one.last_failure.as_ref()),
            ]);
        }
    }
    table
}

fn caches(now: &Sample) -> Table {
    let mut table = Table::of(&[
        "CACHES",
        "HIT RATE",
        "NEAR",
        "REDIS",
        "STALE",
        "LOADS",
        "FAILED",
        "INVALIDATIONS PENDING",
    ]);
    for one in &now.caches {
        let hits = one.near_hits + one.redis_hits;
        let pending = one.pending_invalidations;
        let tone = if pending > 0 {
            Tone::Degraded
        } else {
            Tone::Plain
        };
        table.row(vec![
            cell(one.name.to_string()),
            cell(share(hits, hits + one.stale_hits + one.loads)),
            cell(number(one.near_hits)),
            cell(number(one.redis_hits)),
            cell(number(one.stale_hits)),
            cell(number(one.loads)),
            toned(number(one.failed_loads), at_fault(one.failed_loads)),
            toned(number(pending), tone),
        ]);
    }
    table
}

fn journals(now: &Sample) -> Table {
    let mut table = Table::of(&[
        "JOURNALS",
        "STATE",
        "WAITING",
        "BYTES",
        "FULL",
        "OLDEST",
        "DONE IN",
        "DEAD",
        "LAST FAILURE",
    ])
    .ending_with_text();
    let is_well = |one: &Journal| one.waiting == 0 && one.dead_letters == 0;
    for one in worst_first(&now.journals, is_well) {
        let (tone, text) = match one {
            _ if one.full => (Tone::Down, "full"),
            _ if one.draining => (Tone::Degraded, "draining"),
            _ if one.waiting > 0 => (Tone::Degraded, "waiting"),
            _ if one.dead_letters > 0 => (Tone::Degraded, "dead letters"),
            _ => (Tone::Up, "empty"),
        };
        table.row(vec![
            cell(one.name.to_string()),
            state(tone, text),
            cell(number(one.waiting)),
            cell(bytes(one.waiting_bytes)),
            cell(format!("{:.1} %", 100.0 * one.fill)),
            cell(time(one.oldest_ms)),
            cell(time(one.eta_ms)),
            toned(number(one.dead_letters), at_fault(one.dead_letters)),
            why(one.last_failure.as_ref()),
        ]);
    }
    table
}

fn consumers(now: &Sample) -> Table {
    let mut table = Table::of(&[
        "CONSUMERS",
        "STATE",
        "LAG",
        "IN WORK",
        "HANDLED",
        "FAILED",
        "DEAD",
        "LAST FAILURE",
    ])
    .ending_with_text();
    let is_well = |one: &Consumer| one.failing_for_ms.is_none() && one.reading;
    for one in worst_first(&now.consumers, is_well) {
        let (tone, text) = match one.failing_for_ms {
            Some(ms) => (Tone::Down, format!("cannot read for {}", time(Some(ms)))),
            None if one.standing_by => (Tone::Degraded, "standing by".to_owned()),
            None if one.reading => (Tone::Up, "reading".to_owned()),
            None => (Tone::Degraded, "starting".to_owned()),
        };
        table.row(vec![
            cell(format!("{} / {}", &*one.stream, &*one.group)),
            state(tone, &text),
            cell(number_or_none(one.lag)),
            cell(number(one.in_work)),
            cell(number(one.handled)),
            toned(number(one.failed), at_fault(one.failed)),
            toned(number(one.dead_letters), at_fault(one.dead_letters)),
            why(one.last_failure.as_ref()),
        ]);
    }
    table
}

fn bulkheads(now: &Sample) -> Table {
    let mut table = Table::of(&["BULKHEADS", "INSIDE", "WAITING", "REFUSED"]);
    for one in &now.bulkheads {
        let is_full = one.inside.is_some_and(|inside| inside >= one.limit);
        let tone = if is_full { Tone::Degraded } else { Tone::Plain };
        let inside = number_or_none(one.inside);
        table.row(vec![
            cell(one.name.to_string()),
            toned(format!("{inside} of {}", number(one.limit)), tone),
            cell(number_or_none(one.waiting)),
            cell(number(one.refused)),
        ]);
    }
    table
}

fn checks(now: &Sample) -> Table {
    let mut table = Table::of(&["CHECKS", "TOOK", "ERROR"]).ending_with_text();
    for one in worst_first(&now.checks, |one| one.error.is_none()) {
        let error = match &one.error {
            Some(error) => state(Tone::Down, error),
            None => state(Tone::Up, "none"),
        };
        table.row(vec![
            cell(one.name.to_string()),
            cell(time(Some(one.took_ms))),
            error,
        ]);
    }
    table
}

#[cfg(test)]
mod tests;
