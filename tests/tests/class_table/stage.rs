//! Where a situation is played: a server program, and what is found there.

use std::fmt::Debug;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redis::{Connection, RedisResult, Value, cmd};
use redis_resilient::Class;
use redis_resilient_testkit::{Product, RealRedis, ServerProgram, StartError};
use redis_resilient_tests::connect;

use crate::reply;

/// What one command met.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) situation: &'static str,
    pub(crate) what: String,
    /// `None` where nothing failed, and nothing was to.
    pub(crate) class: Option<Class>,
    pub(crate) reply: String,
    /// What is not as it has to be.
    pub(crate) problem: Option<String>,
}

pub(crate) struct Stage<'a> {
    program: &'a ServerProgram,
    situation: &'static str,
    findings: Vec<Finding>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(program: &'a ServerProgram, situation: &'static str) -> Self {
        Self {
            program,
            situation,
            findings: Vec::new(),
        }
    }

    pub(crate) fn program(&self) -> &'a ServerProgram {
        self.program
    }

    pub(crate) fn is(&self, product: Product, from: (u32, u32, u32)) -> bool {
        self.program.product() == product && self.program.version() >= from
    }

    pub(crate) fn server(&self, args: &[&str]) -> Result<RealRedis, StartError> {
        let builder = RealRedis::builder().program(self.program);
        builder.args(args.iter().copied()).start()
    }

    /// The command has to fail with that text, so that a row is known to test what its name says, and in one of these classes.
    pub(crate) fn fails<T>(
        &mut self,
        what: &str,
        text: &str,
        classes: &[Class],
        result: RedisResult<T>,
    ) {
        let Err(error) = result else {
            return self.problem(what, &format!("it worked, where {text:?} was to come"));
        };
        let (class, reply) = (Class::of(&error), reply::shown(&error, self.program));
        let problem = if !reply.contains(text) {
            Some(format!("{text:?} was to come"))
        } else if !classes.contains(&class) {
            Some(format!("the class was to be {classes:?}"))
        } else {
            None
        };
        self.add(what, Some(class), reply, problem);
    }

    /// The command has to work, against what one would think.
    pub(crate) fn works<T: Debug>(&mut self, what: &str, result: RedisResult<T>) {
        match result {
            Ok(value) => self.add(what, None, format!("{value:?}"), None),
            Err(error) => {
                let reply = reply::shown(&error, self.program);
                let problem = Some("it was to work".to_owned());
                self.add(what, Some(Class::of(&error)), reply, problem);
            }
        }
    }

    /// Something else has to be so.
    pub(crate) fn check(&mut self, what: &str, is_so: bool) {
        if !is_so {
            self.problem(what, "it is not so");
        }
    }

    pub(crate) fn problem(&mut self, what: &str, problem: &str) {
        self.add(what, None, String::new(), Some(problem.to_owned()));
    }

    fn add(&mut self, what: &str, class: Option<Class>, reply: String, problem: Option<String>) {
        self.findings.push(Finding {
            situation: self.situation,
            what: what.to_owned(),
            class,
            reply,
            problem,
        });
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Runs one command, with spaces between its words.
pub(crate) fn query(connection: &mut Connection, line: &str) -> RedisResult<Value> {
    query_words(connection, &line.split(' ').collect::<Vec<_>>())
}

pub(crate) fn query_words(connection: &mut Connection, words: &[&str]) -> RedisResult<Value> {
    let mut command = cmd(words[0]);
    command.arg(&words[1..]);
    command.query(connection)
}

/// Runs commands in one go, as redis-rs makes a transaction of them.
pub(crate) fn atomic(connection: &mut Connection, lines: &[&str]) -> RedisResult<Value> {
    pipe(lines).atomic().query(connection)
}

pub(crate) fn pipe(lines: &[&str]) -> redis::Pipeline {
    let mut pipe = redis::pipe();
    for line in lines {
        let mut words = line.split(' ');
        pipe.cmd(words.next().unwrap_or_default());
        words.for_each(|word| {
            pipe.arg(word);
        });
    }
    pipe
}

/// Runs a script without arguments.
pub(crate) fn eval(connection: &mut Connection, script: &str, keys: &[&str]) -> RedisResult<Value> {
    cmd("EVAL")
        .arg(script)
        .arg(keys.len())
        .arg(keys)
        .query(connection)
}

pub(crate) fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the server never came to that state"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// Somebody who waits for an answer.
pub(crate) struct Waiting(JoinHandle<RedisResult<Value>>);

impl Waiting {
    pub(crate) fn start(
        server: &RealRedis,
        ask: impl FnOnce(&mut Connection) -> RedisResult<Value> + Send + 'static,
    ) -> Self {
        let url = server.url();
        Self(thread::spawn(move || ask(&mut connect(&url)?)))
    }

    pub(crate) fn answer(self) -> RedisResult<Value> {
        self.0.join().expect("the one who waits does not panic")
    }
}

/// A script that runs until it is killed; returns when the server refuses other commands.
pub(crate) fn keep_busy(
    server: &RealRedis,
    connection: &mut Connection,
    script: &'static str,
) -> Waiting {
    let waiting = Waiting::start(server, move |connection| eval(connection, script, &[]));
    wait_until(|| query(connection, "GET k").is_err());
    waiting
}

/// Waits until somebody waits for an answer.
pub(crate) fn wait_until_blocked(connection: &mut Connection) {
    wait_until(|| {
        let info: String = cmd("INFO")
            .arg("clients")
            .query(connection)
            .unwrap_or_default();
        info.contains("blocked_clients:1")
    });
}
