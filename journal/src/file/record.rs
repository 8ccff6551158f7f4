//! What a file consists of: records, each with a checksum that binds it to its place. Pure.
//!
//! ```text
//! mark 4 | length 4 | checksum 4 | kind 1 | number 8 | payload
//! ```
//!
//! The checksum is over the segment's number, the kind, the number and the payload: a whole record from somewhere else is none here. After bytes
//! that are no record, reading goes on at the next mark that begins one.

/// Begins each record, to be found again behind what cannot be read.
const MARK: [u8; 4] = *b"\xd7RRj";

/// Mark, length and checksum.
const FRAME: usize = 12;

/// Kind and number.
const HEAD: usize = 9;

/// No record is longer: what says so is damaged. A server takes no argument of over 512 MiB.
const LONGEST: usize = 1 << 30;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The segment's own: what it is, and which numbers it has.
    Head,
    /// An entry.
    Entry,
    /// Entries that are done with.
    Finished,
    /// An entry that was set aside, with why.
    Dead,
    /// One of those that was taken away again.
    Exhumed,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Head,
        Self::Entry,
        Self::Finished,
        Self::Dead,
        Self::Exhumed,
    ];

    const fn byte(self) -> u8 {
        match self {
            Self::Head => b'h',
            Self::Entry => b'e',
            Self::Finished => b'f',
            Self::Dead => b'd',
            Self::Exhumed => b'x',
        }
    }

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A record in the bytes that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) kind: Kind,
    pub(super) number: u64,
    pub(super) payload: &'a [u8],
}

/// What begins at a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read<'a> {
    /// A record of that many bytes.
    Record(Record<'a>, usize),
    /// Nothing that is whole: there may be more of it to come.
    Incomplete,
    /// No record. The next place that may begin one is so many bytes further on.
    Damaged(usize),
}

/// Appends a record.
pub(super) fn write(into: &mut Vec<u8>, segment: u64, kind: Kind, number: u64, payload: &[u8]) {
    let length = u32::try_from(HEAD + payload.len()).unwrap_or(u32::MAX);
    into.extend_from_slice(&MARK);
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(&checksum(segment, kind.byte(), number, payload).to_le_bytes());
    into.push(kind.byte());
    into.extend_from_slice(&number.to_le_bytes());
    into.extend_from_slice(payload);
}

/// Whether a payload of that length can be written.
pub(super) const fn fits(payload: usize) -> bool {
    payload <= LONGEST - HEAD
}

/// Reads what the bytes begin with.
pub(super) fn read(bytes: &[u8], segment: u64) -> Read<'_> {
    let Some(frame) = bytes.first_chunk::<FRAME>() else {
        return Read::Incomplete;
    };
    let word = |place: usize| {
        u32::from_le_bytes([
            frame[place],
            frame[place + 1],
            frame[place + 2],
            frame[place + 3],
        ])
    };
    let length = word(4) as usize;
    if frame[..4] != MARK || !(HEAD..=LONGEST).contains(&length) {
        return Read::Damaged(next_mark(bytes));
    }
    let Some(content) = bytes[FRAME..].get(..length) else {
        return Read::Incomplete;
    };
    let record = content.split_first().and_then(|(kind, rest)| {
        let (number, payload) = rest.split_first_chunk()?;
        let number = u64::from_le_bytes(*number);
        let is_whole = checksum(segment, *kind, number, payload) == word(8);
        Some(Record {
            kind: Kind::of(*kind).filter(|_| is_whole)?,
            number,
            payload,
        })
    });
    match record {
        Some(record) => Read::Record(record, FRAME + length),
        None => Read::Damaged(next_mark(bytes)),
    }
}

/// Where the next record may begin, behind the first byte.
pub(super) fn next_mark(bytes: &[u8]) -> usize {
    let found = bytes.get(1..).and_then(|rest| {
        let places = rest.windows(MARK.len());
        places.enumerate().find(|(_, window)| *window == MARK)
    });
    match found {
        Some((place, _)) => place + 1,
        // Its first bytes may be the last ones here.
        None => bytes.len().saturating_sub(MARK.len() - 1).max(1),
    }
}

fn checksum(segment: u64, kind: u8, number: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&segment.to_le_bytes());
    hasher.update(&[kind]);
    hasher.update(&number.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// Numbers, as they are kept: pairs of the first and the last of a row.
pub(super) fn rows(numbers: &mut [u64]) -> Vec<u8> {
    numbers.sort_unstable();
    let mut bytes = Vec::new();
    let mut numbers = numbers.iter().copied().peekable();
    while let Some(first) = numbers.next() {
        let mut last = first;
        while let Some(next) =
            numbers.next_if(|next| *next == last || last.checked_add(1) == Some(*next))
        {
            last = next;
        }
        bytes.extend_from_slice(&first.to_le_bytes());
        bytes.extend_from_slice(&last.to_le_bytes());
    }
    bytes
}

/// What [`rows`] has made, as pairs.
pub(super) fn of_rows(bytes: &[u8]) -> impl Iterator<Item = (u64, u64)> {
    bytes.chunks_exact(16).map(|pair| {
        let word = |from: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&pair[from..from + 8]);
            u64::from_le_bytes(word)
        };
        (word(0), word(8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, 3, Kind::Entry, 7, b"seven");
        write(&mut bytes, 3, Kind::Finished, 0, b"");
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = two();
        let Read::Record(record, length) = read(&bytes, 3) else {
            panic!("a record");
        };
        let expected = Record {
            kind: Kind::Entry,
            number: 7,
            payload: b"seven",
        };
        assert_eq!(record, expected);
        let Read::Record(record, rest) = read(&bytes[length..], 3) else {
            panic!("a second one");
        };
        assert_eq!((record.kind, length + rest), (Kind::Finished, bytes.len()));
    }

    #[test]
    fn one_of_another_segment_is_none() {
        let bytes = two();
        assert!(matches!(read(&bytes, 4), Read::Damaged(_)));
    }

    #[test]
    fn each_damaged_bit_is_found_and_the_next_record_too() {
        let good = two();
        let Read::Record(_, first) = read(&good, 3) else {
            panic!("a record");
        };
        for bit in 0..first * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut place = 0;
            let mut records = Vec::new();
            while place < bytes.len() {
                match read(&bytes[place..], 3) {
                    Read::Record(record, length) => {
                        records.push(record.kind);
                        place += length;
                    }
                    Read::Incomplete | Read::Damaged(_) => place += next_mark(&bytes[place..]),
                }
            }
            assert_eq!(records, [Kind::Finished], "bit {bit}");
        }
    }

    #[test]
    fn a_torn_record_is_incomplete() {
        let bytes = two();
        for length in 0..FRAME + HEAD + 5 {
            assert_eq!(read(&bytes[..length], 3), Read::Incomplete, "{length}");
        }
    }

    #[test]
    fn numbers_are_kept_in_rows() {
        let bytes = rows(&mut [5, 1, 2, 3, 9, 2]);
        assert_eq!(
            of_rows(&bytes).collect::<Vec<_>>(),
            [(1, 3), (5, 5), (9, 9)]
        );
        assert_eq!(rows(&mut []).len(), 0);
        let last = rows(&mut [u64::MAX]);
        assert_eq!(of_rows(&last).collect::<Vec<_>>(), [(u64::MAX, u64::MAX)]);
    }
}
