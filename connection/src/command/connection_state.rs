//! What a connection keeps for its holder, which no other connection has: watched keys, a transaction, a database.
//!
//! Pure.

use crate::command::{Args, is};

/// Commands that change the connection that they go over, or are about what went over it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// It is about the connection, and changes it for whoever comes next.
    Own,
    /// It is about the writes that went over the connection: `WAIT`, `WAITAOF`.
    Wait,
    /// After it, replies are no longer one for each command.
    Stream,
}

/// Whether a command belongs to its connection. Asked for each command, so most are told by the length of their names.
pub(crate) fn bound<'a>(command: impl Args<'a>) -> Option<Bound> {
    let mut args = command;
    let name = args.next()?;
    if !(4..=12).contains(&name.len()) {
        return None;
    }
    let is_in = |names: &[&str]| names.iter().any(|known| is(name, known));
    let own = match name.len() {
        4 => is_in(&["AUTH", "EXEC", "QUIT"]),
        5 => is_in(&["WATCH", "MULTI", "HELLO", "RESET"]),
        6 if is(name, "CLIENT") => return bound_client(args),
        6 => is_in(&["SELECT", "ASKING"]),
        7 => is_in(&["UNWATCH", "DISCARD", "HIMPORT"]),
        8 => is(name, "READONLY"),
        9 => is(name, "READWRITE"),
        _ => false,
    };
    let wait = || matches!(name.len(), 4 | 7) && is_in(&["WAIT", "WAITAOF"]);
    let stream = || match name.len() {
        4 => is(name, "SYNC"),
        5 => is(name, "PSYNC"),
        7 => is(name, "MONITOR"),
        9..=12 => is_in(&[
            "SUBSCRIBE",
            "PSUBSCRIBE",
            "SSUBSCRIBE",
            "UNSUBSCRIBE",
            "PUNSUBSCRIBE",
            "SUNSUBSCRIBE",
        ]),
        _ => false,
    };
    if own {
        Some(Bound::Own)
    } else if wait() {
        Some(Bound::Wait)
    } else if stream() {
        Some(Bound::Stream)
    } else {
        None
    }
}

fn bound_client<'a>(mut args: impl Args<'a>) -> Option<Bound> {
    let second = args.next()?;
    let is_in = |names: &[&str]| names.iter().any(|known| is(second, known));
    if is(second, "REPLY") {
        Some(Bound::Stream)
    } else if is_in(&[
        "CACHING",
        "CAPA",
        "IMPORT-SOURCE",
        "NO-EVICT",
        "NO-TOUCH",
        "SETINFO",
        "SETNAME",
        "TRACKING",
    ]) {
        Some(Bound::Own)
    } else {
        None
    }
}

/// How far its holder has come with one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Transaction {
    #[default]
    None,
    /// Keys are watched.
    Watches,
    /// Commands are queued.
    Queues,
}

/// What its holder has made of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionState {
    transaction: Transaction,
    /// Another database than that of the settings.
    elsewhere: bool,
    /// Something that nobody undoes: another user, another protocol.
    changed: bool,
}

