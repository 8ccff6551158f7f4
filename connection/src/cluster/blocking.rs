//! A blocking connection to a cluster.

use std::fmt;
use std::sync::Arc;

use redis::{Cmd, ConnectionLike as _, RedisError, RedisResult, Value};

use crate::cluster::connection::{
    MOST_REDIRECTIONS, redirect_of, redirect_of_error, says_something_about_the_cluster,
};
use crate::command;
use crate::command::connection_state::{Bound, bound};
use crate::command::{packed, refusals, together, transaction};
use crate::manager::nodes::Nodes;
use crate::manager::nodes::errors::{nobody_has, part_failed, still_refused};
use crate::manager::nodes::fan_out::told;
use crate::not_sent::not_sent;
use crate::raw::no_answer;
use crate::server::blocking::BlockingServerConnection;
use crate::settings::credentials::Renewal;
use crate::slots::address::Address;
use crate::slots::redirect::{self, Redirect};
use crate::slots::route::{self, Route};
use crate::slots::split::Split;
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::Class;

/// Sends each command to the server that has its slot, and follows that server's word where somebody else has it.
pub(crate) struct BlockingClusterConnection {
    nodes: Arc<Nodes>,
    /// The connections that were used.
    held: Vec<(Address, BlockingServerConnection)>,
    /// For commands that go to several servers at once; made for the first of them, and anew when other servers have the slots.
    fan_out: Option<FanOut>,
}

/// Redis-rs's connection to all servers.
struct FanOut {
    connection: Box<redis::cluster::ClusterConnection>,
    /// Of the slots when it was made or last used.
    version: u64,
    /// Of the credentials that it was made with: redis-rs takes no others later.
    renewal: Renewal,
}

impl fmt::Debug for BlockingClusterConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingClusterConnection")
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

impl BlockingClusterConnection {
    pub(crate) fn new(nodes: Arc<Nodes>) -> Self {
        Self {
            nodes,
            held: Vec::new(),
            fan_out: None,
        }
    }

    pub(crate) const fn nodes(&self) -> &Arc<Nodes> {
        &self.nodes
    }

    /// Whether its holder has made something of it that other connections do not have.
    pub(crate) fn has_state(&self) -> bool {
        self.held.iter().any(|(_, server)| server.has_state())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.held.iter().all(|(_, server)| server.is_open())
    }

    pub(crate) fn send_at_once(&mut self, sent: &Cmd) {
        if let Route::Slot(slot) = route::of_command(command::args(sent))
            && let Some(owner) = self.nodes.topology().map().owner(slot)
            && let Some((_, server)) = self.held.iter_mut().find(|(held, _)| *held == **owner)
        {
            server.send_at_once(sent);
        }
    }

    pub(crate) fn send(&mut self, packed: &[u8]) -> RedisResult<Value> {
        self.nodes.look_up();
        let words = packed::commands(packed).next().unwrap_or_default();
        let words = || words.iter().copied();
        let route = match bound(words()) {
            None | Some(Bound::Stream) => route::of_command(words()),
            Some(Bound::Own | Bound::Wait) => match route::of_command(words()) {
                Route::Slot(slot) => Route::Slot(slot),
                // Where its holder has something in a connection, it is about that.
                Route::FanOut | Route::Split | Route::Everywhere => match self.with_state() {
                    Some(server) => return server.send_packed(packed),
                    None => return Err(refusals::cluster(words())),
                },
            },
        };
        let slot = match route {
            Route::Slot(slot) => slot,
            Route::Split => return self.send_split(packed),
            Route::Everywhere => return self.send_everywhere(packed),
            Route::FanOut => return self.fan_out(packed),
        };
        let owner = self.owner(slot)?;
        self.keep_to(&owner)?;
        let mut host = owner.host().to_owned();
        let mut answer = self.to(&owner)?.send_packed(packed);
        for _ in 0..MOST_REDIRECTIONS {
            let Some(redirect) = redirect_of(&answer, &host) else {
                return self.ended(answer, std::slice::from_ref);
            };
            self.keep_to(&redirect.to)?;
            answer = if redirect.is_ask {
                let asking = [&asking()[..], packed].concat();
                let replies = self.follow(&redirect)?.send_all(&asking, 0, 2);
                replies.map(|mut replies| replies.pop().unwrap_or(Value::Nil))
            } else {
                self.follow(&redirect)?.send_packed(packed)
            };
            redirect.to.host().clone_into(&mut host);
        }
        let answer = answer.and_then(Value::extract_error);
        self.ended(answer, std::slice::from_ref)
    }

    /// Sends it to all servers. Those without a slot need not be there.
    fn send_everywhere(&mut self, packed: &[u8]) -> RedisResult<Value> {
        // Replicas may have come since the last look.
        self.nodes.learn_blocking()?;
        let owners = self.nodes.topology().map().owners();
        let mut reply = Err(nobody_has(0));
        for server in self.nodes.known() {
            let answer = self
                .to(&server)
                .and_then(|server| server.send_packed(packed));
            if owners.iter().any(|owner| **owner == server) {
                reply = Ok(self.ended(answer, std::slice::from_ref)?);
            }
        }
        reply
    }

