//! `MULTI`, `EXEC` and `DISCARD`.

use super::{Answer, Command, Context, Session, execute};
use crate::embedded::reply::Reply;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("MULTI", 1, |context, _| begin(context.session)),
    Command::new("EXEC", 1, |context, _| commit(context)),
    Command::new("DISCARD", 1, |context, _| discard(context.session)),
];

/// The commands that wait for `EXEC`.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    commands: Vec<Vec<Vec<u8>>>,
    is_spoilt: bool,
}

impl Session {
    /// Whether a command of this name waits for `EXEC`.
    pub(in crate::embedded) fn queues(&self, name: &str) -> bool {
        self.transaction.is_some() && !matches!(name, "MULTI" | "EXEC" | "DISCARD")
    }

    pub(in crate::embedded) fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    pub(super) fn enqueue(&mut self, command: &[Vec<u8>]) {
        if let Some(transaction) = &mut self.transaction {
            transaction.commands.push(command.to_vec());
        }
    }

    /// Makes `EXEC` fail, since a command could not be queued; returns the error to answer with.
    pub(super) fn spoil_transaction(&mut self, command: &str, error: String) -> String {
        if command == "EXEC" {
            self.transaction = None;
            let reason = error.strip_prefix("ERR ").unwrap_or(&error);
            return format!("EXECABORT Transaction discarded because of: {reason}");
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.is_spoilt = true;
        }
        error
    }
}

fn begin(session: &mut Session) -> Answer {
    if session.transaction.is_some() {
        return Err("ERR MULTI calls can not be nested".into());
    }
    session.transaction = Some(Transaction::default());
    Ok(Reply::OK)
}

fn commit(context: &mut Context<'_>) -> Answer {
    let transaction = context.session.transaction.take();
    let transaction = transaction.ok_or("ERR EXEC without MULTI")?;
    if transaction.is_spoilt {
        return Err("EXECABORT Transaction discarded because of previous errors.".into());
    }
    let commands = transaction.commands.iter();
    let replies = commands.map(|command| execute(context.databases, context.session, command));
    Ok(Reply::Array(replies.collect()))
}

fn discard(session: &mut Session) -> Answer {
    let discarded = session.transaction.take();
    discarded
        .map(|_| Reply::OK)
        .ok_or_else(|| "ERR DISCARD without MULTI".into())
}
