//! Which replicas are well, as Sentinels see them.

use std::collections::HashMap;

/// A replica that a Sentinel sees nothing wrong with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether it gets what is written to the primary.
    is_linked: bool,
}

/// Those that are well of a reply to `SENTINEL REPLICAS`.
pub(super) fn well(reply: &[HashMap<String, String>]) -> Vec<Replica> {
    reply.iter().filter_map(replica).collect()
}

fn replica(fields: &HashMap<String, String>) -> Option<Replica> {
    const UNWELL: [&str; 3] = ["s_down", "o_down", "disconnected"];
    let mut flags = fields.get("flags")?.split(',');
    if flags.any(|flag| UNWELL.contains(&flag)) {
        return None;
    }
    Some(Replica {
        host: fields.get("ip")?.clone(),
        port: fields.get("port")?.parse().ok()?,
        is_linked: fields
            .get("master-link-status")
            .is_some_and(|status| status == "ok"),
    })
}

/// Those that at least half of the Sentinels see well; if any are linked, those only.
pub(super) fn agreed(opinions: &[&[Replica]]) -> Vec<Replica> {
    let sees = |opinion: &&&[Replica], one: &Replica| {
        let mut known = opinion.iter();
        known.any(|known| (&known.host, known.port) == (&one.host, one.port))
    };
    let mut agreed: Vec<Replica> = Vec::new();
    for one in opinions.iter().copied().flatten() {
        let votes = opinions.iter().filter(|opinion| sees(opinion, one)).count();
        if votes * 2 >= opinions.len() && !sees(&&&*agreed, one) {
            agreed.push(one.clone());
        }
    }
    if agreed.iter().any(|replica| replica.is_linked) {
        agreed.retain(|replica| replica.is_linked);
    }
    agreed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(port: &str, flags: &str, link: &str) -> HashMap<String, String> {
        [
            ("ip", "10.0.0.1"),
            ("port", port),
            ("flags", flags),
            ("master-link-status", link),
        ]
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .into()
    }

    fn ports(replicas: &[Replica]) -> Vec<u16> {
        replicas.iter().map(|replica| replica.port).collect()
    }

    #[test]
    fn those_that_are_down_or_out_of_sight_are_not_well() {
        let reply = [
            fields("1", "slave", "ok"),
            fields("2", "s_down,slave", "ok"),
            fields("3", "slave,disconnected", "ok"),
            fields("4", "o_down,slave", "ok"),
            fields("5", "slave", "err"),
            HashMap::new(),
        ];
        assert_eq!(ports(&well(&reply)), [1, 5]);
    }

    #[test]
    fn half_of_the_sentinels_are_enough() {
        let opinions = [
            vec![fields("1", "slave", "ok"), fields("2", "slave", "ok")],
            vec![fields("2", "slave", "ok")],
            vec![],
        ]
        .map(|reply| well(&reply));
        let opinions: Vec<&[Replica]> = opinions.iter().map(Vec::as_slice).collect();
        assert_eq!(ports(&agreed(&opinions)), [2]);
        let two: Vec<_> = opinions.iter().take(2).copied().collect();
        assert_eq!(ports(&agreed(&two)), [1, 2]);
    }

    #[test]
    fn one_without_its_primary_is_better_than_none() {
        let opinion = well(&[fields("1", "slave", "err"), fields("2", "slave", "ok")]);
        assert_eq!(ports(&agreed(&[&opinion])), [2]);
        let opinion = well(&[fields("1", "slave", "err")]);
        assert_eq!(ports(&agreed(&[&opinion])), [1]);
        assert!(agreed(&[]).is_empty());
    }
}
