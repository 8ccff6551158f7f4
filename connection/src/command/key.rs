//! The key that a command works on, which says where in a cluster it goes.
//!
//! Pure. Near enough for telling which servers are silent; redis-rs finds the way for the command itself.

use crate::command::{Args, Name, is};

/// Where a command has its first key.
#[derive(Clone, Copy)]
enum Place {
    Nowhere,
    /// After so many arguments.
    At(usize),
    /// So many arguments stand before the number of keys, and the keys after it.
    Counted(usize),
    AfterStreams,
    /// `HIMPORT SET key`; its other second words have no key.
    AfterSet,
}

use Place::{AfterSet, AfterStreams, At, Counted, Nowhere};

/// Of those that do not have it as their first argument. In the order of their bytes: they are searched.
const PLACES: &[(&str, Place)] = &[
    ("ACL", Nowhere),
    ("ASKING", Nowhere),
    ("AUTH", Nowhere),
    ("BACKUP", Nowhere),
    ("BGREWRITEAOF", Nowhere),
    ("BGSAVE", Nowhere),
    ("BITOP", At(1)),
    ("BLMPOP", Counted(1)),
    ("BZMPOP", Counted(1)),
    ("CLIENT", Nowhere),
    ("CLUSTER", Nowhere),
    ("CLUSTERSCAN", Nowhere),
    ("COMMAND", Nowhere),
    ("COMMANDLOG", Nowhere),
    ("CONFIG", Nowhere),
    ("DBSIZE", Nowhere),
    ("DEBUG", Nowhere),
    ("DISCARD", Nowhere),
    ("ECHO", Nowhere),
    ("EVAL", Counted(1)),
    ("EVALSHA", Counted(1)),
    ("EVALSHA_RO", Counted(1)),
    ("EVAL_RO", Counted(1)),
    ("EXEC", Nowhere),
    ("FAILOVER", Nowhere),
    ("FCALL", Counted(1)),
    ("FCALL_RO", Counted(1)),
    ("FLUSHALL", Nowhere),
    ("FLUSHDB", Nowhere),
    ("FUNCTION", Nowhere),
    ("HELLO", Nowhere),
    ("HIMPORT", AfterSet),
    ("HOTKEYS", Nowhere),
    ("INFO", Nowhere),
    ("KEYS", Nowhere),
    ("LASTSAVE", Nowhere),
    ("LATENCY", Nowhere),
    ("LMPOP", Counted(0)),
    ("LOLWUT", Nowhere),
    ("MEMORY", At(1)),
    ("MIGRATE", At(2)),
    ("MODULE", Nowhere),
    ("MONITOR", Nowhere),
    ("MSETEX", Counted(0)),
    ("MULTI", Nowhere),
    ("OBJECT", At(1)),
    ("PFDEBUG", At(1)),
    ("PFSELFTEST", Nowhere),
    ("PING", Nowhere),
    ("PSUBSCRIBE", Nowhere),
    ("PSYNC", Nowhere),
    ("PUBLISH", Nowhere),
    ("PUBSUB", Nowhere),
    ("PUNSUBSCRIBE", Nowhere),
    ("QUIT", Nowhere),
    ("RANDOMKEY", Nowhere),
    ("READONLY", Nowhere),
    ("READWRITE", Nowhere),
    ("REPLCONF", Nowhere),
    ("REPLICAOF", Nowhere),
    ("RESET", Nowhere),
    ("ROLE", Nowhere),
    ("SAVE", Nowhere),
    ("SCAN", Nowhere),
    ("SCRIPT", Nowhere),
    ("SDIFFCARD", Counted(0)),
    ("SELECT", Nowhere),
    ("SENTINEL", Nowhere),
    ("SFLUSH", Nowhere),
    ("SHUTDOWN", Nowhere),
    ("SINTERCARD", Counted(0)),
    ("SLAVEOF", Nowhere),
    ("SLOWLOG", Nowhere),
    ("SUBSCRIBE", Nowhere),
    ("SUNIONCARD", Counted(0)),
    ("SWAPDB", Nowhere),
    ("SYNC", Nowhere),
    ("TIME", Nowhere),
    ("TRIMSLOTS", Nowhere),
    ("UNSUBSCRIBE", Nowhere),
    ("UNWATCH", Nowhere),
    ("WAIT", Nowhere),
    ("WAITAOF", Nowhere),
    ("XGROUP", At(1)),
    ("XINFO", At(1)),
    ("XREAD", AfterStreams),
    ("XREADGROUP", AfterStreams),
    ("ZDIFF", Counted(0)),
    ("ZINTER", Counted(0)),
    ("ZINTERCARD", Counted(0)),
    ("ZMPOP", Counted(0)),
    ("ZUNION", Counted(0)),
];

/// The first key of a command.
pub(crate) fn first_key<'a>(command: impl Args<'a>) -> Option<&'a [u8]> {
    let mut args = command;
    let name = Name::of(args.next()?)?;
    match name.look_up(PLACES).unwrap_or(At(0)) {
        Nowhere => None,
        At(place) => args.nth(place).filter(|key| !key.is_empty()),
        Counted(place) => {
            let has_keys = args.nth(place).is_some_and(|count| count != b"0");
            args.next().filter(|_| has_keys)
        }
        AfterStreams => args.skip_while(|arg| !is(arg, "STREAMS")).nth(1),
        AfterSet => args
            .next()
            .filter(|word| is(word, "SET"))
            .and_then(|_| args.next()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(PLACES.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn the_key_is_where_each_command_has_it() {
        for (command, key) in [
            ("GET k", Some("k")),
            ("mset k 1 l 2", Some("k")),
            ("msetex 2 k 1 l 2 EX 10", Some("k")),
            ("EVAL script 1 k v", Some("k")),
            ("EVAL script 0 v", None),
            ("fcall name 2 k l", Some("k")),
            ("ZUNION 2 k l", Some("k")),
            ("SUNIONCARD 2 k l LIMIT 1", Some("k")),
            ("BLMPOP 0 2 k l LEFT", Some("k")),
            ("bzmpop 1.5 1 k MIN", Some("k")),
            ("LMPOP 1 k LEFT", Some("k")),
            ("XREAD COUNT 2 STREAMS k 0", Some("k")),
            ("XREADGROUP GROUP g c STREAMS k >", Some("k")),
            ("OBJECT ENCODING k", Some("k")),
            ("MEMORY USAGE k", Some("k")),
            ("MEMORY STATS", None),
            ("XGROUP CREATE k g $", Some("k")),
            ("BITOP AND k l", Some("k")),
            ("MIGRATE host 6379 k 0 100", Some("k")),
            ("HIMPORT SET k fieldset v", Some("k")),
            ("HIMPORT PREPARE fieldset f", None),
            ("LMOVEM k l LEFT RIGHT COUNT 2 BULK", Some("k")),
            ("SPUBLISH channel m", Some("channel")),
            ("PUBLISH channel m", None),
            ("SENTINEL MASTER name", None),
            ("DBSIZE", None),
            ("PING", None),
            ("PING text", None),
            ("CONFIG GET maxmemory", None),
            ("ANAMETHATISLONGERTHANANYTHATISKNOWN k", None),
            ("", None),
        ] {
            let args = command.split_ascii_whitespace().map(str::as_bytes);
            assert_eq!(first_key(args), key.map(str::as_bytes), "{command}");
        }
    }
}
