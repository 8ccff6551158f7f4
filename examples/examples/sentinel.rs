//! Primaries are killed and frozen under load while Sentinels promote replicas, and you watch what the callers notice.
//!
//! ```text
//! cargo run --release --example sentinel
//! cargo run --release --example sentinel -- --seconds 60 --svg /tmp/sentinel.svg
//! ```
//!
//! The annotated functions are in `src/sentinel/shop.rs`.

fn main() -> std::process::ExitCode {
    redis_resilient_examples::sentinel::main()
}
