//! The table against what each server says of its own commands.

use std::collections::{BTreeMap, BTreeSet};

use redis::{FromRedisValue, RedisResult, Value};
use redis_resilient::connection::command_table;
use redis_resilient_testkit::servers;
use redis_resilient_tests::commands::samples::{SAMPLES, Sample, WITHOUT};
use redis_resilient_tests::commands::{command, prepare, wipe, words};

use super::{Effect, TestResult, is_unknown, started};

/// The names that a server has for its commands, and what it says of each.
fn commands(connection: &mut redis::Connection) -> RedisResult<BTreeMap<String, BTreeSet<String>>> {
    let mut commands = BTreeMap::new();
    let all: Vec<Vec<Value>> = redis::cmd("COMMAND").query(connection)?;
    let mut waiting = all;
    while let Some(entry) = waiting.pop() {
        let name = String::from_redis_value_ref(&entry[0])?.to_uppercase();
        let flags: BTreeSet<String> = FromRedisValue::from_redis_value_ref(&entry[2])?;
        let subcommands = match entry.get(9) {
            Some(subcommands) => FromRedisValue::from_redis_value_ref(subcommands)?,
            None => Vec::new(),
        };
        // What holds others is none itself, but for COMMAND.
        if subcommands.is_empty() {
            commands.insert(name, flags);
        }
        waiting.extend(subcommands);
    }
    Ok(commands)
}

fn table() -> BTreeMap<String, Option<Effect>> {
    let rows = command_table::table().into_iter();
    rows.map(|(name, effect)| (name, effect.as_deref().map(Effect::named)))
        .collect()
}

/// What of a module may be added to a server: nobody can look at that.
fn is_of_a_module(flags: &BTreeSet<String>, name: &str) -> bool {
    flags.contains("module") && name.contains('.')
}

#[test]
fn somebody_has_looked_at_each_command() -> TestResult {
    let table = table();
    for program in servers()? {
        let (_server, mut connection) = started(&program)?;
        let unseen: Vec<_> = commands(&mut connection)?
            .into_iter()
            .filter(|(name, flags)| !table.contains_key(name) && !is_of_a_module(flags, name))
            .collect();
        assert!(
            unseen.is_empty(),
            "{program} has commands that are not in the table: {unseen:?}"
        );
    }
    Ok(())
}

#[test]
fn what_a_server_takes_for_a_read_is_one_and_what_it_takes_for_a_write_is_none() -> TestResult {
    let table = table();
    for program in servers()? {
        let (_server, mut connection) = started(&program)?;
        for (name, flags) in commands(&mut connection)? {
            let Some(Some(effect)) = table.get(&name) else {
                continue;
            };
            if flags.contains("readonly") {
                assert_eq!(*effect, Effect::Read, "{program}: {name}");
            }
            if flags.contains("write") {
                assert!(*effect > Effect::Read, "{program}: {name}");
            }
        }
    }
    Ok(())
}

#[test]
fn what_a_server_says_may_block_waits() -> TestResult {
    for program in servers()? {
        let (_server, mut connection) = started(&program)?;
        for (name, flags) in commands(&mut connection)? {
            let with_block = [name.as_bytes(), b"BLOCK", b"0", b"STREAMS"];
            let waits = command_table::waits(&with_block);
            // Redis 7.0 does not say so of these.
            let may_block = flags.contains("blocking") || name == "WAIT" || name == "WAITAOF";
            assert_eq!(waits, may_block, "{program}: {name}");
            assert_eq!(
                command_table::waits(&with_block),
                may_block,
                "{program}: {name}"
            );
        }
    }
    Ok(())
}

#[test]
fn each_command_that_writes_has_a_sample_or_a_reason() -> TestResult {
    let sampled: BTreeSet<String> = SAMPLES.iter().map(Sample::name).collect();
    let without: BTreeSet<&str> = WITHOUT.iter().map(|(name, _)| *name).collect();
    let both: Vec<_> = without
        .iter()
        .filter(|name| sampled.contains(**name))
        .collect();
    assert!(both.is_empty(), "they have a sample: {both:?}");
    for program in servers()? {
        let (_server, mut connection) = started(&program)?;
        let left_out: Vec<_> = commands(&mut connection)?
            .into_iter()
            .filter(|(name, flags)| flags.contains("write") && !is_of_a_module(flags, name))
            .map(|(name, _)| name)
            .filter(|name| !sampled.contains(name) && !without.contains(name.as_str()))
            .collect();
        assert!(left_out.is_empty(), "{program}: no sample of {left_out:?}");
    }
    // Also those whose arguments decide.
    for (name, effect) in table() {
        let is_sampled = name == "ACL|LOG" || sampled.contains(&name);
        assert!(effect.is_some() || is_sampled, "no sample of {name}");
    }
    Ok(())
}

/// A command of one word is refused by older servers before they look for keys.
fn has_none(error: &redis::RedisError) -> bool {
    let text = error.to_string();
    text.contains("has no key arguments") || text.contains("wrong number of arguments for 'command")
}

#[test]
fn the_first_key_is_the_one_that_the_server_takes_for_it() -> TestResult {
    for program in servers()? {
        let (_server, mut connection) = started(&program)?;
        for sample in SAMPLES {
            wipe(&mut connection);
            prepare(sample.before, &mut connection);
            let whole = command(sample.line, &mut connection);
            let mut question = redis::cmd("COMMAND");
            question.arg("GETKEYS");
            for arg in whole.args_iter() {
                if let redis::Arg::Simple(arg) = arg {
                    question.arg(arg);
                }
            }
            let line: Vec<&[u8]> = words(sample.line).into_iter().map(str::as_bytes).collect();
            let ours = command_table::first_key(&line);
            match question.query::<Vec<Vec<u8>>>(&mut connection) {
                Ok(keys) => {
                    let first = keys.first().map(Vec::as_slice);
                    assert_eq!(ours, first, "{program}: {}", sample.line);
                }
                Err(error) if has_none(&error) => {
                    // A channel has a slot, too.
                    let is_channel = sample.line.starts_with("SPUBLISH");
                    assert!(ours.is_none() || is_channel, "{program}: {}", sample.line);
                }
                Err(error) => {
                    let text = format!("error {error}");
                    let is_too_old = is_unknown(sample, &text) || text.contains("nvalid");
                    assert!(
                        is_too_old && sample.is_newer,
                        "{program}: {}: {text}",
                        sample.line
                    );
                }
            }
        }
    }
    Ok(())
}
