//! `GET`, `SET` and their kin.

use super::{
    Answer, Command, Context, SYNTAX, WRONG_TYPE,
    expiry::{Unit, deadline},
    wrong_arity,
};
use crate::embedded::{
    reply::Reply,
    store::{Lifetime, Store, Value},
};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("GET", 2, get),
    Command::new("SET", -3, set),
    Command::new("SETEX", 4, |context, args| {
        set_with_expiry(context, args, "setex", Unit::Seconds)
    }),
    Command::new("PSETEX", 4, |context, args| {
        set_with_expiry(context, args, "psetex", Unit::Milliseconds)
    }),
    Command::new("SETNX", 3, set_if_absent),
    Command::new("GETSET", 3, get_set),
    Command::new("GETDEL", 2, get_delete),
    Command::new("MGET", -2, get_many),
    Command::new("MSET", -3, set_many),
    Command::new("APPEND", 3, append),
    Command::new("STRLEN", 2, length),
];

/// The text that `key` holds.
pub(super) fn text<'a>(store: &'a Store, key: &[u8]) -> Result<Option<&'a [u8]>, String> {
    match store.get(key) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(WRONG_TYPE.into()),
    }
}

fn get(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    Ok(Reply::bulk_or_null(text(context.store(), &args[0])?))
}

/// The options of `SET`.
#[derive(Default)]
struct SetOptions<'a> {
    only_if_present: Option<bool>,
    returns_old: bool,
    keeps_expiry: bool,
    expiry: Option<(Unit, &'a [u8])>,
}

impl<'a> SetOptions<'a> {
    fn parse(mut args: &'a [Vec<u8>]) -> Option<Self> {
        let mut options = Self::default();
        while let [option, rest @ ..] = args {
            args = rest;
            match option.to_ascii_uppercase().as_slice() {
                b"NX" if options.only_if_present != Some(true) => {
                    options.only_if_present = Some(false);
                }
                b"XX" if options.only_if_present != Some(false) => {
                    options.only_if_present = Some(true);
                }
                b"GET" => options.returns_old = true,
                b"KEEPTTL" if options.expiry.is_none() => options.keeps_expiry = true,
                unit => {
                    let unit = Unit::of_set_option(unit)?;
                    let [time, rest @ ..] = args else { return None };
                    if options.expiry.is_some() || options.keeps_expiry {
                        return None;
                    }
                    args = rest;
                    options.expiry = Some((unit, time));
                }
            }
        }
        Some(options)
    }
}

fn set(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let (key, value) = (&args[0], &args[1]);
    let options = SetOptions::parse(&args[2..]).ok_or(SYNTAX)?;
    let expires = match options.expiry {
        Some((unit, time)) => Some(deadline(time, unit, "set")?),
        None => None,
    };
    let store = context.store();
    let old = if options.returns_old {
        Some(Reply::bulk_or_null(text(store, key)?))
    } else {
        None
    };
    let is_present = store.contains(key);
    if options
        .only_if_present
        .is_some_and(|wanted| wanted != is_present)
    {
        return Ok(old.unwrap_or(Reply::Null));
    }
    let kept = match store.lifetime(key) {
        Lifetime::Until(at) if options.keeps_expiry => Some(at),
        _ => None,
    };
    store.set(key, Value::Text(value.clone()));
    store.set_expiry(key, expires.or(kept));
    Ok(old.unwrap_or(Reply::OK))
}

fn set_with_expiry(
    context: &mut Context<'_>,
    args: &[Vec<u8>],
    command: &str,
    unit: Unit,
) -> Answer {
    let expires = deadline(&args[1], unit, command)?;
    let store = context.store();
    store.set(&args[0], Value::Text(args[2].clone()));
    store.set_expiry(&args[0], Some(expires));
    Ok(Reply::OK)
}

fn set_if_absent(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let store = context.store();
    let is_absent = !store.contains(&args[0]);
    if is_absent {
        store.set(&args[0], Value::Text(args[1].clone()));
    }
    Ok(Reply::flag(is_absent))
}

fn get_set(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let store = context.store();
    let old = Reply::bulk_or_null(text(store, &args[0])?);
    store.set(&args[0], Value::Text(args[1].clone()));
    Ok(old)
}

fn get_delete(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let store = context.store();
    let old = Reply::bulk_or_null(text(store, &args[0])?);
    store.remove(&args[0]);
    Ok(old)
}

fn get_many(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let store = context.store();
    // A key that holds something else counts as absent here.
    let get = |key: &Vec<u8>| Reply::bulk_or_null(text(store, key).unwrap_or(None));
    Ok(Reply::Array(args.iter().map(get).collect()))
}

fn set_many(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let (pairs, []) = args.as_chunks::<2>() else {
        return Err(wrong_arity("mset"));
    };
    for [key, value] in pairs {
        context.store().set(key, Value::Text(value.clone()));
    }
    Ok(Reply::OK)
}

fn append(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let append = |value: &mut Value| match value {
        Value::Text(text) => {
            text.extend_from_slice(&args[1]);
            Ok(Reply::count(text.len()))
        }
        _ => Err(WRONG_TYPE.into()),
    };
    context
        .store()
        .update(&args[0], Value::Text(Vec::new()), append)
}

fn length(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let text = text(context.store(), &args[0])?;
    Ok(Reply::count(text.map_or(0, <[u8]>::len)))
}
