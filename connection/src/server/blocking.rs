//! A blocking connection to one server, which comes back unless its holder has left something in it.

use std::io;
use std::slice;
use std::sync::Arc;

use redis::{Cmd, ConnectionAddr, RedisError, RedisResult, Value};

use crate::command::connection_state::{Bound, ConnectionState, bound};
use crate::command::wait_time::WaitTime;
use crate::command::{self, Args, Effect, args};
use crate::command::{packed, refusals, together};
use crate::events::Loss;
use crate::manager::Manager;
use crate::manager::blocking_check::Looks;
use crate::manager::blocking_pool::{Idle, closed};
use crate::raw::blocking::{BlockingRaw, Wait};
use crate::raw::disconnect_policy::cause_of_end;
use crate::raw::has_rested;
use crate::server::multiplexed::told;
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

#[derive(Debug)]
pub(crate) struct BlockingServerConnection {
    manager: Arc<Manager>,
    /// `None` where the last one has been given up.
    held: Option<Idle>,
    state: ConnectionState,
    /// The connection is gone, and with it what its holder had made of it.
    is_lost: bool,
    /// What has gone over the one that is held, and over any before it.
    past: Past,
}

/// What its holder has sent over a connection, for those who wait for what they have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    Nothing,
    /// All of it over this one.
    Here,
    /// Some of it over another, which is gone.
    Elsewhere,
}

/// What is sent, and how long it may wait.
struct Request<'a, T> {
    effect: &'a dyn Fn() -> Effect,
    wait: WaitTime,
    replies: fn(&T) -> &[Value],
}

impl BlockingServerConnection {
    pub(crate) fn new(manager: Arc<Manager>) -> RedisResult<Self> {
        let held = Some(manager.take()?);
        Ok(Self {
            manager,
            held,
            state: ConnectionState::default(),
            is_lost: false,
            past: Past::Nothing,
        })
    }

    /// Whether its holder has made something of it that another connection does not have.
    pub(crate) fn has_state(&self) -> bool {
        !self.state.is_clean()
    }

    /// From now on it leads to another database. What its holder has made of the connection is gone.
    pub(crate) fn moves_to(&mut self, manager: Arc<Manager>) {
        if let Some(held) = self.held.take()
            && self.state.is_clean()
        {
            self.manager.pool.put_back(held);
        }
        self.manager = manager;
        self.is_lost |= self.has_state();
        if self.past == Past::Here {
            self.past = Past::Elsewhere;
        }
    }

