//! What a command does, by its name and arguments: whether it may be sent twice, and whether it waits in the server.
//!
//! Pure: no I/O.
//!
//! Circle: `command::table`, `command::words`: a command whose second word decides is in the one table, and its second words are tables of the same rules.

pub(crate) mod commands_of;
pub(crate) mod connection_state;
pub(crate) mod groups;
pub(crate) mod in_flight;
#[cfg(feature = "test-util")]
pub mod inspect;
#[cfg(feature = "cluster")]
pub(crate) mod key;
pub(crate) mod packed;
pub(crate) mod refusals;
pub(crate) mod rules;
pub(crate) mod script;
pub(crate) mod slot;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod together;
pub(crate) mod transaction;
pub(crate) mod wait_time;
pub(crate) mod words;

use redis::{Arg, Cmd};
pub(crate) use rules::is_conditional;
use table::{Rule, TABLE};

/// What it means to execute a command once more, if nobody knows whether it was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// Nothing changes.
    Read,
    /// What it leaves behind is the same, and what it answers.
    Repeatable,
    /// What it leaves behind is the same, but the answer is another: that of a second `DEL` says that somebody else was first.
    SameState,
    /// Something is done twice, or nobody knows.
    Once,
}

/// The longest name in the tables.
const LONGEST: usize = 24;

/// A name in upper case, on the stack.
pub(crate) struct Name {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Name {
    /// `None`: longer than any that is known.
    pub(crate) fn of(arg: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        let place = bytes.get_mut(..arg.len())?;
        place.copy_from_slice(arg);
        place.make_ascii_uppercase();
        Some(Self {
            bytes,
            length: arg.len(),
        })
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn look_up<T: Copy>(&self, sorted: &[(&str, T)]) -> Option<T> {
        let place = sorted.binary_search_by(|(known, _)| known.as_bytes().cmp(self.as_bytes()));
        Some(sorted[place.ok()?].1)
    }

    fn is_in(&self, sorted: &[&str]) -> bool {
        let found = sorted.binary_search_by(|known| known.as_bytes().cmp(self.as_bytes()));
        found.is_ok()
    }

    fn is(&self, name: &str) -> bool {
        self.as_bytes() == name.as_bytes()
    }
}

/// A command, as its arguments; the name is the first.
pub trait Args<'a>: Iterator<Item = &'a [u8]> + Clone {}

impl<'a, I: Iterator<Item = &'a [u8]> + Clone> Args<'a> for I {}

/// A command's effect when it is sent twice. Asked after a failure only: it takes its time.
pub(crate) fn effect<'a>(command: impl Args<'a>) -> Effect {
    effect_of(&command.collect::<Vec<_>>())
}

pub(crate) fn effect_of(command: &[&[u8]]) -> Effect {
    let Some((name, args)) = command.split_first() else {
        return Effect::Once;
    };
    follow(rule_of(TABLE, name), args)
}

fn follow(rule: Option<Rule>, args: &[&[u8]]) -> Effect {
    match rule {
        Some(Rule::Is(effect)) => effect,
        Some(Rule::Args(decide)) => decide(args),
        Some(Rule::Words(words)) => match args.split_first() {
            Some((word, args)) => follow(rule_of(words, word), args),
            None => follow(rule_of(words, b""), args),
        },
        None => Effect::Once,
    }
}

fn rule_of(table: &[(&str, Rule)], word: &[u8]) -> Option<Rule> {
    Name::of(word)?.look_up(table)
}

const WAITING: &[&str] = &[
    "BLMOVE",
    "BLMOVEM",
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "WAIT",
    "WAITAOF",
];

/// Whether the server may answer as late as the command says, and not as soon as it can.
pub fn waits<'a>(command: impl Args<'a>) -> bool {
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

/// The arguments of a command.
pub fn args(command: &Cmd) -> impl Args<'_> {
    command.args_iter().map(|arg| match arg {
        Arg::Simple(bytes) => bytes,
        // The cursor of a SCAN, a number.
        _ => b"0".as_slice(),
    })
}

/// Whether this argument is this word, in whatever case.
pub fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}