    /// Sends each part to the owner of its slot, to one owner after the other.
    fn send_split(&mut self, packed: &[u8]) -> RedisResult<Value> {
        let words = packed::commands(packed).next().unwrap_or_default();
        let words = || words.iter().copied();
        let Some(split) = Split::of(words()) else {
            return self.fan_out(packed);
        };
        let is_once = command::effect(words()) > self.nodes.settings.repeated;
        let mut replies = Vec::with_capacity(split.parts.len());
        let mut answer = Ok(());
        for part in &split.parts {
            match self.send(&part.command.get_packed_command()) {
                Ok(reply) => replies.push(reply),
                Err(error) => {
                    answer = Err(part_failed(error, is_once));
                    break;
                }
            }
        }
        let answer = answer.and_then(|()| {
            let reply = split.reply(replies);
            reply.map_err(|error| part_failed(error, is_once))
        });
        self.ended(answer, std::slice::from_ref)
    }

    pub(crate) fn send_all(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.nodes.look_up();
        let commands: Vec<_> = packed::commands(pipeline).collect();
        let words = commands.iter().map(|command| command.iter().copied());
        let Some(slot) = route::of_pipeline(words)? else {
            return self.send_all_anywhere(pipeline, offset, count);
        };
        let owner = self.owner(slot)?;
        let is_transaction = offset > 0;
        let watches = self.with_state().is_some();
        if let Err(moved) = self.keep_to(&owner) {
            return if is_transaction {
                Ok(not_executed())
            } else {
                Err(moved)
            };
        }
        let answer = self.to(&owner)?.send_all(pipeline, offset, count);
        let answer = if is_transaction {
            if watches && let Some(redirect) = redirect_of_error(&answer, owner.host()) {
                self.nodes.redirected(&redirect);
                return Ok(not_executed());
            }
            self.follow_transaction(pipeline, offset, answer, &owner)
        } else {
            answer.and_then(|replies| self.follow_parts(&commands, replies, &owner))
        };
        self.ended(answer, Vec::as_slice)
    }

    /// Sends them to that server, and on what it refuses.
    pub(super) fn send_parts(
        &mut self,
        pipeline: &[u8],
        owner: &Address,
    ) -> RedisResult<Vec<Value>> {
        self.nodes.look_up();
        let commands: Vec<_> = packed::commands(pipeline).collect();
        let server = self.to(owner)?;
        let answer = server.send_all(pipeline, 0, commands.len());
        let answer = answer.and_then(|replies| self.follow_parts(&commands, replies, owner));
        self.ended(answer, Vec::as_slice)
    }

    /// A refused transaction was not executed at all: all of it is sent on.
    fn follow_transaction(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        mut answer: RedisResult<Vec<Value>>,
        owner: &Address,
    ) -> RedisResult<Vec<Value>> {
        let mut host = owner.host().to_owned();
        for _ in 0..MOST_REDIRECTIONS {
            let Some(redirect) = redirect_of_error(&answer, &host) else {
                break;
            };
            let server = self.follow(&redirect)?;
            answer = if redirect.is_ask {
                // One `ASKING` is for all of it.
                let asking = [&asking()[..], pipeline].concat();
                server
                    .send_all(&asking, 0, offset + 2)
                    .and_then(transaction::reply)
            } else {
                server.send_all(pipeline, offset, 1)
            };
            redirect.to.host().clone_into(&mut host);
        }
        answer
    }

    /// Of a pipeline, only what was refused is sent on: the rest was executed.
    fn follow_parts(
        &mut self,
        commands: &[Vec<&[u8]>],
        mut replies: Vec<Value>,
        owner: &Address,
    ) -> RedisResult<Vec<Value>> {
        let mut host = owner.host().to_owned();
        for _ in 0..MOST_REDIRECTIONS {
            let Some((first, places)) = redirect::parts(&replies, &host) else {
                break;
            };
            let each = if first.is_ask { 2 } else { 1 };
            let mut part = Vec::new();
            for at in &places {
                if first.is_ask {
                    part.extend_from_slice(&asking());
                }
                if let Some(command) = commands.get(*at) {
                    let mut again = Cmd::new();
                    again.arg(command);
                    part.extend_from_slice(&again.get_packed_command());
                }
            }
            let sent = self
                .follow(&first)
                .and_then(|server| server.send_all(&part, 0, places.len() * each));
            match sent {
                Ok(answers) => places
                    .iter()
                    .zip(answers.into_iter().skip(each - 1).step_by(each))
                    .for_each(|(at, answer)| replies[*at] = answer),
                // The others were executed, so it is not for all as if nothing had been sent.
                Err(error) => return Err(part_failed(error, replies.len() > places.len())),
            }
            first.to.host().clone_into(&mut host);
        }
        Ok(replies)
    }

