//! Redis is killed and frozen under load, and you watch what the callers notice.
//!
//! ```text
//! cargo run --release --example outage
//! cargo run --release --example outage -- --seconds 60 --svg /tmp/outage.svg
//! cargo run --release --example outage -- --fault wrong-password
//! ```
//!
//! The annotated functions are in `src/outage/shop.rs`, the connections they use in `src/connection.rs`.

fn main() -> std::process::ExitCode {
    redis_resilient_examples::outage::main()
}
