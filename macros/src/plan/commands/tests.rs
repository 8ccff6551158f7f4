use super::methods::{self, METHODS};
use super::{in_body, names};
use proc_macro2::TokenStream;
use std::process::Command;

#[track_caller]
fn shows(body: &str, names: &[&str]) {
    let tokens: TokenStream = body.parse().unwrap();
    assert_eq!(in_body(tokens), names, "{body}");
}

#[test]
fn typed_commands_show() {
    for (body, command) in [
        ("conn.incr(key, 1).await", "INCR"),
        ("conn.incr(key, 1)", "INCR"),
        ("conn.incr::<_, _, u64>(key, 1).await?", "INCR"),
        (
            "let n: u64 = redis.get().await?.incr((\"views\", page), 1).await?; Ok(n)",
            "INCR",
        ),
        (
            "self.pool.get().await?.lpush(\"q\", job).await?; Ok(())",
            "LPUSH",
        ),
        ("Commands::incr(conn, key, 1)", "INCR"),
        (
            "redis::AsyncCommands::sadd(&mut conn, key, one).await",
            "SADD",
        ),
        ("<C as AsyncCommands>::zrem(conn, key, one).await", "ZREM"),
        ("redis::Cmd::incr(key, 1).query_async(conn).await", "INCR"),
        ("redis::pipe().get(key).incr(key, 1).query(conn)", "INCR"),
        (
            "let mut p = redis::pipe(); p.incr(key, 1); p.query_async(conn).await",
            "INCR",
        ),
        ("try_join!(a.get(key), b.hset(key, \"f\", 1))", "HSET"),
        (
            "match kind { Kind::Old => conn.srem(key, m).await, _ => Ok(0) }",
            "SREM",
        ),
        (
            "(|| async { conn.xadd(key, \"*\", &[(\"a\", 1)]).await })().await",
            "XADD",
        ),
        ("timeout(LIMIT, conn.zadd(key, m, 1)).await?", "ZADD"),
        ("conn.rpop(key, None)", "RPOP"),
        ("conn.set_nx(key, 1).await", "SETNX"),
        ("conn.incr(key::<A, B>(), 1).await", "INCR"),
        ("script.key(key).arg(1).invoke_async(conn).await", "EVAL"),
        ("script.prepare_invoke().invoke(conn)?; Ok(())", "EVAL"),
    ] {
        shows(body, &[command]);
    }
}

