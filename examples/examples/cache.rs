//! Redis is killed and comes back empty, under 1,000 reads a second, and behind it is a primary store that can do 200 a second.
//!
//! ```text
//! cargo run --release --example cache
//! cargo run --release --example cache -- --seconds 60 --svg /tmp/cache.svg
//! cargo run --release -p redis-resilient-examples --features peer-cached --example cache   # beside the crate `cached` too, which needs Rust 1.92
//! ```
//!
//! Several services at once, with the same load on the same Redis: with this crate's cache, with cache-aside as it is written by hand, and with the
//! crate `cached`. They are in `src/cache/services.rs`.

fn main() -> std::process::ExitCode {
    redis_resilient_examples::cache::main()
}
