use super::{errors, failed};

#[track_caller]
fn says(item: &str, place: &str, part: &str) {
    says_with("", item, place, part);
}

#[track_caller]
fn says_with(args: &str, item: &str, place: &str, part: &str) {
    let found = errors(args, item);
    let [error] = found.as_slice() else {
        panic!("{item}: {found:#?}")
    };
    assert!(error.starts_with(&format!("`{place}` ")), "{item}: {error}");
    assert!(error.contains(part), "{item}: {error}");
}

#[track_caller]
fn good(args: &str, item: &str) {
    assert_eq!(errors(args, item), [""; 0], "{item}");
}

#[test]
fn the_attribute_goes_on_functions() {
    for (item, place, part) in [
        (
            "struct S;",
            "struct",
            "this is a `struct`; put it on the function that talks to Redis",
        ),
        (
            "#[derive(Debug)] pub(crate) struct S { a: u8 }",
            "struct",
            "this is a `struct`",
        ),
        ("enum E { A }", "enum", "this is an `enum`"),
        ("union U { a: u8 }", "union", "this is a `union`"),
        (
            "impl S { fn f() {} }",
            "impl",
            "this is an `impl`; put it on each method",
        ),
        ("unsafe impl Send for S {}", "impl", "this is an `impl`"),
        ("pub trait T { fn f(); }", "trait", "put it on each method"),
        ("unsafe auto trait T {}", "trait", "this is a `trait`"),
        ("mod m { }", "mod", "put it on each function"),
        ("type A = u8;", "type", "this is a `type`"),
        ("const C: u8 = 0;", "const", "this is a `const`"),
        ("static S: u8 = 0;", "static", "this is a `static`"),
        ("use a::b;", "use", "this is a `use`"),
        ("extern crate x;", "extern", "this is an `extern crate`"),
        (
            "macro_rules! m { () => {} }",
            "macro_rules",
            "this is a macro",
        ),
        ("let x = 3;", "let", "this is a `let`"),
    ] {
        says(item, place, part);
    }
    says("x + 1", "", "goes on a function");
    says("", "", "goes on a function");
}

#[test]
fn a_function_has_to_be_one_that_can_run_again() {
    for (item, place, part) in [
        ("fn f(&self) -> Result<u8, E>;", "f", "`f` has none"),
        (
            "const fn f() -> Result<u8, E> { Ok(1) }",
            "const",
            "cannot wait",
        ),
        ("async fn f() { g().await }", "f", "returns nothing"),
        ("fn f() -> ! { loop {} }", "!", "never returns"),
        (
            "fn f() -> impl Future<Output = Result<u8, E>> { g() }",
            "impl Future<Output = Result<u8, E>>",
            "write `async fn`",
        ),
        (
            "fn f() -> Pin<Box<dyn Future<Output = Result<u8, E>> + Send>> { g() }",
            "Pin<Box<dyn Future<Output = Result<u8, E>> + Send>>",
            "write `async fn`",
        ),
        (
            "fn f() -> BoxFuture<'static, Result<u8, E>> { g() }",
            "BoxFuture<'static, Result<u8, E>>",
            "write `async fn`",
        ),
        (
            "fn f(a: &mut A) -> Result<&mut u8, E> { g(a) }",
            "&mut u8",
            "an owned value",
        ),
        (
            "fn f<'a>(a: &'a mut A) -> Result<Option<&'a mut u8>, E> { g(a) }",
            "&'a mut u8",
            "an owned value",
        ),
        (
            "#[redis_resilient] fn f() -> Result<u8, E> { g() }",
            "#[redis_resilient]",
            "here twice",
        ),
        (
            "#[a] #[redis_resilient::redis_resilient(retries = 3)] fn f() -> Result<u8, E> { g() }",
            "#[redis_resilient::redis_resilient(retries = 3)]",
            "here twice",
        ),
        (
            "fn f() -> impl Iterator<Item = u8> { g() }",
            "impl Iterator<Item = u8>",
            "`impl …` is not a `Result`",
        ),
        (
            "async fn f() -> Result<u8, E> { let mut __resilient_call = ::other::__private::Call::new(3); }",
            "",
            "here twice",
        ),
        (
            "fn f() -> Pin<Box<dyn Future<Output = u8>>> { Box::pin(async move { let __ret: u8 = 'l: { __private::Call::new() }; }) }",
            "",
            "here twice",
        ),
        (
            "fn f() -> Pin<Box<dyn Future<Output = u8>>> { Box::pin(async move { let __tracing_attr_span; }) }",
            "",
            "above `#[tracing::instrument]`",
        ),
        (
            "fn f() -> Result<u8, &str> { g() }",
            "&str",
            "`classify = my_class`",
        ),
        (
            "fn f() -> Result<u8, Failed<'_>> { g() }",
            "Failed<'_>",
            "`classify = my_class`",
        ),
        (
            "fn f<'a>(s: &'a str) -> Result<u8, Box<dyn Error + 'a>> { g() }",
            "Box<dyn Error + 'a>",
            "`classify = my_class`",
        ),
        (
            "async fn f() -> Result<u8, E> { let __tracing_attr_span = 3; g() }",
            "",
            "above `#[tracing::instrument]`",
        ),
        (
            "fn f() -> Result<u8, E> { { let __tracing_attr_span; } g() }",
            "",
            "above `#[tracing::instrument]`",
        ),
    ] {
        says(item, place, part);
    }
}

