use crate::tests::errors;

#[track_caller]
fn used_up(function: &str, said: Option<&str>) {
    let found = errors("", function);
    match (said, found.first()) {
        (None, None) => {}
        (Some(said), Some(found)) if found.contains(said) => {}
        _ => panic!("{function}\n{found:#?}"),
    }
}

#[test]
fn what_certainly_uses_it_up_is_said() {
    let clone =
        Some("`key` is moved here, but the body runs once for each attempt: write `clone(key)`");
    for function in [
        "fn f(c: &C, key: String) -> R { c.get(key) }",
        "async fn f(c: &C, key: String) -> R { c.get(key).await }",
        "fn f(key: Vec<u8>) -> R { g(consume(key)) }",
        "fn f(key: Option<String>) -> R { g((key, 1)) }",
        "fn f(key: String) -> R { let other = key; g(&other) }",
        "fn f(key: String) -> R { g(User { id: key }) }",
        "fn f(key: String) -> R { g(key.into_bytes()) }",
        "fn f(key: Vec<u8>) -> R { for part in key { g(part)?; } Ok(()) }",
        "async fn f(key: String) -> R { spawn(async move { g(&key) }).await }",
        "fn f(key: String) -> R { run(move || key.len()) }",
        "fn f<K: ToRedisArgs>(c: &C, key: K) -> R { c.get(key) }",
        "fn f<K>(c: &C, key: K) -> R where K: ToRedisArgs + Send { c.get(key) }",
        "fn f(key: impl Iterator<Item = u64>) -> R { Ok(key.sum()) }",
    ] {
        used_up(function, clone);
    }
    used_up(
        "fn f(key: impl FnOnce() -> R) -> R { key() }",
        Some("`key` can be called only once"),
    );
    let both = errors("clone(a)", "fn f(a: String, b: String) -> R { g(a, b) }");
    assert!(both[0].contains("write `clone(a, b)`"), "{both:#?}");
}

#[test]
fn what_may_be_all_right_is_left_to_the_compiler() {
    for function in [
        "fn f(c: &C, key: String) -> R { c.get(&key) }",
        "fn f(c: &C, key: String) -> R { c.get(key.clone()) }",
        "fn f(c: &C, key: String) -> R { c.get(key.as_str()) }",
        "fn f(c: &C, key: &str) -> R { c.get(key) }",
        "fn f(c: &C, key: u64) -> R { c.get(key) }",
        "fn f(c: &C, key: Id) -> R { c.get(key) }",
        "fn f(c: &C, key: String) -> R { let key = key.as_str(); c.get(key) }",
        "fn f(c: &C, key: String) -> R { with(&key, |key| c.get(key)) }",
        "fn f(c: &C, key: String) -> R { let _ = key; c.get(1) }",
        "fn f(c: &C, key: String) -> R { c.get(format!(\"user:{}\", key)) }",
        "fn f(c: &C, mut key: String) -> R { let r = c.get(key); key = String::new(); r }",
        "fn f<K: Copy>(c: &C, key: K) -> R { c.get(key) }",
        "fn f<K: Key>(c: &C, key: K) -> R { c.get(key) }",
        "fn f<K: Clone>(c: &C, key: K) -> R where K: Key { c.get(key) }",
        "fn f(c: &C, key: impl ToRedisArgs + Copy) -> R { c.get(key) }",
        "fn f(key: impl Fn() -> R) -> R { key() }",
        "fn f<F: FnOnce() -> R>(key: F) -> R { key() }",
        "fn f(c: &C, key: String) -> R { fn g(key: String) { h(key) } c.get(&key) }",
        "fn f(c: &C, key: String) -> R { #[cfg(unix)] c.get(key) }",
        "fn f(c: &C, key: String) -> R { match key { key => c.get(key) } }",
    ] {
        used_up(function, None);
    }
    assert!(errors("clone(key)", "fn f(key: String) -> R { g(key) }").is_empty());
}
