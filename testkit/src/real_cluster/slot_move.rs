//! How slots go from one node to another.

use std::{io, time::Duration};

use super::{PATIENCE, RealCluster, slots::SLOTS, view::View};
use crate::{Product, RealRedis, poll::poll, real_redis::ask::ask_within};

/// How many keys to move at a time where nobody says.
const BATCH: usize = 100;

/// A slot on its way from its owner to another node, from [`RealCluster::begin_move`].
///
/// Of a key that is not with the old owner any more, or was never anywhere, the old owner says
/// `ASK`; of a key that is still there it serves it. Dropped before it is
/// [finished](Self::finish), the slot stays in that state.
#[derive(Debug)]
#[must_use = "a move that is not finished leaves the slot between two nodes"]
pub struct SlotMove<'a> {
    cluster: &'a RealCluster,
    slot: u16,
    from: usize,
    to: usize,
}

impl RealCluster {
    /// The slot of a key.
    pub fn slot_of(key: impl AsRef<[u8]>) -> u16 {
        super::slot_of(key.as_ref())
    }

    /// Begins to move a slot to another primary, and moves no key yet.
    ///
    /// # Errors
    ///
    /// If a node does not take its part, as when `to` is not a primary or has the slot already.
    ///
    /// # Panics
    ///
    /// Panics if there is no such slot or node.
    pub fn begin_move(&self, slot: u16, to: usize) -> io::Result<SlotMove<'_>> {
        assert!(slot < SLOTS, "there are {SLOTS} slots");
        let from = self.owner(slot).ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("slot {slot} has no owner"))
        })?;
        let (old, new) = (self.id_of(from)?, self.id_of(to)?);
        self.order(to, &format!("CLUSTER SETSLOT {slot} IMPORTING {old}"))?;
        self.order(from, &format!("CLUSTER SETSLOT {slot} MIGRATING {new}"))?;
        Ok(SlotMove {
            cluster: self,
            slot,
            from,
            to,
        })
    }

    /// Moves a slot with all its keys to another primary, key by key, and waits until all nodes that
    /// are up agree on it.
    ///
    /// # Errors
    ///
    /// As [`begin_move`](Self::begin_move) and [`SlotMove::finish`].
    ///
    /// # Panics
    ///
    /// Panics if there is no such slot or node.
    pub fn move_slot(&self, slot: u16, to: usize) -> io::Result<()> {
        self.begin_move(slot, to)?.finish()
    }

    /// Whether the servers can [move slots at once](Self::migrate_slots): Valkey from 9.0 on, Redis
    /// from 8.4 on.
    pub fn has_atomic_migration(&self) -> bool {
        let program = self.node(0).program();
        match program.product() {
            Product::Valkey => program.version() >= (9, 0, 0),
            Product::Redis => program.version() >= (8, 4, 0),
            _ => false,
        }
    }

    /// Moves slots with all their keys to another primary at once: nobody is answered `ASK`
    /// (`CLUSTER MIGRATESLOTS` of Valkey, `CLUSTER MIGRATION` of Redis). Waits until all nodes that
    /// are up agree on it.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) where the servers
    /// [cannot](Self::has_atomic_migration); an error if a node refuses, as when the slots are not
    /// all with one other primary; [`TimedOut`](io::ErrorKind::TimedOut) if it takes longer than half
    /// a minute.
    ///
    /// # Panics
    ///
    /// Panics if there is no such slot or node.
    pub fn migrate_slots(&self, first: u16, last: u16, to: usize) -> io::Result<()> {
        assert!(first <= last && last < SLOTS, "there are {SLOTS} slots");
        if !self.has_atomic_migration() {
            let program = self.node(0).program();
            let message = format!("{program} moves slots only key by key");
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        let from = self.owner(first).ok_or(io::ErrorKind::NotFound)?;
        if self.node(0).program().product() == Product::Valkey {
            let new = self.id_of(to)?;
            let command = format!("CLUSTER MIGRATESLOTS SLOTSRANGE {first} {last} NODE {new}");
            self.order(from, &command)?;
        } else {
            self.order(to, &format!("CLUSTER MIGRATION IMPORT {first} {last}"))?;
        }
        self.wait_until_owned(&(first..=last).collect::<Vec<_>>(), to)
    }

    /// Waits until all nodes that are up say that these slots are that node's.
    pub(super) fn wait_until_owned(&self, slots: &[u16], by: usize) -> io::Result<()> {
        let id = self.id_of(by)?;
        let agreed = || {
            let views = self.views();
            let owned = views.iter().all(|(_, view)| {
                let owners = view.owners();
                slots
                    .iter()
                    .all(|slot| owners[usize::from(*slot)] == Some(&id))
            });
            (owned && !views.is_empty()).then_some(())
        };
        poll(PATIENCE, "a slot in its new place", agreed, || {
            self.describe()
        })
    }

    pub(super) fn owner(&self, slot: u16) -> Option<usize> {
        self.views()
            .into_iter()
            .filter(|(_, view)| view.myself().owns(slot))
            .max_by_key(|(_, view)| view.myself().epoch())
            .map(|(index, _)| index)
    }

    pub(super) fn id_of(&self, index: usize) -> io::Result<String> {
        let id = || Some(View::of(self.node(index))?.myself().id().to_owned());
        poll(PATIENCE, &format!("an answer of node {index}"), id, || {
            self.describe()
        })
    }

    pub(super) fn order(&self, index: usize, command: &str) -> io::Result<()> {
        let words: Vec<_> = command.split_whitespace().collect();
        order(self.node(index), &words)
    }
}

