//! One caller's run beside the model.

use redis::{Connection, RedisResult, Value};
use redis_resilient_testkit::{FaultProxy, RealRedis, ServerProgram};
use redis_resilient_tests::commands::state::state;
use redis_resilient_tests::commands::{command, executions, prepare, reply, shown, wipe};
use tokio::runtime::Runtime;

use super::Result;
use super::callers::{Call, Caller, Connected};
use super::lossy::Lossy;
use super::tally::Tally;

/// After so many commands both begin with nothing: what has a deadline must not reach it on one of them only.
const WIPE_EVERY: u64 = 100;

/// What is not drawn: it takes a second, belongs to a connection, or is for what was written over one.
const LEFT_OUT: &[&str] = &["PFSELFTEST", "HIMPORT", "WAIT"];

pub(crate) struct Run {
    runtime: Runtime,
    caller: Connected,
    lossy: Lossy<'static>,
    dice: fastrand::Rng,
    calls: Vec<Call>,
    tested: Connection,
    model: Connection,
    tally: Tally,
    _servers: [RealRedis; 2],
}

impl Run {
    pub(crate) fn start(program: &ServerProgram, caller: Caller, seed: u64) -> Result<Self> {
        let start = || RealRedis::builder().program(program).start();
        let servers = [start()?, start()?];
        let [tested, model] = &servers;
        // A run lasts as long as the program, or nearly.
        let proxy: &'static FaultProxy = Box::leak(Box::new(FaultProxy::to(tested.addr())?));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut run = Self {
            caller: Connected::to(&proxy.url(), caller, &runtime)?,
            runtime,
            lossy: Lossy::new(proxy, seed),
            dice: fastrand::Rng::with_seed(seed),
            calls: Call::all(caller),
            tested: redis_resilient_tests::connect(&tested.url())?,
            model: redis_resilient_tests::connect(&model.url())?,
            tally: Tally::default(),
            _servers: servers,
        };
        run.keep_known();
        Ok(run)
    }

    /// Leaves out what this server does not know.
    fn keep_known(&mut self) {
        let model = &mut self.model;
        self.calls.retain(|call| {
            if LEFT_OUT.iter().any(|start| call.line().starts_with(start)) {
                return false;
            }
            wipe(model);
            prepare(call.before(), model);
            let command = command(call.line(), model);
            !reply(&command, model).starts_with("error")
        });
        wipe(model);
    }

    fn begin_anew(&mut self) {
        wipe(&mut self.tested);
        wipe(&mut self.model);
    }

    /// Draws a command, and compares what comes of it.
    pub(crate) fn draw(&mut self) -> Result<()> {
        let call = self.calls[self.dice.usize(..self.calls.len())];
        // What blocks must have something to take.
        if call.line().starts_with('B') || self.dice.bool() {
            prepare(call.before(), &mut self.tested);
            prepare(call.before(), &mut self.model);
        }
        let command = command(call.line(), &mut self.model);
        if call.is_random() {
            redis::cmd("CONFIG")
                .arg("RESETSTAT")
                .exec(&mut self.tested)?;
        }
        let answer = self.caller.call(call, &command, &self.lossy, &self.runtime);
        let lost = self.lossy.end();
        self.tally.commands += 1;
        self.tally.lost += u64::from(lost > 0);
        if call.is_random() {
            self.compare_count(call, &answer)?;
        } else {
            self.compare(call, &command, &answer, lost > 0)?;
        }
        if lost > 0 {
            self.caller.recover(&self.runtime);
        }
        if self.tally.commands.is_multiple_of(WIPE_EVERY) {
            self.begin_anew();
        }
        Ok(())
    }

    fn compare(
        &mut self,
        call: Call,
        command: &redis::Cmd,
        answer: &RedisResult<Value>,
        has_lost: bool,
    ) -> Result<()> {
        let fails = answer.as_ref().is_err_and(is_of_the_network);
        let before = if fails {
            Some(state(&mut self.model)?)
        } else {
            None
        };
        let said = reply(command, &mut self.model);
        let told = match answer {
            Ok(value) => shown(value),
            Err(error) => format!("error {error}"),
        };
        if !fails && !is_same(&told, &said) {
            self.tally
                .wrong(&format!("{}: {told}, not {said}", call.line()));
        }
        if !has_lost && !fails {
            return Ok(());
        }
        let (left, model) = (state(&mut self.tested)?, state(&mut self.model)?);
        if left == model {
            self.tally.given_back += u64::from(fails);
            self.tally.repeated += u64::from(!fails);
            return Ok(());
        }
        if before.is_some_and(|before| before == left) {
            self.tally.never_executed += 1;
        } else {
            self.tally
                .twice(&format!("{}: {left:?}, not {model:?}", call.line()));
        }
        self.begin_anew();
        Ok(())
    }

    /// What depends on chance is not compared, but counted.
    fn compare_count(&mut self, call: Call, answer: &RedisResult<Value>) -> Result<()> {
        let name = call.line().split(' ').next().unwrap_or_default();
        let times = executions(name, &mut self.tested)?;
        match times {
            0 => self.tally.never_executed += 1,
            1 => self.tally.given_back += u64::from(answer.is_err()),
            times => self.tally.twice(&format!("{}: {times} times", call.line())),
        }
        self.begin_anew();
        Ok(())
    }

    pub(crate) fn end(mut self) -> Result<Tally> {
        let (left, model) = (state(&mut self.tested)?, state(&mut self.model)?);
        if left != model {
            self.tally
                .twice(&format!("in the end {left:?}, not {model:?}"));
        }
        Ok(self.tally)
    }
}

/// And not the server's own word.
fn is_of_the_network(error: &redis::RedisError) -> bool {
    error.is_io_error() || error.code().is_none()
}

/// Of errors the code: some name one of several that are in the way. Sets and hashes have no order.
fn is_same(told: &str, said: &str) -> bool {
    let words = |text: &str| {
        let mut words: Vec<String> = text
            .split([' ', ',', '[', ']', '(', ')'])
            .map(str::to_owned)
            .collect();
        if text.starts_with("error ") {
            words.truncate(2);
        }
        words.sort_unstable();
        words
    };
    words(told) == words(said)
}
