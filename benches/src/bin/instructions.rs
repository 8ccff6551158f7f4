//! Prints the instructions of each scenario. `-- sync open` for those of some groups only.

use std::process::ExitCode;

use redis_resilient_benches::{GROUPS, Who, callgrind, of_group};

fn main() -> ExitCode {
    if callgrind::is_counted() {
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    println!("| group | call | instructions | over the bare call |");
    println!("|---|---|---:|---:|");
    for group in GROUPS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == group.name) {
            continue;
        }
        let mut bare = f64::NAN;
        for scenario in of_group(group) {
            let count = match callgrind::instructions(&scenario) {
                Ok(count) => count,
                Err(problem) => {
                    eprintln!("{problem}");
                    return ExitCode::FAILURE;
                }
            };
            if scenario.who == Who::Bare {
                bare = count;
            }
            let (group, name, over) = (group.name, scenario.name, count - bare);
            println!("| {group} | {name} | {count:.1} | {over:+.1} |");
        }
    }
    ExitCode::SUCCESS
}