impl SlotMove<'_> {
    /// The index of the node that has the slot until the move is finished.
    pub fn from(&self) -> usize {
        self.from
    }

    /// The index of the node that gets it.
    pub fn to(&self) -> usize {
        self.to
    }

    /// Moves at most that many keys; returns how many there were, 0 once none is left.
    ///
    /// # Errors
    ///
    /// If a node does not take its part.
    pub fn move_keys(&self, at_most: usize) -> io::Result<usize> {
        let from = self.cluster.node(self.from);
        let [slot, count] = [self.slot.to_string(), at_most.to_string()];
        let words = ["CLUSTER", "GETKEYSINSLOT", &slot, &count];
        let keys: Vec<Vec<u8>> = ask_within(PATIENCE, from, &words).map_err(io::Error::other)?;
        if !keys.is_empty() {
            let port = self.cluster.node(self.to).addr().port().to_string();
            let head = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
            let head = head.map(|word| word.as_bytes().to_vec());
            order(from, &[&head[..], &keys].concat())?;
        }
        Ok(keys.len())
    }

    /// Moves the keys that are left, gives the slot to its new owner, and waits until all nodes that
    /// are up agree on it.
    ///
    /// # Errors
    ///
    /// If a node does not take its part, and [`TimedOut`](io::ErrorKind::TimedOut) if they do not
    /// agree within half a minute.
    pub fn finish(self) -> io::Result<()> {
        while self.move_keys(BATCH)? > 0 {}
        let cluster = self.cluster;
        let id = cluster.id_of(self.to)?;
        let command = format!("CLUSTER SETSLOT {} NODE {id}", self.slot);
        // The new owner first: else the old one's word may reach others before there is one.
        cluster.order(self.to, &command)?;
        // Once told by the others that it has lost the slot, it does not know of the move any more.
        let told = || cluster.order(self.from, &command).is_ok().then_some(());
        poll(
            Duration::from_secs(5),
            "the old owner's consent",
            told,
            || cluster.describe(),
        )?;
        cluster.wait_until_owned(&[self.slot], self.to)
    }
}

fn order<W: AsRef<[u8]>>(node: &RealRedis, words: &[W]) -> io::Result<()> {
    ask_within(PATIENCE, node, words).map_err(|error| {
        let words: Vec<_> = words
            .iter()
            .take(4)
            .map(|word| String::from_utf8_lossy(word.as_ref()))
            .collect();
        io::Error::other(format!("{}: {error}", words.join(" ")))
    })
}
