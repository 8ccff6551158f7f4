//! Makes sparse segments into one, with what waits in them.

use std::io::{self, Write as _};

use super::head::Head;
use super::index::Segment;
use super::record::{self, Kind};
use super::recovery::dead_payload;
use super::shared::Shared;

/// Makes the oldest segments into one, with what waits in them.
pub(super) fn compact(shared: &Shared, target: &str, count: usize) -> io::Result<()> {
    let (numbers, next) = {
        let index = shared.index();
        let numbers: Vec<_> = index
            .segments
            .iter()
            .take(count)
            .map(|segment| segment.number)
            .collect();
        let next = index
            .segments
            .iter()
            .take(count)
            .filter_map(|segment| segment.numbers.last())
            .max();
        (numbers, next.map_or(0, |last| last + 1))
    };
    let Some(first) = numbers.first().copied() else {
        return Ok(());
    };
    let mut bytes = Vec::new();
    let mut segment = Segment::new(first);
    for number in &numbers {
        copy_live(shared, *number, first, &mut segment, &mut bytes)?;
    }
    let dead = shared.index().dead.within(&numbers);
    for letter in &dead {
        record::write(
            &mut bytes,
            first,
            Kind::Dead,
            letter.number,
            &dead_payload(letter),
        );
    }
    let count_of_live = segment.numbers.count() as u64;
    let head = Head::new(Some(count_of_live), (0, next), target);
    let mut whole = Vec::with_capacity(bytes.len() + 256);
    record::write(&mut whole, first, Kind::Head, 0, &head.to_bytes());
    whole.append(&mut bytes);
    let mut file = shared.directory.replacement()?;
    file.write_all(&whole)?;
    file.sync_all()?;
    shared.directory.replace(first)?;
    segment.bytes = whole.len() as u64;
    {
        let mut index = shared.index();
        index.segments.drain(..count);
        index.segments.push_front(segment);
        for letter in dead {
            index.dead.put(first, letter);
        }
    }
    for number in &numbers[1..] {
        shared.directory.remove(*number)?;
    }
    Ok(())
}

/// Copies the entries of a segment that wait.
fn copy_live(
    shared: &Shared,
    from: u64,
    to: u64,
    segment: &mut Segment,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    let mut reader = shared.reader(from, u64::MAX)?;
    while let Some(record) = reader.next()? {
        let is_wanted = record.kind == Kind::Entry
            && segment.numbers.last() < Some(record.number)
            && shared.index().is_live(record.number);
        if is_wanted {
            segment.numbers.push(record.number);
            record::write(bytes, to, Kind::Entry, record.number, record.payload);
        }
    }
    Ok(())
}
