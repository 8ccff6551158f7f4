//! Commands by name, for `cmd("…")`: which ones may be repeated. All others, and those that nobody knows, must not be.

/// `arguments` are the words of each `.arg(…)`, as far as they show.
pub(super) fn may_be_repeated(name: &str, arguments: &[Vec<String>]) -> bool {
    let says = |options: &[&str]| {
        let mut words = arguments.iter().flatten();
        words.any(|word| {
            options
                .iter()
                .any(|option| word.eq_ignore_ascii_case(option))
        })
    };
    let second_is = |words: &[&str]| {
        let second = arguments.first().and_then(|words| words.first());
        second.is_some_and(|second| words.iter().any(|word| second.eq_ignore_ascii_case(word)))
    };
    match name {
        "SET" => !says(&["NX", "XX", "GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"]),
        "EXPIRE" | "EXPIREAT" | "PEXPIRE" | "PEXPIREAT" | "HEXPIRE" | "HEXPIREAT" | "HPEXPIRE"
        | "HPEXPIREAT" => !says(&["NX", "XX", "GT", "LT"]),
        "HSETEX" => !says(&["NX", "XX", "FNX", "FXX"]),
        "JSON.SET" | "MSETEX" => !says(&["NX", "XX"]),
        // By these options they write, perhaps onto what they read.
        "SORT" | "GEORADIUS" | "GEORADIUSBYMEMBER" => !says(&["STORE", "STOREDIST"]),
        "COPY" | "RESTORE" => says(&["REPLACE"]),
        "BITFIELD" => !says(&["SET", "INCRBY"]),
        "LTRIM" => !trims_start(arguments),
        "BITOP" => !is_into_itself(arguments.get(1..).unwrap_or(&[])),
        "GEOSEARCHSTORE" | "SDIFFSTORE" | "ZDIFFSTORE" | "ZINTERSTORE" | "ZRANGESTORE"
        | "ZUNIONSTORE" => !is_into_itself(arguments),
        "CLIENT" => second_is(&[
            "GETNAME", "GETREDIR", "ID", "INFO", "LIST", "SETINFO", "SETNAME",
        ]),
        "CLUSTER" => second_is(&[
            "COUNTKEYSINSLOT",
            "GETKEYSINSLOT",
            "INFO",
            "KEYSLOT",
            "LINKS",
            "MYID",
            "NODES",
            "REPLICAS",
            "SHARDS",
            "SLOTS",
        ]),
        "CONFIG" => second_is(&["GET", "HELP"]),
        "FUNCTION" => second_is(&["DUMP", "LIST", "STATS"]),
        "SCRIPT" => second_is(&["EXISTS", "LOAD"]),
        _ => REPEATABLE.binary_search(&name).is_ok(),
    }
}

/// Is the first argument, the destination, among the others?
pub(super) fn is_into_itself(arguments: &[Vec<String>]) -> bool {
    let Some((destination, sources)) = arguments.split_first() else {
        return false;
    };
    let many = destination.len();
    many > 0
        && sources
            .iter()
            .any(|source| source.windows(many).any(|words| words == destination))
}

/// Does `LTRIM` cut something off at the start? Then the second time it cuts off more.
pub(super) fn trims_start(arguments: &[Vec<String>]) -> bool {
    let start = arguments.get(1).and_then(|words| words.first());
    start.is_none_or(|start| start != "0")
}

/// In the order of their names: they are searched.
const REPEATABLE: &[&str] = &[
    "AUTH",
    "BF.CARD",
    "BF.EXISTS",
    "BF.INFO",
    "BF.MEXISTS",
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "CF.COUNT",
    "CF.EXISTS",
    "CF.INFO",
    "CF.MEXISTS",
    "CMS.INFO",
    "CMS.QUERY",
    "COMMAND",
    "DBSIZE",
    "DIGEST",
    "DUMP",
    "ECHO",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXISTS",
    "EXPIRETIME",
    "FCALL_RO",
    "FLUSHALL",
    "FLUSHDB",
    "FT.AGGREGATE",
    "FT.EXPLAIN",
    "FT.INFO",
    "FT.SEARCH",
    "FT._LIST",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUSBYMEMBER_RO",
    "GEORADIUS_RO",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETEX",
    "GETRANGE",
    "HELLO",
    "HEXISTS",
    "HEXPIRETIME",
    "HGET",
    "HGETALL",
    "HGETEX",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HMSET",
    "HPEXPIRETIME",
    "HPTTL",
    "HRANDFIELD",
    "HSCAN",
    "HSTRLEN",
    "HTTL",
    "HVALS",
    "INFO",
    "JSON.ARRINDEX",
    "JSON.ARRLEN",
    "JSON.GET",
    "JSON.MGET",
    "JSON.MSET",
    "JSON.OBJKEYS",
    "JSON.OBJLEN",
    "JSON.STRLEN",
    "JSON.TYPE",
    "KEYS",
    "LASTSAVE",
    "LATENCY",
    "LCS",
    "LINDEX",
    "LLEN",
    "LOLWUT",
    "LPOS",
    "LRANGE",
    "LSET",
    "MEMORY",
    "MGET",
    "MSET",
    "OBJECT",
    "PEXPIRETIME",
    "PFCOUNT",
    "PFMERGE",
    "PING",
    "PSETEX",
    "PSUBSCRIBE",
    "PTTL",
    "PUBSUB",
    "PUNSUBSCRIBE",
    "RANDOMKEY",
    "ROLE",
    "SCAN",
    "SCARD",
    "SDIFF",
    "SDIFFCARD",
    "SELECT",
    "SETEX",
    "SETRANGE",
    "SINTER",
    "SINTERCARD",
    "SINTERSTORE",
    "SISMEMBER",
    "SLOWLOG",
    "SMEMBERS",
    "SMISMEMBER",
    "SORT_RO",
    "SRANDMEMBER",
    "SSCAN",
    "SSUBSCRIBE",
    "STRLEN",
    "SUBSCRIBE",
    "SUBSTR",
    "SUNION",
    "SUNIONCARD",
    "SUNIONSTORE",
    "SUNSUBSCRIBE",
    "TIME",
    "TOPK.INFO",
    "TOPK.LIST",
    "TOPK.QUERY",
    "TOUCH",
    "TS.GET",
    "TS.INFO",
    "TS.MGET",
    "TS.MRANGE",
    "TS.MREVRANGE",
    "TS.QUERYINDEX",
    "TS.RANGE",
    "TS.REVRANGE",
    "TTL",
    "TYPE",
    "UNSUBSCRIBE",
    "UNWATCH",
    "VCARD",
    "VDIM",
    "VEMB",
    "VGETATTR",
    "VINFO",
    "VISMEMBER",
    "VLINKS",
    "VRANDMEMBER",
    "VRANGE",
    "VSETATTR",
    "VSIM",
    "WAIT",
    "WAITAOF",
    "WATCH",
    "XCFGSET",
    "XINFO",
    "XLEN",
    "XNACK",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
    "XSETID",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZINTER",
    "ZINTERCARD",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
    "ZUNION",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(REPEATABLE.is_sorted_by(|a, b| a < b));
    }
}
