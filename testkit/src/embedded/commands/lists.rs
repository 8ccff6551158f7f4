//! `LPUSH`, `LRANGE` and their kin.

use std::collections::VecDeque;

use super::{
    Answer, Command, Context, WRONG_TYPE,
    parse::{integer_arg, range},
};
use crate::embedded::{
    reply::Reply,
    store::{Store, Value},
};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("LPUSH", -3, |context, args| push(context, args, End::Left)),
    Command::new("RPUSH", -3, |context, args| push(context, args, End::Right)),
    Command::new("LPOP", -2, |context, args| pop(context, args, End::Left)),
    Command::new("RPOP", -2, |context, args| pop(context, args, End::Right)),
    Command::new("LRANGE", 4, slice),
    Command::new("LLEN", 2, length),
    Command::new("LINDEX", 3, index),
    Command::new("LTRIM", 4, trim),
];

type List = VecDeque<Vec<u8>>;

#[derive(Clone, Copy)]
enum End {
    Left,
    Right,
}

impl End {
    fn push(self, list: &mut List, item: Vec<u8>) {
        match self {
            Self::Left => list.push_front(item),
            Self::Right => list.push_back(item),
        }
    }

    fn pop(self, list: &mut List) -> Option<Vec<u8>> {
        match self {
            Self::Left => list.pop_front(),
            Self::Right => list.pop_back(),
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Left => "lpop",
            Self::Right => "rpop",
        }
    }
}

fn list<'a>(store: &'a Store, key: &[u8]) -> Result<Option<&'a List>, String> {
    match store.get(key) {
        None => Ok(None),
        Some(Value::List(list)) => Ok(Some(list)),
        Some(_) => Err(WRONG_TYPE.into()),
    }
}

fn update<T>(
    context: &mut Context<'_>,
    key: &[u8],
    change: impl FnOnce(&mut List) -> T,
) -> Result<T, String> {
    let empty = Value::List(List::new());
    context.store().update(key, empty, |value| match value {
        Value::List(list) => Ok(change(list)),
        _ => Err(WRONG_TYPE.into()),
    })
}

fn push(context: &mut Context<'_>, args: &[Vec<u8>], end: End) -> Answer {
    update(context, &args[0], |list| {
        for item in &args[1..] {
            end.push(list, item.clone());
        }
        Reply::count(list.len())
    })
}

fn pop(context: &mut Context<'_>, args: &[Vec<u8>], end: End) -> Answer {
    let count = match &args[1..] {
        [] => None,
        [count] => {
            let count = integer_arg(count)
                .ok()
                .and_then(|count| usize::try_from(count).ok());
            Some(count.ok_or("ERR value is out of range, must be positive")?)
        }
        _ => return Err(super::wrong_arity(end.command())),
    };
    if list(context.store(), &args[0])?.is_none() {
        return Ok(count.map_or(Reply::Null, |_| Reply::NullArray));
    }
    update(context, &args[0], |list| match count {
        None => Reply::bulk_or_null(end.pop(list)),
        Some(count) => {
            let items = std::iter::from_fn(|| end.pop(list)).take(count);
            Reply::Array(items.map(Reply::bulk).collect())
        }
    })
}

fn slice(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let (start, end) = (integer_arg(&args[1])?, integer_arg(&args[2])?);
    let Some(list) = list(context.store(), &args[0])? else {
        return Ok(Reply::Array(Vec::new()));
    };
    let range = range(start, end, list.len()).unwrap_or(0..0);
    let items = list.range(range).map(|item| Reply::bulk(item.clone()));
    Ok(Reply::Array(items.collect()))
}

fn length(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let list = list(context.store(), &args[0])?;
    Ok(Reply::count(list.map_or(0, VecDeque::len)))
}

fn index(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let Some(list) = list(context.store(), &args[0])? else {
        return Ok(Reply::Null);
    };
    let index = integer_arg(&args[1])?;
    let item = range(index, index, list.len()).and_then(|range| list.get(range.start));
    Ok(Reply::bulk_or_null(item.cloned()))
}

fn trim(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let (start, end) = (integer_arg(&args[1])?, integer_arg(&args[2])?);
    update(context, &args[0], |list| {
        let range = range(start, end, list.len()).unwrap_or(0..0);
        list.truncate(range.end);
        list.drain(..range.start);
        Reply::OK
    })
}
