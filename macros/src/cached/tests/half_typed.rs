//! What an editor hands over while somebody is typing.

use super::FUNCTION;
use crate::tests::half_typed::each_prefix;
use crate::tests::promise::check_cached as check;
use crate::tests::tokens;

const ATTRIBUTES: [&str; 4] = [
    "key = \"user:{id}:{order.lines.0:?}-{{x}}\", prefix = \"p\", version = 2, ttl = |value| value.life(), negative_ttl = \"30s\", \
     negative_on = |e: &E| e.gone(), jitter = 0.2, codec = Postcard, invalidate = forget, skip(db, r#type, a, b, N, lang)",
    "key = \"{id}\", ttl = \"10m\", stale_if_error = \"1h\", stale_while_revalidate = \"5s\", soft_timeout = \"100ms\", refresh_ahead = 1.5, \
     lease = \"10s\", near = \"tracking\", limit = PRIMARY, limit_wait = \"1s\", background = true, redis = REDIS",
    "key = \"{id}\", ttl = self.ttl, redis = &self.redis, coalesce = false, limit = self.limit, near = NEAR, invalidate = Self::forget, \
     timeout = false, retries = 2, backoff = \"exp\", delay = \"5ms\", max_delay = \"1s\", factor = 2.0, breaker = &a::B, name = \"n\", crate = ::x::y",
    "key = \"{id}\", ttl = \"1m\", redis = self.redis, skip(key, a, b)",
];

const FUNCTIONS: [&str; 5] = [
    FUNCTION,
    "/// Of the user.\n#[must_use] pub(in a::b) async fn get<'a, T: 'a + Send, const N: usize>(
        &'a self, redis: &Connector, #[cfg(unix)] mut key: T, [a, b]: [u8; N], id: u64, order: &Order) -> io::Result<Option<User>>
     where T: Sized, [u8; N]: Default {
        #![allow(unused)]
        let found = match self.conn.get(key).await { Ok(found) if found > 3 => found, other => return other };
        impl A for B { fn c(self) -> u8 { self.d } }
        'outer: for x in 0..=3 { if let Some(y) = found else { break 'outer } }
        Ok(vec![found?, \"a\", format!(\"{}\", self.x)])
     }",
    "fn sync(&self, redis: &Connector, r#type: &mut C, id: String) -> Result<User, E> { self.conn.get(|x: u8| x + 1)? }",
    crate::tests::output::ASYNC_TRAIT,
    "pub trait T: Send { fn get(&self) -> Result<u8, E>; }",
];

#[test]
fn every_prefix_of_the_options_is_survived() {
    for (attribute, function) in ATTRIBUTES
        .iter()
        .flat_map(|attribute| FUNCTIONS.map(|function| (attribute, function)))
    {
        let function = tokens(function);
        each_prefix(attribute, |prefix| check(prefix, function.clone()));
    }
}

#[test]
fn every_prefix_of_the_function_is_survived() {
    for (attribute, function) in FUNCTIONS
        .iter()
        .flat_map(|function| ATTRIBUTES.map(|attribute| (attribute, function)))
    {
        let attribute = tokens(attribute);
        each_prefix(function, |prefix| check(attribute.clone(), prefix));
    }
}

/// A key is typed in its string, and lexed as a whole.
#[test]
fn every_prefix_of_a_key_is_survived() {
    let key = "a{{b}}:{id}:{order.lines.0:?}-{r#type}%{x:.2}{";
    for (end, _) in key.char_indices() {
        for closing in ["", "}", "{", "}}"] {
            let prefix = key.get(..end).unwrap_or_default();
            let args = format!("key = \"{prefix}{closing}\", ttl = \"1m\"");
            check(tokens(&args), tokens(FUNCTION));
        }
    }
}

/// Only what is wrong with the signature keeps a function from being expanded: a body is none of the attribute's business.
#[test]
fn a_half_typed_body_is_expanded_around() {
    for body in ["db.;", "let x = ;", "if x { db } else;"] {
        let item = format!("async fn f(redis: &Connector, id: u64) -> Result<u8, E> {{ {body} }}");
        let output = crate::cached::cached(tokens(super::KEY), &tokens(&item)).to_string();
        assert!(
            !output.contains("compile_error") && output.contains("__cached_key"),
            "{output}"
        );
    }
}
