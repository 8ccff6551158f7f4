//! Asks a service for what its console shows.

use std::fmt;
use std::io;
use std::time::Duration;

use ureq::Agent;
use ureq::http::StatusCode;

use crate::line::clean;
use crate::sample::Sample;
use crate::target::{BadUrl, Target};

/// A service that takes longer has not answered.
const WITHIN: Duration = Duration::from_secs(5);

/// So much of an answer is read: that of a service with 10,000 functions is a fifth of it.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// A console that can be asked.
#[derive(Debug)]
pub(crate) struct Service {
    target: Target,
    agent: Agent,
}

/// Why there is nothing to show. There is no secret in it.
#[derive(Debug)]
pub(crate) enum Failed {
    Url(BadUrl),
    /// There was no answer from there.
    NoAnswer(String, String),
    Status(String, StatusCode),
    /// What has answered is no console.
    NotHealth(String, String),
    /// Nobody would see it.
    NoTerminal,
    Screen(io::Error),
}

impl Service {
    pub(crate) fn at(url: &str) -> Result<Self, Failed> {
        let target = Target::read(url).map_err(Failed::Url)?;
        let settings = Agent::config_builder()
            .timeout_global(Some(WITHIN))
            // What is asked is near: a proxy for the world outside does not know it.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("cargo-redis-resilient/", env!("CARGO_PKG_VERSION")));
        let agent = settings.build().into();
        Ok(Self { target, agent })
    }

    /// How it is now.
    pub(crate) fn ask(&self) -> Result<Sample, Failed> {
        let here = || self.target.to_string();
        let no_answer = |error: ureq::Error| Failed::NoAnswer(here(), why(&error));
        let mut request = self.agent.get(self.target.url());
        request = request.header("accept", "application/json");
        if let Some(authorization) = self.target.authorization() {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.call().map_err(no_answer)?;
        if answer.status() != StatusCode::OK {
            return Err(Failed::Status(here(), answer.status()));
        }
        let body = answer.body_mut().with_config().limit(MOST_BYTES);
        let body = body.read_to_vec().map_err(no_answer)?;
        serde_json::from_slice(&body)
            .map_err(|error| Failed::NotHealth(here(), clean(&error.to_string())))
    }
}

/// Where it is, for people.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

/// In words of our own where it is one of those that are common.
fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::Timeout(_) => format!("no answer within {} s", WITHIN.as_secs()),
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                "connection refused: nothing listens there".to_owned()
            }
            io::ErrorKind::TimedOut => format!("no answer within {} s", WITHIN.as_secs()),
            _ => clean(&error.to_string()),
        },
        other => clean(&other.to_string()),
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(bad) => bad.fmt(f),
            Self::NoAnswer(at, why) => write!(f, "{at}: {why}"),
            Self::Status(at, status) => {
                write!(f, "{at} answers {status}")?;
                f.write_str(match status.as_u16() {
                    300..=399 => ": it leads elsewhere, and is not followed",
                    401 | 403 => {
                        ": the service wants to know who asks (http://user:password@host)"
                    }
                    404 => {
                        ": is the router of the console there, or at another path? That is given with the URL"
                    }
                    _ => "",
                })
            }
            Self::NotHealth(at, why) => write!(
                f,
                "{at} answers with something else than the JSON of a console: {why}"
            ),
            Self::NoTerminal => {
                f.write_str("this is no terminal: `--once` prints it once, as plain text")
            }
            Self::Screen(error) => write!(f, "the terminal cannot be used: {error}"),
        }
    }
}
