//! Fetches the servers named on the command line, and prints all that tests find on this machine.

use std::env;

use redis_resilient_testkit::{ServerProgram, fetch_server, servers};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fetched = env::args()
        .skip(1)
        .map(|name| fetch_server(&name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let at_hand: Vec<_> = servers()?.collect();
    for program in &at_hand {
        println!("{program}  {}", program.path().display());
    }
    // The same version on the `PATH` does as well.
    let is_missing = |fetched: &&ServerProgram| {
        let name = fetched.to_string();
        !at_hand.iter().any(|program| program.to_string() == name)
    };
    match fetched.iter().find(is_missing) {
        Some(missing) => Err(format!("{missing} is there, but not in REDIS_SERVER_BIN").into()),
        None => Ok(()),
    }
}
