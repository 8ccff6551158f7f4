//! What the shop's process and its customers say to each other: a line each. Pure.

use std::fmt;
use std::time::Duration;

/// A customer's order, numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Order {
    pub(super) customer: u32,
    pub(super) number: u32,
}

impl Order {
    /// Of one order, whoever sends it and however often.
    pub(super) fn token(self) -> u128 {
        (u128::from(self.customer) << 32) | u128::from(self.number)
    }

    fn of(text: &str) -> Option<Self> {
        let (customer, number) = text.split_once(' ')?;
        Some(Self {
            customer: customer.parse().ok()?,
            number: number.parse().ok()?,
        })
    }

    /// From a line that is whole.
    pub(super) fn parse(line: &str) -> Option<Self> {
        Self::of(line.strip_suffix('\n')?)
    }
}

/// Without the end of the line.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.customer, self.number)
    }
}

/// What the shop says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// It takes orders, and has found so many in its journal.
    Open(u64),
    /// Redis has it.
    Done(Order),
    /// The journal has it.
    Queued(Order),
    Failed(Order, String),
    Waits(Waits),
}

/// How far the journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Waits {
    pub(super) waiting: u64,
    pub(super) per_second: Option<f64>,
    pub(super) eta: Option<Duration>,
}

impl Said {
    /// A process that is killed may have said half a line, which is none.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.strip_suffix('\n')?.split_once(' ')?;
        match word {
            "open" => Some(Self::Open(rest.parse().ok()?)),
            "done" => Some(Self::Done(Order::of(rest)?)),
            "queued" => Some(Self::Queued(Order::of(rest)?)),
            "failed" => {
                let (order, why) = rest.split_once(": ")?;
                Some(Self::Failed(Order::of(order)?, why.to_owned()))
            }
            "waits" => {
                let mut figures = rest.split(' ');
                Some(Self::Waits(Waits {
                    waiting: figures.next()?.parse().ok()?,
                    per_second: figures.next()?.parse().ok(),
                    eta: figures.next()?.parse().ok().map(Duration::from_millis),
                }))
            }
            _ => None,
        }
    }
}

/// Without the end of the line.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(found) => write!(f, "open {found}"),
            Self::Done(order) => write!(f, "done {order}"),
            Self::Queued(order) => write!(f, "queued {order}"),
            Self::Failed(order, why) => write!(f, "failed {order}: {}", why.replace('\n', " ")),
            Self::Waits(Waits {
                waiting,
                per_second,
                eta,
            }) => {
                let per_second = per_second.map_or("-".to_owned(), |speed| speed.to_string());
                let eta = eta.map_or("-".to_owned(), |eta| eta.as_millis().to_string());
                write!(f, "waits {waiting} {per_second} {eta}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Order = Order {
        customer: 3,
        number: 17,
    };

    #[test]
    fn what_is_said_is_understood() {
        let waits = Waits {
            waiting: 9,
            per_second: Some(2.5),
            eta: Some(Duration::from_millis(3_600)),
        };
        for said in [
            Said::Open(5),
            Said::Done(ORDER),
            Said::Queued(ORDER),
            Said::Failed(ORDER, "the disk: full".to_owned()),
            Said::Waits(waits),
            Said::Waits(Waits::default()),
        ] {
            assert_eq!(Said::parse(&format!("{said}\n")), Some(said));
        }
        assert_eq!(Order::parse(&format!("{ORDER}\n")), Some(ORDER));
    }

    #[test]
    fn half_a_line_is_none() {
        assert_eq!(Said::parse("done 3 1"), None);
        assert_eq!(Order::parse("3 1"), None);
    }

    #[test]
    fn no_two_orders_have_one_token() {
        let other = Order {
            customer: 17,
            number: 3,
        };
        assert_ne!(ORDER.token(), other.token());
    }
}
