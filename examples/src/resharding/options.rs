//! The command line.

use std::time::Duration;

use redis_resilient_testkit::ServerProgram;

pub(super) const NAME: &str = "resharding";

/// In seconds.
const LONGEST: u64 = 3_600;

pub(super) fn help() -> String {
    format!(
        "Moves slots of a cluster, fails over and kills, over and over, and counts what callers notice of it.\n\
         \n\
         Usage: cargo run --release --example {NAME} -- [OPTIONS]\n\
         \n\
         Options:\n\
         \x20 --minutes N      how long, 1 to {} (default: 1)\n\
         \x20 --seconds N      the same in seconds, 1 to {LONGEST}; every kind of move is made at least once\n\
         \x20 --server NAME    which server of those at hand, as in `redis`, `redis8` or `valkey` (default: the first)\n\
         \x20 --help           print this\n",
        LONGEST / 60
    )
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Help,
    Run(Options),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) length: Duration,
    pub(super) server: Option<String>,
}

/// Reads the command line, without the program's name; the error is a sentence for the user.
pub(super) fn parse(words: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut words = words.into_iter();
    let mut options = Options {
        length: Duration::from_secs(60),
        server: None,
    };
    while let Some(word) = words.next() {
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let mut value = || {
            let value = attached.clone().or_else(|| words.next());
            value.ok_or_else(|| format!("`{flag}` needs a value"))
        };
        match flag {
            "--help" | "-h" => return Ok(Request::Help),
            "--minutes" => options.length = seconds(flag, &value()?, 60)?,
            "--seconds" => options.length = seconds(flag, &value()?, 1)?,
            "--server" => options.server = Some(value()?.to_lowercase()),
            _ => return Err(format!("there is no option `{word}`; `--help` lists them")),
        }
    }
    Ok(Request::Run(options))
}

fn seconds(flag: &str, text: &str, unit: u64) -> Result<Duration, String> {
    let most = LONGEST / unit;
    match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(Duration::from_secs(number * unit)),
        _ => Err(format!(
            "`{flag}` takes a whole number from 1 to {most}, not `{text}`"
        )),
    }
}

/// Whether `redis8`, `valkey-9.1` and the like mean that server.
pub(super) fn is_named(program: &ServerProgram, wanted: &str) -> bool {
    means(&program.to_string(), wanted)
}

fn means(name: &str, wanted: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "");
    plain(name).starts_with(&plain(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_length_may_be_given_in_two_units() {
        for line in [
            "--minutes 2 --server Valkey",
            "--server=valkey --seconds=120",
        ] {
            let Ok(Request::Run(options)) = parsed(line) else {
                panic!("{line} was refused");
            };
            assert_eq!(options.length, Duration::from_secs(120));
            assert_eq!(options.server.as_deref(), Some("valkey"));
        }
        assert_eq!(parsed("--seconds 3 --help"), Ok(Request::Help));
    }

    #[test]
    fn a_mistake_is_told_with_what_would_be_right() {
        for (line, part) in [
            ("--minutes 0", "from 1 to 60, not `0`"),
            ("--seconds 3601", "from 1 to 3600"),
            ("--server", "needs a value"),
            ("10", "no option `10`"),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line}: {message}");
        }
    }

    #[test]
    fn a_server_is_named_as_far_as_one_likes() {
        for wanted in ["redis", "redis8", "redis-8.2", "Redis 8.2.3"] {
            assert!(means("Redis 8.2.3", wanted), "{wanted}");
        }
        assert!(!means("Redis 7.0.15", "redis8"));
        assert!(!means("Redis 8.2.3", "valkey"));
    }
}
