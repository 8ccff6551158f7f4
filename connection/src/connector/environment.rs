//! A connector by what the environment says.

pub(crate) mod duration;
pub(crate) mod tls;

use std::env::VarError;
use std::fmt;
use std::time::Duration;

use redis::{ConnectionInfo, IntoConnectionInfo};

use crate::connector::Connector;
use crate::connector::builder::ConnectorBuilder;
#[cfg(feature = "sentinel")]
use crate::endpoint::role::Role;
use crate::settings::credentials::Credentials;
use crate::settings::{ClientName, MOST_CONNECTIONS};

/// An environment variable with an invalid value. The value is shown only if it should be a time, because others may be passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentError {
    variable: &'static str,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    /// It has to be this.
    Expected(&'static str),
    /// What is wrong with a time, in the attribute's words.
    Time(String),
}

impl EnvironmentError {
    /// The name of the variable.
    #[must_use]
    pub const fn variable(&self) -> &'static str {
        self.variable
    }
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = self.variable;
        match &self.problem {
            Problem::Expected(expected) => write!(f, "{variable} has to be {expected}"),
            Problem::Time(complaint) => write!(f, "{variable} {complaint}"),
        }
    }
}

impl std::error::Error for EnvironmentError {}

const URL: &str = "REDIS_URL";
const SENTINELS: &str = "REDIS_SENTINELS";
const PRIMARY: &str = "REDIS_MASTER";
const ROLE: &str = "REDIS_ROLE";
const SENTINEL_MAJORITY: &str = "REDIS_SENTINEL_MAJORITY";
const CLUSTER: &str = "REDIS_CLUSTER";
const USERNAME: &str = "REDIS_USERNAME";
const PASSWORD: &str = "REDIS_PASSWORD";
const CONNECT_TIMEOUT: &str = "REDIS_CONNECT_TIMEOUT";
const RESPONSE_TIMEOUT: &str = "REDIS_RESPONSE_TIMEOUT";
const HEALTH_CHECK_AFTER: &str = "REDIS_HEALTH_CHECK_AFTER";
const POOL_SIZE: &str = "REDIS_POOL_SIZE";
const CLIENT_NAME: &str = "REDIS_CLIENT_NAME";

const A_URL: &str = "a URL such as redis://user:password@host:6379/0, or rediss:// for TLS";
const URLS: &str = "URLs such as redis://one:26379,redis://two:26379";
const A_TIME: &str = "a time longer than zero with a unit, such as 500ms, 1.5s or 2m";
const A_POOL_SIZE: &str = "a number from 1 to 1000";
const TEXT: &str = "valid UTF-8";

impl Connector {
    /// A connector configured by environment variables. Does not connect yet.
    ///
    /// | variable | for example | default |
    /// |---|---|---|
    /// | `REDIS_URL` | `redis://user:password@host:6379/0`, `rediss://` for TLS, `?protocol=resp3` | `redis://127.0.0.1:6379/` |
    /// | `REDIS_SENTINELS` | `redis://one:26379,redis://two:26379` | no Sentinels; replaces `REDIS_URL` |
    /// | `REDIS_MASTER` | `mymaster` | required with `REDIS_SENTINELS` |
    /// | `REDIS_ROLE` | `replica`, `primary` | `primary`; with `REDIS_SENTINELS` only |
    /// | `REDIS_SENTINEL_MAJORITY` | `false`, `true` | `true`; with `REDIS_SENTINELS` only |
    /// | `REDIS_CLUSTER` | `redis://one:6379,redis://two:6379` | no cluster; replaces `REDIS_URL` |
    /// | `REDIS_USERNAME` | `app` | the URL's |
    /// | `REDIS_PASSWORD` | | the URL's |
    /// | `REDIS_TLS_CA` | `/etc/ssl/redis-ca.pem` | the CAs that the system trusts |
    /// | `REDIS_TLS_CERT`, `REDIS_TLS_KEY` | `/etc/ssl/app.pem`, `/etc/ssl/app-key.pem` | no client certificate |
    /// | `REDIS_CONNECT_TIMEOUT` | `500ms` | 1 s |
    /// | `REDIS_RESPONSE_TIMEOUT` | `250ms` | 500 ms |
    /// | `REDIS_HEALTH_CHECK_AFTER` | `5s` | 1 s |
    /// | `REDIS_POOL_SIZE` | `4` | 1 |
    /// | `REDIS_CLIENT_NAME` | `orders` | none |
    ///
    /// The methods of [`ConnectorBuilder`] explain each setting. An empty variable counts as unset. Times have a unit: `ns`, `us`, `ms`, `s`,
    /// `m` or `h`, as in the attribute. The files that the `REDIS_TLS_` variables name are read here, and again for each new connection.
    ///
    /// ```no_run
    /// use redis_resilient::connection::Connector;
    ///
    /// let redis = Connector::from_env()?;
    /// # Ok::<(), redis_resilient::connection::EnvironmentError>(())
    /// ```
    ///
    /// # Errors
    /// If a variable is invalid; the error names it and says what was expected.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let look_up = |name| match std::env::var(name) {
            Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(wrong(name, TEXT)),
        };
        builder(look_up).map(ConnectorBuilder::build)
    }
}

