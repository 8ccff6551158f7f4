#!/usr/bin/env bash
# A log line that another thread reaches first is never heard by a subscriber that is set for one thread, as long as it is the only one.
#
# tracing 0.1.44, tracing-core 0.1.36, tracing-subscriber 0.3.23.
#
# Guess: `set_default` hears all that its own thread logs from then on, whatever other threads do.
# Seen: with one subscriber in the process, set by `set_default` on thread A, a line that thread B reaches first asks only B whether anybody wants
#   it, and B has none. The answer "never" is kept for all: A's subscriber is not told of that line again, though it wants it. With a second
#   subscriber alive anywhere, be it unused, all are asked, and A hears it.
# Why: tests that capture the log of an outage lose lines when others log the same beside them, now and then; a test that retries would hide it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/one/src" && cd "$work/one"
cat >Cargo.toml <<'TOML'
[package]
name = "one"
version = "0.0.0"
edition = "2024"
[dependencies]
tracing = "=0.1.44"
tracing-core = "=0.1.36"
tracing-subscriber = { version = "=0.3.23", default-features = false, features = ["registry", "std"] }
[profile.dev]
debug = false
[workspace]
TOML
cat >src/main.rs <<'RUST'
use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);
impl<S: Subscriber> Layer<S> for Count {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// How many of three lines this thread's subscriber hears, of which another thread has reached one first.
fn heard(say: fn()) -> usize {
    let count = Count::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(count.clone()));
    std::thread::spawn(say).join().unwrap();
    for _ in 0..3 {
        say();
    }
    count.0.load(Ordering::SeqCst)
}

fn main() {
    let alone = heard(|| tracing::warn!("with one subscriber"));
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    let beside = heard(|| tracing::warn!("beside another one"));
    drop(second);
    println!("heard of 3 lines: {alone} by the only subscriber, {beside} beside a second one");
    if (alone, beside) != (0, 3) {
        println!("CHANGED");
        std::process::exit(1);
    }
}
RUST
cargo run -q