impl ConnectionState {
    /// A command goes over the connection, whose own database this is. Whether it succeeds is not waited for: it might have.
    pub(crate) fn sent<'a>(&mut self, command: impl Args<'a>, database: i64) {
        let mut args = command.clone();
        let Some(name) = args.next() else {
            return;
        };
        if bound(command) != Some(Bound::Own) {
            return;
        }
        if is(name, "WATCH") {
            self.transaction = self.transaction.max(Transaction::Watches);
        } else if is(name, "UNWATCH") {
            // Among queued commands it is one of them.
            if self.transaction != Transaction::Queues {
                self.transaction = Transaction::None;
            }
        } else if is(name, "MULTI") {
            self.transaction = Transaction::Queues;
        } else if is(name, "EXEC") || is(name, "DISCARD") {
            self.transaction = Transaction::None;
        } else if is(name, "SELECT") {
            let own = args.next() == Some(database.to_string().as_bytes());
            self.elsewhere = !own;
        } else if !is(name, "ASKING") {
            // That one is over with the next command.
            self.changed = true;
        }
    }

    /// Whether anybody may have the connection next.
    pub(crate) fn is_clean(self) -> bool {
        self == Self::default()
    }

    /// Whether all of it is a transaction, which begins anew where it fails.
    pub(crate) fn is_transaction(self) -> bool {
        !self.elsewhere && !self.changed && self.transaction != Transaction::None
    }

    /// Whether a `PING` would be answered: in a transaction it would be queued.
    pub(crate) fn takes_ping(self) -> bool {
        self.transaction != Transaction::Queues
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> impl Args<'_> {
        line.split_ascii_whitespace().map(str::as_bytes)
    }

    #[test]
    fn commands_that_belong_to_a_connection() {
        for (line, expected) in [
            ("WATCH k", Some(Bound::Own)),
            ("watch k", Some(Bound::Own)),
            ("UNWATCH", Some(Bound::Own)),
            ("MULTI", Some(Bound::Own)),
            ("EXEC", Some(Bound::Own)),
            ("DISCARD", Some(Bound::Own)),
            ("SELECT 1", Some(Bound::Own)),
            ("AUTH secret", Some(Bound::Own)),
            ("HELLO 3", Some(Bound::Own)),
            ("RESET", Some(Bound::Own)),
            ("READONLY", Some(Bound::Own)),
            ("READWRITE", Some(Bound::Own)),
            ("ASKING", Some(Bound::Own)),
            ("CLIENT TRACKING ON", Some(Bound::Own)),
            ("CLIENT NO-EVICT on", Some(Bound::Own)),
            ("client setname me", Some(Bound::Own)),
            ("CLIENT REPLY OFF", Some(Bound::Stream)),
            ("CLIENT LIST", None),
            ("CLIENT KILL ID 7", None),
            ("CLIENT", None),
            ("WAIT 1 100", Some(Bound::Wait)),
            ("WAITAOF 1 0 100", Some(Bound::Wait)),
            ("SUBSCRIBE c", Some(Bound::Stream)),
            ("SSUBSCRIBE c", Some(Bound::Stream)),
            ("PUNSUBSCRIBE", Some(Bound::Stream)),
            ("MONITOR", Some(Bound::Stream)),
            ("GET WATCH", None),
            ("SET k v", None),
            ("PUBLISH c m", None),
            ("HGETALL k", None),
            ("SINTERCARD 1 k", None),
            ("", None),
        ] {
            assert_eq!(bound(words(line)), expected, "{line}");
        }
    }

    fn after(lines: &[&str]) -> ConnectionState {
        let mut state = ConnectionState::default();
        for line in lines {
            state.sent(words(line), 3);
        }
        state
    }

    #[test]
    fn a_connection_is_clean_when_all_is_over() {
        for clean in [
            &["GET k"][..],
            &["WATCH k", "UNWATCH"],
            &["WATCH k", "MULTI", "SET k v", "EXEC"],
            &["WATCH k", "MULTI", "DISCARD"],
            &["SELECT 5", "SELECT 3"],
            &["CLIENT LIST"],
            &["ASKING", "GET k"],
        ] {
            assert!(after(clean).is_clean(), "{clean:?}");
        }
        for unclean in [
            &["WATCH k"][..],
            &["MULTI"],
            &["SELECT 5"],
            &["SELECT 0"],
            &["WATCH k", "SELECT 5", "EXEC"],
            &["AUTH secret"],
            &["RESET"],
            &["CLIENT TRACKING ON"],
        ] {
            assert!(!after(unclean).is_clean(), "{unclean:?}");
        }
    }

    #[test]
    fn only_a_transaction_begins_anew() {
        assert!(after(&["WATCH k"]).is_transaction());
        assert!(after(&["MULTI"]).is_transaction());
        assert!(!after(&["WATCH k", "SELECT 5"]).is_transaction());
        assert!(!after(&[]).is_transaction());
        assert!(after(&["WATCH k"]).takes_ping());
        assert!(!after(&["MULTI"]).takes_ping());
    }
}
