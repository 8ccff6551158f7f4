//! The command line.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a program says of itself, and takes.
#[derive(Debug)]
pub(crate) struct Usage {
    /// As after `--example`.
    pub(crate) name: &'static str,
    /// A sentence.
    pub(crate) what: &'static str,
    /// The shortest run, and the one without `--seconds`.
    pub(crate) shortest: u64,
    pub(crate) usual: u64,
    /// Whether it can do with the server inside the testkit.
    pub(crate) embeds: bool,
    /// What may happen in place of the usual: its name, and what it means.
    pub(crate) faults: &'static [(&'static str, &'static str)],
}

/// In seconds.
const LONGEST: u64 = 600;

impl Usage {
    /// What `--help` prints.
    fn help(&self) -> String {
        let Self { name, what, .. } = self;
        let (shortest, usual) = (self.shortest, self.usual);
        let embedded = if self.embeds {
            "  --embedded    use the in-process server even where redis-server is installed\n"
        } else {
            ""
        };
        let mut faults = String::new();
        for (fault, meaning) in self.faults {
            let _ = writeln!(faults, "  --fault {fault:<15}  {meaning}");
        }
        format!(
            "{what}\n\
             \n\
             Usage: cargo run --release --example {name} -- [OPTIONS]\n\
             \n\
             Options:\n\
             \x20 --seconds N   how long the run takes, {shortest} to {LONGEST} (default: {usual})\n\
             \x20 --svg PATH    where the timeline is drawn (default: {name}.svg, in target/ if there is one)\n\
             {embedded}\
             {faults}\
             \x20 --help        print this\n"
        )
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// To be printed.
    Help(String),
    Run(Args),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) length: Duration,
    pub(crate) svg: PathBuf,
    pub(crate) embedded: bool,
    /// One of [`Usage::faults`].
    pub(crate) fault: Option<&'static str>,
}

/// Reads the command line, without the program's name; the error is a sentence for the user.
pub(crate) fn parse(
    usage: &Usage,
    words: impl IntoIterator<Item = String>,
) -> Result<Request, String> {
    let mut words = words.into_iter();
    let mut args = Args {
        length: Duration::from_secs(usage.usual),
        svg: default_svg(usage.name),
        embedded: false,
        fault: None,
    };
    while let Some(word) = words.next() {
        // Both `--seconds 6` and `--seconds=6` are usual.
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        match flag {
            "--seconds" => args.length = length(usage, &value(flag, attached, &mut words)?)?,
            "--svg" => args.svg = svg(&value(flag, attached, &mut words)?)?,
            "--fault" if !usage.faults.is_empty() => {
                args.fault = Some(fault(usage, &value(flag, attached, &mut words)?)?);
            }
            "--embedded" if usage.embeds && attached.is_none() => args.embedded = true,
            "--help" | "-h" if attached.is_none() => return Ok(Request::Help(usage.help())),
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

fn length(usage: &Usage, text: &str) -> Result<Duration, String> {
    let lengths = usage.shortest..=LONGEST;
    match text.parse() {
        Ok(seconds) if lengths.contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "`--seconds` takes a whole number from {} to {LONGEST}, not `{text}`",
            usage.shortest
        )),
    }
}

fn fault(usage: &Usage, text: &str) -> Result<&'static str, String> {
    let names = || usage.faults.iter().map(|(name, _)| *name);
    names().find(|name| *name == text).ok_or_else(|| {
        let known = names().collect::<Vec<_>>().join("` or `");
        format!("`--fault` takes `{known}`, not `{text}`")
    })
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

fn default_svg(name: &str) -> PathBuf {
    let (target, file) = (Path::new("target"), format!("{name}.svg"));
    if target.is_dir() {
        target.join(file)
    } else {
        file.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Usage = Usage {
        name: "drill",
        what: "Drills.",
        shortest: 5,
        usual: 30,
        embeds: true,
        faults: &[("flood", "under water")],
    };

    fn parsed(line: &str) -> Result<Request, String> {
        parsed_for(&USAGE, line)
    }

    fn parsed_for(usage: &Usage, line: &str) -> Result<Request, String> {
        parse(usage, line.split_whitespace().map(str::to_owned))
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
    }

    #[test]
    fn help_tells_of_what_there_is() {
        let Ok(Request::Help(help)) = parsed("--seconds 6 --help") else {
            panic!("no help");
        };
        for part in [
            "Drills.",
            "--example drill",
            "5 to 600 (default: 30)",
            "drill.svg",
            "--fault flood",
            "under water",
        ] {
            assert!(help.contains(part), "{part}: {help}");
        }
        assert!(help.contains("\n  --embedded  "), "{help}");
    }

    #[test]
    fn a_program_that_embeds_nothing_does_not_say_that_it_does() {
        let usage = Usage {
            embeds: false,
            faults: &[],
            ..USAGE
        };
        let Ok(Request::Help(help)) = parsed_for(&usage, "--help") else {
            panic!("no help");
        };
        assert!(!help.contains("embedded"), "{help}");
        assert!(parsed_for(&usage, "--embedded").is_err());
        assert!(!help.contains("--fault"), "{help}");
        assert!(parsed_for(&usage, "--fault flood").is_err());
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
            ("--fault fire", "`--fault` takes `flood`, not `fire`"),
            ("--fault", "`--fault` needs a value"),
            ("6", "no option `6`"),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line}: {message}");
        }
    }
}
