//! What the attribute stands on; the first line is what stands between its parentheses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redis_resilient_fuzz::{check, tokens};

fuzz_target!(|text: &str| {
    let (args, item) = text.split_once('\n').unwrap_or(("", text));
    if let (Some(args), Some(item)) = (tokens(args), tokens(item)) {
        check(args, item);
    }
});
