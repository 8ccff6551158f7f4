//! How old the values are that are served near, while one thing after the other goes wrong.
//!
//! ```sh
//! cargo test -p redis-resilient-tests --test near_staleness          # a few faults; under a minute
//! cargo test -p redis-resilient-tests --test near_staleness -- 50    # so many
//! ```
//!
//! One writes, several read over a near cache that is told of changes, and servers are killed, frozen and replaced, connections closed and swallowed. What is
//! promised: no value is served more than a second after a write that made it old was acknowledged. Its exit code is 0 only if that held, and if enough was
//! written and served near for that to mean something.
//!
//! A write that a failover has lost made nothing old: whether it did is looked up in the end, in a list that each write adds to.

mod account;
mod load;
mod scene;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use account::Account;
use load::Load;
use scene::Scene;

type AnyResult<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MS: fn(u64) -> Duration = Duration::from_millis;
const FEW: usize = 8;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if std::env::args().any(|argument| argument == "--list") {
        println!("near_staleness: test");
        return ExitCode::SUCCESS;
    }
    let faults = arguments.find_map(|argument| argument.parse().ok());
    match run(faults.unwrap_or(FEW)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("near_staleness: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(faults: usize) -> AnyResult<bool> {
    let of_sentinels = faults.div_ceil(5);
    let of_cluster = faults.div_ceil(5);
    let of_one = faults.saturating_sub(of_sentinels + of_cluster);
    let mut is_kept = true;
    println!("near_staleness: {}", Account::HEAD);
    for (start, faults) in [
        (Scene::one as fn() -> AnyResult<Scene>, of_one),
        (Scene::sentinels, of_sentinels),
        (Scene::cluster, of_cluster),
    ] {
        let scene = start()?;
        let account = suffer(&scene, faults)?;
        println!("near_staleness: {}", account.line(scene.name()));
        is_kept &= account.is_kept();
    }
    println!(
        "near_staleness: {}",
        if is_kept {
            "the promise held"
        } else {
            "BROKEN"
        }
    );
    Ok(is_kept)
}

/// Lets so many faults happen, with some time between.
fn suffer(scene: &Scene, faults: usize) -> AnyResult<Account> {
    let load = Load::begin(scene)?;
    load.is_served_near()?;
    for number in 0..faults {
        scene.strike(number)?;
        load.is_served_near()?;
    }
    load.end(scene, faults)
}
