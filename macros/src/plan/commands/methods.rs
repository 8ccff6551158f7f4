//! The typed commands of redis-rs that must not be repeated.
//!
//! Measured on Redis 7.0 to 8.10 and Valkey 8.0 to 9.1, each command executed twice: one that leaves another state behind the second time,
//! or says something else, such as the `0` of the second `DEL`, is here. All others of redis-rs may be repeated; a test reads its source.

/// A typed command.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: &'static str,
    /// How many, apart from the connection.
    pub(super) arguments: usize,
    /// What it sends.
    pub(super) command: &'static str,
    pub(super) rule: Rule,
    /// Do other types have a method of that name, with as many arguments?
    pub(super) is_common: bool,
}

/// When it must not be repeated.
#[derive(Debug)]
pub(super) enum Rule {
    Always,
    /// If the options, the argument at this place, say one of these words, wherever in the body they are made.
    With(usize, &'static [&'static str]),
    /// If they do not.
    Without(usize, &'static [&'static str]),
    /// If the destination, which is the first argument, is a source too.
    IntoItself,
    /// Unless what `LTRIM` leaves is so many from one end.
    UnlessFromAnEnd,
    /// If the deadline, the second argument in this many milliseconds, is near, or if the options at this place name a condition.
    Deadline(i64, Option<usize>),
    /// If the `Expiry` at this place is near, or a moment.
    Expiry(usize),
}

pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS
        .binary_search_by(|method| method.name.cmp(name))
        .ok()
        .and_then(|at| METHODS.get(at))
}

const fn always(name: &'static str, arguments: usize, command: &'static str) -> Method {
    rule(name, arguments, command, Rule::Always)
}

const fn common(name: &'static str, arguments: usize, command: &'static str) -> Method {
    Method {
        is_common: true,
        ..always(name, arguments, command)
    }
}

const fn rule(name: &'static str, arguments: usize, command: &'static str, rule: Rule) -> Method {
    Method {
        name,
        arguments,
        command,
        rule,
        is_common: false,
    }
}

/// How options say that something is done under a condition, which no longer holds the second time, or ask for what was there.
pub(super) const CONDITIONS: &[&str] = &[
    "FNX",
    "FXX",
    "GT",
    "LT",
    "NX",
    "conditional_set",
    "get",
    "set_existence_check",
    "value_comparison",
];

/// How `RadiusOptions` say that the result is written.
const STORES: &[&str] = &["store", "store_dist"];

