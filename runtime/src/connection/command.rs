//! What a command does, by its name and arguments: whether it may be sent twice, and whether it waits in the server.
//!
//! Pure: no I/O. After the [command reference](https://redis.io/docs/latest/commands/), Redis 8.

mod names;

use names::{IDEMPOTENT, READS, READS_OF_CLIENT, READS_OF_CLUSTER, WAITING};
use redis::{Arg, Cmd};

/// What it means to execute a command once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Nothing changes.
    Read,
    /// What it leaves behind is the same, though its reply may differ: the second `DEL` removes nothing.
    Idempotent,
    /// Something is done twice, or nobody knows.
    Once,
}

/// The longest name in the tables.
const LONGEST: usize = 24;

/// A name in upper case, on the stack.
struct Name {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Name {
    /// `None`: longer than any that is known.
    fn of(arg: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        let place = bytes.get_mut(..arg.len())?;
        place.copy_from_slice(arg);
        place.make_ascii_uppercase();
        Some(Self {
            bytes,
            length: arg.len(),
        })
    }

    fn is_in(&self, sorted: &[&str]) -> bool {
        let name = &self.bytes[..self.length];
        let found = sorted.binary_search_by(|known| known.as_bytes().cmp(name));
        found.is_ok()
    }

    fn is(&self, name: &str) -> bool {
        &self.bytes[..self.length] == name.as_bytes()
    }
}

/// A command, as its arguments; the name is the first.
pub(super) trait Args<'a>: Iterator<Item = &'a [u8]> + Clone {}

impl<'a, I: Iterator<Item = &'a [u8]> + Clone> Args<'a> for I {}

/// A command's effect when it is sent twice.
pub(super) fn effect<'a>(command: impl Args<'a>) -> Effect {
    let mut args = command;
    let Some(name) = args.next().and_then(Name::of) else {
        return Effect::Once;
    };
    if name.is_in(READS) {
        return Effect::Read;
    }
    if name.is_in(IDEMPOTENT) {
        return Effect::Idempotent;
    }
    let has = |option: &str| args.clone().any(|arg| is(arg, option));
    let second_word_reads = |reads: &[&str]| {
        let second = args.clone().next().and_then(Name::of);
        if second.is_some_and(|second| second.is_in(reads)) {
            Effect::Read
        } else {
            Effect::Once
        }
    };
    match () {
        // Who asks for the old value, or whether it was there, gets another answer the second time: that is how locks are taken.
        () if name.is("SET") => {
            let mut options = args.skip(2);
            once_if(options.any(|arg| is(arg, "NX") || is(arg, "GET")))
        }
        () if name.is("ZADD") => once_if(has("INCR") || has("NX") || has("XX")),
        () if name.is("GEOADD") => once_if(has("NX") || has("XX")),
        // Options by which a read writes.
        () if name.is("SORT") || name.is("GEORADIUS") || name.is("GEORADIUSBYMEMBER") => {
            if has("STORE") || has("STOREDIST") {
                Effect::Idempotent
            } else {
                Effect::Read
            }
        }
        () if name.is("BITFIELD") => {
            if has("INCRBY") {
                Effect::Once
            } else if has("SET") {
                Effect::Idempotent
            } else {
                Effect::Read
            }
        }
        () if name.is("CONFIG") => second_word_reads(&["GET", "HELP"]),
        () if name.is("CLUSTER") => second_word_reads(READS_OF_CLUSTER),
        () if name.is("CLIENT") => second_word_reads(READS_OF_CLIENT),
        () if name.is("SCRIPT") => second_word_reads(&["EXISTS", "LOAD"]),
        () if name.is("XINFO") || name.is("OBJECT") || name.is("MEMORY") => Effect::Read,
        () => Effect::Once,
    }
}

/// Whether the server may answer as late as the command says, and not as soon as it can.
pub(super) fn waits<'a>(command: impl Args<'a>) -> bool {
    let mut args = command;
    let Some(first) = args.next() else {
        return false;
    };
    // Most names are told by their first letter.
    if !matches!(first.first(), Some(b'B' | b'b' | b'W' | b'w' | b'X' | b'x')) {
        return false;
    }
    let Some(name) = Name::of(first) else {
        return false;
    };
    name.is_in(WAITING)
        || (name.is("XREAD") || name.is("XREADGROUP")) && {
            // What comes after STREAMS are keys.
            let mut options = args.take_while(|arg| !is(arg, "STREAMS"));
            options.any(|arg| is(arg, "BLOCK"))
        }
}

