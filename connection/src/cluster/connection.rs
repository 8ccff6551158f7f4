//! An asynchronous connection to a cluster.

use std::sync::Arc;

use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::task::JoinSet;

use crate::command::commands_of::{commands_of, copies_of};
use crate::command::{self, args};
use crate::manager::nodes::Nodes;
use crate::manager::nodes::errors::{nobody_has, part_failed, still_refused};
use crate::server::multiplexed::ServerConnection;
use crate::slots::address::Address;
use crate::slots::redirect::{self, Redirect};
use crate::slots::route::{self, Route};
use crate::slots::slot_map::SlotMap;
use crate::slots::split::Split;
use redis_resilient_runtime::Class;

/// How often one command may be sent on: a slot can move while it is asked for.
pub(crate) const MOST_REDIRECTIONS: usize = 5;

/// Sends each command to the server that has its slot, and follows that server's word where somebody else has it. Clones share all connections.
#[derive(Clone, Debug)]
pub(crate) struct ClusterConnection {
    nodes: Arc<Nodes>,
    map: Arc<SlotMap>,
    version: u64,
    /// The connections that were used.
    held: Vec<(Arc<Address>, ServerConnection)>,
}

impl ClusterConnection {
    pub(crate) fn new(nodes: Arc<Nodes>) -> Self {
        let version = nodes.topology().version();
        Self {
            map: nodes.topology().map(),
            version,
            nodes,
            held: Vec::new(),
        }
    }

    pub(crate) const fn nodes(&self) -> &Arc<Nodes> {
        &self.nodes
    }

