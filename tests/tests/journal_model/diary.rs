//! What the writer says it does, in a file that outlives it: a line before each write, and one after its acknowledgement.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// How many keys there are; each has a list and a counter.
pub(crate) const KEYS: u64 = 32;

/// Written without a buffer: what a killed process has said is there.
#[derive(Debug)]
pub(crate) struct Diary(File);

/// What was said of one key.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfKey {
    /// The last number that may have been written.
    pub(crate) begun: u64,
    pub(crate) acknowledged: Vec<u64>,
}

impl Diary {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(
            OpenOptions::new().append(true).create(true).open(path)?,
        ))
    }

    pub(crate) fn begins(&self, key: u64, number: u64) -> io::Result<()> {
        (&self.0).write_all(format!("b {key} {number}\n").as_bytes())
    }

    pub(crate) fn acknowledged(&self, key: u64, number: u64) -> io::Result<()> {
        (&self.0).write_all(format!("a {key} {number}\n").as_bytes())
    }
}

/// All that was said so far.
pub(crate) fn read(path: &Path) -> io::Result<BTreeMap<u64, OfKey>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let mut keys: BTreeMap<u64, OfKey> = (0..KEYS).map(|key| (key, OfKey::default())).collect();
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let number = |place: usize| words.get(place).and_then(|word| word.parse::<u64>().ok());
        let (Some(key), Some(number)) = (number(1), number(2)) else {
            continue;
        };
        let of_key = keys.entry(key).or_default();
        if words[0] == "a" {
            of_key.acknowledged.push(number);
        } else {
            of_key.begun = of_key.begun.max(number);
        }
    }
    Ok(keys)
}
