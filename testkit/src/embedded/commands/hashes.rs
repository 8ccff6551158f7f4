//! `HSET`, `HGET` and their kin.

use super::{
    Answer, Command, Context, WRONG_TYPE,
    counters::OVERFLOW,
    parse::{integer, integer_arg},
    wrong_arity,
};
use crate::embedded::{
    reply::Reply,
    store::{Store, Value},
};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("HSET", -4, |context, args| {
        Ok(Reply::count(set(context, args, "hset")?))
    }),
    Command::new("HMSET", -4, |context, args| {
        set(context, args, "hmset").map(|_| Reply::OK)
    }),
    Command::new("HSETNX", 4, set_if_absent),
    Command::new("HGET", 3, get),
    Command::new("HMGET", -3, get_many),
    Command::new("HGETALL", 2, get_all),
    Command::new("HDEL", -3, delete),
    Command::new("HEXISTS", 3, exists),
    Command::new("HLEN", 2, length),
    Command::new("HINCRBY", 4, add),
    Command::new("HKEYS", 2, keys),
    Command::new("HVALS", 2, values),
];

type Pair = (Vec<u8>, Vec<u8>);

fn pairs<'a>(store: &'a Store, key: &[u8]) -> Result<&'a [Pair], String> {
    match store.get(key) {
        None => Ok(&[]),
        Some(Value::Hash(pairs)) => Ok(pairs),
        Some(_) => Err(WRONG_TYPE.into()),
    }
}

fn find<'a>(pairs: &'a [Pair], field: &[u8]) -> Option<&'a Vec<u8>> {
    pairs
        .iter()
        .find(|pair| pair.0 == field)
        .map(|pair| &pair.1)
}

fn update<T>(
    context: &mut Context<'_>,
    key: &[u8],
    change: impl FnOnce(&mut Vec<Pair>) -> Result<T, String>,
) -> Result<T, String> {
    let empty = Value::Hash(Vec::new());
    context.store().update(key, empty, |value| match value {
        Value::Hash(pairs) => change(pairs),
        _ => Err(WRONG_TYPE.into()),
    })
}

/// Sets a field; true if it is new.
fn put(pairs: &mut Vec<Pair>, field: &[u8], value: Vec<u8>) -> bool {
    if let Some(pair) = pairs.iter_mut().find(|pair| pair.0 == field) {
        pair.1 = value;
        return false;
    }
    pairs.push((field.to_vec(), value));
    true
}

fn set(context: &mut Context<'_>, args: &[Vec<u8>], command: &str) -> Result<usize, String> {
    let (new, []) = args[1..].as_chunks::<2>() else {
        return Err(wrong_arity(command));
    };
    update(context, &args[0], |pairs| {
        let put = |[field, value]: &&[Vec<u8>; 2]| put(pairs, field, value.clone());
        Ok(new.iter().filter(put).count())
    })
}

fn set_if_absent(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    update(context, &args[0], |pairs| {
        let is_absent = find(pairs, &args[1]).is_none();
        if is_absent {
            put(pairs, &args[1], args[2].clone());
        }
        Ok(Reply::flag(is_absent))
    })
}

fn get(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let pairs = pairs(context.store(), &args[0])?;
    Ok(Reply::bulk_or_null(find(pairs, &args[1]).cloned()))
}

fn get_many(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let pairs = pairs(context.store(), &args[0])?;
    let get = |field: &Vec<u8>| Reply::bulk_or_null(find(pairs, field).cloned());
    Ok(Reply::Array(args[1..].iter().map(get).collect()))
}

fn get_all(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let pairs = pairs(context.store(), &args[0])?;
    let reply = |(field, value): &Pair| (Reply::bulk(field.clone()), Reply::bulk(value.clone()));
    Ok(Reply::Map(pairs.iter().map(reply).collect()))
}

fn delete(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    update(context, &args[0], |pairs| {
        let before = pairs.len();
        pairs.retain(|(field, _)| !args[1..].contains(field));
        Ok(Reply::count(before - pairs.len()))
    })
}

fn exists(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let pairs = pairs(context.store(), &args[0])?;
    Ok(Reply::flag(find(pairs, &args[1]).is_some()))
}

fn length(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    Ok(Reply::count(pairs(context.store(), &args[0])?.len()))
}

fn add(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let by = integer_arg(&args[2])?;
    update(context, &args[0], |pairs| {
        let old = match find(pairs, &args[1]) {
            Some(value) => integer(value).ok_or("ERR hash value is not an integer")?,
            None => 0,
        };
        let new = old.checked_add(by).ok_or(OVERFLOW)?;
        put(pairs, &args[1], new.to_string().into());
        Ok(Reply::Integer(new))
    })
}

fn keys(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let pairs = pairs(context.store(), &args[0])?;
    let fields = pairs.iter().map(|(field, _)| Reply::bulk(field.clone()));
    Ok(Reply::Array(fields.collect()))
}

fn values(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let pairs = pairs(context.store(), &args[0])?;
    let values = pairs.iter().map(|(_, value)| Reply::bulk(value.clone()));
    Ok(Reply::Array(values.collect()))
}