#[test]
fn commands_by_name_show() {
    for (body, command) in [
        (
            "redis::cmd(\"INCR\").arg(key).query_async(conn).await",
            "INCR",
        ),
        ("cmd(\"incr\").arg(key).query(conn)", "INCR"),
        ("let command = cmd(\"RPUSH\"); command.query(conn)", "RPUSH"),
        (
            "pipe().cmd(\"GET\").arg(key).cmd(\"INCR\").arg(key).query(conn)",
            "INCR",
        ),
        (
            "redis::Cmd::new().arg(\"INCR\").arg(key).query(conn)",
            "INCR",
        ),
        ("cmd(\"EVAL\").arg(script).arg(0).query(conn)", "EVAL"),
        (
            "cmd(\"SET\").arg(key).arg(value).arg(\"NX\").query(conn)",
            "SET",
        ),
        ("cmd(\"SET\").arg(&[key, value, \"nx\"]).query(conn)", "SET"),
        (
            "cmd(\"SET\").arg(key).arg(v).arg(\"EX\").arg(10).arg(b\"GET\").query(conn)",
            "SET",
        ),
        (
            "cmd(\"EXPIRE\").arg(key).arg(100).arg(\"NX\").query(conn)",
            "EXPIRE",
        ),
        ("cmd(\"EXPIRE\").arg(key).arg(59).query(conn)", "EXPIRE"),
        (
            "cmd(\"PEXPIRE\").arg(key).arg(59_999).query(conn)",
            "PEXPIRE",
        ),
        (
            "cmd(\"EXPIREAT\").arg(key).arg(4102444800_i64).query(conn)",
            "EXPIREAT",
        ),
        (
            "cmd(\"GETEX\").arg(key).arg(\"EX\").arg(10).query(conn)",
            "GETEX",
        ),
        (
            "cmd(\"GETEX\").arg(key).arg(\"PXAT\").arg(at).query(conn)",
            "GETEX",
        ),
        ("cmd(\"SLOWLOG\").arg(\"RESET\").query(conn)", "SLOWLOG"),
        (
            "cmd(\"LTRIM\").arg(key).arg(0).arg(-2).query(conn)",
            "LTRIM",
        ),
        ("cmd(\"CLIENT\").arg(\"KILL\").query(conn)", "CLIENT"),
        ("cmd(\"NO.SUCH\").query(conn)", "NO.SUCH"),
        (
            "cmd(\"ZUNIONSTORE\").arg(\"t\").arg(2).arg(&[\"t\", \"today\"]).query(conn)",
            "ZUNIONSTORE",
        ),
        (
            "cmd(\"BITOP\").arg(\"NOT\").arg(key).arg(key).query(conn)",
            "BITOP",
        ),
        (
            "cmd(\"LTRIM\").arg(key).arg(1).arg(-1).query(conn)",
            "LTRIM",
        ),
        (
            "let mut set = cmd(\"SET\"); set.arg(key).arg(value).arg(\"NX\"); set.query(conn)",
            "SET",
        ),
        ("redis::Cmd::ltrim(key, 1, -1).query(conn)", "LTRIM"),
    ] {
        shows(body, &[command]);
    }
    for body in [
        "cmd(\"GET\").arg(key).query(conn)",
        "cmd(\"SET\").arg(key).arg(value).query(conn)",
        "cmd(\"SET\").arg(key).arg(value).arg(\"EX\").arg(10).query(conn)",
        "pipe().cmd(\"SET\").arg(key).arg(value).cmd(\"GET\").arg(\"NX\").query(conn)",
        "cmd(\"EXPIRE\").arg(key).arg(60).query(conn)",
        "cmd(\"CLIENT\").arg(\"LIST\").query(conn)",
        "cmd(\"ZUNIONSTORE\").arg(\"t\").arg(2).arg(&[\"a\", \"b\"]).query(conn)",
        "cmd(\"BITOP\").arg(\"NOT\").arg(to).arg(from).query(conn)",
        "cmd(\"LTRIM\").arg(key).arg(0).arg(99).query(conn)",
        "cmd(name).query(conn)",
        "let mut set = cmd(\"SET\"); set.arg(key).arg(value); set.query(conn)",
        "let n = conn.get(key)?; conn.req_command(cmd(\"SET\").arg(key).arg(n))",
        "cmd(\"LTRIM\").arg(key).arg(-100).arg(-1).query(conn)",
        "cmd(\"GETEX\").arg(key).arg(\"EX\").arg(3600).query(conn)",
        "cmd(\"OBJECT\").arg(\"ENCODING\").arg(key).query(conn)",
        "cmd(\"EXPIRE\").arg(key).arg(ttl).query(conn)",
        "redis::Cmd::ltrim(key, 0, 99).query(conn)",
        "Commands::ltrim(conn, key, 0, 99)",
        "let cmd = \"INCR\"; run(cmd)",
    ] {
        shows(body, &[]);
    }
}

#[test]
fn what_may_be_repeated_does_not_show() {
    for body in [
        "conn.get(key).await",
        "conn.set(key, value).await",
        "conn.set_ex(key, value, 10).await",
        "conn.mset(&items).await",
        "conn.expire(key, 3600).await",
        "conn.expire(key, self.ttl).await",
        "conn.get_ex(key, Expiry::EX(3600)).await",
        "conn.hset_multiple(key, &items).await",
        "conn.hgetall(key).await",
        "conn.sinterstore(to, from).await",
        "conn.zunionstore(to, &[a, b]).await",
        "conn.ltrim(key, 0, 99).await",
        "conn.xread(&[key], &[\"0\"]).await",
    ] {
        shows(body, &[]);
    }
}

