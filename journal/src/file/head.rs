//! The head of a segment: what it is. Pure.

/// The format that this version writes, and the newest that it reads.
pub(super) const VERSION: u16 = 1;

/// What a segment's first record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) version: u16,
    /// How many entries it had when it was made out of others; `None`: entries are appended, with numbers in a row.
    pub(super) compacted: Option<u64>,
    /// Numbers below are in segments before it. Those of a compacted one end before `next`.
    pub(super) first: u64,
    pub(super) next: u64,
    /// The Redis that its entries are for, without a secret.
    pub(super) target: String,
}

impl Head {
    /// Of a segment of this version.
    pub(super) fn new(compacted: Option<u64>, (first, next): (u64, u64), target: &str) -> Self {
        Self {
            version: VERSION,
            compacted,
            first,
            next,
            target: target.to_owned(),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.version.to_le_bytes().to_vec();
        bytes.push(u8::from(self.compacted.is_some()));
        for number in [self.compacted.unwrap_or(0), self.first, self.next] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(self.target.as_bytes());
        bytes
    }

    /// `None`: it is not one of any version.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk()?;
        let version = u16::from_le_bytes(*version);
        if version > VERSION {
            // What else it says is not known.
            return Some(Self {
                version,
                compacted: None,
                first: 0,
                next: 0,
                target: String::new(),
            });
        }
        let (is_compacted, rest) = rest.split_first()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (next, target) = rest.split_first_chunk()?;
        Some(Self {
            version,
            compacted: (*is_compacted == 1).then(|| u64::from_le_bytes(*count)),
            first: u64::from_le_bytes(*first),
            next: u64::from_le_bytes(*next),
            target: String::from_utf8_lossy(target).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for compacted in [None, Some(0), Some(5)] {
            let head = Head {
                version: VERSION,
                compacted,
                first: 3,
                next: 9,
                target: "redis://a:1/0".to_owned(),
            };
            assert_eq!(Head::from_bytes(&head.to_bytes()), Some(head));
        }
        assert_eq!(Head::from_bytes(b""), None);
        assert_eq!(Head::from_bytes(b"\x01\x00\x00short"), None);
    }

    #[test]
    fn of_a_newer_one_only_the_version_is_known() {
        let head = Head::from_bytes(b"\x07\x00what else").expect("a head");
        assert_eq!(head.version, 7);
    }
}
