//! Moves slots, fails over and kills, over and over, and counts what callers of a cluster notice of it.
//!
//! ```text
//! cargo run --release --example resharding -- --minutes 10 --server valkey
//! ```
//!
//! The annotated functions are in `src/resharding/calls.rs`.

fn main() -> std::process::ExitCode {
    redis_resilient_examples::resharding::main()
}
