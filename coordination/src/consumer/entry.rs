//! One entry of a stream, and what it is made into. Pure.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::hash::BuildHasher;
use std::str::FromStr;

/// The ID of an entry, by which entries are ordered: milliseconds, and a number within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    millis: u64,
    sequence: u64,
}

impl EntryId {
    pub(super) const ZERO: Self = Self {
        millis: 0,
        sequence: 0,
    };

    /// The milliseconds since 1970 by the clock of whoever chose the ID, which is the server unless the producer did.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.millis
    }

    /// The number within the millisecond.
    #[must_use]
    pub const fn sequence(self) -> u64 {
        self.sequence
    }

    /// The greatest ID that is smaller.
    pub(super) const fn before(self) -> Self {
        match (self.millis, self.sequence) {
            (0, 0) => self,
            (millis, 0) => Self {
                millis: millis - 1,
                sequence: u64::MAX,
            },
            (millis, sequence) => Self {
                millis,
                sequence: sequence - 1,
            },
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }

    pub(super) const fn bits(self) -> u128 {
        (self.millis as u128) << 64 | self.sequence as u128
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}

/// A text is not the ID of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry's ID is two numbers, such as 1700000000000-0")
    }
}

impl std::error::Error for NotAnId {}

impl FromStr for EntryId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let (millis, sequence) = text.split_once('-').ok_or(NotAnId)?;
        let number = |digits: &str| digits.parse().map_err(|_| NotAnId);
        Ok(Self {
            millis: number(millis)?,
            sequence: number(sequence)?,
        })
    }
}

/// An entry of a stream: its ID, and its fields in their order.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub(super) id: EntryId,
    pub(super) fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    /// Its ID.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// Names and values, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .map(|(name, value)| (&name[..], &value[..]))
    }

    /// The value of the first field of this name.
    #[must_use]
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref();
        let mut fields = self.fields();
        fields.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The value of a field as text.
    ///
    /// # Errors
    /// If there is no such field, or its value is not UTF-8.
    pub fn text(&self, name: &'static str) -> Result<&str, FieldError> {
        let value = self.get(name).ok_or(FieldError::missing(name))?;
        std::str::from_utf8(value).map_err(|_| FieldError::unreadable(name))
    }

    /// The value of a field, parsed from its text.
    ///
    /// # Errors
    /// If there is no such field, or its value cannot be parsed.
    pub fn parse<T: FromStr>(&self, name: &'static str) -> Result<T, FieldError> {
        let text = self.text(name)?;
        text.parse().map_err(|_| FieldError::unreadable(name))
    }
}

/// Without the values, which may be secret.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id)
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

/// A field that an entry does not have, or whose value is not what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldError {
    name: &'static str,
    is_missing: bool,
}

impl FieldError {
    const fn missing(name: &'static str) -> Self {
        let is_missing = true;
        Self { name, is_missing }
    }

    const fn unreadable(name: &'static str) -> Self {
        let is_missing = false;
        Self { name, is_missing }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        if self.is_missing {
            write!(f, "the entry has no field `{name}`")
        } else {
            write!(f, "the entry's field `{name}` cannot be read")
        }
    }
}

impl std::error::Error for FieldError {}

/// What an entry can be made into: the first argument of a [`Consumer`](super::Consumer)'s handler.
///
/// ```
/// use redis_resilient::streams::{Entry, FieldError, FromEntry};
///
/// struct Order {
///     customer: String,
///     sum: u64,
/// }
///
/// impl FromEntry for Order {
///     type Error = FieldError;
///
///     fn from_entry(entry: &Entry) -> Result<Self, FieldError> {
///         Ok(Self {
///             customer: entry.text("customer")?.to_owned(),
///             sum: entry.parse("sum")?,
///         })
///     }
/// }
/// ```
pub trait FromEntry: Sized {
    /// Why it cannot be made of an entry.
    type Error: fmt::Display;

    /// Makes it. Called once for each attempt, and once more where there is an order.
    ///
    /// # Errors
    /// If the entry is none of these. It goes to the dead letters at once: another attempt would not read it either.
    fn from_entry(entry: &Entry) -> Result<Self, Self::Error>;
}

impl FromEntry for Entry {
    type Error = Infallible;

    fn from_entry(entry: &Entry) -> Result<Self, Infallible> {
        Ok(entry.clone())
    }
}

/// Of fields that have the same name, the last.
impl<S: BuildHasher + Default> FromEntry for HashMap<String, String, S> {
    type Error = std::string::FromUtf8Error;

    fn from_entry(entry: &Entry) -> Result<Self, Self::Error> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
        let fields = entry.fields();
        fields
            .map(|(name, value)| Ok((text(name)?, text(value)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EntryId {
        text.parse().expect("an ID")
    }

    #[test]
    fn ids_are_ordered_as_numbers_are() {
        assert!(id("9-1") < id("10-0"));
        assert!(id("10-2") < id("10-10"));
        assert_eq!(id("10-0").before(), id("9-18446744073709551615"));
        assert_eq!(id("10-3").before(), id("10-2"));
        assert_eq!(EntryId::ZERO.before(), EntryId::ZERO);
        assert_eq!(id("1700000000000-7").to_string(), "1700000000000-7");
        for bad in [
            "",
            "7",
            "7-",
            "-7",
            "a-b",
            "1-2-3",
            "18446744073709551616-0",
        ] {
            assert_eq!(bad.parse::<EntryId>(), Err(NotAnId), "{bad}");
        }
    }

    #[test]
    fn fields_are_read_by_name() {
        let field = |name: &str, value: &[u8]| (name.as_bytes().to_vec(), value.to_vec());
        let entry = Entry {
            id: id("1-1"),
            fields: vec![
                field("sum", b"7"),
                field("sum", b"8"),
                field("raw", b"\xff"),
            ],
        };
        assert_eq!(entry.parse::<u64>("sum"), Ok(7));
        let missing = entry.text("customer").expect_err("it has none");
        assert!(missing.to_string().contains("no field `customer`"));
        let unreadable = entry.parse::<u64>("raw").expect_err("not a number");
        assert!(unreadable.to_string().contains("`raw` cannot be read"));
        assert!(HashMap::<_, _>::from_entry(&entry).is_err());
        assert!(!format!("{entry:?}").contains('7'), "values are not shown");
    }
}