#[test]
fn what_can_run_again_is_let_through() {
    for item in [
        "fn f() -> Result<&'static mut u8, E> { g() }",
        "fn f() -> Result<fn(&mut u8) -> u8, E> { g() }",
        "fn f() -> Result<Box<dyn Fn(&mut u8)>, E> { g() }",
        "fn f() -> Result<impl Future, E> { g() }",
        "fn f() -> Result<u8, E> { __private.Call(g()) }",
        "fn f() -> Result<u8, &'static str> { g() }",
        "fn f() -> Result<u8, fn(&str)> { g() }",
        "fn f() -> RedisResult<&str> { g() }",
        "fn f() -> Option<u8> { g() }",
        "pub(in a::b) async unsafe extern \"C\" fn f<'a, T: 'a, const N: usize>(self: &'a mut Self, [a, b]: [T; N]) -> io::Result<T> where T: Sized { g() }",
    ] {
        good("", item);
    }
    good("classify = c", "fn f() -> Result<u8, &str> { g() }");
    good(
        "fallback = fetch",
        "fn f(mut a: u8, r#type: u8) -> Result<u8, E> { g() }",
    );
    good(
        "fallback = Ok(a)",
        "fn f((a, b): (u8, u8)) -> Result<u8, E> { g() }",
    );
}

#[test]
fn options_and_function_have_to_fit() {
    says_with(
        "timeout = \"1s\"",
        "fn f() -> Result<u8, E> { g() }",
        "timeout",
        "read timeout of the connection",
    );
    good(
        "timeout = false, deadline = \"3s\"",
        "fn f() -> Result<u8, E> { g() }",
    );
    for pattern in ["(a, b)", "_", "ref a", "a @ 1..=3", "[a, b]"] {
        let item = format!("fn f({pattern}: T) -> Result<u8, E> {{ g() }}");
        says_with(
            "fallback = fetch",
            &item,
            pattern,
            "no name to pass to the fallback",
        );
        says_with(
            "fallback = [self.fetch, Ok(3)]",
            &item,
            pattern,
            "no name to pass to the fallback",
        );
    }
    says_with(
        "fallback = fetch",
        "fn f(#[cfg(unix)] a: T) -> Result<u8, E> { g() }",
        "#[cfg(unix)]",
        "not always there",
    );
}

#[test]
fn mistakes_of_options_and_function_come_together() {
    let found = errors(
        "retires = 3, clone(x), timeout = \"1s\"",
        "const fn f(y: u8) { }",
    );
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn the_function_stays_whatever_is_wrong() {
    let (errors, items) = failed(
        "retires = 3",
        "/// Doc. \n pub fn f() -> Result<u8, E> { g() }",
    );
    assert_eq!(
        errors,
        ["unknown option `retires`; did you mean `retries`?"]
    );
    assert!(matches!(items.as_slice(), [syn::Item::Fn(function)] if function.attrs.len() == 1));
}
