//! The key that a command works on, which says where in a cluster it goes.
//!
//! Pure. Near enough for telling which servers are silent; redis-rs finds the way for the command itself.

use super::command::{Args, is};

/// What comes first after these names is no key.
const NO_KEY: &[&str] = &[
    "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "ECHO", "FLUSHALL", "FLUSHDB",
    "FUNCTION", "INFO", "KEYS", "LATENCY", "LOLWUT", "MODULE", "PING", "PUBLISH", "SCAN", "SCRIPT",
    "SELECT", "SLOWLOG", "WAIT", "WAITAOF",
];

/// The first key of a command.
pub(super) fn first_key<'a>(command: impl Args<'a>) -> Option<&'a [u8]> {
    let mut args = command;
    let name = args.next()?;
    let is_in = |names: &[&str]| names.iter().any(|known| is(name, known));
    if is_in(NO_KEY) {
        return None;
    }
    if is_in(&["XREAD", "XREADGROUP"]) {
        return args.skip_while(|arg| !is(arg, "STREAMS")).nth(1);
    }
    // How many keys there are comes before them: after a script, or first.
    let before_count = if is_in(&[
        "EVAL",
        "EVALSHA",
        "EVAL_RO",
        "EVALSHA_RO",
        "FCALL",
        "FCALL_RO",
    ]) {
        1
    } else if is_in(&[
        "LMPOP",
        "SINTERCARD",
        "ZDIFF",
        "ZINTER",
        "ZINTERCARD",
        "ZMPOP",
        "ZUNION",
    ]) {
        0
    } else {
        let subcommand = is_in(&["BITOP", "MEMORY", "OBJECT", "XGROUP", "XINFO"]);
        return args.nth(usize::from(subcommand));
    };
    let has_keys = args.nth(before_count).is_some_and(|count| count != b"0");
    args.next().filter(|_| has_keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_where_each_command_has_it() {
        for (command, key) in [
            ("GET k", Some("k")),
            ("mset k 1 l 2", Some("k")),
            ("EVAL script 1 k v", Some("k")),
            ("EVAL script 0 v", None),
            ("fcall name 2 k l", Some("k")),
            ("ZUNION 2 k l", Some("k")),
            ("XREAD COUNT 2 STREAMS k 0", Some("k")),
            ("XREADGROUP GROUP g c STREAMS k >", Some("k")),
            ("OBJECT ENCODING k", Some("k")),
            ("XGROUP CREATE k g $", Some("k")),
            ("PING", None),
            ("PING text", None),
            ("CONFIG GET maxmemory", None),
            ("", None),
        ] {
            let args = command.split_ascii_whitespace().map(str::as_bytes);
            assert_eq!(first_key(args), key.map(str::as_bytes), "{command}");
        }
    }
}
