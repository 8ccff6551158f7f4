//! What Sentinels say, and whose word counts.

use std::collections::HashMap;

use redis::{RedisError, RedisResult};

use super::replicas::{Replica, agreed, well};

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

/// What has been heard so far.
pub(super) struct Heard {
    asked: usize,
    opinions: Vec<Opinion>,
    failure: Option<RedisError>,
}

impl Heard {
    pub(super) const fn of(asked: usize) -> Self {
        Self {
            asked,
            opinions: Vec::new(),
            failure: None,
        }
    }

    pub(super) fn add(&mut self, answer: RedisResult<Answer>) {
        match answer.map(|answer| opinion(&answer)) {
            Ok(Some(opinion)) => self.opinions.push(opinion),
            Ok(None) => {}
            Err(error) => self.failure = Some(error),
        }
    }

    /// Of two majorities, one Sentinel is in both.
    pub(super) fn is_enough(&self) -> bool {
        self.opinions.len() > self.asked / 2
    }

    /// The newest configuration, with the replicas that those agree on who know it.
    pub(super) fn newest(self) -> RedisResult<Opinion> {
        let newest = self.opinions.iter().max_by_key(|opinion| opinion.epoch);
        let Some(newest) = newest else {
            return Err(self.failure.unwrap_or_else(|| {
                let silent =
                    std::io::Error::new(std::io::ErrorKind::TimedOut, "no Sentinel has answered");
                silent.into()
            }));
        };
        let knowing = self.opinions.iter().filter(|one| one.epoch == newest.epoch);
        let replicas: Vec<_> = knowing.map(|opinion| &*opinion.replicas).collect();
        Ok(Opinion {
            replicas: agreed(&replicas),
            ..newest.clone()
        })
    }
}

/// What an answer says, as far as it is of interest.
pub(super) fn opinion((master, replicas): &Answer) -> Option<Opinion> {
    let flags = master.get("flags").map(String::as_str).unwrap_or_default();
    Some(Opinion {
        epoch: master.get("config-epoch")?.parse().ok()?,
        host: master.get("ip")?.clone(),
        port: master.get("port")?.parse().ok()?,
        is_down: flags.split(',').any(|flag| flag == "o_down"),
        replicas: well(replicas),
    })
}
#[cfg(test)]
pub(super) mod tests {
    use redis::ErrorKind;

    use super::*;

    pub(in super::super) fn fields(epoch: &str, port: &str, flags: &str) -> Fields {
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

    #[test]
    fn the_newest_configuration_is_believed() {
        let mut heard = Heard::of(3);
        heard.add(Ok(answer("7", "1000", "master")));
        assert!(!heard.is_enough());
        heard.add(Err((ErrorKind::Client, "not there").into()));
        heard.add(Ok(answer("8", "2000", "master")));
        assert!(heard.is_enough());
        assert_eq!(heard.newest().map(|opinion| opinion.port).ok(), Some(2000));
    }

    #[test]
    fn one_answer_is_better_than_none_and_none_is_an_error() {
        let mut heard = Heard::of(3);
        heard.add(Ok((HashMap::new(), Vec::new())));
        assert!(heard.newest().is_err_and(|error| error.is_timeout()));
        let mut heard = Heard::of(3);
        heard.add(Ok(answer("1", "1000", "master")));
        assert!(heard.newest().is_ok());
    }
}
