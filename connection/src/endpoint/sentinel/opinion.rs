//! What Sentinels say, and whose word counts.

use std::collections::HashMap;
use std::io::{Error, ErrorKind};

use redis::{RedisError, RedisResult};

use super::replicas::{Replica, agreed, well};
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// What one Sentinel says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opinion {
    epoch: u64,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_down: bool,
    /// Those that are well, if they were asked for.
    pub(super) replicas: Vec<Replica>,
}

pub(super) type Fields = HashMap<String, String>;

/// The replies to `SENTINEL MASTER` and, where a replica is wanted, to `SENTINEL REPLICAS`.
pub(super) type Answer = (Fields, Vec<Fields>);

/// How many of the named Sentinels have to say which server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    /// Of two majorities, one Sentinel is in both.
    Majority,
    /// A majority is waited for, and if it does not come, whoever has answered is believed.
    Any,
}

impl Needed {
    const fn of(self, named: usize) -> usize {
        match self {
            Self::Majority => majority(named),
            Self::Any => 1,
        }
    }
}

const fn majority(named: usize) -> usize {
    named / 2 + 1
}

/// What has been heard so far.
pub(super) struct Heard {
    named: usize,
    needed: usize,
    opinions: Vec<Opinion>,
    /// Those that will not say it later either: they do not know the primary, or refuse the user.
    refusals: usize,
    failure: Option<RedisError>,
}

impl Heard {
    pub(super) const fn of(named: usize, needed: Needed) -> Self {
        Self {
            named,
            needed: needed.of(named),
            opinions: Vec::new(),
            refusals: 0,
            failure: None,
        }
    }

    pub(super) fn add(&mut self, answer: RedisResult<Answer>) {
        match answer.map(|answer| opinion(&answer)) {
            Ok(Some(opinion)) => self.opinions.push(opinion),
            Ok(None) => {}
            Err(error) => {
                let class = Class::of(&error);
                self.refusals +=
                    usize::from(matches!(class, Class::Permanent | Class::Misconfigured));
                self.failure = Some(error);
            }
        }
    }

    /// Nobody else is waited for.
    pub(super) fn is_enough(&self) -> bool {
        self.opinions.len() >= majority(self.named)
    }

    /// The newest configuration, with the replicas that those agree on who know it.
    pub(super) fn newest(self, primary: &str) -> RedisResult<Opinion> {
        let newest = self.opinions.iter().max_by_key(|opinion| opinion.epoch);
        let Some(newest) = newest.filter(|_| self.opinions.len() >= self.needed) else {
            return Err(self.too_few(primary));
        };
        let knowing = self.opinions.iter().filter(|one| one.epoch == newest.epoch);
        let replicas: Vec<_> = knowing.map(|opinion| &*opinion.replicas).collect();
        Ok(Opinion {
            replicas: agreed(&replicas),
            ..newest.clone()
        })
    }

    fn too_few(self, primary: &str) -> RedisError {
        let (said, named, needed) = (self.opinions.len(), self.named, self.needed);
        let mut text =
            format!("{said} of {named} Sentinels said where {primary:?} is, and {needed} have to");
        if said > 0 {
            text += ": ConnectorBuilder::sentinel_majority(false) accepts fewer";
        }
        match &self.failure {
            Some(failure) => {
                text += "; one of the others failed with: ";
                text += &failure.to_string();
            }
            None => text += "; the others have not answered in time",
        }
        // Of those that could still say it, there may be enough later.
        let class = if named - self.refusals < needed {
            Class::Misconfigured
        } else {
            Class::Unreachable
        };
        let kind = if self.failure.is_some() {
            ErrorKind::NotConnected
        } else {
            ErrorKind::TimedOut
        };
        tagged(class, RedisError::from(Error::new(kind, text)))
    }
}

