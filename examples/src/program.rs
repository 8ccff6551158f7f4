//! What the programs have in common: their command line, their output, how they end.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use redis_resilient_testkit::RealRedis;
use tokio::runtime::Runtime;

use crate::args::{self, Args, Request, Usage};

/// The exit code after Ctrl-C, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Runs a drill as the command line says.
///
/// 0: everything held that must hold. 1: something did not, or the drill could not run. 2: a mistake in the command line.
/// 130: interrupted.
pub(crate) fn main<F>(usage: &Usage, drill: impl FnOnce(Args) -> F) -> ExitCode
where
    F: Future<Output = Result<ExitCode, Failure>>,
{
    let args = match args::parse(usage, env::args().skip(1)) {
        Ok(Request::Run(args)) => args,
        Ok(Request::Help(help)) => {
            print(&help);
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            complain(usage.name, &sentence);
            return ExitCode::from(2);
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(usage.name, &error),
    };
    let code = match runtime.block_on(drill(args)) {
        Ok(code) => code,
        Err(error) => fail(usage.name, &*error),
    };
    // A thread that hangs must not keep the program from ending: that it hangs has been reported.
    runtime.shutdown_timeout(Duration::from_millis(200));
    code
}

/// Unlike `println!` without a panic where nobody reads on.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Before servers are started, which takes some seconds.
pub(crate) fn announce_start(what: &str) {
    let fetched = if RealRedis::is_installed() {
        ""
    } else {
        " There is no redis-server yet: on Debian and Ubuntu it is fetched to target/redis."
    };
    print(&format!("Starting {what}.{fetched}\n"));
}

pub(crate) fn complain(program: &str, sentence: &str) {
    let _ = writeln!(io::stderr(), "{program}: {sentence}");
}

pub(crate) fn fail(program: &str, error: &(dyn Error + 'static)) -> ExitCode {
    complain(program, &error.to_string());
    ExitCode::FAILURE
}
