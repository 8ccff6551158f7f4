//! The embedded server answers as the real one does, byte for byte.
//!
//! It behaves as Redis 7. Where the real server is another one or newer, the texts of errors may
//! differ, but not their codes; where it is older, there is nothing to compare.

mod support;

use redis_resilient_testkit::{EmbeddedRedis, Product, RealRedis, ServerProgram, servers};
use support::RawClient;

/// One command per line; `"` encloses an argument with spaces, or an empty one.
const SCRIPT: &str = include_str!("support/script.txt");
/// The same for what Valkey does otherwise from version 9 on.
const NOT_AS_VALKEY_9: &str = include_str!("support/not_as_valkey_9.txt");

fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// The code of an error, as in `-ERR`; any other reply as it is.
fn without_error_text(reply: &str) -> &str {
    match reply.split_once(' ') {
        Some((code, _)) if reply.starts_with('-') => code,
        _ => reply,
    }
}

fn compare(program: &ServerProgram, protocol: &str) {
    if program.version() < (7, 0, 0) {
        eprintln!("not compared: {program}");
        return;
    }
    let real = RealRedis::builder().program(program).start().unwrap();
    let embedded = EmbeddedRedis::start().unwrap();
    let mut to_real = RawClient::connect(real.addr());
    let mut to_embedded = RawClient::connect(embedded.addr());
    for client in [&mut to_real, &mut to_embedded] {
        client.send(&["HELLO", protocol]);
    }
    let is_redis = program.product() == Product::Redis;
    let is_redis_7 = is_redis && program.version() < (8, 0, 0);
    let is_valkey_9 = program.product() == Product::Valkey && program.version() >= (9, 0, 0);
    let more = if is_valkey_9 { "" } else { NOT_AS_VALKEY_9 };
    let lines = SCRIPT.lines().chain(more.lines());
    let mut differences = vec![];
    for line in lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let command = words(line);
        let expected = to_real.send(&command);
        let answered = to_embedded.send(&command);
        let is_same = if is_redis_7 {
            answered == expected
        } else {
            without_error_text(&answered) == without_error_text(&expected)
        };
        if !is_same {
            differences.push(format!(
                "{line}\n  real:     {expected}\n  embedded: {answered}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn over_resp2() {
    for program in servers().unwrap() {
        compare(&program, "2");
    }
}

#[test]
fn over_resp3() {
    for program in servers().unwrap() {
        compare(&program, "3");
    }
}
