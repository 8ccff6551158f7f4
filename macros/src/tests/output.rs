use super::{FUNCTION, expansion, resilient, tokens};

#[track_caller]
fn has(args: &str, item: &str, parts: &[&str]) {
    let squeezed = |text: &str| {
        text.split_whitespace()
            .collect::<String>()
            .replace(",)", ")")
            .replace(",}", "}")
    };
    let output = expansion(args, item);
    for part in parts {
        assert!(
            squeezed(&output).contains(&squeezed(part)),
            "no `{part}` in\n{output}"
        );
    }
}

#[track_caller]
fn lacks(args: &str, item: &str, parts: &[&str]) {
    let output = expansion(args, item);
    for part in parts {
        assert!(!output.contains(part), "`{part}` in\n{output}");
    }
}

const SYNC: &str = "fn get(conn: &mut C, key: u64) -> RedisResult<u64> { conn.get(key) }";

#[test]
fn the_policy_holds_what_was_written() {
    has("", FUNCTION, &[
        "static POLICY: ::redis_resilient::__private::Policy = ::redis_resilient::__private::Policy::new(
            ::core::concat!(::core::module_path!(), \"::\", \"get\")).counted_in(&FUNCTION);",
        "::redis_resilient::__private::breaker(&::redis_resilient::__private::DEFAULT_BREAKER)",
    ]);
    has(
        "retries = 5, backoff = \"linear\", delay = \"1.5s\", max_delay = \"2m\", jitter = \"none\", timeout = \"10us\", \
         deadline = \"2h\", idempotent = false, fallback = Ok(1), name = \"n\"",
        FUNCTION,
        &["Policy::new(\"n\")
            .retries(5u32)
            .backoff(::redis_resilient::__private::Backoff::linear(::core::time::Duration::new(1u64, 500000000u32))
                .max_delay(::core::time::Duration::new(120u64, 0u32))
                .jitter(::redis_resilient::__private::Jitter::None))
            .timeout(::core::time::Duration::new(0u64, 10000u32))
            .deadline(::core::time::Duration::new(7200u64, 0u32))
            .idempotent(false)
            .fallback_on(::redis_resilient::__private::FallbackOn::Unusable)
            .counted_in(&FUNCTION);"],
    );
    has(
        "factor = 3",
        FUNCTION,
        &["exponential(::core::time::Duration::new(0u64, 50000000u32)).factor(3f64)"],
    );
    has(
        "backoff = \"none\"",
        FUNCTION,
        &[".backoff(::redis_resilient::__private::Backoff::none())"],
    );
    has(
        "",
        "fn r#match() -> Result<u8, E> { g() }",
        &["\"match\"", ".no_timeout()", "BlockingCall::begin("],
    );
    has(
        "crate = ::a::b",
        FUNCTION,
        &["::a::b::__private::Policy::new("],
    );
}

#[test]
fn a_command_that_must_not_be_repeated_is_told_to_the_policy() {
    let counts = "async fn count(conn: &mut C) -> RedisResult<u64> { conn.incr(\"n\", 1).await }";
    let shown = ["shows_non_idempotent", "of_non_idempotent"];
    has("", counts, &shown);
    has("retries = n", counts, &shown);
    for args in ["retries = 0", "idempotent = true", "idempotent = false"] {
        lacks(args, counts, &shown);
    }
    lacks("", FUNCTION, &shown);
}

#[test]
fn values_of_run_time_are_checked_at_run_time() {
    has(
        "retries = self.n",
        FUNCTION,
        &[
            "let __resilient_policy = ::redis_resilient::__private::Policy::new(",
            ".retries(self.n);",
            "Call::new(&__resilient_policy,",
            "__private::Call::misconfigured(&__resilient_call)",
        ],
    );
    has(
        "backoff = SLOW",
        FUNCTION,
        &[".backoff(SLOW);", "misconfigured"],
    );
    lacks("retries = 3", FUNCTION, &["misconfigured"]);
}

#[test]
fn a_connector_that_may_be_there_is_looked_at() {
    has(
        "",
        "async fn get(&self, redis: &Connector) -> RedisResult<u64> { redis.get().await?; self.other.get().await }",
        &[
            "__private::default_breaker([(&&::redis_resilient::__private::Taken(&redis)).resilient_breaker(),",
            "(&&::redis_resilient::__private::Taken(&self.other)).resilient_breaker()",
        ],
    );
    let own = "async fn get(redis: &Connector) -> RedisResult<u64> { redis.get().await }";
    lacks("breaker = SESSIONS", own, &["default_breaker"]);
    lacks("breaker = false", own, &["default_breaker"]);
}

#[test]
fn breakers_are_taken_by_reference_once() {
    has(
        "breaker = SESSIONS",
        FUNCTION,
        &["__private::static_breaker(&SESSIONS)"],
    );
    has(
        "breaker = &SESSIONS",
        FUNCTION,
        &["__private::static_breaker(&SESSIONS)"],
    );
    has(
        "breaker = self.breaker",
        FUNCTION,
        &["__private::breaker(&self.breaker)"],
    );
    has(
        "breaker = *self.breakers.read()",
        FUNCTION,
        &[
            "let __resilient_breaker = &*self.breakers.read();",
            "__private::held_breaker(&__resilient_breaker)",
        ],
    );
    has(
        "breaker = self.breaker(1)",
        FUNCTION,
        &[
            "let __resilient_breaker = self.breaker(1);",
            "__private::held_breaker(&__resilient_breaker)",
        ],
    );
    has("breaker = *b", FUNCTION, &["__private::breaker(&*b)"]);
    has(
        "breaker = false",
        FUNCTION,
        &[", ::core::option::Option::None)"],
    );
    lacks("breaker = false", FUNCTION, &["Call::begin("]);
    // A deadline may be over before the next attempt.
    has(
        "breaker = false, deadline = \"5s\"",
        SYNC,
        &["if !::redis_resilient::__private::BlockingCall::pause(&mut __resilient_call) {"],
    );
}

#[test]
fn only_what_can_happen_asks_something_of_the_error() {
    has(
        "",
        FUNCTION,
        &[
            "return ::redis_resilient::__private::Call::refuse(&mut __resilient_call);",
            "::redis_resilient::__private::attempt(&mut __resilient_call, async {",
        ],
    );
    lacks(
        "breaker = false, timeout = false",
        FUNCTION,
        &["refuse", "attempt("],
    );
    lacks("breaker = false", SYNC, &["refuse", "if !"]);
    lacks(
        "fallback = fetch, fallback_limit = false",
        FUNCTION,
        &["refuse", "reject", "turned_away", "enter_fallback"],
    );
    lacks(
        "fallback = Ok(1)",
        FUNCTION,
        &["refuse", "reject", "turned_away", "enter_fallback"],
    );
    lacks(
        "fallback = [fetch, Ok(1)]",
        FUNCTION,
        &["refuse", "reject", "turned_away", "enter_fallback"],
    );
    has(
        "fallback = |e| Ok(1), fallback_limit = false",
        FUNCTION,
        &[
            "::core::option::Option::None => {
                ::redis_resilient::__private::rejected(::redis_resilient::__private::Call::rejection(&mut __resilient_call))",
        ],
    );
    has(
        "fallback = fetch",
        FUNCTION,
        &[
            "break ::core::option::Option::None;",
            "break ::core::option::Option::Some(__resilient_error)",
            "__private::Call::enter_fallback(&mut __resilient_call, __resilient_limit, __resilient_error)",
        ],
    );
    has(
        "fallback = fetch",
        SYNC,
        &[
            "let mut __resilient_error = if",
            "__private::BlockingCall::enter_fallback(&__resilient_call, __resilient_limit, &mut __resilient_error)",
            "__private::BlockingCall::turned_away(__resilient_call, __resilient_limit, __resilient_error)",
        ],
    );
    has(
        "fallback = |e| Ok(1)",
        FUNCTION,
        &[
            "let (_resilient_permit, __resilient_error) = {",
            "__private::Call::enter_fallback_with_error(&mut __resilient_call, __resilient_limit, __resilient_error)",
        ],
    );
    // Such a call has an error of its own.
    lacks(
        "fallback = fetch, breaker = false, timeout = false",
        FUNCTION,
        &["refuse", "reject", "turned_away", "enter_fallback"],
    );
    has(
        "fallback = fetch, breaker = false, timeout = false",
        FUNCTION,
        &["return ::redis_resilient::__private::ResultLike::from_error(__resilient_error)"],
    );
}

#[test]
fn fallbacks_are_limited_unless_they_are_plain_values() {
    let of_its_own = "static LIMIT: ::redis_resilient::__private::Bulkhead = ::redis_resilient::__private::Bulkhead::new(
        ::core::concat!(\"fallback of \", ::core::concat!(::core::module_path!(), \"::\", \"get\")), 64u32);";
    for fallback in [
        "fetch",
        "self.fetch",
        "|e| Ok(1)",
        "fetch(1)",
        "[fetch, Ok(1)]",
        "[Ok(1), fetch]",
        "Ok(fetch().await?)",
        "Ok((1, fetch()?))",
        "Err(fetch().await)",
    ] {
        has(&format!("fallback = {fallback}"), FUNCTION, &[of_its_own]);
        lacks(
            &format!("fallback = {fallback}, fallback_limit = false"),
            FUNCTION,
            &["LIMIT", "enters("],
        );
    }
    for fallback in ["Ok(1)", "Err(e)", "[Ok(f(1)), Err(E::new())]"] {
        lacks(
            &format!("fallback = {fallback}"),
            FUNCTION,
            &["LIMIT", "enters("],
        );
    }
    has(
        "fallback = fetch, fallback_limit = 3, name = \"n\"",
        FUNCTION,
        &["Bulkhead::new(::core::concat!(\"fallback of \", \"n\"), 3u32)"],
    );
    for limit in ["PRIMARY", "&PRIMARY", "(&(PRIMARY))"] {
        let args = format!("fallback = fetch, fallback_limit = {limit}");
        has(&args, FUNCTION, &["__private::static_bulkhead(&PRIMARY)"]);
    }
    has(
        "fallback = fetch(), fallback_limit = self.primary",
        ASYNC_TRAIT,
        &["__private::bulkhead(&__self.primary)"],
    );
}

#[test]
fn each_attempt_has_a_permit_where_there_is_a_limit() {
    for limit in ["POOL", "&POOL", "(&(POOL))"] {
        let args = format!("limit = {limit}");
        has(&args, FUNCTION, &["__private::static_bulkhead(&POOL)"]);
    }
    // The breaker comes first, and the pause is made without a permit.
    has(
        "limit = POOL",
        FUNCTION,
        &[
            "if ::redis_resilient::__private::Call::begin(&mut __resilient_call) { loop { {",
            "let _resilient_permit = match ::redis_resilient::__private::Call::acquire(&mut __resilient_call, __resilient_limit) {
             ::core::option::Option::Some(__resilient_permit) => { __resilient_permit }
             ::core::option::Option::None => { return ::redis_resilient::__private::Call::refuse(&mut __resilient_call); } };
             match ::redis_resilient::__private::attempt(",
            "} if !::redis_resilient::__private::pause(&mut __resilient_call).await {",
        ],
    );
    has(
        "limit = self.pool",
        ASYNC_TRAIT,
        &["__private::bulkhead(&__self.pool)"],
    );
    lacks(
        "fallback = fetch, fallback_limit = POOL",
        FUNCTION,
        &["acquire"],
    );
}

#[test]
fn without_room_a_list_goes_on_at_its_plain_end() {
    has(
        "fallback = [|e| f(e), fetch, Ok(1)]",
        FUNCTION,
        &[
            "let (__resilient_permit, __resilient_error) = {",
            "(::redis_resilient::__private::Call::enters(&mut __resilient_call, __resilient_limit), __resilient_error) };
         let _resilient_span = ::redis_resilient::__private::left_span();
         if ::core::option::Option::is_some(&__resilient_permit) { #[allow(unknown_lints, clippy::redundant_closure,",
            "} else { ::core::mem::drop(__resilient_error); } if ::core::option::Option::is_some(&__resilient_permit) {",
            "let __resilient_fallen: RedisResult<u64> = Ok(1);
             ::redis_resilient::__private::Handed::fell(__resilient_handed, 2, &__resilient_fallen);
             return __resilient_fallen;",
        ],
    );
    lacks("fallback = [Ok(1), fetch]", FUNCTION, &["Option::is_some("]);
}

#[test]
fn a_function_may_go_without_the_retry_budget() {
    has("budget = false", FUNCTION, &[".no_budget().counted_in("]);
    lacks("", FUNCTION, &["budget"]);
}

#[test]
fn fallbacks_get_the_arguments() {
    has(
        "fallback = fetch",
        FUNCTION,
        &[
            "match fetch { __resilient_callee => { ::redis_resilient::__private::takes::<2",
            "__resilient_callee(&mut *conn, key)",
        ],
    );
    has(
        "fallback = [fetch, fetch], clone(key)",
        FUNCTION,
        &[
            "__resilient_callee(&mut *conn, ::core::clone::Clone::clone(&key))",
            "__resilient_callee(&mut *conn, key)",
        ],
    );
    let method = "fn f(&mut self, id: u64) -> Result<u8, E> { g() }";
    has(
        "fallback = Self::fetch",
        method,
        &["match Self::fetch {", "__resilient_callee(&mut *self, id)"],
    );
    has("fallback = self.db.fetch", method, &["self.db.fetch(id)"]);
    has(
        "fallback = Self::fetch",
        "fn f(&self, id: u64) -> Result<u8, E> { g() }",
        &["match Self::fetch {", "__resilient_callee(self, id)"],
    );
    has(
        "fallback = |e| Ok(id)",
        method,
        &["with_error(|e| Ok(id), __resilient_error)"],
    );
    has(
        "fallback = Ok(id)",
        method,
        &["let __resilient_fallen: Result<u8, E> = Ok(id);"],
    );
    has(
        "fallback = Ok(id)",
        FUNCTION,
        &["let __resilient_fallen: RedisResult<u64> = Ok(id);"],
    );
}

#[test]
fn bodies_are_not_parsed() {
    let output = resilient(
        tokens(""),
        &tokens("fn f() -> R<u8> { #![allow(x)] syntax of the future ~ }"),
    );
    let output = output.to_string();
    assert!(output.contains("syntax of the future ~"), "{output}");
    assert!(output.starts_with("# [allow (x)] fn f"), "{output}");
}

#[test]
fn impl_trait_is_left_to_inference() {
    has(
        "",
        "async fn f() -> Result<impl Iterator<Item = u8>, E> { g() }",
        &["let __resilient_fake: Result<_, E> ="],
    );
}

#[test]
fn mutable_references_are_borrowed_for_an_attempt() {
    let reborrow = "let conn = &mut *conn;";
    has("", FUNCTION, &[reborrow]);
    has(
        "",
        "async fn f(#[cfg(x)] conn: &mut C) -> Result<u8, E> { g() }",
        &["#[cfg(x)]", reborrow],
    );
    lacks(
        "",
        "async fn f(mut conn: &mut C) -> Result<u8, E> { g() }",
        &[reborrow],
    );
    lacks(
        "",
        "async fn f<'a>(conn: &'a mut C) -> Result<&'a str, E> { g() }",
        &[reborrow],
    );
    lacks(
        "",
        "async fn f(conn: &mut C) -> Result<&str, E> { g() }",
        &[reborrow],
    );
    has(
        "",
        "async fn f(&self, conn: &mut C) -> Result<&str, E> { g() }",
        &[reborrow],
    );
}

/// As `async-trait` 0.1.92 expands `async fn get(&mut self, key: String, (a, b): (u8, u8)) -> RedisResult<u64>`.
pub(crate) const ASYNC_TRAIT: &str = "
    fn get<'life0, 'async_trait>(&'life0 mut self, key: String, __arg2: (u8, u8)) -> ::core::pin::Pin<Box<
        dyn ::core::future::Future<Output = RedisResult<u64>> + ::core::marker::Send + 'async_trait>>
    where 'life0: 'async_trait, Self: 'async_trait {
        Box::pin(async move {
            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<RedisResult<u64>> {
                #[allow(unreachable_code)]
                return __ret;
            }
            let mut __self = self;
            let key = key;
            let (a, b) = { let __arg2 = __arg2; __arg2 };
            let __ret: RedisResult<u64> = { __self.get(&key).await };
            #[allow(unreachable_code)]
            __ret
        })
    }";

#[test]
fn async_trait_keeps_its_frame() {
    has(
        "breaker = self.breaker, fallback = |e| self.last(e)",
        ASYNC_TRAIT,
        &[
            "Box::pin(async move { if let",
            "let (a, b) = { let __arg2 = __arg2; __arg2 };
         let __ret: RedisResult<u64> = '__resilient: {",
            "__private::breaker(&__self.breaker)",
            "break '__resilient ::redis_resilient::__private::ResultLike::from_value(__resilient_value)",
            "with_error(|e| __self.last(e), __resilient_error)",
            "}; #[allow(unreachable_code)] __ret }) }",
        ],
    );
    let found = super::errors("fallback = fetch", ASYNC_TRAIT);
    assert!(
        found.len() == 1 && found[0].starts_with("`__arg2` this parameter has no name"),
        "{found:?}"
    );
    let named = ASYNC_TRAIT.replace("__arg2: (u8, u8)", "c: u8");
    has(
        "fallback = Self::fetch",
        &named,
        &["__resilient_callee(&mut *__self, key, c)"],
    );
}

#[test]
fn what_cannot_be_taken_elsewhere_is_called_where_it_is() {
    let given = "fn f(fetch: impl FnOnce(u64) -> Result<u8, E>) -> Result<u8, E> { g() }";
    has("fallback = fetch", given, &["= fetch(fetch);"]);
    has(
        "fallback = FETCH",
        "fn f(id: u64) -> Result<u8, E> { g() }",
        &["= FETCH(id);"],
    );
}

#[test]
fn futures_made_otherwise_are_refused() {
    for other in [
        "Box::pin(async move { 3 })",
        "Box::pin(g())",
        "Box::pin",
        "pin!(x)",
    ] {
        let item = format!("fn f() -> Pin<Box<dyn Future<Output = Result<u8, E>>>> {{ {other} }}");
        assert_eq!(super::errors("", &item).len(), 1, "{item}");
    }
}