/// In the order of their names: they are searched.
pub(super) static METHODS: [Method; 162] = [
    always("acl_deluser", 1, "ACL DELUSER"),
    always("acl_load", 0, "ACL LOAD"),
    always("acl_log_reset", 0, "ACL LOG RESET"),
    always("acl_save", 0, "ACL SAVE"),
    always("acl_setuser", 1, "ACL SETUSER"),
    always("acl_setuser_rules", 2, "ACL SETUSER"),
    common("append", 2, "APPEND"),
    always("bf_add", 2, "BF.ADD"),
    always("bf_insert", 2, "BF.INSERT"),
    always("bf_insert_options", 3, "BF.INSERT"),
    always("bf_loadchunk", 2, "BF.LOADCHUNK"),
    always("bf_madd", 2, "BF.MADD"),
    always("bf_reserve", 3, "BF.RESERVE"),
    always("bf_reserve_options", 4, "BF.RESERVE"),
    rule("bit_and", 2, "BITOP", Rule::IntoItself),
    rule("bit_and_or", 2, "BITOP", Rule::IntoItself),
    rule("bit_diff", 2, "BITOP", Rule::IntoItself),
    rule("bit_diff1", 2, "BITOP", Rule::IntoItself),
    rule("bit_not", 2, "BITOP", Rule::IntoItself),
    rule("bit_one", 2, "BITOP", Rule::IntoItself),
    rule("bit_or", 2, "BITOP", Rule::IntoItself),
    rule("bit_xor", 2, "BITOP", Rule::IntoItself),
    always("blmove", 5, "BLMOVE"),
    always("blmpop", 5, "BLMPOP"),
    always("blpop", 2, "BLPOP"),
    always("brpop", 2, "BRPOP"),
    always("brpoplpush", 3, "BRPOPLPUSH"),
    always("bzmpop_max", 3, "BZMPOP"),
    always("bzmpop_min", 3, "BZMPOP"),
    always("bzpopmax", 2, "BZPOPMAX"),
    always("bzpopmin", 2, "BZPOPMIN"),
    Method {
        is_common: true,
        ..rule("copy", 3, "COPY", Rule::Without(2, &["replace"]))
    },
    always("decr", 2, "DECR"),
    common("del", 1, "DEL"),
    always("del_ex", 2, "DELEX"),
    rule("expire", 2, "EXPIRE", Rule::Deadline(1_000, None)),
    always("expire_at", 2, "EXPIREAT"),
    always("flushall", 0, "FLUSHALL"),
    always("flushall_options", 1, "FLUSHALL"),
    always("flushdb", 0, "FLUSHDB"),
    always("flushdb_options", 1, "FLUSHDB"),
    always("ft_create", 3, "FT.CREATE"),
    always("geo_add", 2, "GEOADD"),
    rule("geo_radius", 6, "GEORADIUS", Rule::With(5, STORES)),
    rule(
        "geo_radius_by_member",
        5,
        "GEORADIUSBYMEMBER",
        Rule::With(4, STORES),
    ),
    always("get_del", 1, "GETDEL"),
    rule("get_ex", 2, "GETEX", Rule::Expiry(1)),
    always("getset", 2, "GETSET"),
    always("hdel", 2, "HDEL"),
    rule("hexpire", 4, "HEXPIRE", Rule::Deadline(1_000, Some(2))),
    always("hexpire_at", 4, "HEXPIREAT"),
    always("hget_del", 2, "HGETDEL"),
    rule("hget_ex", 3, "HGETEX", Rule::Expiry(2)),
    always("hincr", 3, "HINCRBY"),
    always("hpersist", 2, "HPERSIST"),
    rule("hpexpire", 4, "HPEXPIRE", Rule::Deadline(1, Some(2))),
    always("hpexpire_at", 4, "HPEXPIREAT"),
    always("hset", 3, "HSET"),
    rule("hset_ex", 3, "HSETEX", Rule::With(1, CONDITIONS)),
    always("hset_nx", 3, "HSETNX"),
    always("incr", 2, "INCR"),
    always("increx", 3, "INCREX"),
    common("invoke", 1, "EVAL"),
    always("invoke_async", 1, "EVAL"),
    always("invoke_script", 1, "EVAL"),
    always("json_arr_append", 3, "JSON.ARRAPPEND"),
    always("json_arr_insert", 4, "JSON.ARRINSERT"),
    always("json_arr_pop", 3, "JSON.ARRPOP"),
    always("json_arr_trim", 4, "JSON.ARRTRIM"),
    always("json_clear", 2, "JSON.CLEAR"),
    always("json_del", 2, "JSON.DEL"),
    always("json_num_incr_by", 3, "JSON.NUMINCRBY"),
    rule("json_set_options", 4, "JSON.SET", Rule::With(3, CONDITIONS)),
    always("json_str_append", 3, "JSON.STRAPPEND"),
    always("json_toggle", 2, "JSON.TOGGLE"),
    always("linsert_after", 3, "LINSERT"),
    always("linsert_before", 3, "LINSERT"),
    always("lmove", 4, "LMOVE"),
    always("lmpop", 4, "LMPOP"),
    always("lpop", 2, "LPOP"),
    always("lpush", 2, "LPUSH"),
    always("lpush_exists", 2, "LPUSHX"),
    always("lrem", 3, "LREM"),
    always("lset", 3, "LSET"),
    rule("ltrim", 3, "LTRIM", Rule::UnlessFromAnEnd),
    rule("mset_ex", 2, "MSETEX", Rule::With(1, CONDITIONS)),
    always("mset_nx", 1, "MSETNX"),
    common("persist", 1, "PERSIST"),
    rule("pexpire", 2, "PEXPIRE", Rule::Deadline(1, None)),
    always("pexpire_at", 2, "PEXPIREAT"),
    always("pfadd", 2, "PFADD"),
    common("publish", 2, "PUBLISH"),
    common("rename", 2, "RENAME"),
    always("rename_nx", 2, "RENAMENX"),
    always("rpop", 2, "RPOP"),
    always("rpoplpush", 2, "RPOPLPUSH"),
    always("rpush", 2, "RPUSH"),
    always("rpush_exists", 2, "RPUSHX"),
    always("sadd", 2, "SADD"),
    rule("sdiffstore", 2, "SDIFFSTORE", Rule::IntoItself),
    always("set_nx", 2, "SETNX"),
    rule("set_options", 3, "SET", Rule::With(2, CONDITIONS)),
    always("setbit", 3, "SETBIT"),
    always("setrange", 3, "SETRANGE"),
    rule("sinterstore", 2, "SINTERSTORE", Rule::IntoItself),
    always("smove", 3, "SMOVE"),
    always("spop", 1, "SPOP"),
    always("spublish", 2, "SPUBLISH"),
    always("srem", 2, "SREM"),
    rule("sunionstore", 2, "SUNIONSTORE", Rule::IntoItself),
    common("unlink", 1, "UNLINK"),
    always("vadd", 3, "VADD"),
    always("vadd_options", 4, "VADD"),
    always("vrem", 2, "VREM"),
    always("xack", 3, "XACK"),
    always("xack_del", 4, "XACKDEL"),
    always("xadd", 3, "XADD"),
    always("xadd_map", 3, "XADD"),
    always("xadd_maxlen", 4, "XADD"),
    always("xadd_maxlen_map", 4, "XADD"),
    always("xadd_options", 4, "XADD"),
    always("xautoclaim_options", 6, "XAUTOCLAIM"),
    always("xcfgset", 2, "XCFGSET"),
    always("xclaim", 5, "XCLAIM"),
    always("xclaim_options", 6, "XCLAIM"),
    always("xdel", 2, "XDEL"),
    always("xdel_ex", 3, "XDELEX"),
    always("xgroup_create", 3, "XGROUP CREATE"),
    always("xgroup_create_mkstream", 3, "XGROUP CREATE"),
    always("xgroup_createconsumer", 3, "XGROUP CREATECONSUMER"),
    always("xgroup_delconsumer", 3, "XGROUP DELCONSUMER"),
    always("xgroup_destroy", 2, "XGROUP DESTROY"),
    always("xgroup_setid", 3, "XGROUP SETID"),
    always("xnack", 4, "XNACK"),
    rule("xread_options", 3, "XREADGROUP", Rule::With(2, &["group"])),
    always("xtrim", 2, "XTRIM"),
    always("xtrim_options", 2, "XTRIM"),
    always("zadd", 3, "ZADD"),
    always("zadd_multiple", 2, "ZADD"),
    always("zadd_multiple_options", 3, "ZADD"),
    always("zadd_options", 4, "ZADD"),
    always("zincr", 3, "ZINCRBY"),
    rule("zinterstore", 2, "ZINTERSTORE", Rule::IntoItself),
    rule("zinterstore_max", 2, "ZINTERSTORE", Rule::IntoItself),
    rule(
        "zinterstore_max_weights",
        2,
        "ZINTERSTORE",
        Rule::IntoItself,
    ),
    rule("zinterstore_min", 2, "ZINTERSTORE", Rule::IntoItself),
    rule(
        "zinterstore_min_weights",
        2,
        "ZINTERSTORE",
        Rule::IntoItself,
    ),
    rule("zinterstore_weights", 2, "ZINTERSTORE", Rule::IntoItself),
    always("zmpop_max", 2, "ZMPOP"),
    always("zmpop_min", 2, "ZMPOP"),
    always("zpopmax", 2, "ZPOPMAX"),
    always("zpopmin", 2, "ZPOPMIN"),
    always("zrem", 2, "ZREM"),
    always("zrembylex", 3, "ZREMRANGEBYLEX"),
    always("zrembyscore", 3, "ZREMRANGEBYSCORE"),
    always("zremrangebyrank", 3, "ZREMRANGEBYRANK"),
    rule("zunionstore", 2, "ZUNIONSTORE", Rule::IntoItself),
    rule("zunionstore_max", 2, "ZUNIONSTORE", Rule::IntoItself),
    rule(
        "zunionstore_max_weights",
        2,
        "ZUNIONSTORE",
        Rule::IntoItself,
    ),
    rule("zunionstore_min", 2, "ZUNIONSTORE", Rule::IntoItself),
    rule(
        "zunionstore_min_weights",
        2,
        "ZUNIONSTORE",
        Rule::IntoItself,
    ),
    rule("zunionstore_weights", 2, "ZUNIONSTORE", Rule::IntoItself),
];
