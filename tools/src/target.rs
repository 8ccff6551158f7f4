//! Where the console is, from the URL that somebody has typed. What is secret in it is printed nowhere.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use ureq::http::Uri;

/// Where the console of `redis_resilient` is if nothing else is said.
const PATH: &str = "/resilience";

/// Where the console is.
pub(crate) struct Target {
    /// Without a user, and without a query.
    shown: String,
    query: Option<String>,
    authorization: Option<String>,
}

/// What is wrong with a URL: it is not repeated, for there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadUrl {
    NotOne,
    NoScheme,
    Https,
    OtherScheme,
}

impl Target {
    pub(crate) fn read(url: &str) -> Result<Self, BadUrl> {
        if !url.contains("://") {
            return Err(BadUrl::NoScheme);
        }
        // What is after `#` is the browser's.
        let url = url.split('#').next().unwrap_or_default();
        let uri: Uri = url.parse().map_err(|_| BadUrl::NotOne)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(BadUrl::Https),
            _ => return Err(BadUrl::OtherScheme),
        }
        let authority = uri.authority().ok_or(BadUrl::NotOne)?.as_str();
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if uri.host().is_none_or(str::is_empty) {
            return Err(BadUrl::NotOne);
        }
        let path = match uri.path() {
            "" | "/" => PATH,
            path => path,
        };
        Ok(Self {
            shown: format!("http://{host}{path}"),
            query: uri.query().map(str::to_owned),
            authorization: user.map(basic),
        })
    }

    /// For the client that asks it.
    pub(crate) fn url(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.shown),
            None => self.shown.clone(),
        }
    }

    /// The value of the header with the user and the password.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }
}

fn basic(user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain: Vec<u8> = percent_decode_str(name).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    format!("Basic {}", STANDARD.encode(plain))
}

/// For people: without what may be secret.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.shown)
    }
}

impl fmt::Display for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOne => "this is not a URL: it is to be as http://127.0.0.1:8080",
            Self::NoScheme => "the URL has to begin with http://, as in http://127.0.0.1:8080",
            Self::Https => {
                "https is not spoken: ask the service itself by http, through a tunnel where it is elsewhere (`ssh -L 8080:localhost:8080 host`)"
            }
            Self::OtherScheme => {
                "the URL has to begin with http://: it is that of a service with a console, not that of a Redis"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Target {
        Target::read(url).expect("it is one")
    }

    #[test]
    fn the_path_is_that_of_the_console_unless_it_is_said() {
        for url in ["http://a:1", "http://a:1/", "http://a:1/#top"] {
            assert_eq!(read(url).url(), "http://a:1/resilience");
        }
        assert_eq!(read("http://[::1]:80/ops/r").url(), "http://[::1]:80/ops/r");
        assert_eq!(read("http://a/r?of=1").url(), "http://a/r?of=1");
    }

    #[test]
    fn what_is_secret_is_sent_and_not_shown() {
        let target = read("http://me:can%40ary@a:1/?token=canary");
        assert_eq!(target.authorization(), Some("Basic bWU6Y2FuQGFyeQ=="));
        assert_eq!(target.url(), "http://a:1/resilience?token=canary");
        for text in [format!("{target}"), format!("{target:?}")] {
            assert!(text.contains("http://a:1/resilience"), "{text}");
            assert!(!text.contains("me") && !text.contains("ary"), "{text}");
        }
        assert_eq!(read("http://me@a").authorization(), Some("Basic bWU6"));
        assert_eq!(read("http://a").authorization(), None);
    }

    #[test]
    fn what_is_no_url_of_a_console_is_refused() {
        for (url, why) in [
            ("localhost:8080", BadUrl::NoScheme),
            ("", BadUrl::NoScheme),
            ("http://", BadUrl::NotOne),
            ("http://me:canary@", BadUrl::NotOne),
            ("http://a b/", BadUrl::NotOne),
            ("https://a/", BadUrl::Https),
            ("redis://a/", BadUrl::OtherScheme),
        ] {
            assert_eq!(Target::read(url).err(), Some(why), "{url}");
        }
    }
}
