//! Commands by name, for `cmd("…")`: which ones may be repeated. All others, and those that nobody knows, must not be.
//!
//! A test of the workspace compares this with the table of the connection, and says where and why the two differ.

use super::second_words;

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
    if let Some(repeatable) = second_words::of(name) {
        let second = arguments.first().and_then(|words| words.first());
        let second = second.map_or("", String::as_str);
        if name == "ACL" && second.eq_ignore_ascii_case("LOG") {
            return !says(&["RESET"]);
        }
        return repeatable
            .iter()
            .any(|word| second.eq_ignore_ascii_case(word));
    }
    match name {
        "SET" => !says(&["NX", "XX", "GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"]),
        "EXPIRE" | "HEXPIRE" => {
            !says(&["NX", "XX", "GT", "LT"]) && !is_short(arguments.get(1), SECOND_MS)
        }
        "PEXPIRE" | "HPEXPIRE" => {
            !says(&["NX", "XX", "GT", "LT"]) && !is_short(arguments.get(1), 1)
        }
        "GETEX" | "HGETEX" => {
            let options = arguments.get(1..).unwrap_or(&[]).concat();
            !expires_soon(&options)
        }
        "HSETEX" => !says(&["NX", "XX", "FNX", "FXX"]),
        "JSON.SET" | "MSETEX" => !says(&["NX", "XX"]),
        // By these options they write, perhaps onto what they read.
        "SORT" | "GEORADIUS" | "GEORADIUSBYMEMBER" => !says(&["STORE", "STOREDIST"]),
        "COPY" | "RESTORE" => says(&["REPLACE"]),
        "BITFIELD" => !says(&["SET", "INCRBY"]),
        "LTRIM" => keeps_an_end(arguments),
        "BITOP" => !is_into_itself(arguments.get(1..).unwrap_or(&[])),
        "GEOSEARCHSTORE" | "SDIFFSTORE" | "SINTERSTORE" | "SUNIONSTORE" | "ZDIFFSTORE"
        | "ZINTERSTORE" | "ZRANGESTORE" | "ZUNIONSTORE" => !is_into_itself(arguments),
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

/// Does `LTRIM` leave so many from one end? Else it cuts off more the second time. An end that does not show is taken for a length.
pub(super) fn keeps_an_end(arguments: &[Vec<String>]) -> bool {
    let (start, end) = (number(arguments.get(1)), number(arguments.get(2)));
    matches!(
        (start, end),
        (Some(0), None | Some(0.. | -1)) | (Some(..0), Some(-1))
    )
}

const SECOND_MS: i64 = 1_000;

/// In milliseconds: nobody repeats a command that long after its first execution.
const LONG_MS: i64 = 60_000;

/// Is this deadline so near that it may pass between two executions? One that does not show is taken for a far one, as most are: if it is near,
/// the second execution changes nothing and says so.
pub(super) fn is_short(time: Option<&Vec<String>>, unit_ms: i64) -> bool {
    number(time).is_some_and(|time| time.saturating_mul(unit_ms) < LONG_MS)
}

/// Do these words of `GETEX` set a deadline that may pass between two executions, or a moment?
pub(super) fn expires_soon(options: &[String]) -> bool {
    options.iter().enumerate().any(|(at, word)| {
        let time = || options.get(at + 1).map(|time| vec![time.clone()]);
        match word.to_ascii_uppercase().as_str() {
            "EXAT" | "PXAT" => true,
            "EX" => is_short(time().as_ref(), SECOND_MS),
            "PX" => is_short(time().as_ref(), 1),
            _ => false,
        }
    })
}

/// The number that this argument is, if it is written there.
fn number(argument: Option<&Vec<String>>) -> Option<i64> {
    let [word] = argument?.as_slice() else {
        return None;
    };
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.as_str()),
    };
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let number: i64 = digits.get(..end.unwrap_or(digits.len()))?.parse().ok()?;
    Some(sign * number)
}

/// In the order of their names: they are searched.
pub(super) const REPEATABLE: &[&str] = &[
    "ARCOUNT",
    "ARGET",
    "ARGETRANGE",
    "ARGREP",
    "ARINFO",
    "ARLASTITEMS",
    "ARLEN",
    "ARMGET",
    "ARNEXT",
    "AROP",
    "ARSCAN",
    "ASKING",
    "AUTH",
    "BF.CARD",
    "BF.EXISTS",
    "BF.INFO",
    "BF.MEXISTS",
    "BF.SCANDUMP",
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "CF.COUNT",
    "CF.EXISTS",
    "CF.INFO",
    "CF.MEXISTS",
    "CLUSTERSCAN",
    "CMS.INFO",
    "CMS.QUERY",
    "DBSIZE",
    "DIGEST",
    "DISCARD",
    "DUMP",
    "ECHO",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXISTS",
    "EXPIRETIME",
    "FCALL_RO",
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
    "GETRANGE",
    "HELLO",
    "HEXISTS",
    "HEXPIRETIME",
    "HGET",
    "HGETALL",
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
    "LCS",
    "LINDEX",
    "LLEN",
    "LOLWUT",
    "LPOS",
    "LRANGE",
    "MGET",
    "MSET",
    "MULTI",
    "PEXPIRETIME",
    "PFCOUNT",
    "PFMERGE",
    "PING",
    "PSETEX",
    "PTTL",
    "QUIT",
    "RANDOMKEY",
    "READONLY",
    "READWRITE",
    "RESET",
    "ROLE",
    "SCAN",
    "SCARD",
    "SDIFF",
    "SDIFFCARD",
    "SELECT",
    "SETEX",
    "SINTER",
    "SINTERCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SORT_RO",
    "SRANDMEMBER",
    "SSCAN",
    "STRLEN",
    "SUBSTR",
    "SUNION",
    "SUNIONCARD",
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
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
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
        assert!(second_words::REPEATABLE.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