#[test]
fn arguments_and_options_decide() {
    for (body, names) in [
        (
            "conn.zunionstore(\"total\", &[\"total\", \"today\"]).await",
            ["ZUNIONSTORE"].as_slice(),
        ),
        ("conn.bit_not(&key, &key).await", &["BITOP"]),
        ("conn.bit_not(&to, &from).await", &[]),
        ("conn.ltrim(key, 1, -1).await", &["LTRIM"]),
        ("conn.ltrim(key, first, -1).await", &["LTRIM"]),
        (
            "conn.set_options(key, v, SetOptions::default().conditional_set(ExistenceCheck::NX)).await",
            &["SET"],
        ),
        (
            "let o = SetOptions::default().with_expiration(SetExpiry::EX(9)); conn.set_options(key, v, o).await",
            &[],
        ),
        (
            "let o = SetOptions::default().get(true); conn.set_options(key, v, o).await",
            &["SET"],
        ),
        (
            "let old = conn.get(key).await?; conn.set_options(key, v, SetOptions::default()).await",
            &[],
        ),
        ("conn.set_options(key, v, self.options).await", &["SET"]),
        (
            "conn.hexpire(key, 99, ExpireOption::NONE, field).await",
            &[],
        ),
        (
            "conn.hexpire(key, 9, ExpireOption::NONE, field).await",
            &["HEXPIRE"],
        ),
        ("conn.expire(key, 9).await", &["EXPIRE"]),
        ("conn.pexpire(key, 60_000).await", &[]),
        ("conn.expire_at(key, at).await", &["EXPIREAT"]),
        ("conn.get_ex(key, Expiry::EX(9)).await", &["GETEX"]),
        ("conn.get_ex(key, Expiry::PERSIST).await", &[]),
        ("conn.get_ex(key, expiry).await", &["GETEX"]),
        ("conn.get_ex(key, Expiry::EXAT(at)).await", &["GETEX"]),
        ("conn.ltrim(key, -10, -1).await", &[]),
        ("conn.ltrim(key, 0, -2).await", &["LTRIM"]),
        ("conn.ltrim(key, 0, most).await", &[]),
        (
            "conn.sunionstore(\"all\", &[\"all\", \"new\"]).await",
            &["SUNIONSTORE"],
        ),
        (
            "conn.geo_radius(k, 1.0, 2.0, 3.0, Unit::Meters, RadiusOptions::default().store(to)).await",
            &["GEORADIUS"],
        ),
        (
            "conn.hexpire(key, 9, ExpireOption::NX, field).await",
            &["HEXPIRE"],
        ),
        (
            "let o = StreamReadOptions::default().group(\"g\", \"c\"); conn.xread_options(&[k], &[\">\"], &o).await",
            &["XREADGROUP"],
        ),
        (
            "conn.xread_options(&[k], &[\"$\"], &StreamReadOptions::default().block(9)).await",
            &[],
        ),
        ("conn.copy(a, b, CopyOptions::default()).await", &["COPY"]),
        (
            "conn.copy(a, b, CopyOptions::default().replace(true)).await",
            &[],
        ),
    ] {
        shows(body, names);
    }
}

#[test]
fn names_that_other_types_have_too() {
    for body in [
        "conn.append(key, value).await",
        "conn.append(key, value)",
        "let pending = conn.del(key); pending.await",
        "return conn.del(key);",
        "conn.publish(channel, message).await?; Ok(())",
        "tokio::try_join!(a.unlink(key), b.get(key))",
        "match conn.persist(key) { Ok(n) => n, Err(e) => return Err(e) }",
        "let mut batch = redis::pipe(); batch.del(key).ignore(); batch.query(conn)",
        "conn.rename(old, new).map_err(AppError::from)?; Ok(())",
    ] {
        let tokens: TokenStream = body.parse().unwrap();
        assert_eq!(in_body(tokens).len(), 1, "{body}");
    }
    for body in [
        "let mut all = conn.get(key).await?; all.append(&mut others); Ok(all)",
        "headers.append(NAME, value); conn.get(key).await",
        "metrics.incr(\"reads\"); conn.get(key).await",
        "tokio::fs::rename(a, b).await?; conn.get(key).await",
        "listeners.publish(event); conn.get(key).await",
        "list.del(at); conn.get(key).await",
        "self.incr += 1; conn.get(key).await",
        "let append = 3; conn.get(append).await",
        "fn incr() {} conn.get(key).await",
        "incr(key, 1); conn.get(key).await",
        "\"conn.incr(key, 1)\"",
    ] {
        shows(body, &[]);
    }
}

