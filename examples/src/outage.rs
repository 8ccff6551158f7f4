//! The outage drill: a load on annotated functions while Redis is killed, restarted, frozen and thawed.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::Client;
use tokio::runtime::{Handle, Runtime};
use tokio::task::spawn_blocking;

use crate::args::{self, Args, Request};
use crate::connection::{Cache, Meter, SyncCache};
use crate::database::{self, Database};
use crate::load::{Load, Tally};
use crate::schedule::Course;
use crate::server::Server;
use crate::stats::Log;
use crate::verdict::{self, Orders};
use crate::{live, report, shop, timeline};

/// Runs the drill as the command line says.
///
/// 0: everything held that must hold. 1: something did not, or the drill could not run. 2: a mistake in the command line.
/// 130: interrupted.
pub fn main() -> ExitCode {
    let args = match args::parse(env::args().skip(1)) {
        Ok(Request::Run(args)) => args,
        Ok(Request::Help) => {
            print(args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            complain(&sentence);
            return ExitCode::from(2);
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let code = match runtime.block_on(drill(&args)) {
        Ok(code) => code,
        Err(error) => fail(&*error),
    };
    // A thread that hangs must not keep the program from ending: that it hangs has been reported.
    runtime.shutdown_timeout(Duration::from_millis(200));
    code
}

async fn drill(args: &Args) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let embedded = args.embedded;
    let server = Arc::new(spawn_blocking(move || Server::start(embedded)).await??);
    print(&report::opening(&server.description(), args.length));
    let client = Client::open(server.url())?;
    fill(&client)?;
    let database = Database::with_users()?;

    let start = Instant::now();
    let meter = Meter::new(start);
    let load = Arc::new(Load {
        cache: Cache::new(client.clone(), meter.clone())?,
        sync_cache: SyncCache::new(client.clone(), meter.clone()),
        database,
        start,
        length: args.length,
        log: Log::default(),
        tally: Tally::default(),
        room: Load::room(),
    });
    let course = Course::new(start, args.length);
    let is_whole = run(&load, &course, &server).await?;

    let end = start.elapsed().min(args.length);
    let (records, spans) = (load.log.all(), course.spans(end));
    print(&format!("\n{}", report::table(&records, &spans)));
    if !is_whole {
        complain("interrupted: this is what there was until then, unchecked");
        return Ok(ExitCode::from(130));
    }
    let is_back = verdict::comes_back(&load).await;
    let orders = {
        let load = load.clone();
        spawn_blocking(move || Orders::read_back(&client, &load)).await?
    };
    let notes = report::notes(&records, &spans, &meter, &orders);
    print(&format!("\n{notes}"));
    fs::write(&args.svg, timeline::draw(&records, &spans, end)?)
        .map_err(|error| format!("{} cannot be written: {error}", args.svg.display()))?;
    print(&format!("timeline  {}\n", args.svg.display()));

    let violations = verdict::violations(&load, &orders, is_back);
    for violation in &violations {
        complain(violation);
    }
    Ok(if violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether it ran to its end, and not to Ctrl-C.
async fn run(load: &Arc<Load>, course: &Course, server: &Arc<Server>) -> Result<bool, String> {
    let generator = {
        let (load, runtime) = (load.clone(), Handle::current());
        spawn_blocking(move || load.run(&runtime))
    };
    let is_whole = tokio::select! {
        done = course.run(server) => done.map(|()| true),
        () = live::show(load, course) => Ok(true),
        Ok(()) = tokio::signal::ctrl_c() => Ok(false),
    };
    load.tally.stopped.store(true, Ordering::Relaxed);
    // The calls under way end by their own deadlines.
    generator.await.map_err(|panic| panic.to_string())?;
    is_whole
}

/// Puts into Redis what the database says.
fn fill(client: &Client) -> redis::RedisResult<()> {
    let mut pipeline = redis::pipe();
    for id in 0..database::USERS {
        pipeline.set(shop::name_key(id), database::name_of(id));
        pipeline.set(shop::credit_key(id), database::credit_of(id));
    }
    pipeline.exec(&mut client.get_connection_with_timeout(Duration::from_secs(5))?)
}

/// Unlike `println!` without a panic where nobody reads on.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "outage: {sentence}");
}

fn fail(error: &(dyn Error + 'static)) -> ExitCode {
    complain(&error.to_string());
    ExitCode::FAILURE
}