    /// Who has the slot, as far as is known.
    pub(super) fn owner(&self, slot: usize) -> RedisResult<Arc<Address>> {
        let owner = self.nodes.topology().map().owner(slot).cloned();
        owner.ok_or_else(|| {
            self.nodes.doubted();
            nobody_has(slot)
        })
    }

    /// The connection in which its holder has something.
    fn with_state(&mut self) -> Option<&mut BlockingServerConnection> {
        let mut held = self.held.iter_mut().map(|(_, server)| server);
        held.find(|server| server.has_state())
    }

    /// What is watched on one server says nothing about a transaction on another.
    fn keep_to(&mut self, to: &Address) -> RedisResult<()> {
        let mut held = self.held.iter();
        let elsewhere = held.any(|(address, server)| address != to && server.has_state());
        if elsewhere {
            // Whoever begins anew goes where the slot is now.
            self.held.retain(|(_, server)| !server.has_state());
            return Err(refusals::moved());
        }
        Ok(())
    }

    /// The connection to this server.
    fn to(&mut self, address: &Address) -> RedisResult<&mut BlockingServerConnection> {
        let held = self.held.iter().position(|(known, _)| known == address);
        let place = if let Some(place) = held {
            place
        } else {
            let manager = self.nodes.manager(address).ok_or_else(|| nobody_has(0))?;
            let server = BlockingServerConnection::new(manager).inspect_err(|_| {
                self.nodes.doubted();
            })?;
            self.held.push((address.clone(), server));
            self.held.len() - 1
        };
        Ok(&mut self.held[place].1)
    }

    fn follow(&mut self, redirect: &Redirect) -> RedisResult<&mut BlockingServerConnection> {
        self.nodes.redirected(redirect);
        self.to(&redirect.to)
    }

    fn fan_out(&mut self, packed: &[u8]) -> RedisResult<Value> {
        self.nodes.all_there_blocking()?;
        let mut fan_out = self.fan_out_connection()?;
        let answer = fan_out.connection.req_packed_command(packed);
        self.fanned_out(fan_out, answer, packed)
    }

    /// A pipeline without any key goes to one server that has slots, whichever that is. Redis-rs's own connection would look for one among all that
    /// are known, and waits for each that stands still.
    fn send_all_anywhere(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut owners = self.nodes.topology().map().owners();
        fastrand::shuffle(&mut owners);
        // The one in which its holder has something, then those that are connected to, then any.
        owners.sort_by_cached_key(|owner| {
            let held = self.held.iter().find(|(held, _)| *held == **owner);
            held.map_or(2, |(_, server)| u8::from(!server.has_state()))
        });
        let mut answer = Err(nobody_has(0));
        for owner in owners {
            let server = self.to(&owner);
            answer = server.and_then(|server| server.send_all(pipeline, offset, count));
            let was_not_sent = |error: &RedisError| Class::of(error) == Class::Unreachable;
            if !answer.as_ref().is_err_and(was_not_sent) {
                break;
            }
        }
        self.ended(answer, Vec::as_slice)
    }

    fn fan_out_connection(&mut self) -> RedisResult<FanOut> {
        let nodes = &self.nodes;
        if let Some(fan_out) = self.fan_out.take()
            && fan_out.version == nodes.topology().version()
            && !fan_out.renewal.is_due(now_ms())
        {
            return Ok(fan_out);
        }
        let asked = nodes.settings.ask_blocking()?;
        let client = nodes
            .cluster
            .client(nodes.owner_infos(), &nodes.settings, asked.get())?;
        let connection = client.get_connection().map_err(not_sent)?;
        let limit = Some(nodes.settings.response_timeout());
        connection.set_read_timeout(limit)?;
        connection.set_write_timeout(limit)?;
        Ok(FanOut {
            connection: Box::new(connection),
            version: nodes.topology().version(),
            renewal: asked.renewal,
        })
    }

    fn fanned_out<T>(
        &mut self,
        mut fan_out: FanOut,
        answer: RedisResult<T>,
        packed: &[u8],
    ) -> RedisResult<T> {
        match answer {
            Ok(answer) => {
                fan_out.version = self.nodes.topology().version();
                self.fan_out = Some(fan_out);
                Ok(answer)
            }
            Err(error) => {
                self.nodes.doubted();
                let commands: Vec<_> = packed::commands(packed).collect();
                let words = commands.iter().map(|command| command.iter().copied());
                let is_once = together::effect(words) > self.nodes.settings.repeated;
                let error = if error.is_timeout() {
                    no_answer(self.nodes.settings.response_timeout())
                } else {
                    error
                };
                Err(told(error, is_once))
            }
        }
    }

    /// The answer, and what it says about the cluster.
    fn ended<T>(
        &self,
        answer: RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value],
    ) -> RedisResult<T> {
        if says_something_about_the_cluster(&answer, replies) {
            self.nodes.doubted();
        }
        answer.map_err(still_refused)
    }
}

fn asking() -> Vec<u8> {
    redis::cmd("ASKING").get_packed_command()
}

/// The reply to a transaction whose watched keys may have changed: they are another server's.
fn not_executed() -> Vec<Value> {
    vec![Value::Nil]
}
