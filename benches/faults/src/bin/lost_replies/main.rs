//! Commands drawn at random, each reply lost with 2 %, beside a model: a second server that executes each of them once and loses nothing.

mod callers;
mod lossy;
mod run;
mod tally;
mod visible;

use redis_resilient_testkit::servers;

use callers::Caller;
use run::Run;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "\
Draws commands at random, loses one reply in 50, and compares what callers are told and what the server holds with a server that executes each
command once.

Usage: cargo run --release -p redis-resilient-faults --bin lost_replies -- [OPTIONS]

Options:
  --commands N   how many by each caller; 200000 unless told
  --by NAME      only this caller: `connection`, `blocking`, `manager`
  --seed N       the same draw again
  --all-servers  on each server at hand, not only on the first
  --help         print this
";

struct Options {
    commands: u64,
    callers: Vec<Caller>,
    seed: u64,
    all_servers: bool,
}

fn main() {
    let code = match options().and_then(|options| options.map_or(Ok(true), |options| run(&options)))
    {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => {
            eprintln!("{error}");
            2
        }
    };
    std::process::exit(code)
}

/// `None`: there is nothing to do.
fn options() -> Result<Option<Options>> {
    let mut options = Options {
        commands: 200_000,
        callers: Caller::ALL.to_vec(),
        seed: fastrand::u64(..),
        all_servers: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("`{word}` needs a value"));
        match word.as_str() {
            "--commands" => options.commands = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            "--by" => options.callers = vec![Caller::named(&value()?)?],
            "--all-servers" => options.all_servers = true,
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(None);
            }
            _ => return Err(format!("there is no option `{word}`; `--help` lists them").into()),
        }
    }
    Ok(Some(options))
}

/// Whether all is as it has to be.
fn run(options: &Options) -> Result<bool> {
    println!("seed {}", options.seed);
    let mut is_well = true;
    println!("{}", tally::HEAD);
    let count = if options.all_servers { usize::MAX } else { 1 };
    for program in servers()?.take(count) {
        for caller in &options.callers {
            let mut run = Run::start(&program, *caller, options.seed)?;
            for _ in 0..options.commands {
                run.draw()?;
            }
            let tally = run.end()?;
            println!("{}", tally.row(&program.to_string(), caller.name()));
            for fault in &tally.faults {
                println!("  FAULT: {fault}");
            }
            is_well &= tally.is_well();
        }
    }
    Ok(is_well)
}
