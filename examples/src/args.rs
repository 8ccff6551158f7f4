//! The command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Kills and freezes a Redis server under load and shows what the callers notice.

Usage: cargo run --release --example outage -- [OPTIONS]

Options:
  --seconds N   how long the run takes, 5 to 600 (default: 30)
  --svg PATH    where the timeline is drawn (default: outage.svg, in target/ if there is one)
  --embedded    use the in-process server even where redis-server is installed
  --help        print this
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Help,
    Run(Args),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) length: Duration,
    pub(crate) svg: PathBuf,
    pub(crate) embedded: bool,
}

/// Reads the command line, without the program's name; the error is a sentence for the user.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut words = words.into_iter();
    let mut args = Args {
        length: Duration::from_secs(30),
        svg: default_svg(),
        embedded: false,
    };
    while let Some(word) = words.next() {
        // Both `--seconds 6` and `--seconds=6` are usual.
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        match flag {
            "--seconds" => args.length = length(&value(flag, attached, &mut words)?)?,
            "--svg" => args.svg = svg(&value(flag, attached, &mut words)?)?,
            "--embedded" if attached.is_none() => args.embedded = true,
            "--help" | "-h" if attached.is_none() => return Ok(Request::Help),
            _ => return Err(format!("there is no option `{word}`; `--help` lists them")),
        }
    }
    Ok(Request::Run(args))
}

fn value(
    flag: &str,
    attached: Option<String>,
    words: &mut impl Iterator<Item = String>,
) -> Result<String, String> {
    attached
        .or_else(|| words.next())
        .ok_or_else(|| format!("`{flag}` needs a value"))
}

fn length(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 5..=600) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "`--seconds` takes a whole number from 5 to 600, not `{text}`"
        )),
    }
}

fn svg(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.file_name().is_none() || path.is_dir() {
        return Err(format!("`--svg` takes the path of a file, not `{text}`"));
    }
    // Better now than after half a minute.
    match path.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => Err(format!(
            "`--svg {text}`: there is no folder `{}`",
            folder.display()
        )),
        _ => Ok(path),
    }
}

fn default_svg() -> PathBuf {
    let target = Path::new("target");
    if target.is_dir() {
        target.join("outage.svg")
    } else {
        "outage.svg".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_may_be_written_both_ways() {
        for line in ["--seconds 6 --embedded", "--embedded --seconds=6"] {
            let Ok(Request::Run(args)) = parsed(line) else {
                panic!("{line} was refused");
            };
            assert_eq!(args.length, Duration::from_secs(6));
            assert!(args.embedded);
        }
        assert_eq!(parsed("--seconds 6 --help"), Ok(Request::Help));
    }

    #[test]
    fn a_mistake_is_told_with_what_would_be_right() {
        for (line, part) in [
            ("--seconds 4", "from 5 to 600, not `4`"),
            ("--seconds 1e9", "not `1e9`"),
            ("--seconds", "`--seconds` needs a value"),
            ("--second 6", "no option `--second`"),
            ("--embedded=yes", "no option `--embedded=yes`"),
            ("--svg /nowhere/at/all.svg", "no folder `/nowhere/at`"),
            ("--svg /", "path of a file"),
            ("6", "no option `6`"),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line}: {message}");
        }
    }
}
