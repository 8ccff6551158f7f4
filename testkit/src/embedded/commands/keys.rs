//! Commands for keys of any kind.

use super::{Answer, Command, Context, SYNTAX};
use crate::embedded::{reply::Reply, store::Value};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("DEL", -2, delete),
    Command::new("UNLINK", -2, delete),
    Command::new("EXISTS", -2, exists),
    Command::new("TYPE", 2, kind),
    Command::new("DBSIZE", 1, |context, _| {
        Ok(Reply::count(context.store().len()))
    }),
    Command::new("FLUSHDB", -1, flush_database),
    Command::new("FLUSHALL", -1, flush_all),
];

fn delete(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let store = context.store();
    let deleted = args.iter().filter(|key| store.remove(key).is_some());
    Ok(Reply::count(deleted.count()))
}

fn exists(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let store = context.store();
    let existing = args.iter().filter(|key| store.contains(key));
    Ok(Reply::count(existing.count()))
}

fn kind(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let value = context.store().get(&args[0]);
    Ok(Reply::Status(value.map_or("none", Value::type_name)))
}

fn flush_database(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    check_flush_mode(args)?;
    context.store().clear();
    Ok(Reply::OK)
}

fn flush_all(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    check_flush_mode(args)?;
    context.databases.clear();
    Ok(Reply::OK)
}

fn check_flush_mode(args: &[Vec<u8>]) -> Result<(), String> {
    let is_mode =
        |arg: &Vec<u8>| arg.eq_ignore_ascii_case(b"ASYNC") || arg.eq_ignore_ascii_case(b"SYNC");
    match args {
        [] => Ok(()),
        [mode] if is_mode(mode) => Ok(()),
        _ => Err(SYNTAX.into()),
    }
}