#[test]
fn each_shows_once_and_in_order() {
    shows(
        "conn.sadd(a, b).await?; conn.incr(k, 1).await?; conn.incr(k, 1).await",
        &["SADD", "INCR"],
    );
}

#[test]
fn half_typed_bodies_are_survived() {
    for body in [
        "conn.incr",
        "conn.incr::<",
        "conn.incr::<A, B(key, 1)",
        "cmd",
        "cmd()",
        "cmd(1)",
        ".incr()",
        "Cmd::new()",
        "a.del(b).",
    ] {
        in_body(body.parse().unwrap());
    }
    shows("conn.incr(key 1).await", &["INCR"]);
}

#[test]
fn the_table_is_sorted() {
    assert!(METHODS.is_sorted_by(|a, b| a.name < b.name));
}

/// The others of redis-rs, which may be repeated.
const REPEATABLE: &[&str] = &[
    "acl_cat",
    "acl_cat_categoryname",
    "acl_dryrun",
    "acl_genpass",
    "acl_genpass_bits",
    "acl_getuser",
    "acl_help",
    "acl_list",
    "acl_log",
    "acl_users",
    "acl_whoami",
    "bf_card",
    "bf_exists",
    "bf_info",
    "bf_info_type",
    "bf_mexists",
    "bf_scandump",
    "bitcount",
    "bitcount_range",
    "client_getname",
    "client_id",
    "client_setname",
    "digest",
    "exists",
    "expire_time",
    "geo_dist",
    "geo_hash",
    "geo_pos",
    "get",
    "getbit",
    "getrange",
    "hexists",
    "hexpire_time",
    "hget",
    "hgetall",
    "hkeys",
    "hlen",
    "hmget",
    "hpexpire_time",
    "hpttl",
    "hset_multiple",
    "httl",
    "hvals",
    "json_arr_index",
    "json_arr_index_ss",
    "json_arr_len",
    "json_get",
    "json_mget",
    "json_mset",
    "json_obj_keys",
    "json_obj_len",
    "json_set",
    "json_str_len",
    "json_type",
    "key_type",
    "keys",
    "lindex",
    "llen",
    "load_script",
    "lpos",
    "lrange",
    "mget",
    "mset",
    "object_encoding",
    "object_freq",
    "object_idletime",
    "object_refcount",
    "pexpire_time",
    "pfcount",
    "pfmerge",
    "ping",
    "ping_message",
    "pset_ex",
    "pttl",
    "scard",
    "sdiff",
    "set",
    "set_ex",
    "sinter",
    "sismember",
    "smembers",
    "smismember",
    "srandmember",
    "srandmember_multiple",
    "strlen",
    "sunion",
    "ttl",
    "vcard",
    "vdelattr",
    "vdim",
    "vemb",
    "vemb_options",
    "vgetattr",
    "vinfo",
    "vlinks",
    "vlinks_with_scores",
    "vrandmember",
    "vrandmember_multiple",
    "vsetattr",
    "vsim",
    "vsim_options",
    "xinfo_consumers",
    "xinfo_groups",
    "xinfo_stream",
    "xinfo_stream_with_idempotency",
    "xlen",
    "xpending",
    "xpending_consumer_count",
    "xpending_count",
    "xrange",
    "xrange_all",
    "xrange_count",
    "xread",
    "xrevrange",
    "xrevrange_all",
    "xrevrange_count",
    "zcard",
    "zcount",
    "zlexcount",
    "zrandmember",
    "zrandmember_withscores",
    "zrange",
    "zrange_withscores",
    "zrangebylex",
    "zrangebylex_limit",
    "zrangebyscore",
    "zrangebyscore_limit",
    "zrangebyscore_limit_withscores",
    "zrangebyscore_withscores",
    "zrank",
    "zrevrange",
    "zrevrange_withscores",
    "zrevrangebylex",
    "zrevrangebylex_limit",
    "zrevrangebyscore",
    "zrevrangebyscore_limit",
    "zrevrangebyscore_limit_withscores",
    "zrevrangebyscore_withscores",
    "zrevrank",
    "zscore",
    "zscore_multiple",
];

