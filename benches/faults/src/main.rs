//! What callers see of real faults, and how soon they are back: `Connector` beside redis-rs's own connections.

mod client;
mod doors;
mod row;
mod rows;
mod scale;
mod storm;
mod table;
mod trial;
mod verdict;
mod world;

use std::io::Write as _;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The tables beside that of the rows.
const TABLES: [&str; 3] = ["storm", "doors", "scale"];

const HELP: &str = "\
Provokes faults of real Redis servers and prints what callers see of them.

Usage: cargo run --release -p redis-resilient-faults -- [OPTIONS]

Options:
  --row NAME   only rows whose name contains NAME; `storm`, `doors` and `scale` are the other tables
  --help       print this
";

fn main() {
    let code = match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            2
        }
    };
    let _ = std::io::stdout().flush();
    // Threads whose calls hang are left behind.
    std::process::exit(code)
}

fn run() -> Result<i32> {
    let mut words = std::env::args().skip(1);
    let mut wanted = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            storm::CHILD => {
                let (kind, outage) = (words.next(), words.next());
                storm::run(&kind.unwrap_or_default(), &outage.unwrap_or_default())?;
                return Ok(0);
            }
            scale::CHILD => {
                scale::run(&words.next().unwrap_or_default())?;
                return Ok(0);
            }
            "--row" => wanted = Some(words.next().ok_or("`--row` needs a name")?),
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(0);
            }
            _ => return Err(format!("there is no option `{word}`; `--help` lists them").into()),
        }
    }
    let mut rows = rows::all();
    if let Some(wanted) = &wanted {
        rows.retain(|row| row.name.contains(wanted.as_str()));
        if rows.is_empty() && !TABLES.contains(&wanted.as_str()) {
            return Err(format!("no row's name contains `{wanted}`").into());
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut missed = Vec::new();
    if !rows.is_empty() {
        missed.extend(table::print(&rows, runtime.handle())?);
        println!();
    }
    let is_wanted = |table| wanted.as_ref().is_none_or(|wanted| wanted == table);
    if is_wanted("storm") {
        missed.extend(storm::print()?);
        println!();
    }
    if is_wanted("doors") {
        missed.extend(doors::print(runtime.handle())?);
        println!();
    }
    if is_wanted("scale") {
        missed.extend(scale::print()?);
        println!();
    }
    if missed.is_empty() {
        println!("All promises are kept.");
        return Ok(0);
    }
    for missed in &missed {
        println!("MISSED: {missed}");
    }
    Ok(1)
}
