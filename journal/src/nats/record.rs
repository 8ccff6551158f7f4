//! What the messages of a journal consist of: pure.

use crate::entry::Entry;

/// The first byte of each message.
const VERSION: u8 = 1;

/// So many writes are in one message at most.
pub(super) const TOGETHER: usize = 1 << NUMBER_BITS;

const NUMBER_BITS: u32 = 12;

/// So many numbers are in one message at most.
pub(super) const DONE_TOGETHER: usize = 16 * 1024;

/// The number of a write: the sequence of its message, and its place in it.
pub(super) const fn number(sequence: u64, place: usize) -> u64 {
    (sequence << NUMBER_BITS) | place as u64
}

/// The sequence of the message in which that write is.
pub(super) const fn sequence(number: u64) -> u64 {
    number >> NUMBER_BITS
}

/// What a message takes for a write.
pub(super) fn length(entry: &Entry) -> usize {
    usize::try_from(entry.size())
        .unwrap_or(usize::MAX)
        .saturating_add(4)
}

pub(super) fn entries_to_bytes(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    for entry in entries {
        let entry = entry.to_bytes();
        let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&entry);
    }
    bytes
}

/// `None`: it is not one that this version has written.
pub(super) fn entries_of(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut rest = bytes.strip_prefix(&[VERSION])?;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (entry, after) = after.split_at_checked(length)?;
        entries.push(Entry::from_bytes(entry)?);
        rest = after;
    }
    Some(entries)
}

/// Writes that are done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// All messages of writes before this sequence are done with too: whoever has missed that learns it here.
    pub(super) floor: u64,
    pub(super) numbers: Vec<u64>,
}

impl Done {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.floor.to_le_bytes());
        for number in &self.numbers {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (floor, rest) = bytes.strip_prefix(&[VERSION])?.split_first_chunk()?;
        let (numbers, rest) = rest.as_chunks::<8>();
        rest.is_empty().then(|| Self {
            floor: u64::from_le_bytes(*floor),
            numbers: numbers.iter().map(|n| u64::from_le_bytes(*n)).collect(),
        })
    }
}

/// A write that Redis has refused for good, and is done with by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dead {
    pub(super) floor: u64,
    pub(super) number: u64,
    pub(super) error: String,
    pub(super) entry: Entry,
}

impl Dead {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.floor.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        let length = u32::try_from(self.error.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(self.error.as_bytes());
        bytes.extend_from_slice(&self.entry.to_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (floor, rest) = bytes.strip_prefix(&[VERSION])?.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (error, entry) = rest.split_at_checked(length)?;
        Some(Self {
            floor: u64::from_le_bytes(*floor),
            number: u64::from_le_bytes(*number),
            error: String::from_utf8_lossy(error).into_owned(),
            entry: Entry::from_bytes(entry)?,
        })
    }
}

/// A process says that it executes from now on, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) who: u128,
    pub(super) is_taken: bool,
}

impl Claim {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![VERSION, u8::from(self.is_taken)];
        bytes.extend_from_slice(&self.who.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (is_taken, who) = bytes.strip_prefix(&[VERSION])?.split_first()?;
        Some(Self {
            who: u128::from_le_bytes(who.try_into().ok()?),
            is_taken: *is_taken == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str) -> Entry {
        Entry::of_command(redis::cmd("SET").arg(key).arg("v"), 5)
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let entries = vec![set("a"), set("b")];
        assert_eq!(entries_of(&entries_to_bytes(&entries)), Some(entries));
        let done = Done {
            floor: 7,
            numbers: vec![number(9, 0), number(9, 1)],
        };
        assert_eq!(Done::from_bytes(&done.to_bytes()), Some(done));
        let dead = Dead {
            floor: 7,
            number: number(8, 3),
            error: "WRONGTYPE".to_owned(),
            entry: set("c"),
        };
        assert_eq!(Dead::from_bytes(&dead.to_bytes()), Some(dead));
        for is_taken in [true, false] {
            let claim = Claim { who: 77, is_taken };
            assert_eq!(Claim::from_bytes(&claim.to_bytes()), Some(claim));
        }
        assert_eq!(sequence(number(8, TOGETHER - 1)), 8);
    }

    #[test]
    fn what_others_have_written_is_not_read() {
        let whole = entries_to_bytes(&[set("a")]);
        for bad in [&b""[..], b"\x02", &whole[..whole.len() - 1], b"\x01\x01"] {
            assert_eq!(entries_of(bad), None, "{bad:?}");
            assert_eq!(Done::from_bytes(bad), None, "{bad:?}");
            assert_eq!(Claim::from_bytes(bad), None, "{bad:?}");
        }
    }
}
