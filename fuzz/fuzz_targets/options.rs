//! What stands between the parentheses, over functions of every kind.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redis_resilient_fuzz::{check, tokens};

const FUNCTIONS: [&str; 4] = [
    "async fn get(&self, conn: &mut C, key: String) -> RedisResult<u64> { conn.get(key).await }",
    "fn get(conn: &mut C, (a, b): (u8, u8), mut key: u64) -> Result<u64, E> { conn.get(key) }",
    "fn get<'a>(self: &'a mut Self, key: u64) -> Pin<Box<dyn Future<Output = R<u64>> + 'a>> {
        Box::pin(async move { let __self = self; let __ret: R<u64> = { __self.get(key).await }; __ret })
    }",
    "const fn get(_: u8) -> ! { loop {} }",
];

fuzz_target!(|text: &str| {
    let Some(args) = tokens(text) else { return };
    for function in FUNCTIONS {
        if let Some(function) = tokens(function) {
            check(args.clone(), function);
        }
    }
});
