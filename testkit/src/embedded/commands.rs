//! What the embedded server can do.

mod counters;
mod decimal;
mod expiry;
mod hashes;
mod keys;
mod lists;
mod parse;
mod session;
mod strings;
mod transactions;

use super::{reply::Reply, store::Store};
pub(super) use session::Session;

/// How many databases there are to `SELECT`.
const DATABASES: usize = 16;

/// The data of all databases.
#[derive(Debug)]
pub(super) struct Databases([Store; DATABASES]);

impl Default for Databases {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Store::default()))
    }
}

impl Databases {
    pub(super) fn clear(&mut self) {
        self.0.iter_mut().for_each(Store::clear);
    }

    fn expire(&mut self) {
        self.0.iter_mut().for_each(Store::expire);
    }
}

/// What a command works on.
struct Context<'a> {
    databases: &'a mut Databases,
    session: &'a mut Session,
}

impl Context<'_> {
    fn store(&mut self) -> &mut Store {
        &mut self.databases.0[self.session.database]
    }
}

/// The reply, or the text of an error.
type Answer = Result<Reply, String>;

/// A command that the server knows.
struct Command {
    name: &'static str,
    /// The number of arguments with the name; negative where there may be more.
    arity: isize,
    run: fn(&mut Context<'_>, &[Vec<u8>]) -> Answer,
}

impl Command {
    const fn new(
        name: &'static str,
        arity: isize,
        run: fn(&mut Context<'_>, &[Vec<u8>]) -> Answer,
    ) -> Self {
        Self { name, arity, run }
    }

    fn takes(&self, arguments: usize) -> bool {
        let least = self.arity.unsigned_abs();
        if self.arity < 0 {
            arguments >= least
        } else {
            arguments == least
        }
    }
}

const GROUPS: [&[Command]; 8] = [
    strings::COMMANDS,
    counters::COMMANDS,
    hashes::COMMANDS,
    lists::COMMANDS,
    keys::COMMANDS,
    expiry::COMMANDS,
    session::COMMANDS,
    transactions::COMMANDS,
];

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
const SYNTAX: &str = "ERR syntax error";

fn wrong_arity(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    format!("ERR wrong number of arguments for '{name}' command")
}

/// The name of a command, in upper case.
pub(super) fn name(command: &[Vec<u8>]) -> String {
    let name = command.first().map_or(&[][..], Vec::as_slice);
    String::from_utf8_lossy(name).to_ascii_uppercase()
}

/// Whether clients send the command of their own accord when they connect.
pub(super) fn is_handshake(name: &str) -> bool {
    matches!(name, "HELLO" | "AUTH" | "CLIENT" | "SELECT")
}

/// Executes a command, or queues it where a transaction is being put together.
pub(super) fn execute(
    databases: &mut Databases,
    session: &mut Session,
    command: &[Vec<u8>],
) -> Reply {
    databases.expire();
    let name = name(command);
    let known = match find(&name, command) {
        Ok(known) => known,
        Err(error) => return Reply::Error(session.spoil_transaction(&name, error)),
    };
    if session.queues(&name) {
        session.enqueue(command);
        return Reply::Status("QUEUED");
    }
    let mut context = Context { databases, session };
    (known.run)(&mut context, &command[1..]).unwrap_or_else(Reply::Error)
}

fn find(name: &str, command: &[Vec<u8>]) -> Result<&'static Command, String> {
    let mut commands = GROUPS.into_iter().flatten();
    let Some(known) = commands.find(|known| known.name == name) else {
        return Err(unknown(command));
    };
    if known.takes(command.len()) {
        Ok(known)
    } else {
        Err(wrong_arity(name))
    }
}

fn unknown(command: &[Vec<u8>]) -> String {
    let mut words = command.iter().map(|word| String::from_utf8_lossy(word));
    let name = words.next().unwrap_or_default();
    let mut args = String::new();
    for word in words {
        if args.len() >= 128 {
            break;
        }
        args.extend(["'", &word, "' "]);
    }
    format!("ERR unknown command '{name}', with args beginning with: {args}")
}
