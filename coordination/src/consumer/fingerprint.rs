//! Numbers that tell entries apart, the same in every process and version: FNV-1a of 128 bits. Pure.

use super::entry::Entry;

const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// Of what an entry says.
pub(super) fn of_fields(entry: &Entry) -> u128 {
    entry
        .fields()
        .fold(BASIS, |sum, (name, value)| with(with(sum, name), value))
}

/// Of this entry as delivered to this group. Two entries of the same content differ by their IDs, and an ID that is used again, in a stream that was
/// deleted or on a server whose clock is behind, differs by its content.
pub(super) fn of_delivery(stream: &[u8], group: &str, entry: &Entry) -> u128 {
    with(with(of_fields(entry), stream), group.as_bytes()) ^ entry.id.bits()
}

/// With its length, so that what stands side by side is not mistaken for what stands together.
fn with(sum: u128, bytes: &[u8]) -> u128 {
    let length = (bytes.len() as u64).to_le_bytes();
    let all = length.iter().chain(bytes);
    all.fold(sum, |sum, byte| {
        (sum ^ u128::from(*byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, fields: &[(&str, &str)]) -> Entry {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let fields = fields
            .iter()
            .map(|(name, value)| (bytes(name), bytes(value)));
        Entry {
            id: id.parse().expect("an ID"),
            fields: fields.collect(),
        }
    }

    #[test]
    fn it_stays_what_it_is() {
        // Tokens of an older version are known by a newer one.
        let known = of_delivery(b"orders", "billing", &entry("7-1", &[("a", "b")]));
        assert_eq!(known, 0x2f1b_4551_b663_2d83_2fc6_267e_967d_0c86);
    }

    #[test]
    fn everything_counts() {
        let all = [
            of_delivery(b"s", "g", &entry("1-1", &[("a", "b")])),
            of_delivery(b"s", "g", &entry("1-2", &[("a", "b")])),
            of_delivery(b"s", "h", &entry("1-1", &[("a", "b")])),
            of_delivery(b"t", "g", &entry("1-1", &[("a", "b")])),
            of_delivery(b"s", "g", &entry("1-1", &[("ab", "")])),
            of_delivery(b"s", "g", &entry("1-1", &[("a", "b"), ("a", "b")])),
            of_delivery(b"sg", "", &entry("1-1", &[("a", "b")])),
        ];
        let different: std::collections::HashSet<_> = all.into_iter().collect();
        assert_eq!(different.len(), 7);
    }
}
