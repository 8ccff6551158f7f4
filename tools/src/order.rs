//! What is asked for on the command line.

use std::ffi::OsString;
use std::fmt;

pub(crate) const HELP: &str = "\
Usage: cargo redis-resilient top [--once] URL

Shows the console of a running service in this terminal: breakers, functions,
connectors, caches, journals and consumers, once a second.

  URL        where the service listens, as http://127.0.0.1:8080; with a path
             where its console is not at /resilience; with user:password@ where
             the service asks for them
  --once     prints it once, as plain text, and ends: for scripts
  --help     prints this
  --version  prints the version

Keys: q quits; the arrows, Page Up, Page Down, Home and End scroll.
The service has to have the router of `redis_resilient::console` (feature
`console-axum`). https is not spoken: use a tunnel, as `ssh -L 8080:localhost:8080`.
";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Help,
    Version,
    Top { url: String, once: bool },
}

/// What is wrong with the command line. It names no URL: there may be a password in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    NoCommand,
    UnknownCommand(String),
    UnknownOption(String),
    NoUrl,
    TwoUrls,
    NotText,
}

impl Order {
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, Mistake> {
        let words: Result<Vec<_>, _> = words.into_iter().map(OsString::into_string).collect();
        let words = words.map_err(|_| Mistake::NotText)?;
        let mut words = words.into_iter().peekable();
        // As cargo calls what is asked of it: with its own name first.
        words.next_if(|word| word == "redis-resilient");
        let command = words.next().ok_or(Mistake::NoCommand)?;
        match command.as_str() {
            "top" => Self::read_top(words),
            "help" | "--help" | "-h" => Ok(Self::Help),
            "--version" | "-V" => Ok(Self::Version),
            option if option.starts_with('-') => Err(Mistake::UnknownOption(command)),
            _ => Err(Mistake::UnknownCommand(command)),
        }
    }

    fn read_top(words: impl Iterator<Item = String>) -> Result<Self, Mistake> {
        let (mut url, mut once) = (None, false);
        for word in words {
            match word.as_str() {
                "--once" => once = true,
                "--help" | "-h" => return Ok(Self::Help),
                option if option.starts_with('-') => return Err(Mistake::UnknownOption(word)),
                _ if url.is_some() => return Err(Mistake::TwoUrls),
                _ => url = Some(word),
            }
        }
        let url = url.ok_or(Mistake::NoUrl)?;
        Ok(Self::Top { url, once })
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommand => f.write_str("what is to be done? `top URL`"),
            // Somebody may have left out `top`.
            Self::UnknownCommand(word) if word.contains("//") => {
                f.write_str("a URL comes after a command: `top URL`")
            }
            Self::UnknownCommand(word) => {
                write!(f, "there is no command `{word}`: there is `top URL`")
            }
            Self::UnknownOption(word) => {
                let name = word.split('=').next().unwrap_or_default();
                write!(f, "there is no option `{name}`")
            }
            Self::NoUrl => f.write_str("the URL is missing: `top http://127.0.0.1:8080`"),
            Self::TwoUrls => f.write_str("`top` shows one service: there is more than one URL"),
            Self::NotText => f.write_str("the arguments are not all UTF-8"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Order, Mistake> {
        Order::read(words.iter().map(OsString::from))
    }

    fn top(once: bool) -> Order {
        let url = "http://a/".to_owned();
        Order::Top { url, once }
    }

    #[test]
    fn it_is_read_as_cargo_and_as_people_call_it() {
        assert_eq!(
            read(&["redis-resilient", "top", "http://a/"]),
            Ok(top(false))
        );
        assert_eq!(read(&["top", "http://a/", "--once"]), Ok(top(true)));
        assert_eq!(read(&["top", "--once", "http://a/"]), Ok(top(true)));
        for help in [
            &["--help"][..],
            &["top", "-h"],
            &["redis-resilient", "help"],
        ] {
            assert_eq!(read(help), Ok(Order::Help));
        }
        assert_eq!(read(&["-V"]), Ok(Order::Version));
    }

    #[test]
    fn a_mistake_says_what_is_wrong_and_repeats_no_url() {
        let url = "http://me:canary@a/";
        for words in [
            &[][..],
            &["redis-resilient"],
            &["bottom"],
            &["top"],
            &["top", "--url=http://me:canary@a/"],
            &["--url=http://me:canary@a/"],
            &["top", url, url],
            &[url],
        ] {
            let mistake = read(words).expect_err("a mistake").to_string();
            assert!(
                !mistake.is_empty() && !mistake.contains("canary"),
                "{mistake}"
            );
        }
    }
}
