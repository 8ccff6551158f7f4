use super::{errors, good, says};
use crate::errors::Errors;
use crate::key;
use syn::LitStr;

fn read(literal: &str) -> (Option<String>, Vec<String>) {
    let literal: LitStr = syn::parse_str(literal).expect("a string literal");
    let mut errors = Errors::default();
    let template = key::parse(&literal, &mut errors);
    let errors = errors.into_iter().map(|error| {
        let place = error.span().source_text().unwrap_or_default();
        format!("`{place}` {error}")
    });
    (template.map(|template| template.show()), errors.collect())
}

#[test]
fn what_is_right_is_read() {
    for (literal, shown) in [
        ("\"user:{id}\"", "[user:]<id>"),
        ("\"{id}\"", "<id>"),
        ("\"plain\"", "[plain]"),
        ("\"{a}:{b}-{c}.\"", "<a>[:]<b>[-]<c>[.]"),
        ("\"{id:?}\"", "<id?>"),
        ("\"{ id :? }\"", "<id?>"),
        (
            "\"{order.id}/{order.line.0}\"",
            "<order.id>[/]<order.line.0>",
        ),
        ("\"{self.tenant}:{r#type}\"", "<self.tenant>[:]<r#type>"),
        ("\"{{user:{id}}}:name\"", "[{user:]<id>[}:name]"),
        ("\"{{}}\"", "[{}]"),
        ("r#\"a\"{id}\"#", "[a\"]<id>"),
        ("\"größe→{größe}→{b}\"", "[größe→]<größe>[→]<b>"),
        ("\"a\\n{id}\\u{7b}\"", ""),
    ] {
        let (found, errors) = read(literal);
        if shown.is_empty() {
            assert!(!errors.is_empty(), "{literal}");
            continue;
        }
        assert_eq!(errors, [""; 0], "{literal}");
        assert_eq!(found.as_deref(), Some(shown), "{literal}");
    }
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    for (literal, place, part) in [
        ("\"\"", "\"\"", "the key is empty"),
        (
            "\"a:{}\"",
            "{}",
            "no arguments by position; write the name, `{id}`",
        ),
        ("\"a:{0}\"", "{0}", "no arguments by position"),
        ("\"a:{:?}\"", "{:?}", "no arguments by position"),
        ("\"a:{id\"", "{id", "is not closed: write `{id}`, or `{{`"),
        ("\"a:{\"", "{", "is not closed: write `{id}`"),
        ("\"a:{id:{lang}\"", "{id:", "is not closed: write `{id}`"),
        ("\"a:id}\"", "}", "write `}}`"),
        ("\"a:{id}}\"", "}", "write `}}`"),
        ("\"{price:.2}\"", "{price:.2}", "loses digits"),
        ("\"{price:8.2}\"", "{price:8.2}", "loses digits"),
        ("\"{id:04}\"", "{id:04}", "write `{id}`, or `{id:?}`"),
        ("\"{id:#?}\"", "{id:#?}", "write `{id:?}`"),
        ("\"{id:x}\"", "{id:x}", "dressed for the eye"),
        (
            "\"{user.id()}\"",
            "{user.id()}",
            "give the function a parameter",
        ),
        ("\"{a + b}\"", "{a + b}", "more than a key can hold"),
        ("\"{a::B}\"", "{a::B}", "more than a key can hold"),
        ("\"{a.}\"", "{a.}", "more than a key can hold"),
        ("\"{fn}\"", "{fn}", "more than a key can hold"),
        ("\"{_}\"", "{_}", "more than a key can hold"),
        (
            "\"{a}{b}\"",
            "{b}",
            "nothing stands between `{a}` and `{b}`",
        ),
        ("\"{a}%{b}\"", "{a}", "write another character"),
        ("r\"x{}\"", "{}", "no arguments by position"),
        // Escapes shift what follows.
        ("\"\\t{}\"", "\"\\t{}\"", "no arguments by position"),
        ("\"ü{}\"", "\"ü{}\"", "no arguments by position"),
    ] {
        let (_, errors) = read(literal);
        let [error] = errors.as_slice() else {
            panic!("{literal}: {errors:#?}");
        };
        assert!(
            error.starts_with(&format!("`{place}` ")),
            "{literal}: {error}"
        );
        assert!(error.contains(part), "{literal}: {error}");
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let (_, errors) = read("\"{}:{b:.1}:{0}}\"");
    assert_eq!(errors.len(), 4, "{errors:#?}");
}

const USER: &str = "async fn user(redis: &Connector, db: &Db, id: u64, lang: Lang) -> Result<User, E> { db.user(id, lang).await }";

#[test]
fn every_parameter_is_in_the_key() {
    let key = |key: &str| format!("key = \"{key}\", ttl = \"10m\"");
    good(&key("user:{id}:{lang}"), USER);
    says(
        &key("user:{id}"),
        USER,
        "lang",
        "write `{lang}` in the key, or `skip(lang)`",
    );
    good(&(key("user:{id}") + ", skip(lang)"), USER);
    says(
        &key("user:{id}:{lagn}"),
        &USER.replace(", lang: Lang", ", lang: &Db"),
        "{lagn}",
        "`lagn` in the key is not a parameter of `user`; expected one of `id`",
    );
    let found = errors(&key("user:{id}:{lagn}"), USER);
    assert!(found[0].contains("did you mean `lang`?"), "{found:#?}");
    says(
        &key("user"),
        USER,
        "\"user\"",
        "write `key = \"user:{id}:{lang}\"`, or `skip(id, lang)`",
    );
    good(&(key("user") + ", skip(id, lang)"), USER);
    good(
        &key("all"),
        "async fn all(redis: &Connector, db: &Db) -> Result<Vec<User>, E> { db.all().await }",
    );
    good(
        &key("{order.id}"),
        "async fn f(redis: &Connector, order: &Order) -> Result<User, E> { g() }",
    );
    good(
        &key("{self.tenant}:{id}"),
        "async fn f(&self, redis: &Connector, id: u64) -> Result<User, E> { g() }",
    );
    says(
        &key("{self.tenant}"),
        "async fn f(redis: &Connector) -> Result<User, E> { g() }",
        "{self.tenant}",
        "has no `self`",
    );
    says(
        "ttl = \"10m\"",
        USER,
        "",
        "needs a `key`: write `key = \"user:{id}:{lang}\"`",
    );
    says(
        "",
        &USER.replace("fn user", "fn get_user"),
        "",
        "needs a `key` and a `ttl`: write `key = \"user:{id}:{lang}\", ttl = \"10m\"`",
    );
}

#[test]
fn skip_names_what_is_there() {
    let args = |skip: &str| format!("key = \"user:{{id}}:{{lang}}\", ttl = \"10m\", skip({skip})");
    good(&args("db"), USER);
    good(&args("db, redis"), USER);
    says(&args("lagn"), USER, "lagn", "did you mean `lang`?");
    says(&args("db, db"), USER, "db", "named twice");
    says(&args("id"), USER, "id", "is in the key");
    says(&args("self"), USER, "self", "leave it out here");
    says(
        &args(""),
        USER,
        "skip",
        "names no parameter: write `skip(db)`",
    );
    says(
        "key = \"user:{id}:{lang}\", ttl = \"10m\", skip = db",
        USER,
        "skip",
        "in parentheses: write `skip(db)`",
    );
}

#[test]
fn what_leads_to_a_store_needs_no_place() {
    for ty in [
        "&Db",
        "Arc<Db>",
        "&Arc<Database>",
        "DbPool",
        "PgPool",
        "&sqlx::PgPool",
        "Pool<Postgres>",
        "State<DbPool>",
        "&mut Connection",
        "redis::Connection",
        "MultiplexedConnection",
        "&mut ConnectionManager",
        "redis_resilient::Connection",
        "&mut impl ConnectionLike",
        "&mut dyn redis::aio::ConnectionLike",
        "BlockingConnection",
        "Connector",
        "&DatabaseConnection",
    ] {
        good(
            "key = \"{id}\", ttl = \"1m\", redis = REDIS",
            &format!("async fn f(id: u64, db: {ty}) -> Result<User, E> {{ g() }}"),
        );
    }
    good(
        "key = \"{id}\", ttl = \"1m\", redis = REDIS",
        "async fn f<C: ConnectionLike, D>(id: u64, a: &mut C, b: D) -> Result<User, E> where D: AsyncCommands { g() }",
    );
    good(
        "key = \"{id}\", ttl = \"1m\", redis = &cache",
        "async fn f(id: u64, cache: &Redis) -> Result<User, E> { g() }"
            .replace("&cache", "cache")
            .as_str(),
    );
    for ty in [
        "&Client",
        "Connection",
        "Carpool",
        "Option<Db2>",
        "&str",
        "&mut Vec<u8>",
        "impl Display",
        "Box<dyn Store>",
    ] {
        says(
            "key = \"{id}\", ttl = \"1m\", redis = REDIS",
            &format!("async fn f(id: u64, other: {ty}) -> Result<User, E> {{ g() }}"),
            "other",
            "`other` is not in the key",
        );
    }
}

#[test]
fn names_in_patterns_count_each_for_itself() {
    let item = |pattern: &str| {
        format!("async fn f(redis: &Connector, {pattern}: X) -> Result<User, E> {{ g() }}")
    };
    good("key = \"{a}:{b}\", ttl = \"1m\"", &item("(a, b)"));
    good(
        "key = \"{a}:{b}\", ttl = \"1m\"",
        &item("S { a, x: [b, ..], .. }"),
    );
    good(
        "key = \"{a}\", ttl = \"1m\", skip(b)",
        &item("(mut a, ref b)"),
    );
    good("key = \"all\", ttl = \"1m\"", &item("_"));
    good("key = \"all\", ttl = \"1m\"", &item("(Unit, _)"));
    says(
        "key = \"{a}\", ttl = \"1m\"",
        &item("(a, b)"),
        "b",
        "`b` is not in the key",
    );
    says(
        "key = \"{a}\", ttl = \"1m\"",
        &item("a @ (_, b)"),
        "b",
        "`b` is not in the key",
    );
    says(
        "key = \"x\", ttl = \"1m\"",
        &item("pattern!(a)"),
        "pattern!(a)",
        "give it a name",
    );
}

#[test]
fn types_and_constants_that_select_the_value_are_in_the_key() {
    let key = |key: &str| format!("key = \"{key}\", ttl = \"1m\"");
    let constant =
        "async fn f<const N: usize>(redis: &Connector, id: u64) -> Result<[u8; N], E> { g() }";
    good(&key("{N}:{id}"), constant);
    says(&key("{id}"), constant, "N", "write `{N}` in the key");
    good(&(key("{id}") + ", skip(N)"), constant);
    let returned = "async fn f<T: Entity>(redis: &Connector, id: Id<T>) -> Result<T, E> { g() }";
    good(&key("{T}:{id}"), returned);
    says(
        &key("{id}"),
        returned,
        "T",
        "values of two types would share an entry",
    );
    says(&key("{T:?}:{id}"), returned, "{T:?}", "is a type");
    let told = "async fn f<K: Display>(redis: &Connector, id: K) -> Result<User, E> { g() }";
    good(&key("{id}"), told);
    let by_turbofish =
        "async fn f<T: Entity>(redis: &Connector, id: u64) -> Result<u64, E> { g() }";
    says(&key("{id}"), by_turbofish, "T", "`T` is not in the key");
}
