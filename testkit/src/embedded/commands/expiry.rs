//! `EXPIRE`, `TTL` and their kin.

use super::{Answer, Command, Context, parse::integer_arg};
use crate::embedded::{
    reply::Reply,
    store::{Lifetime, now},
};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("EXPIRE", -3, |context, args| {
        expire(context, args, Unit::Seconds, "expire")
    }),
    Command::new("PEXPIRE", -3, |context, args| {
        expire(context, args, Unit::Milliseconds, "pexpire")
    }),
    Command::new("EXPIREAT", -3, |context, args| {
        expire(context, args, Unit::AtSecond, "expireat")
    }),
    Command::new("PEXPIREAT", -3, |context, args| {
        expire(context, args, Unit::AtMillisecond, "pexpireat")
    }),
    Command::new("TTL", 2, |context, args| {
        Ok(time_to_live(context, args, |left| (left + 500) / 1000))
    }),
    Command::new("PTTL", 2, |context, args| {
        Ok(time_to_live(context, args, |left| left))
    }),
    Command::new("PERSIST", 2, persist),
];

/// How a command gives a time.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    AtSecond,
    AtMillisecond,
}

impl Unit {
    pub(super) fn of_set_option(option: &[u8]) -> Option<Self> {
        match option {
            b"EX" => Some(Self::Seconds),
            b"PX" => Some(Self::Milliseconds),
            b"EXAT" => Some(Self::AtSecond),
            b"PXAT" => Some(Self::AtMillisecond),
            _ => None,
        }
    }

    /// The milliseconds since 1970, unless that is too large a number.
    fn deadline(self, time: i64) -> Option<i64> {
        let millis = match self {
            Self::Seconds | Self::AtSecond => time.checked_mul(1000)?,
            Self::Milliseconds | Self::AtMillisecond => time,
        };
        match self {
            Self::Seconds | Self::Milliseconds => millis.checked_add(now()),
            Self::AtSecond | Self::AtMillisecond => Some(millis),
        }
    }
}

/// Reads when a value that is being set expires, in milliseconds since 1970.
pub(super) fn deadline(time: &[u8], unit: Unit, command: &str) -> Result<i64, String> {
    let time = integer_arg(time)?;
    let deadline = unit.deadline(time).filter(|_| time > 0);
    deadline.ok_or_else(|| invalid_time(command))
}

fn invalid_time(command: &str) -> String {
    format!("ERR invalid expire time in '{command}' command")
}

/// On what condition an expiry is changed.
#[derive(Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "these are four independent flags"
)]
struct Conditions {
    if_none: bool,
    if_some: bool,
    if_later: bool,
    if_earlier: bool,
}

impl Conditions {
    fn parse(options: &[Vec<u8>]) -> Result<Self, String> {
        let mut conditions = Self::default();
        for option in options {
            match option.to_ascii_uppercase().as_slice() {
                b"NX" => conditions.if_none = true,
                b"XX" => conditions.if_some = true,
                b"GT" => conditions.if_later = true,
                b"LT" => conditions.if_earlier = true,
                _ => {
                    let option = String::from_utf8_lossy(option);
                    return Err(format!("ERR Unsupported option {option}"));
                }
            }
        }
        let Self {
            if_none,
            if_some,
            if_later,
            if_earlier,
        } = conditions;
        if if_none && (if_some || if_later || if_earlier) {
            return Err(
                "ERR NX and XX, GT or LT options at the same time are not compatible".into(),
            );
        }
        if if_later && if_earlier {
            return Err("ERR GT and LT options at the same time are not compatible".into());
        }
        Ok(conditions)
    }

    fn allow(&self, old: Lifetime, new: i64) -> bool {
        let old = match old {
            Lifetime::Over => return false,
            Lifetime::Endless => None,
            Lifetime::Until(at) => Some(at),
        };
        // An endless life ends later than at any time.
        let is_later = old.is_some_and(|old| new > old);
        let is_earlier = old.is_none_or(|old| new < old);
        !(self.if_none && old.is_some()
            || self.if_some && old.is_none()
            || self.if_later && !is_later
            || self.if_earlier && !is_earlier)
    }
}

fn expire(context: &mut Context<'_>, args: &[Vec<u8>], unit: Unit, command: &str) -> Answer {
    let conditions = Conditions::parse(&args[2..])?;
    let time = integer_arg(&args[1])?;
    let new = unit.deadline(time).ok_or_else(|| invalid_time(command))?;
    let store = context.store();
    let is_allowed = conditions.allow(store.lifetime(&args[0]), new);
    Ok(Reply::flag(
        is_allowed && store.set_expiry(&args[0], Some(new)),
    ))
}

fn time_to_live(context: &mut Context<'_>, args: &[Vec<u8>], unit: fn(i64) -> i64) -> Reply {
    Reply::Integer(match context.store().lifetime(&args[0]) {
        Lifetime::Over => -2,
        Lifetime::Endless => -1,
        Lifetime::Until(at) => unit((at - now()).max(0)),
    })
}

fn persist(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let store = context.store();
    let has_expiry = matches!(store.lifetime(&args[0]), Lifetime::Until(_));
    Ok(Reply::flag(has_expiry && store.set_expiry(&args[0], None)))
}
