//! Each sample is run twice on each server: the table must not be laxer than what is seen.

use std::collections::BTreeMap;

use redis_resilient_testkit::servers;
use redis_resilient_tests::commands::samples::{SAMPLES, Sample};
use redis_resilient_tests::commands::state::state;
use redis_resilient_tests::commands::{command, prepare, reply, wipe};

use super::{Effect, TestResult, is_unknown, started};

/// `None`: the server does not know it.
fn measure(
    sample: &Sample,
    connection: &mut redis::Connection,
) -> Result<Option<(Effect, String)>, Box<dyn std::error::Error>> {
    wipe(connection);
    prepare(sample.before, connection);
    let command = command(sample.line, connection);
    let before = state(connection)?;
    let first = reply(&command, connection);
    if is_unknown(sample, &first) {
        return Ok(None);
    }
    let once = state(connection)?;
    let second = reply(&command, connection);
    let twice = state(connection)?;
    let effect = if once != twice {
        Effect::Once
    } else if before == once && first == second {
        Effect::Read
    } else if first == second {
        Effect::Repeatable
    } else {
        Effect::SameState
    };
    Ok(Some((effect, format!("{first} then {second}"))))
}

#[test]
fn the_table_is_no_laxer_than_what_servers_do() -> TestResult {
    let mut faults = Vec::new();
    let mut printed: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for program in servers()? {
        let (_server, mut connection) = started(&program)?;
        for (place, sample) in SAMPLES.iter().enumerate() {
            let Some((measured, replies)) = measure(sample, &mut connection)? else {
                continue;
            };
            let table = Effect::of(sample.line);
            let Sample { before, line, .. } = sample;
            let seen =
                format!("{program}: `{before}` `{line}`: {measured:?} ({replies}), {table:?}");
            if table < measured && !(sample.is_random && table == Effect::Read) {
                faults.push(format!("laxer: {seen}"));
            }
            if table > measured.max(Effect::Repeatable) && sample.stricter_because.is_none() {
                faults.push(format!("stricter without a reason: {seen}"));
            }
            printed
                .entry(place)
                .or_default()
                .push(format!("{program} {measured:?}"));
        }
    }
    for (place, seen) in printed {
        println!(
            "{:60} {:?}: {}",
            SAMPLES[place].line,
            Effect::of(SAMPLES[place].line),
            seen.join(", ")
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// An error that the first execution gives would hide what the second does.
#[test]
fn each_sample_does_something() -> TestResult {
    for program in servers()? {
        let (_server, mut connection) = started(&program)?;
        for sample in SAMPLES {
            wipe(&mut connection);
            prepare(sample.before, &mut connection);
            let command = command(sample.line, &mut connection);
            let first = reply(&command, &mut connection);
            let is_meant = is_unknown(sample, &first) || sample.line.starts_with("EVALSHA ");
            assert!(
                is_meant || !first.starts_with("error"),
                "{program}: {}: {first}",
                sample.line
            );
        }
    }
    Ok(())
}