    /// Where the one leads that is held.
    pub(crate) fn address(&self) -> Option<&ConnectionAddr> {
        self.held.as_ref()?.address.as_ref()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.raw.is_open())
    }

    /// Sends it over what is held, if anything is, whether or not that still leads anywhere: takes no longer than the response timeout, and
    /// connects to nothing.
    pub(crate) fn send_at_once(&mut self, command: &Cmd) {
        if let Some(mut held) = self.held.take() {
            let mut wait = Wait::for_answer(self.manager.settings.response_timeout());
            let answer = held.raw.req_command(command, &mut wait);
            if answer.is_ok()
                && !self
                    .manager
                    .ends(&answer, slice::from_ref, || held.address.as_ref())
            {
                self.held = Some(held);
            }
        }
    }

    pub(crate) fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        if self.has_state() || bound(args(command)).is_some() {
            return self.send_packed(&command.get_packed_command());
        }
        let request = Request {
            effect: &|| command::effect(args(command)),
            wait: WaitTime::of(args(command)),
            replies: slice::from_ref,
        };
        let reply = self.run(&request, |raw, wait| raw.req_command(command, wait))?;
        self.manager.endpoint.peer().judged(reply)
    }

    pub(crate) fn send_packed(&mut self, command: &[u8]) -> RedisResult<Value> {
        let commands = packed::commands(command).collect::<Vec<_>>();
        let first = commands.first().map_or(&[][..], Vec::as_slice);
        if self.is_lost && self.state.is_transaction() {
            match begins_anew(first) {
                Some(Begins::Over) => {
                    self.renounce();
                    return Ok(Value::Nil);
                }
                Some(Begins::Anew) => self.renounce(),
                None => {}
            }
        }
        let request = Request {
            effect: &|| effect_of(&commands),
            wait: WaitTime::of_all(words(&commands)),
            replies: slice::from_ref,
        };
        self.enter(&commands)?;
        let reply = self.run(&request, |raw, wait| raw.req_packed_command(command, wait))?;
        self.manager.endpoint.peer().judged(reply)
    }

    pub(crate) fn send_all(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let commands = packed::commands(pipeline).collect::<Vec<_>>();
        self.look_at_state();
        // Nothing of the transaction was executed, as where a watched key has changed.
        if self.is_lost && self.state.is_transaction() && offset > 0 && count == 1 {
            self.renounce();
            return Ok(vec![Value::Nil]);
        }
        let request = Request {
            effect: &|| effect_of(&commands),
            wait: WaitTime::of_all(words(&commands)),
            replies: Vec::as_slice,
        };
        self.enter(&commands)?;
        self.run(&request, |raw, wait| {
            raw.req_packed_commands(pipeline, offset, count, wait)
        })
    }

    /// These are about to be sent.
    fn enter(&mut self, commands: &[Vec<&[u8]>]) -> RedisResult<()> {
        self.look_at_state();
        if self.is_lost {
            return Err(lost());
        }
        let database = self.manager.endpoint.database();
        for (place, command) in commands.iter().enumerate() {
            let words = || command.iter().copied();
            match bound(words()) {
                Some(Bound::Stream) => return Err(refusals::stream(words())),
                Some(Bound::Wait) if place == 0 && self.past != Past::Here => {
                    return Err(refusals::wait());
                }
                _ => {}
            }
            self.state.sent(words(), database);
        }
        Ok(())
    }

    /// What its holder has made of the connection is gone with it, which has to be known before the next command.
    fn look_at_state(&mut self) {
        if self.is_lost || self.state.is_clean() {
            return;
        }
        let Some(held) = &mut self.held else {
            self.is_lost = true;
            return;
        };
        let may_be_lost = has_rested(held.used_ms, now_ms()) && self.state.takes_ping();
        let is_quiet = held.is_quiet();
        if !is_quiet {
            self.manager.loses(held, Loss::Gone, closed);
        }
        if !is_quiet || may_be_lost && !self.manager.still_answers(held) {
            self.held = None;
            self.is_lost = true;
        }
    }

    /// The holder knows that what it has made of the connection is gone.
    fn renounce(&mut self) {
        self.held = None;
        self.is_lost = false;
        self.state = ConnectionState::default();
    }

    /// Sends something.
    fn run<T>(
        &mut self,
        request: &Request<'_, T>,
        send: impl FnOnce(&mut BlockingRaw, &mut Wait<'_>) -> RedisResult<T>,
    ) -> RedisResult<T> {
        if self.is_lost {
            return Err(lost());
        }
        let had_state = self.held.is_some() && !self.state.is_clean();
        let mut held = self.ready(request.effect, had_state)?;
        held.raw.take_pushes(!self.state.is_clean());
        let waits = request.wait != WaitTime::Nothing;
        let looks = waits.then(|| Looks::at(&self.manager, held.address.clone()));
        let look = || looks.as_ref().map_or(Ok(()), Looks::look);
        let mut wait = Wait {
            limit: request.wait.limit(self.manager.settings.response_timeout()),
            beside: if waits {
                Some((self.manager.check_period(), &look))
            } else {
                None
            },
        };
        let answer = send(&mut held.raw, &mut wait);
        let is_ended = self
            .manager
            .ends(&answer, request.replies, || held.address.as_ref());
        let address = answer.as_ref().err().and_then(|_| held.address.clone());
        // After a timeout, or behind a reply too many, the next reply might be another's.
        if !is_ended && held.raw.is_open() {
            held.used_ms = now_ms();
            self.held = Some(held);
            if self.past == Past::Nothing {
                self.past = Past::Here;
            }
        } else {
            self.past = Past::Elsewhere;
            self.is_lost = !self.state.is_clean();
            if is_about_server(&answer) {
                let peer = self.manager.endpoint.peer();
                let cause = || cause_of_end(peer, &answer, request.replies);
                self.manager.loses(&held, Loss::Gone, cause);
                // Those that nobody holds lead to the same one.
                self.manager.pool.forget();
            }
        }
        answer.map_err(|error| told(&self.manager, address.as_ref(), error, request.effect))
    }

    /// A connection that may be used for this at once.
    fn ready(&mut self, effect: &dyn Fn() -> Effect, had_state: bool) -> RedisResult<Idle> {
        let may_be_repeated = || effect() <= self.manager.settings.repeated;
        if let Some(mut held) = self.held.take() {
            // What has a state has been looked after.
            if had_state || self.manager.is_fit(&mut held, &may_be_repeated) {
                return Ok(held);
            }
            if self.past == Past::Here {
                self.past = Past::Elsewhere;
            }
        }
        self.manager.take_for(&may_be_repeated)
    }
}

impl Drop for BlockingServerConnection {
    fn drop(&mut self) {
        if let Some(held) = self.held.take()
            && self.state.is_clean()
            && !std::thread::panicking()
        {
            self.manager.pool.put_back(held);
        }
    }
}

/// What a command means to a transaction that is lost.
enum Begins {
    /// It would have been executed now.
    Over,
    /// Another begins.
    Anew,
}

fn begins_anew(words: &[&[u8]]) -> Option<Begins> {
    let name = words.first()?;
    let is_in = |names: &[&str]| names.iter().any(|known| command::is(name, known));
    if is_in(&["EXEC"]) {
        Some(Begins::Over)
    } else if is_in(&["WATCH", "UNWATCH", "MULTI", "DISCARD"]) {
        Some(Begins::Anew)
    } else {
        None
    }
}

/// Whether it says anything about other connections to the server.
fn is_about_server<T>(answer: &RedisResult<T>) -> bool {
    match answer {
        Ok(_) => true,
        // A reply that was too long.
        Err(error) => Class::of(error) != Class::Permanent,
    }
}

pub(crate) fn lost() -> RedisError {
    let text = "the connection is lost, and with it the keys that it watched, its transaction, its database or its user: begin anew with \
                another one";
    let error = io::Error::new(io::ErrorKind::NotConnected, text);
    tagged(Class::Unreachable, RedisError::from(error))
}

fn effect_of(commands: &[Vec<&[u8]>]) -> Effect {
    // What cannot be read might be anything.
    if commands.is_empty() {
        Effect::Once
    } else {
        together::effect(words(commands))
    }
}

fn words<'a>(commands: &'a [Vec<&'a [u8]>]) -> impl Iterator<Item = impl Args<'a>> {
    commands.iter().map(|command| command.iter().copied())
}