/// The effect of all together, in a pipeline or a transaction: that of the worst.
pub(super) fn worst(effects: impl Iterator<Item = Effect>) -> Effect {
    effects.max().unwrap_or(Effect::Read)
}

/// The arguments of a command.
pub(super) fn args(command: &Cmd) -> impl Args<'_> {
    command.args_iter().map(|arg| match arg {
        Arg::Simple(bytes) => bytes,
        // The cursor of a SCAN, a number.
        _ => b"0".as_slice(),
    })
}

fn once_if(once: bool) -> Effect {
    if once {
        Effect::Once
    } else {
        Effect::Idempotent
    }
}

pub(super) fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

#[cfg(test)]
mod tests {
    use redis::cmd;

    use super::*;

    fn command(line: &str) -> Cmd {
        let mut words = line.split(' ');
        let mut command = cmd(words.next().unwrap_or_default());
        command.arg(words.collect::<Vec<_>>());
        command
    }

    #[test]
    fn the_tables_are_sorted_and_fit() {
        for table in [
            READS,
            IDEMPOTENT,
            WAITING,
            READS_OF_CLUSTER,
            READS_OF_CLIENT,
        ] {
            assert!(table.is_sorted_by(|a, b| a < b), "{table:?}");
            assert!(table.iter().all(|name| name.len() <= LONGEST));
        }
        assert!(
            READS
                .iter()
                .all(|name| IDEMPOTENT.binary_search(name).is_err())
        );
    }

    #[test]
    fn every_command_is_what_it_does() {
        use Effect::{Idempotent, Once, Read};
        for (line, expected) in [
            ("GET k", Read),
            ("get k", Read),
            ("Mget a b", Read),
            ("EVAL_RO script 0", Read),
            ("GEORADIUSBYMEMBER_RO k m 1 km", Read),
            ("SORT k", Read),
            ("SORT k STORE d", Idempotent),
            ("BITFIELD k GET u8 0", Read),
            ("BITFIELD k SET u8 0 1", Idempotent),
            ("BITFIELD k INCRBY u8 0 1", Once),
            ("CONFIG GET maxmemory", Read),
            ("CONFIG SET maxmemory 1", Once),
            ("CLIENT LIST", Read),
            ("CLIENT KILL ID 7", Once),
            ("SET k v", Idempotent),
            ("SET k NX", Idempotent),
            ("SET k v EX 10", Idempotent),
            ("SET k v XX", Idempotent),
            ("SET k v NX PX 10", Once),
            ("SET k v GET", Once),
            ("SETNX k v", Once),
            ("DEL k", Idempotent),
            ("HSET k f v", Idempotent),
            ("ZADD k 1 m", Idempotent),
            ("ZADD k INCR 1 m", Once),
            ("INCR k", Once),
            ("LPUSH k v", Once),
            ("SPOP k", Once),
            ("GETDEL k", Once),
            ("GETSET k v", Once),
            ("RENAME a b", Once),
            ("PUBLISH c m", Once),
            ("XADD s * f v", Once),
            ("XREADGROUP GROUP g c STREAMS s >", Once),
            ("EVAL script 0", Once),
            ("FCALL f 0", Once),
            ("NO.SUCH k", Once),
            ("ACOMMANDWITHANAMEMUCHTOOLONGTOBEKNOWN k", Once),
            ("", Once),
        ] {
            assert_eq!(effect(args(&command(line))), expected, "{line}");
        }
    }

    #[test]
    fn the_worst_part_counts() {
        use Effect::{Idempotent, Once, Read};
        assert_eq!(worst([Read, Read].into_iter()), Read);
        assert_eq!(worst([Idempotent, Read].into_iter()), Idempotent);
        assert_eq!(worst([Read, Once, Idempotent].into_iter()), Once);
        assert_eq!(worst(std::iter::empty()), Read);
    }

    #[test]
    fn a_command_waits_where_it_says_so() {
        for (line, expected) in [
            ("BLPOP k 0", true),
            ("blpop k 0", true),
            ("WAIT 1 100", true),
            ("BITCOUNT k", false),
            ("XREAD BLOCK 0 STREAMS s $", true),
            ("XREAD COUNT 1 STREAMS BLOCK 0", false),
            ("XREADGROUP GROUP g c BLOCK 10 STREAMS s >", true),
            ("XADD s * BLOCK v", false),
            ("LPOP k", false),
            ("GET k", false),
        ] {
            assert_eq!(waits(args(&command(line))), expected, "{line}");
        }
    }
}