    pub(crate) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let slot = match route::of_command(args(command)) {
            Route::Slot(slot) => slot,
            Route::Split => return Box::pin(self.send_split(command)).await,
            Route::Everywhere => return Box::pin(self.send_everywhere(command)).await,
            Route::FanOut => return Box::pin(self.nodes.clone().fan_out(command)).await,
        };
        let owner = self.owner(slot)?;
        let mut host = owner.host().to_owned();
        let mut answer = self.to(&owner).await?.send(command).await;
        for _ in 0..MOST_REDIRECTIONS {
            let Some(redirect) = redirect_of(&answer, &host) else {
                return self.ended(answer, std::slice::from_ref);
            };
            let server = self.follow(&redirect).await?;
            answer = if redirect.is_ask {
                server.ask(command).await
            } else {
                server.send(command).await
            };
            redirect.to.host().clone_into(&mut host);
        }
        // By now it would be an endless loop: the next attempt begins anew.
        let answer = answer.and_then(Value::extract_error);
        self.ended(answer, std::slice::from_ref)
    }

    /// Sends it to all servers. Those without a slot need not be there.
    async fn send_everywhere(&mut self, command: &Cmd) -> RedisResult<Value> {
        // Replicas may have come since the last look.
        self.nodes.learn().await?;
        let owners = self.nodes.topology().map().owners();
        let mut reply = Err(nobody_has(0));
        for server in self.nodes.known() {
            let server = Arc::new(server);
            let answer = match self.to(&server).await {
                Ok(server) => server.send(command).await,
                Err(error) => Err(error),
            };
            if owners.contains(&server) {
                reply = Ok(self.ended(answer, std::slice::from_ref)?);
            }
        }
        reply
    }

    /// Sends each part to the owner of its slot, to all owners at once.
    async fn send_split(&mut self, command: &Cmd) -> RedisResult<Value> {
        let Some(split) = Split::of(args(command)) else {
            return self.nodes.clone().fan_out(command).await;
        };
        let mut owners: Vec<(Arc<Address>, Vec<usize>)> = Vec::new();
        for (place, part) in split.parts.iter().enumerate() {
            let owner = self.owner(part.slot)?;
            match owners.iter_mut().find(|(known, _)| *known == owner) {
                Some((_, places)) => places.push(place),
                None => owners.push((owner, vec![place])),
            }
        }
        let mut sent = JoinSet::new();
        for (owner, places) in owners {
            let mut pipeline = redis::pipe();
            for place in &places {
                pipeline.add_command(split.parts[*place].command.clone());
            }
            let mut cluster = self.clone();
            sent.spawn(async move {
                let answer = cluster.send_parts(&pipeline, &owner).await;
                (places, answer)
            });
        }
        let mut replies = vec![Value::Nil; split.parts.len()];
        let mut failure = None;
        while let Some(ended) = sent.join_next().await {
            match ended {
                Ok((places, Ok(answers))) => places
                    .into_iter()
                    .zip(answers)
                    .for_each(|(place, answer)| replies[place] = answer),
                Ok((_, Err(error))) => failure = failure.or(Some(error)),
                Err(_) => failure = failure.or_else(|| Some(nobody_has(0))),
            }
        }
        let answer = match failure {
            Some(error) => Err(error),
            None => split.reply(replies),
        };
        let is_once = command::effect(args(command)) > self.nodes.settings.repeated;
        let answer = answer.map_err(|error| part_failed(error, is_once));
        self.ended(answer, std::slice::from_ref)
    }

    pub(super) async fn send_parts(
        &mut self,
        pipeline: &Pipeline,
        owner: &Arc<Address>,
    ) -> RedisResult<Vec<Value>> {
        let server = self.to(owner).await?;
        let replies = server.send_all(pipeline, 0, pipeline.len()).await?;
        self.follow_parts(pipeline, replies, owner).await
    }

    pub(crate) async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let Some(slot) = route::of_pipeline(commands_of(pipeline))? else {
            return self
                .nodes
                .clone()
                .fan_out_all(pipeline, offset, count)
                .await;
        };
        let owner = self.owner(slot)?;
        let server = self.to(&owner).await?;
        let answer = server.send_all(pipeline, offset, count).await;
        if pipeline.is_transaction() {
            let answer = self.follow_transaction(pipeline, answer, &owner).await;
            self.ended(answer, Vec::as_slice)
        } else {
            let answer = match answer {
                Ok(replies) => self.follow_parts(pipeline, replies, &owner).await,
                Err(error) => Err(error),
            };
            self.ended(answer, Vec::as_slice)
        }
    }

    /// A refused transaction was not executed at all: all of it is sent on.
    async fn follow_transaction(
        &mut self,
        pipeline: &Pipeline,
        mut answer: RedisResult<Vec<Value>>,
        owner: &Address,
    ) -> RedisResult<Vec<Value>> {
        let mut host = owner.host().to_owned();
        for _ in 0..MOST_REDIRECTIONS {
            let Some(redirect) = redirect_of_error(&answer, &host) else {
                break;
            };
            let server = self.follow(&redirect).await?;
            answer = if redirect.is_ask {
                server.ask_transaction(pipeline).await
            } else {
                let count = pipeline.len();
                server.send_all(pipeline, count + 1, 1).await
            };
            redirect.to.host().clone_into(&mut host);
        }
        answer
    }

    /// Of a pipeline, only what was refused is sent on: the rest was executed.
    async fn follow_parts(
        &mut self,
        pipeline: &Pipeline,
        mut replies: Vec<Value>,
        owner: &Address,
    ) -> RedisResult<Vec<Value>> {
        let mut host = owner.host().to_owned();
        for _ in 0..MOST_REDIRECTIONS {
            let Some((first, places)) = redirect::parts(&replies, &host) else {
                break;
            };
            let part: Vec<_> = copies_of(pipeline)
                .enumerate()
                .filter(|(at, _)| places.contains(at))
                .map(|(_, command)| command)
                .collect();
            let count = part.len();
            let sent = match self.follow(&first).await {
                Ok(server) => server.send_part(part, first.is_ask).await,
                Err(error) => Err(error),
            };
            match sent {
                Ok(answers) => places
                    .into_iter()
                    .zip(answers)
                    .for_each(|(at, answer)| replies[at] = answer),
                // The others were executed, so it is not for all as if nothing had been sent.
                Err(error) => return Err(part_failed(error, replies.len() > count)),
            }
            first.to.host().clone_into(&mut host);
        }
        Ok(replies)
    }

    /// Who has the slot, as far as is known.
    pub(super) fn owner(&mut self, slot: usize) -> RedisResult<Arc<Address>> {
        let topology = self.nodes.topology();
        let version = topology.version();
        if version != self.version {
            (self.map, self.version) = (topology.map(), version);
            let servers = self.map.servers();
            self.held.retain(|(address, _)| servers.contains(address));
        }
        let owner = self.map.owner(slot).cloned();
        owner.ok_or_else(|| {
            self.doubted();
            nobody_has(slot)
        })
    }

    /// The connection to this server.
    async fn to(&mut self, address: &Arc<Address>) -> RedisResult<&mut ServerConnection> {
        let held = self
            .held
            .iter()
            .position(|(known, _)| Arc::ptr_eq(known, address) || known == address);
        let place = if let Some(place) = held {
            place
        } else {
            let manager = self.nodes.manager(address).ok_or_else(|| nobody_has(0))?;
            let generation = match manager.generation().await {
                Ok(generation) => generation,
                Err(error) => {
                    self.doubted();
                    return Err(error);
                }
            };
            let server = ServerConnection::new(manager, generation);
            self.held.push((address.clone(), server));
            self.held.len() - 1
        };
        Ok(&mut self.held[place].1)
    }

    async fn follow(&mut self, redirect: &Redirect) -> RedisResult<&mut ServerConnection> {
        self.nodes.redirected(redirect);
        self.nodes.look_up_beside();
        self.to(&Arc::new(redirect.to.clone())).await
    }

    fn doubted(&self) {
        self.nodes.doubted();
        self.nodes.look_up_beside();
    }

    /// The answer, and what it says about the cluster.
    pub(super) fn ended<T>(
        &self,
        answer: RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value],
    ) -> RedisResult<T> {
        if says_something_about_the_cluster(&answer, replies) {
            self.doubted();
        }
        answer.map_err(still_refused)
    }
}

pub(crate) fn redirect_of(answer: &RedisResult<Value>, host: &str) -> Option<Redirect> {
    match answer {
        Ok(reply) => Redirect::of_value(reply, host),
        Err(error) => Redirect::of_error(error, host),
    }
}

pub(crate) fn redirect_of_error<T>(answer: &RedisResult<T>, host: &str) -> Option<Redirect> {
    Redirect::of_error(answer.as_ref().err()?, host)
}

/// Whether the owner of the slot may be another one by now.
pub(crate) fn says_something_about_the_cluster<T>(
    answer: &RedisResult<T>,
    replies: impl FnOnce(&T) -> &[Value],
) -> bool {
    let error = match answer {
        Ok(value) => return replies(value).iter().any(redirect::is_doubtful),
        Err(error) => error,
    };
    match Class::of(error) {
        Class::Unreachable | Class::Unavailable | Class::Ambiguous | Class::NotIdempotent => true,
        _ => Redirect::of_error(error, "").is_some(),
    }
}
