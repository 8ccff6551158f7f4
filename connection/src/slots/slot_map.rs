//! Which server of a cluster has which slot.
//!
//! Pure.

use std::sync::Arc;

use redis::Value;

use super::address::Address;
use crate::command::slot::SLOTS;

/// The owners of all slots, as one server of the cluster sees them, and as redirections have corrected it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlotMap {
    /// For each slot the place of its owner among the servers; `NOBODY` if it has none.
    owners: Box<[u16]>,
    servers: Vec<Arc<Address>>,
}

const NOBODY: u16 = u16::MAX;

impl SlotMap {
    /// A map on which nobody has anything.
    pub(crate) fn empty() -> Self {
        Self {
            owners: vec![NOBODY; SLOTS].into(),
            servers: Vec::new(),
        }
    }

    /// Reads the reply to `CLUSTER SLOTS`, given by the server at this host. `None`: it is no such reply, or names no owner of any slot, as
    /// that of a server that belongs to no cluster.
    pub(crate) fn read(reply: &Value, host: &str) -> Option<Self> {
        let Value::Array(ranges) = reply else {
            return None;
        };
        let mut map = Self::empty();
        for range in ranges {
            let Value::Array(range) = range else {
                return None;
            };
            let [Value::Int(first), Value::Int(last), servers @ ..] = &range[..] else {
                return None;
            };
            let (first, last) = (usize::try_from(*first).ok()?, usize::try_from(*last).ok()?);
            let mut places = servers
                .iter()
                .filter_map(|server| Address::read(server, host))
                .filter_map(|address| map.place_of(address))
                .collect::<Vec<_>>()
                .into_iter();
            // The owner comes first, then its replicas.
            if let Some(owner) = places.next() {
                map.owners.get_mut(first..=last)?.fill(owner);
            }
        }
        let has_owners = map.owners.iter().any(|owner| *owner != NOBODY);
        has_owners.then_some(map)
    }

    /// Who has the slot.
    pub(crate) fn owner(&self, slot: usize) -> Option<&Arc<Address>> {
        self.servers.get(usize::from(*self.owners.get(slot)?))
    }

    /// Those that have any slot.
    pub(crate) fn owners(&self) -> Vec<Arc<Address>> {
        let mut places = self.owners.to_vec();
        places.sort_unstable();
        places.dedup();
        let owners = places
            .into_iter()
            .filter_map(|place| self.servers.get(usize::from(place)));
        owners.cloned().collect()
    }

    /// The owners that have no slot any more on the newer map, and who has the first of theirs. That may be a replica which has taken over.
    pub(crate) fn moved_to(&self, newer: &Self) -> Vec<(Arc<Address>, Arc<Address>)> {
        if self.owners == newer.owners && self.servers == newer.servers {
            return Vec::new();
        }
        let now = newer.owners();
        let mut gone = self.owners();
        gone.retain(|owner| !now.contains(owner));
        let to = |from: &Arc<Address>| {
            let slot = (0..SLOTS).find(|slot| self.owner(*slot) == Some(from))?;
            newer.owner(slot).cloned()
        };
        let moved = gone.into_iter();
        moved
            .filter_map(|from| to(&from).map(|to| (from, to)))
            .collect()
    }

    /// The same map, but that this one has the slot.
    pub(crate) fn with_owner(&self, slot: usize, address: Address) -> Self {
        let mut map = self.clone();
        if let Some(place) = map.place_of(address)
            && let Some(owner) = map.owners.get_mut(slot)
        {
            *owner = place;
        }
        map
    }

    /// All servers, owners and replicas.
    pub(crate) fn servers(&self) -> &[Arc<Address>] {
        &self.servers
    }

    fn place_of(&mut self, address: Address) -> Option<u16> {
        let known = self.servers.iter().position(|known| **known == address);
        let place = known.unwrap_or_else(|| {
            self.servers.push(Arc::new(address));
            self.servers.len() - 1
        });
        u16::try_from(place).ok().filter(|place| *place != NOBODY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_that_has_no_slot_any_more_has_moved_to_who_has_its_first() {
        let address = |port| Address::new("10.0.0.1", port);
        let map = |owners: [u16; 4]| {
            let mut map = SlotMap::empty();
            for (slot, port) in owners.into_iter().enumerate() {
                map = map.with_owner(slot, address(port));
            }
            map
        };
        let before = map([1, 1, 2, 2]);
        assert!(before.moved_to(&map([1, 1, 2, 2])).is_empty());
        assert!(before.moved_to(&map([1, 2, 2, 2])).is_empty(), "one slot");
        let moved = before.moved_to(&map([3, 2, 2, 2]));
        let moved: Vec<_> = moved.iter().map(|(from, to)| (&**from, &**to)).collect();
        assert_eq!(moved, [(&address(1), &address(3))]);
        assert!(SlotMap::empty().moved_to(&before).is_empty());
    }

    fn server(host: &str, port: i64) -> Value {
        let id = Value::BulkString(b"id".to_vec());
        Value::Array(vec![Value::BulkString(host.into()), Value::Int(port), id])
    }

    fn range(first: i64, last: i64, servers: &[Value]) -> Value {
        let mut range = vec![Value::Int(first), Value::Int(last)];
        range.extend_from_slice(servers);
        Value::Array(range)
    }

    fn owner(map: &SlotMap, slot: usize) -> Option<String> {
        map.owner(slot).map(ToString::to_string)
    }

    #[test]
    fn a_reply_says_who_has_each_slot() {
        let reply = Value::Array(vec![
            range(0, 99, &[server("a", 1), server("b", 2)]),
            range(200, 16_383, &[server("c", 3)]),
        ]);
        let map = SlotMap::read(&reply, "here").expect("a map");
        assert_eq!(owner(&map, 0).as_deref(), Some("a:1"));
        assert_eq!(owner(&map, 99).as_deref(), Some("a:1"));
        assert_eq!(owner(&map, 100), None);
        assert_eq!(owner(&map, 16_383).as_deref(), Some("c:3"));
        assert_eq!(owner(&map, 16_384), None);
        assert_eq!(map.servers().len(), 3, "replicas are known too");
        let owners: Vec<_> = map.owners().iter().map(ToString::to_string).collect();
        assert_eq!(owners, ["a:1", "c:3"]);
    }

    #[test]
    fn one_that_does_not_know_its_own_name_is_where_it_was_asked() {
        for host in ["", "?"] {
            let reply = Value::Array(vec![range(0, 16_383, &[server(host, 1)])]);
            let map = SlotMap::read(&reply, "here").expect("a map");
            assert_eq!(owner(&map, 0).as_deref(), Some("here:1"));
        }
    }

    #[test]
    fn what_is_no_map_is_none() {
        for reply in [
            Value::Nil,
            Value::Array(Vec::new()),
            Value::Array(vec![range(0, 16_384, &[server("a", 1)])]),
            Value::Array(vec![range(-1, 5, &[server("a", 1)])]),
            Value::Array(vec![range(0, 5, &[])]),
        ] {
            assert_eq!(SlotMap::read(&reply, "here"), None, "{reply:?}");
        }
    }

    #[test]
    fn a_redirection_corrects_one_slot() {
        let reply = Value::Array(vec![range(0, 16_383, &[server("a", 1)])]);
        let map = SlotMap::read(&reply, "here").expect("a map");
        let moved = map.with_owner(7, Address::new("b", 2));
        assert_eq!(owner(&moved, 7).as_deref(), Some("b:2"));
        assert_eq!(owner(&moved, 8).as_deref(), Some("a:1"));
        assert_eq!(owner(&map, 7).as_deref(), Some("a:1"));
    }
}
