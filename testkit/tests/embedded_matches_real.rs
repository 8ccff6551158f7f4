//! The embedded server answers as the real one does, byte for byte.
//!
//! It behaves as Redis 7. Where the real server is newer, the texts of errors may differ, but not
//! their codes; where it is older, there is nothing to compare.

mod support;

use redis_resilient_testkit::{EmbeddedRedis, RealRedis};
use support::RawClient;

/// One command per line; `"` encloses an argument with spaces, or an empty one.
const SCRIPT: &str = include_str!("support/script.txt");

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

fn major_version(client: &mut RawClient) -> u32 {
    let info = client.send(&["INFO", "server"]);
    // Valkey gives the version of Redis that it is compatible with, and then its own.
    let version = |name| Some(info.split_once(name)?.1.split('.').next()?.parse().unwrap());
    version("valkey_version:")
        .or(version("redis_version:"))
        .unwrap()
}

/// The code of an error, as in `-ERR`; any other reply as it is.
fn without_error_text(reply: &str) -> &str {
    match reply.split_once(' ') {
        Some((code, _)) if reply.starts_with('-') => code,
        _ => reply,
    }
}

fn compare(protocol: &str) {
    let real = RealRedis::start().unwrap();
    let embedded = EmbeddedRedis::start().unwrap();
    let mut to_real = RawClient::connect(real.addr());
    let mut to_embedded = RawClient::connect(embedded.addr());
    let version = major_version(&mut to_real);
    if version < 7 {
        eprintln!("not compared: the real server has version {version}");
        return;
    }
    for client in [&mut to_real, &mut to_embedded] {
        client.send(&["HELLO", protocol]);
    }
    let lines = SCRIPT.lines().filter(|line| !line.trim().is_empty());
    let mut differences = vec![];
    for line in lines.filter(|line| !line.starts_with('#')) {
        let command = words(line);
        let expected = to_real.send(&command);
        let answered = to_embedded.send(&command);
        let is_same = if version == 7 {
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
    compare("2");
}

#[test]
fn over_resp3() {
    compare("3");
}
