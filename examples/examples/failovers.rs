//! Fails over many times, and counts how often a call has succeeded through it: behind Sentinels and in a cluster.
//!
//! ```text
//! cargo run --release --example failovers -- --runs 20
//! ```
//!
//! The annotated functions are in `src/failovers/caller.rs`.

fn main() -> std::process::ExitCode {
    redis_resilient_examples::failovers::main()
}