fn builder(
    look_up: impl Fn(&'static str) -> Result<Option<String>, EnvironmentError>,
) -> Result<ConnectorBuilder, EnvironmentError> {
    let [url, sentinels, primary, cluster] = [URL, SENTINELS, PRIMARY, CLUSTER].map(&look_up);
    let (role, majority) = (look_up(ROLE)?, look_up(SENTINEL_MAJORITY)?);
    if !matches!(sentinels, Ok(Some(_))) {
        for (name, value) in [(ROLE, &role), (SENTINEL_MAJORITY, &majority)] {
            if value.is_some() {
                return Err(wrong(name, "set only together with REDIS_SENTINELS"));
            }
        }
    }
    let mut builder = match (url?, sentinels?, cluster?) {
        (url, None, None) => {
            let url = url.unwrap_or_else(|| "redis://127.0.0.1:6379/".to_owned());
            Connector::builder(info(&url, URL, A_URL)?).map_err(|_| wrong(URL, A_URL))?
        }
        (None, Some(sentinels), None) => {
            let primary = primary?.ok_or(wrong(
                PRIMARY,
                "the name of the primary, as the Sentinels know it",
            ))?;
            let nodes = infos(&sentinels, SENTINELS)?;
            of_sentinels(nodes, primary, role.as_deref(), majority.as_deref())?
        }
        (None, None, Some(seeds)) => of_cluster(infos(&seeds, CLUSTER)?)?,
        _ => {
            return Err(wrong(
                URL,
                "unset, or the only one set of REDIS_URL, REDIS_SENTINELS and REDIS_CLUSTER",
            ));
        }
    };
    let files = tls::Files {
        authority: look_up(tls::CA)?,
        certificate: look_up(tls::CERTIFICATE)?,
        key: look_up(tls::KEY)?,
    };
    builder = tls::with_certificates(builder, files)?;
    if let Some(timeout) = time(look_up(CONNECT_TIMEOUT)?, CONNECT_TIMEOUT)? {
        builder = builder.connect_timeout(timeout);
    }
    if let Some(timeout) = time(look_up(RESPONSE_TIMEOUT)?, RESPONSE_TIMEOUT)? {
        builder = builder.response_timeout(timeout);
    }
    if let Some(idle) = time(look_up(HEALTH_CHECK_AFTER)?, HEALTH_CHECK_AFTER)? {
        builder = builder.health_check_after(idle);
    }
    if let Some(size) = look_up(POOL_SIZE)? {
        let size = size
            .parse()
            .ok()
            .filter(|size| (1..=MOST_CONNECTIONS).contains(size));
        builder = builder.connections(size.ok_or(wrong(POOL_SIZE, A_POOL_SIZE))?);
    }
    if let Some(name) = look_up(CLIENT_NAME)? {
        if ClientName::new(&name).is_none() {
            return Err(wrong(CLIENT_NAME, "ASCII without spaces"));
        }
        builder = builder.client_name(&name);
    }
    match (look_up(USERNAME)?, look_up(PASSWORD)?) {
        (Some(name), Some(password)) => {
            let user = Credentials::user(name, password);
            Ok(builder.constant_credentials(user))
        }
        (None, Some(password)) => {
            let user = Credentials::password(password);
            Ok(builder.constant_credentials(user))
        }
        (Some(_), None) => Err(wrong(PASSWORD, "set if REDIS_USERNAME is set")),
        (None, None) => Ok(builder),
    }
}

#[cfg(feature = "sentinel")]
fn of_sentinels(
    nodes: Vec<ConnectionInfo>,
    primary: String,
    role: Option<&str>,
    majority: Option<&str>,
) -> Result<ConnectorBuilder, EnvironmentError> {
    let majority = match majority {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(wrong(SENTINEL_MAJORITY, "true or false")),
    };
    let role = match role {
        None | Some("primary" | "master") => Role::Primary,
        Some("replica") => Role::Replica,
        Some(_) => return Err(wrong(ROLE, "primary or replica")),
    };
    let builder = Connector::sentinel(nodes, primary).map_err(|_| wrong(SENTINELS, URLS))?;
    Ok(builder.role(role).sentinel_majority(majority))
}

#[cfg(not(feature = "sentinel"))]
fn of_sentinels(
    _: Vec<ConnectionInfo>,
    _: String,
    _: Option<&str>,
    _: Option<&str>,
) -> Result<ConnectorBuilder, EnvironmentError> {
    Err(wrong(
        SENTINELS,
        "not set: redis-resilient is built without its feature `sentinel`",
    ))
}

#[cfg(feature = "cluster")]
fn of_cluster(seeds: Vec<ConnectionInfo>) -> Result<ConnectorBuilder, EnvironmentError> {
    Connector::cluster(seeds).map_err(|_| wrong(CLUSTER, URLS))
}

#[cfg(not(feature = "cluster"))]
fn of_cluster(_: Vec<ConnectionInfo>) -> Result<ConnectorBuilder, EnvironmentError> {
    Err(wrong(
        CLUSTER,
        "not set: redis-resilient is built without its feature `cluster`",
    ))
}

fn infos(urls: &str, variable: &'static str) -> Result<Vec<ConnectionInfo>, EnvironmentError> {
    let urls = urls.split(',').map(str::trim).filter(|url| !url.is_empty());
    let infos: Result<Vec<_>, _> = urls.map(|url| info(url, variable, URLS)).collect();
    infos.and_then(|infos| {
        if infos.is_empty() {
            Err(wrong(variable, URLS))
        } else {
            Ok(infos)
        }
    })
}

fn info(
    url: &str,
    variable: &'static str,
    expected: &'static str,
) -> Result<ConnectionInfo, EnvironmentError> {
    url.into_connection_info()
        .map_err(|_| wrong(variable, expected))
}

fn time(
    value: Option<String>,
    variable: &'static str,
) -> Result<Option<Duration>, EnvironmentError> {
    let Some(value) = value else { return Ok(None) };
    let time = duration::parse(&value).map_err(|complaint| EnvironmentError {
        variable,
        problem: Problem::Time(complaint),
    })?;
    if time.is_zero() {
        return Err(wrong(variable, A_TIME));
    }
    Ok(Some(time))
}

const fn wrong(variable: &'static str, expected: &'static str) -> EnvironmentError {
    EnvironmentError {
        variable,
        problem: Problem::Expected(expected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(variables: &[(&str, &str)]) -> Result<ConnectorBuilder, EnvironmentError> {
        builder(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
    }

    fn shown(variables: &[(&str, &str)]) -> String {
        format!("{:?}", built(variables).expect("it makes sense"))
    }

    #[test]
    fn nothing_set_is_the_server_on_this_machine() {
        assert!(
            shown(&[]).contains("Server(127.0.0.1:6379)"),
            "{}",
            shown(&[])
        );
    }

    #[test]
    fn what_is_set_is_taken() {
        let shown = shown(&[
            ("REDIS_URL", "redis://example.com:7000/3"),
            ("REDIS_CONNECT_TIMEOUT", "250ms"),
            ("REDIS_RESPONSE_TIMEOUT", "1.5s"),
            ("REDIS_HEALTH_CHECK_AFTER", "1h"),
            ("REDIS_POOL_SIZE", "4"),
            ("REDIS_CLIENT_NAME", "orders"),
            ("REDIS_USERNAME", "app"),
            ("REDIS_PASSWORD", "hunter2"),
        ]);
        for part in [
            "Server(example.com:7000)",
            "connect_timeout: 250ms",
            "response_timeout: 1.5s",
            "health_check_after: 3600s",
            "connections: 4",
            r#""orders""#,
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_time_is_told_what_is_wrong_with_it_as_in_the_attribute() {
        for (value, expected) in [
            (
                "500",
                "REDIS_CONNECT_TIMEOUT has no unit: write `\"500ms\"`",
            ),
            (
                "1 sec",
                "REDIS_CONNECT_TIMEOUT has the unknown unit `sec`; did you mean `s`?",
            ),
            ("-1s", "REDIS_CONNECT_TIMEOUT is negative"),
            ("2d", "the longest unit is `h`"),
            (
                "0s",
                "REDIS_CONNECT_TIMEOUT has to be a time longer than zero",
            ),
        ] {
            let error = built(&[("REDIS_CONNECT_TIMEOUT", value)]).expect_err(expected);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    #[cfg(all(feature = "sentinel", feature = "cluster"))]
    fn sentinels_and_clusters_are_lists() {
        let nodes = "redis://one:26379, redis://two:26379";
        let sentinels = shown(&[("REDIS_SENTINELS", nodes), ("REDIS_MASTER", "m")]);
        assert!(
            sentinels.contains("Sentinels(2 for the primary of \"m\")"),
            "{sentinels}"
        );
        let replica = shown(&[
            ("REDIS_SENTINELS", nodes),
            ("REDIS_MASTER", "m"),
            ("REDIS_ROLE", "replica"),
        ]);
        assert!(replica.contains("a replica of \"m\""), "{replica}");
        for role in ["primary", "master"] {
            let primary = shown(&[
                ("REDIS_SENTINELS", nodes),
                ("REDIS_MASTER", "m"),
                ("REDIS_ROLE", role),
            ]);
            assert!(primary.contains("the primary of \"m\""), "{primary}");
        }
        let cluster = shown(&[("REDIS_CLUSTER", nodes)]);
        assert!(cluster.contains("Cluster(2 seeds)"), "{cluster}");
    }

    #[test]
    fn what_makes_no_sense_is_named_and_not_shown() {
        for (variables, expected) in [
            (vec![("REDIS_URL", "hunter2@somewhere")], "REDIS_URL"),
            (vec![("REDIS_URL", "http://hunter2@host")], "REDIS_URL"),
            (
                vec![("REDIS_CONNECT_TIMEOUT", "hunter2")],
                "REDIS_CONNECT_TIMEOUT",
            ),
            (
                vec![("REDIS_CONNECT_TIMEOUT", "500")],
                "REDIS_CONNECT_TIMEOUT",
            ),
            (
                vec![("REDIS_RESPONSE_TIMEOUT", "0s")],
                "REDIS_RESPONSE_TIMEOUT",
            ),
            (
                vec![("REDIS_RESPONSE_TIMEOUT", "-1s")],
                "REDIS_RESPONSE_TIMEOUT",
            ),
            (
                vec![("REDIS_HEALTH_CHECK_AFTER", "1d")],
                "REDIS_HEALTH_CHECK_AFTER",
            ),
            (
                vec![("REDIS_HEALTH_CHECK_AFTER", "1e999s")],
                "REDIS_HEALTH_CHECK_AFTER",
            ),
            (vec![("REDIS_POOL_SIZE", "0")], "REDIS_POOL_SIZE"),
            (vec![("REDIS_POOL_SIZE", "many")], "REDIS_POOL_SIZE"),
            (
                vec![("REDIS_CLIENT_NAME", "two words")],
                "REDIS_CLIENT_NAME",
            ),
            (vec![("REDIS_USERNAME", "app")], "REDIS_PASSWORD"),
            (vec![("REDIS_SENTINELS", "redis://one")], "REDIS_MASTER"),
            (vec![("REDIS_ROLE", "replica")], "REDIS_ROLE"),
            (
                vec![("REDIS_SENTINEL_MAJORITY", "false")],
                "REDIS_SENTINEL_MAJORITY",
            ),
            (
                vec![("REDIS_SENTINELS", " , "), ("REDIS_MASTER", "m")],
                "REDIS_SENTINELS",
            ),
            (
                vec![
                    ("REDIS_URL", "redis://one"),
                    ("REDIS_CLUSTER", "redis://one"),
                ],
                "REDIS_URL",
            ),
        ] {
            let error = built(&variables).expect_err("it makes no sense");
            assert_eq!(error.variable(), expected, "{variables:?}");
            let text = error.to_string();
            assert!(
                text.starts_with(expected) && !text.contains("hunter2"),
                "{text}"
            );
        }
    }
}
