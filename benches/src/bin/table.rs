//! Prints all figures as one table. `-- sync open` for those of some groups only, `-- --quick` for fewer rounds.

use redis_resilient_benches::{
    GROUPS, Group, Scenario, Who, callgrind, future_sizes, of_group, rounds, shared_by_threads,
};

const ROUNDS: usize = 301;
const QUICK_ROUNDS: usize = 31;
const COUNTED: u64 = 1_000;

fn main() {
    if callgrind::is_counted() {
        return;
    }
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    let quick = wanted.iter().any(|argument| argument == "--quick");
    wanted.retain(|argument| argument != "--quick");
    let rounds = if quick { QUICK_ROUNDS } else { ROUNDS };
    let is_wanted = |name| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);

    println!(
        "| call | ns, median | ns, min | over the bare call | times the bare call | times the best peer | allocations | instructions |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let mut valgrind = true;
    for group in GROUPS {
        if is_wanted(group.name) {
            print_group(group, rounds, &mut valgrind);
        }
    }
    if is_wanted("threads") {
        print_threads(rounds);
    }
    println!();
    println!("Sizes of futures in bytes:");
    for (name, size) in future_sizes() {
        println!("* {name}: {size}");
    }
}

fn print_group(group: Group, rounds: usize, valgrind: &mut bool) {
    let scenarios = of_group(group);
    let times = rounds::times(&scenarios, rounds);
    let median_of = |who| {
        let medians = scenarios.iter().zip(&times);
        medians
            .filter(|(scenario, _)| scenario.who == who)
            .map(|(_, times)| times.median)
            .min_by(f64::total_cmp)
    };
    let bare = median_of(Who::Bare).unwrap_or(f64::NAN);
    let best_peer = median_of(Who::Peer);
    println!("| **{}** | | | | | | | |", group.what);
    for (scenario, times) in scenarios.iter().zip(&times) {
        let mut cells = vec![
            scenario.name.to_owned(),
            format!("{:.2}", times.median),
            format!("{:.2}", times.min),
            match scenario.who {
                Who::Bare => String::new(),
                _ => format!("{:+.2}", times.median - bare),
            },
            format!("{:.2}", times.median / bare),
        ];
        cells.push(match (scenario.who, best_peer) {
            (Who::Ours, Some(peer)) => format!("{:.2}", times.median / peer),
            _ => String::new(),
        });
        cells.push(allocations(scenario));
        cells.push(instructions(scenario, valgrind));
        println!("| {} |", cells.join(" | "));
    }
}

fn allocations(scenario: &Scenario) -> String {
    (scenario.run)(64);
    let few = allocation_counter::measure(|| (scenario.run)(COUNTED)).count_total;
    let more = allocation_counter::measure(|| (scenario.run)(2 * COUNTED)).count_total;
    // What is left of both is made once for each run.
    let thousandths = more.saturating_sub(few) * 1_000 / COUNTED;
    let (whole, rest) = (thousandths / 1_000, thousandths % 1_000);
    match rest {
        0 => whole.to_string(),
        _ => format!("{whole}.{rest:03}"),
    }
}

fn instructions(scenario: &Scenario, valgrind: &mut bool) -> String {
    if !*valgrind {
        return "?".to_owned();
    }
    match callgrind::instructions(scenario) {
        Ok(count) => format!("{count:.1}"),
        Err(problem) => {
            eprintln!("no instructions are counted: {problem}");
            *valgrind = false;
            "?".to_owned()
        }
    }
}

fn print_threads(rounds: usize) {
    println!();
    println!(
        "| two threads, one breaker | ns, 1 thread, median | min | ns per thread, 2 threads, median | min | ratio of medians | of minima | rounds |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for shared in shared_by_threads() {
        let (alone, both, counted) = rounds::times_together(&shared, rounds);
        println!(
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {counted} |",
            shared.name,
            alone.median,
            alone.min,
            both.median,
            both.min,
            both.median / alone.median,
            both.min / alone.min,
        );
    }
}
