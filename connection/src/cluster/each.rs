//! Commands that have nothing to do with each other, sent together: each server gets those whose keys it has, in one round trip.

use std::sync::Arc;

use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::task::JoinSet;

use super::blocking::BlockingClusterConnection;
use super::connection::ClusterConnection;
use crate::command::args;
use crate::command::groups::tell;
use crate::manager::nodes::errors::nobody_has;
use crate::slots::address::Address;
use crate::slots::route::{self, Route};

/// What goes to one server: the places of the groups, and how many commands each has.
struct Part {
    owner: Arc<Address>,
    places: Vec<(usize, usize)>,
    pipeline: Pipeline,
}

/// One part for each server, and why some groups are in none.
fn parts(
    groups: &[Vec<Cmd>],
    mut owner_of: impl FnMut(usize) -> RedisResult<Arc<Address>>,
) -> (Vec<Part>, RedisResult<()>) {
    let mut parts: Vec<Part> = Vec::new();
    let mut ended = Ok(());
    for (place, group) in groups.iter().enumerate() {
        let slot = match group
            .first()
            .map(|command| route::of_command(args(command)))
        {
            Some(Route::Slot(slot)) => slot,
            // Without a key any server would do.
            _ => 0,
        };
        let owner = match owner_of(slot) {
            Ok(owner) => owner,
            Err(error) => {
                ended = ended.and(Err(error));
                continue;
            }
        };
        let known = parts.iter().position(|part| part.owner == owner);
        let known = known.unwrap_or_else(|| {
            parts.push(Part {
                owner,
                places: Vec::new(),
                pipeline: redis::pipe(),
            });
            parts.len() - 1
        });
        let part = &mut parts[known];
        part.places.push((place, group.len()));
        for command in group {
            part.pipeline.add_command(command.clone());
        }
    }
    (parts, ended)
}

impl ClusterConnection {
    /// To all servers at once. What one does not answer is no matter of the others'.
    pub(crate) async fn send_each(
        &mut self,
        groups: &[Vec<Cmd>],
        answered: &mut impl FnMut(usize, Vec<Value>),
    ) -> RedisResult<()> {
        let (parts, mut ended) = parts(groups, |slot| self.owner(slot));
        let mut sent = JoinSet::new();
        for part in parts {
            let mut cluster = self.clone();
            sent.spawn(async move {
                let answer = cluster.send_parts(&part.pipeline, &part.owner).await;
                (part.places, cluster.ended(answer, Vec::as_slice))
            });
        }
        while let Some(part) = sent.join_next().await {
            match part {
                Ok((places, Ok(replies))) => tell(places, replies, answered),
                Ok((_, Err(error))) => ended = ended.and(Err(error)),
                Err(_) => ended = ended.and(Err(nobody_has(0))),
            }
        }
        ended
    }
}

impl BlockingClusterConnection {
    /// To one server after the other. What one does not answer is no matter of the others'.
    pub(crate) fn send_each(
        &mut self,
        groups: &[Vec<Cmd>],
        answered: &mut impl FnMut(usize, Vec<Value>),
    ) -> RedisResult<()> {
        let (parts, mut ended) = parts(groups, |slot| self.owner(slot));
        for part in parts {
            match self.send_parts(&part.pipeline.get_packed_pipeline(), &part.owner) {
                Ok(replies) => tell(part.places, replies, answered),
                Err(error) => ended = ended.and(Err(error)),
            }
        }
        ended
    }
}