/// What an answer says, as far as it is of interest.
pub(super) fn opinion((primary, replicas): &Answer) -> Option<Opinion> {
    let flags = primary.get("flags").map(String::as_str).unwrap_or_default();
    Some(Opinion {
        epoch: primary.get("config-epoch")?.parse().ok()?,
        host: primary.get("ip")?.clone(),
        port: primary.get("port")?.parse().ok()?,
        is_down: flags.split(',').any(|flag| flag == "o_down"),
        replicas: well(replicas),
    })
}
#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn fields(epoch: &str, port: &str, flags: &str) -> Fields {
        [
            ("config-epoch", epoch),
            ("ip", "10.0.0.1"),
            ("port", port),
            ("flags", flags),
        ]
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .into()
    }

    fn answer(epoch: &str, port: &str, flags: &str) -> Answer {
        (fields(epoch, port, flags), Vec::new())
    }

    fn silent() -> RedisResult<Answer> {
        Err(Error::from(ErrorKind::ConnectionRefused).into())
    }

    fn unknown() -> RedisResult<Answer> {
        let code = "ERR".to_owned();
        let text = Some("No such master with that name".to_owned());
        Err(redis::make_extension_error(code, text))
    }

    fn heard(needed: Needed, answers: impl IntoIterator<Item = RedisResult<Answer>>) -> Heard {
        let answers: Vec<_> = answers.into_iter().collect();
        let mut heard = Heard::of(answers.len(), needed);
        for answer in answers {
            heard.add(answer);
        }
        heard
    }

    #[test]
    fn the_newest_configuration_of_a_majority_is_believed() {
        let mut heard = Heard::of(3, Needed::Majority);
        heard.add(Ok(answer("7", "1000", "master")));
        assert!(!heard.is_enough());
        heard.add(silent());
        heard.add(Ok(answer("8", "2000", "master")));
        assert!(heard.is_enough());
        assert_eq!(
            heard.newest("m").map(|opinion| opinion.port).ok(),
            Some(2000)
        );
    }

    #[test]
    fn a_minority_is_believed_only_where_that_was_asked_for() {
        for answers in [1_usize, 2, 3, 4, 5].map(|named| {
            move || {
                let said = (0..named / 2).map(|_| Ok(answer("1", "1000", "master")));
                said.chain((named / 2..named).map(|_| silent()))
                    .collect::<Vec<_>>()
            }
        }) {
            let named = answers().len();
            let error = heard(Needed::Majority, answers()).newest("m");
            let error = error.expect_err("no majority");
            assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
            let counted = format!("{} of {named} Sentinels", named / 2);
            assert!(error.to_string().contains(&counted), "{error}");
            let named_option = error.to_string().contains("sentinel_majority(false)");
            assert_eq!(named_option, named > 1, "{error}");
            let believed = heard(Needed::Any, answers()).newest("m").is_ok();
            assert_eq!(believed, named > 1, "{named}");
        }
    }

    #[test]
    fn one_that_does_not_know_the_primary_is_no_voice_for_it() {
        let known = || Ok(answer("1", "1000", "master"));
        // One has forgotten it, one is away: it may come back.
        let error = heard(Needed::Majority, [known(), unknown(), silent()]).newest("m");
        let error = error.expect_err("one of three");
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
        // Two will never say it.
        let error = heard(Needed::Majority, [known(), unknown(), unknown()]).newest("m");
        let error = error.expect_err("one of three");
        assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
        assert!(error.to_string().contains("No such master"), "{error}");
        let believed = heard(Needed::Any, [known(), unknown(), unknown()]).newest("m");
        assert!(believed.is_ok());
        let error = heard(Needed::Any, [unknown(), unknown(), unknown()]).newest("m");
        let error = error.expect_err("nobody knows it");
        assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
    }

    #[test]
    fn an_answer_that_says_nothing_counts_for_none() {
        let mut heard = Heard::of(3, Needed::Any);
        heard.add(Ok((HashMap::new(), Vec::new())));
        assert!(heard.newest("m").is_err_and(|error| error.is_timeout()));
    }
}
