//! The owner of a third of a cluster's slots is killed under load, and you watch what the callers of each shard notice.
//!
//! ```text
//! cargo run --release --example cluster
//! cargo run --release --example cluster -- --seconds 60 --svg /tmp/cluster.svg
//! ```
//!
//! The annotated functions are in `src/cluster/shop.rs`.

fn main() -> std::process::ExitCode {
    redis_resilient_examples::cluster::main()
}
