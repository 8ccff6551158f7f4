//! `INCR` and its kin.

use super::{
    Answer, Command, Context,
    decimal::{self, NoSum},
    parse::{NOT_A_FLOAT, NOT_AN_INTEGER, integer, integer_arg},
    strings::text,
};
use crate::embedded::{reply::Reply, store::Value};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("INCR", 2, |context, args| add(context, &args[0], 1)),
    Command::new("DECR", 2, |context, args| add(context, &args[0], -1)),
    Command::new("INCRBY", 3, |context, args| {
        add(context, &args[0], integer_arg(&args[1])?)
    }),
    Command::new("DECRBY", 3, subtract),
    Command::new("INCRBYFLOAT", 3, add_float),
];

pub(super) const OVERFLOW: &str = "ERR increment or decrement would overflow";

fn subtract(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let by = integer_arg(&args[1])?;
    let by = by.checked_neg().ok_or("ERR decrement would overflow")?;
    add(context, &args[0], by)
}

fn add(context: &mut Context<'_>, key: &[u8], by: i64) -> Answer {
    let old = match text(context.store(), key)? {
        Some(text) => integer(text).ok_or(NOT_AN_INTEGER)?,
        None => 0,
    };
    let new = old.checked_add(by).ok_or(OVERFLOW)?;
    replace(context, key, &new.to_string());
    Ok(Reply::Integer(new))
}

fn add_float(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let old = text(context.store(), &args[0])?.unwrap_or(b"0");
    let sum = decimal::add(old, &args[1]).map_err(|no_sum| match no_sum {
        NoSum::NotANumber => NOT_A_FLOAT,
        NoSum::Infinite => "ERR increment would produce NaN or Infinity",
    })?;
    replace(context, &args[0], &sum);
    Ok(Reply::bulk(sum))
}

/// Stores a number, leaving alone when it expires.
fn replace(context: &mut Context<'_>, key: &[u8], number: &str) {
    let number = Value::Text(number.into());
    let empty = Value::Text(Vec::new());
    context.store().update(key, empty, |value| *value = number);
}
