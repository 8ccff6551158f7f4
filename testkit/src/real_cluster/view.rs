//! What a node knows about its cluster.

use std::ops::RangeInclusive;

use super::slots::SLOTS;
use crate::{RealRedis, real_redis::ask::ask};

/// The nodes that one of them knows, itself among them.
#[derive(Debug)]
pub(super) struct View {
    nodes: Vec<Node>,
    myself: usize,
}

impl View {
    /// Asks a node; `None` if it does not answer.
    pub(super) fn of(node: &RealRedis) -> Option<Self> {
        let answer: String = ask(node, "CLUSTER NODES").ok()?;
        Self::read(&answer)
    }

    /// Reads lines of `id address flags master ping-sent pong-received epoch link slots…`.
    fn read(answer: &str) -> Option<Self> {
        let nodes: Vec<_> = answer.lines().map(Node::read).collect::<Option<_>>()?;
        let myself = nodes.iter().position(|node| node.is_myself)?;
        Some(Self { nodes, myself })
    }

    /// The node that was asked.
    pub(super) fn myself(&self) -> &Node {
        &self.nodes[self.myself]
    }

    /// The id of the owner of each slot.
    pub(super) fn owners(&self) -> Vec<Option<&str>> {
        let mut owners = vec![None; usize::from(SLOTS)];
        for node in &self.nodes {
            for range in &node.slots {
                for slot in range.clone() {
                    if let Some(owner) = owners.get_mut(usize::from(slot)) {
                        *owner = Some(node.id());
                    }
                }
            }
        }
        owners
    }
}

#[derive(Debug)]
pub(super) struct Node {
    id: String,
    /// The id of its primary, if it is a replica.
    primary: Option<String>,
    is_myself: bool,
    epoch: u64,
    slots: Vec<RangeInclusive<u16>>,
}

impl Node {
    fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, _, flags, primary, _, _, epoch, _, slots @ ..] = words.as_slice() else {
            return None;
        };
        Some(Self {
            id: (*id).to_owned(),
            primary: (*primary != "-").then(|| (*primary).to_owned()),
            is_myself: flags.split(',').any(|flag| flag == "myself"),
            epoch: epoch.parse().ok()?,
            // Those in brackets are on their way to or from another node.
            slots: slots.iter().filter_map(|range| read_range(range)).collect(),
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn primary(&self) -> Option<&str> {
        self.primary.as_deref()
    }

    /// Where two nodes claim a slot, the one of the higher epoch has it.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn owns(&self, slot: u16) -> bool {
        self.slots.iter().any(|range| range.contains(&slot))
    }
}

fn read_range(range: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_node_says() {
        let view = View::read(
            "a1 127.0.0.1:4001@5001 master - 0 1426238316232 2 connected 0-5 7\n\
             b2 127.0.0.1:4002@5002 myself,master - 0 0 9 connected 6 8-10 [8->-a1]\n\
             c3 127.0.0.1:4003@5003,host slave a1 0 1426238317741 2 connected\n",
        )
        .unwrap();
        assert_eq!((view.myself().id(), view.myself().epoch()), ("b2", 9));
        assert!(view.myself().owns(6) && view.myself().owns(10) && !view.myself().owns(7));
        assert_eq!(
            (view.myself().primary(), view.nodes[2].primary()),
            (None, Some("a1"))
        );
        let owners = view.owners();
        assert_eq!(owners[5..8], [Some("a1"), Some("b2"), Some("a1")]);
        assert_eq!((owners[10], owners[11]), (Some("b2"), None));
    }

    #[test]
    fn what_is_no_answer_is_not_read() {
        assert!(View::read("ERR").is_none());
        assert!(View::read("").is_none());
    }
}
