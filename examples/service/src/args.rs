//! The command line.

use std::path::PathBuf;
use std::time::Duration;

pub(crate) const HELP: &str = "A web shop that goes on while its Redis is broken.

Usage: cargo run --release -p redis-resilient-service -- [OPTIONS]

Options:
  --port N           where it listens on this machine (default: 8080; with --check: any)
  --rate N           calls per second of its customers, 0 to 5000 (default: 50; with --check: 200)
  --log FILE         where the log goes (default: the terminal; with --check: target/service.log)
  --check            breaks Redis, looks at everything, and exits with 0 only if all promises held
  --seconds N        how long the check has customers, 12 to 600 (default: 20)
  --outage N         for how many seconds Redis is dead in the check (default: a third of --seconds); with it, the log's lines are counted
  --screenshots DIR  pictures of the console in the outage: desk, phone and dark
  --help             print this";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Request {
    Help,
    Run(Options),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) rate: u32,
    pub(crate) log: Option<PathBuf>,
    pub(crate) check: bool,
    /// How long the check takes, and how long Redis is dead in it.
    pub(crate) length: Duration,
    pub(crate) outage: Duration,
    pub(crate) screenshots: Option<PathBuf>,
}

/// The check needs so much before and after the outage.
const AROUND: u64 = 8;

/// Reads the command line, without the program's name; the error is a sentence for the user.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut words = words.into_iter();
    let (mut port, mut rate, mut seconds, mut outage) = (None, None, None, None);
    let (mut check, mut log, mut screenshots) = (false, None, None);
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
            "--port" => port = Some(number(flag, &value()?, 0, 65_535)?),
            "--rate" => rate = Some(number(flag, &value()?, 0, 5_000)?),
            "--seconds" => seconds = Some(number(flag, &value()?, 12, 600)?),
            "--outage" => outage = Some(number(flag, &value()?, 3, 590)?),
            "--log" => log = Some(PathBuf::from(value()?)),
            "--screenshots" => screenshots = Some(PathBuf::from(value()?)),
            "--check" if attached.is_none() => check = true,
            "--help" | "-h" => return Ok(Request::Help),
            _ => return Err(format!("there is no option `{word}`; `--help` lists them")),
        }
    }
    let seconds = seconds.unwrap_or(20).max(outage.unwrap_or(0) + AROUND);
    let outage = outage.unwrap_or((seconds / 3).max(4));
    let in_target = || {
        let target = PathBuf::from("target");
        target.is_dir().then(|| target.join("service.log"))
    };
    Ok(Request::Run(Options {
        port: narrow(port.unwrap_or(if check { 0 } else { 8_080 })),
        rate: narrow(rate.unwrap_or(if check { 200 } else { 50 })),
        log: log.or_else(|| in_target().filter(|_| check)),
        check,
        length: Duration::from_secs(seconds),
        outage: Duration::from_secs(outage),
        screenshots,
    }))
}

fn number(flag: &str, text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("`{flag}` takes a number from {least} to {most}, not `{text}`"))
}

/// It has been looked at already.
fn narrow<T: TryFrom<u64> + Default>(number: u64) -> T {
    T::try_from(number).unwrap_or_default()
}
