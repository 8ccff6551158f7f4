//! The slots of a cluster: which one a key is in.
//!
//! Pure. After the [cluster specification](https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).

/// How many slots a cluster has.
pub(crate) const SLOTS: usize = 16_384;

/// The slot of a key.
pub fn of_key(key: &[u8]) -> usize {
    usize::from(crc16(0, hash_tag(key))) % SLOTS
}

/// What decides on a key's slot: what stands between its first braces, if that is anything, else all of it.
pub(crate) fn hash_tag(key: &[u8]) -> &[u8] {
    let tag = || {
        let open = key.iter().position(|byte| *byte == b'{')?;
        let rest = key.get(open + 1..)?;
        let close = rest.iter().position(|byte| *byte == b'}')?;
        rest.get(..close).filter(|tag| !tag.is_empty())
    };
    tag().unwrap_or(key)
}

/// A key with this name, which has no braces of its own but those of `key`, in the slot of `key`.
pub fn beside(key: &[u8], name: &[u8]) -> Vec<u8> {
    let tag = hash_tag(key);
    if tag.is_empty() || tag.contains(&b'}') {
        // Such a key has no tag, and cannot be one.
        return name_in(of_key(key), name);
    }
    [b"{", tag, b"}", name].concat()
}

/// A key whose name begins like this in this slot: found by trying numbers, some ten thousand of them.
pub fn name_in(slot: usize, begins: &[u8]) -> Vec<u8> {
    let prefix = [begins, b":"].concat();
    let crc = crc16(0, &prefix);
    let mut numbers = (0_u32..).map(|number| number.to_string().into_bytes());
    let number = numbers.find(|number| usize::from(crc16(crc, number)) % SLOTS == slot);
    [prefix, number.unwrap_or_default()].concat()
}

/// CRC-16/XMODEM of what comes after that of which this is the sum.
fn crc16(before: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(before, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_where_redis_puts_it() {
        // The check value of the algorithm, and replies of `CLUSTER KEYSLOT`.
        assert_eq!(crc16(0, b"123456789"), 0x31c3);
        for (key, slot) in [("foo", 12_182), ("bar", 5_061), ("hello", 866), ("", 0)] {
            assert_eq!(of_key(key.as_bytes()), slot, "{key}");
        }
    }

    #[test]
    fn there_is_a_name_in_each_slot() {
        for slot in [0, 1, 8_191, SLOTS - 1] {
            assert_eq!(of_key(&name_in(slot, b"probe")), slot);
        }
    }

    #[test]
    fn what_stands_in_braces_decides() {
        for (key, tag) in [
            ("user:7", "user:7"),
            ("{user:7}:visits", "user:7"),
            ("a{b}c{d}", "b"),
            ("a{}b", "a{}b"),
            ("a{b", "a{b"),
            ("{{x}}", "{x"),
        ] {
            assert_eq!(hash_tag(key.as_bytes()), tag.as_bytes(), "{key}");
        }
    }

    #[test]
    fn a_name_beside_a_key_is_in_its_slot() {
        for key in [
            "user:7",
            "{user:7}:visits",
            "a{b}c{d}",
            "a{}b",
            "a{b",
            "a}b",
            "}{",
            "{}",
            "{}{a}",
            "",
        ] {
            for name in ["once:7".to_owned(), format!("fence:{key}")] {
                let beside = beside(key.as_bytes(), name.as_bytes());
                assert_eq!(of_key(&beside), of_key(key.as_bytes()), "{key}");
                assert!(
                    beside
                        .windows(name.len())
                        .any(|part| part == name.as_bytes())
                );
            }
        }
    }
}