/// A method that redis-rs has and nobody has looked at makes this fail.
#[test]
fn every_typed_command_of_redis_is_known() {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // For this machine alone: crates for others are not there.
    let compiler = run("rustc", &["-vV"]);
    let host = compiler
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    let arguments = [
        "metadata",
        "--format-version=1",
        "--filter-platform",
        host.unwrap(),
    ];
    let offline = [arguments.as_slice(), &["--offline"]].concat();
    let mut metadata = run(env!("CARGO"), &offline);
    if metadata.is_empty() {
        // Crates that nothing here is built from are looked at as well, and may have to be fetched.
        metadata = run(env!("CARGO"), &arguments);
    }
    let manifest = metadata
        .split('"')
        .find(|path| {
            let mut parts = path.rsplit(['/', '\\']).filter(|part| !part.is_empty());
            parts.next() == Some("Cargo.toml")
                && parts.next().is_some_and(|name| {
                    name.strip_prefix("redis-")
                        .is_some_and(|version| version.starts_with("1."))
                })
        })
        .expect("redis is among the dependencies");
    let commands = std::path::Path::new(manifest).with_file_name("src/commands");
    let mut methods = 0;
    for file in ["mod.rs", "json.rs"] {
        let text = std::fs::read_to_string(commands.join(file)).unwrap();
        let (_, macros) = text.split_once("\nimplement_").expect("the macro's call");
        // The text of each, up to the next.
        for text in macros.split("\n    fn ").skip(1) {
            let Some((name, text)) = text.split_once('<') else {
                continue;
            };
            let signature = text.lines().next().unwrap_or_default();
            let is_other = ["write_redis_args", "subscribe", "psubscribe", "build"].contains(&name);
            if signature.contains("self") || name.contains('(') || is_other {
                continue;
            }
            methods += 1;
            assert!(
                methods::find(name).is_some() != REPEATABLE.contains(&name),
                "`{name}` of redis has to be in one of the two tables"
            );
            // `SCRIPT LOAD`, which it leaves to another.
            if !REPEATABLE.contains(&name) || name == "load_script" {
                continue;
            }
            let words: Vec<String> = words_sent(text);
            let (command, rest) = words
                .split_first()
                .unwrap_or_else(|| panic!("{name} sends a command"));
            let arguments: Vec<_> = rest.iter().map(|word| vec![word.clone()]).collect();
            let is_conditional = ["COPY", "RESTORE"].contains(&command.as_str());
            assert!(
                names::may_be_repeated(command, &arguments) || is_conditional,
                "`{name}` of redis sends {words:?}, which must not be repeated"
            );
        }
    }
    assert!(methods > 250, "{methods} are too few");
}

/// The words in `cmd("…").arg("…")` of redis's source.
fn words_sent(text: &str) -> Vec<String> {
    let Some((_, text)) = text.split_once("cmd(\"") else {
        return Vec::new();
    };
    let (name, mut text) = text.split_once('"').expect("the end of a text");
    let mut words = vec![name.to_owned()];
    while let Some((_, rest)) = text.split_once(".arg(\"") {
        let (word, rest) = rest.split_once('"').expect("the end of a text");
        words.push(word.to_owned());
        text = rest;
    }
    words
}

/// What a typed command sends is judged as the same command by its name is.
#[test]
fn both_tables_agree() {
    for method in &METHODS {
        if matches!(method.rule, methods::Rule::Always) {
            let mut words = method.command.split(' ');
            let name = words.next().expect("a name");
            let arguments: Vec<_> = words.map(|word| vec![word.to_owned()]).collect();
            assert!(!names::may_be_repeated(name, &arguments), "{}", method.name);
        }
    }
}
