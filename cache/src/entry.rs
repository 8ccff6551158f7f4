//! What is under a key in Redis: a header of fixed width, and the encoded value behind it. Pure.
//!
//! ```text
//! RR1 00000000000000ab 0000000000000 v 00000600000 00003600000 000020150\n{"name":"Ann"}
//!     lease token      its deadline  | fresh ms    stale ms    load µs
//!                                    kind
//! ```
//!
//! The lease is in the entry, so that whoever deletes the key ends it too: an invalidation is a plain `DEL`; or where processes keep copies for need, a
//! `SET` of an entry that says so, for as long as there may be any. All of it is text, for people who look
//! with `redis-cli`. Scripts write the lease in place, by its offset.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::time::Duration;

/// How long all headers are.
pub(crate) const HEADER: usize = 71;

/// The longest time that fits its field, in milliseconds: three years.
pub(crate) const LONGEST_MS: u64 = 99_999_999_999;

const MARK: &[u8] = b"RR1 ";
const LONGEST_LOAD_US: u64 = 999_999_999;

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Value,
    /// A value that says that there is nothing.
    Negative,
    /// Nothing yet: somebody loads.
    Lease,
    /// Nothing any more: copies in the memory of processes are not to be served either.
    Invalid,
}

impl Kind {
    pub(crate) const fn has_value(self) -> bool {
        matches!(self, Self::Value | Self::Negative)
    }

    const fn letter(self) -> char {
        match self {
            Self::Value => 'v',
            Self::Negative => 'n',
            Self::Lease => 'l',
            Self::Invalid => 'x',
        }
    }

    const fn of(letter: u8) -> Option<Self> {
        match letter {
            b'v' => Some(Self::Value),
            b'n' => Some(Self::Negative),
            b'l' => Some(Self::Lease),
            b'x' => Some(Self::Invalid),
            _ => None,
        }
    }
}

/// How long an entry lives: first it is fresh, then it may be served in need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) fresh_ms: u64,
    pub(crate) stale_ms: u64,
}

impl Life {
    /// In whole milliseconds, at least one, and no more than fit.
    pub(crate) fn new(fresh: Duration, stale: Duration) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            fresh_ms: millis(fresh).clamp(1, LONGEST_MS),
            stale_ms: millis(stale).min(LONGEST_MS),
        }
    }

    /// How long it may be served in need.
    pub(crate) const fn stale(self) -> Duration {
        Duration::from_millis(self.stale_ms)
    }

    /// When Redis forgets the entry.
    pub(crate) const fn whole_ms(self) -> u64 {
        self.fresh_ms + self.stale_ms
    }
}

/// An entry as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: Kind,
    pub(crate) life: Life,
    /// How long the load took.
    pub(crate) load: Duration,
    /// The encoded value.
    pub(crate) payload: &'a [u8],
}

impl<'a> Entry<'a> {
    /// `None` if somebody else has written it.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, payload) = bytes.split_at_checked(HEADER)?;
        let fields = header.strip_prefix(MARK)?.strip_suffix(b"\n")?;
        let kind = Kind::of(*fields.get(31)?)?;
        Some(Self {
            kind,
            life: Life {
                fresh_ms: number(fields.get(33..44)?)?,
                stale_ms: number(fields.get(45..56)?)?,
            },
            load: Duration::from_micros(number(fields.get(57..)?)?),
            payload,
        })
    }
}

/// Of so few digits that they cannot overflow. Each hit reads three.
#[inline]
fn number(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    (!digits.is_empty()).then_some(number)
}

/// An entry to be written, with the token of the lease it is written under: should the command be sent twice, it is still that of this writer.
pub(crate) fn write(
    token: Token,
    kind: Kind,
    life: Life,
    load: Duration,
    payload: &[u8],
) -> Vec<u8> {
    let load_us =
        u64::try_from(load.as_micros()).map_or(LONGEST_LOAD_US, |us| us.min(LONGEST_LOAD_US));
    let header = format!(
        "RR1 {token} {:013} {} {:011} {:011} {load_us:09}\n",
        0,
        kind.letter(),
        life.fresh_ms,
        life.stale_ms,
    );
    debug_assert_eq!(header.len(), HEADER);
    [header.as_bytes(), payload].concat()
}

/// Who loads. Zero is nobody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u64);

impl Token {
    pub(crate) const NOBODY: Self = Self(0);

    /// One that nobody else has, for the seconds that a load takes: the upper half is this process's, whose loads may take the lease from each other.
    pub(crate) fn fresh() -> Self {
        static PROCESS: OnceLock<u64> = OnceLock::new();
        let process = *PROCESS.get_or_init(|| random() | 1);
        Self(process << 32 | random())
    }
}

/// 32 bits that no seed decides: an application that seeds its generator alike in each process would have all processes share their leases.
fn random() -> u64 {
    RandomState::new().hash_one(()) >> 32
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let life = Life::new(Duration::from_secs(600), Duration::from_secs(3_600));
        let load = Duration::from_micros(20_150);
        for (kind, payload) in [
            (Kind::Value, &b"{\"name\":\"Ann\"}"[..]),
            (Kind::Negative, b"null"),
            (Kind::Value, b""),
            (Kind::Lease, b""),
        ] {
            let written = write(Token(0xab), kind, life, load, payload);
            let read = Entry {
                kind,
                life,
                load,
                payload,
            };
            assert_eq!(Entry::parse(&written), Some(read));
        }
    }

    #[test]
    fn the_header_is_as_long_as_scripts_think_whatever_is_in_it() {
        let longest = Life::new(Duration::MAX, Duration::MAX);
        let written = write(Token(u64::MAX), Kind::Value, longest, Duration::MAX, b"x");
        assert_eq!(written.len(), HEADER + 1);
        assert_eq!(&written[4..20], b"ffffffffffffffff");
        assert_eq!(
            Entry::parse(&written).map(|entry| entry.life),
            Some(longest)
        );
    }

    #[test]
    fn tokens_differ_though_the_generator_is_seeded() {
        let fresh = || {
            fastrand::seed(7);
            Token::fresh()
        };
        let (one, other) = (fresh(), fresh());
        assert_ne!(one, other);
        assert_eq!(one.0 >> 32, other.0 >> 32, "they are of one process");
    }

    #[test]
    fn nothing_lives_for_no_time() {
        assert_eq!(
            Life::new(Duration::from_nanos(1), Duration::ZERO).whole_ms(),
            1
        );
    }

    #[test]
    fn what_others_write_is_not_taken_for_ours() {
        let ours = write(
            Token(1),
            Kind::Value,
            Life {
                fresh_ms: 1,
                stale_ms: 0,
            },
            Duration::ZERO,
            b"1",
        );
        for length in 0..HEADER {
            assert_eq!(Entry::parse(&ours[..length]), None);
        }
        for foreign in [
            &b""[..],
            b"null",
            b"{\"name\":\"Ann\"}",
            &[b' '; 200],
            &[0xff; 200],
        ] {
            assert_eq!(Entry::parse(foreign), None);
        }
        let mut broken = ours;
        broken[40] = b'x';
        assert_eq!(Entry::parse(&broken), None);
    }
}
