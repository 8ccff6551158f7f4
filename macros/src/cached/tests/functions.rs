use super::{KEY, good, says};

#[test]
fn a_function_has_to_return_what_can_be_cached() {
    for (item, place, part) in [
        (
            "struct S;",
            "struct",
            "`#[redis_cached]` goes on a function, this is a `struct`; put it on the function that loads the value",
        ),
        ("impl S { fn f() {} }", "impl", "put it on each method"),
        (
            "fn f(&self, id: u64) -> Result<u8, E>;",
            "f",
            "needs a body to load with",
        ),
        (
            "const fn f(redis: &Connector, id: u64) -> Result<u8, E> { Ok(1) }",
            "const",
            "cannot ask Redis",
        ),
        (
            "async fn f(redis: &Connector, id: u64) { g().await }",
            "f",
            "returns nothing that could be cached",
        ),
        (
            "fn f(redis: &Connector, id: u64) -> ! { loop {} }",
            "!",
            "never returns",
        ),
        (
            "fn f(redis: &Connector, id: u64) -> impl Future<Output = Result<u8, E>> { g() }",
            "impl Future<Output = Result<u8, E>>",
            "write `async fn`",
        ),
        (
            "fn f(redis: &Connector, id: u64) -> impl Display { g() }",
            "impl Display",
            "decoded again",
        ),
        (
            "async fn f(redis: &Connector, id: u64) -> Result<impl Display, E> { g() }",
            "impl Display",
            "its type needs a name",
        ),
        (
            "async fn f(redis: &Connector, id: u64) -> Result<&str, E> { g() }",
            "&str",
            "return an owned value",
        ),
        (
            "async fn f<'a>(redis: &Connector, id: &'a str) -> Result<Cow<'a, str>, E> { g() }",
            "Cow<'a, str>",
            "return an owned value",
        ),
        (
            "async fn f(redis: &Connector, id: u64) -> Result<u8, Failed<'_>> { g() }",
            "Failed<'_>",
            "cannot borrow from one call",
        ),
        (
            "#[redis_cached] fn f(redis: &Connector, id: u64) -> Result<u8, E> { g() }",
            "#[redis_cached]",
            "here twice",
        ),
        (
            "#[redis_resilient] fn f(redis: &Connector, id: u64) -> Result<u8, E> { g() }",
            "#[redis_resilient]",
            "put `#[redis_resilient]` above",
        ),
        (
            "fn f(redis: &Connector, id: u64) -> Result<u8, E> { static A: ::x::__private::CachedFunction = b; }",
            "",
            "here twice",
        ),
        (
            "fn f(id: u64) -> Result<u8, E> { g() }",
            "",
            "write what leads to it, `redis = REDIS`",
        ),
        (
            "fn f(&self, id: u64) -> Result<u8, E> { g() }",
            "",
            "`redis = self.redis`",
        ),
    ] {
        says("key = \"{id}\", ttl = \"1m\"", item, place, part);
    }
}

#[test]
fn what_can_be_cached_is_let_through() {
    for item in [
        "fn f(redis: &Connector, id: u64) -> Result<u8, E> { g() }",
        "async fn f(&self, id: u64) -> RedisResult<Vec<u8>> { self.redis.get().await?; g() }",
        "async fn f(&self, id: u64) -> anyhow::Result<User> { self.db.user(&self.redis, id) }",
        "async fn f(redis: Arc<Connector>, id: u64) -> io::Result<&'static str> { g() }",
        "pub(crate) async unsafe fn f<'a, K: 'a, const N: usize>(redis: &'a Connector, id: &'a K, [a, b]: [u8; N]) -> MyResult where K: Display { g() }",
    ] {
        let skip = if item.contains("const N") {
            ", skip(N, a, b)"
        } else {
            ""
        };
        good(&format!("key = \"{{id}}\", ttl = \"1m\"{skip}"), item);
    }
}

#[test]
fn a_negative_life_needs_an_option_or_a_predicate() {
    let item = "async fn f(redis: &Connector, id: u64) -> Result<User, E> { g() }";
    let args = format!("{KEY}, negative_ttl = \"5s\"");
    says(
        &args,
        item,
        "negative_ttl",
        "does not visibly return an `Option`",
    );
    says(
        &args,
        &item.replace("Result<User, E>", "Found"),
        "negative_ttl",
        "visibly",
    );
    good(&args, &item.replace("User", "Option<User>"));
    good(&format!("{args}, negative_on = E::is_gone"), item);
}

#[test]
fn nothing_goes_on_after_a_sync_function() {
    let item = "fn f(redis: &Connector, id: u64) -> Result<User, E> { g() }";
    for (option, name) in [
        ("stale_while_revalidate = \"1m\"", "stale_while_revalidate"),
        ("refresh_ahead = true", "refresh_ahead"),
        ("background = true", "background"),
        (
            "stale_if_error = \"1h\", soft_timeout = \"1s\"",
            "soft_timeout",
        ),
    ] {
        says(
            &format!("{KEY}, {option}"),
            item,
            name,
            "write an `async fn`",
        );
    }
    says(
        &format!("{KEY}, timeout = \"1s\""),
        item,
        "timeout",
        "read timeout of the `Connector`",
    );
    good(
        &format!("{KEY}, stale_if_error = \"1h\", refresh_ahead = false"),
        item,
    );
}

#[test]
fn a_task_of_its_own_owns_what_the_body_needs() {
    let item = |parameters: &str| {
        format!("async fn f({parameters}, redis: &Connector, id: u64) -> Result<User, E> {{ g() }}")
    };
    let args = "key = \"{id}\", ttl = \"1m\", background = true, skip(a)";
    for parameters in [
        "a: &str",
        "a: String",
        "a: &'static str",
        "a: &[u8]",
        "mut a: &Db",
        "&self, a: u8",
        "self: Arc<Self>, a: u8",
        "self: &Arc<Self>, a: u8",
        "self, a: u8",
        "(a, _): (u8, u8)",
    ] {
        good(args, &item(parameters));
    }
    for (parameters, place, part) in [
        (
            "a: &mut Db",
            "a",
            "take `a` by value, or lock it in the body",
        ),
        (
            "&mut self, a: u8",
            "self",
            "take `&self`, of a type that is `Clone`, or `self: Arc<Self>`",
        ),
        ("self: &mut Self, a: u8", "self", "cannot have `&mut self`"),
        (
            "self: Pin<&mut Self>, a: u8",
            "self",
            "cannot have `&mut self`",
        ),
        ("a: Cow<'_, str>", "a", "its type borrows"),
        ("a: Option<&str>", "a", "its type borrows"),
        ("a: &[&str]", "a", "its type borrows"),
        ("a: &dyn Store", "a", "take an `Arc` of it"),
        ("(a, _): (&str, u8)", "a", "give the parameter a name"),
    ] {
        says(args, &item(parameters), place, part);
    }
    says(
        "key = \"{id}\", ttl = \"1m\", refresh_ahead = true, limit = self.primary",
        &item("&self"),
        "self",
        "with `refresh_ahead` the load may outlive `self`: name a `static`",
    );
    good(
        "key = \"{id}\", ttl = \"1m\", limit = self.primary",
        &item("&self"),
    );
}

#[test]
fn a_trait_has_no_place_for_another_function() {
    says(
        "key = \"{key}\", ttl = \"1m\", invalidate = forget, redis = self.redis, skip(a, b)",
        crate::tests::output::ASYNC_TRAIT,
        "forget",
        "write it yourself",
    );
}
