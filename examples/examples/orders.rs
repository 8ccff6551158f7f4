//! A shop takes orders while Redis is killed, frozen and full, and while the shop itself is killed: each order is in Redis in the end, once.
//!
//! ```text
//! cargo run --release --example orders
//! cargo run --release --example orders -- --seconds 60 --svg /tmp/orders.svg
//! ```
//!
//! The shop is in `src/orders/shop.rs`: a process of its own, with a journal.

fn main() -> std::process::ExitCode {
    redis_resilient_examples::orders::main()
}
