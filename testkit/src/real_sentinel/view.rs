//! What a sentinel knows, and what a server says of itself.

use std::collections::HashMap;

use crate::{RealRedis, real_redis::ask::ask};

type Fields = HashMap<String, String>;

/// What one sentinel has to say about the primary.
#[derive(Debug)]
pub(super) struct View {
    port: u16,
    flags: String,
}

impl View {
    /// Asks a sentinel; `None` if it does not answer.
    pub(super) fn of(sentinel: &RealRedis, primary: &str) -> Option<Self> {
        Self::read(&primary_fields(sentinel, primary)?)
    }

    fn read(fields: &Fields) -> Option<Self> {
        Some(Self {
            port: fields.get("port")?.parse().ok()?,
            flags: fields.get("flags")?.clone(),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether the sentinel is connected to the primary and sees nothing wrong with it.
    pub(super) fn is_primary_up(&self) -> bool {
        self.flags == "master"
    }
}

/// Whether the sentinel sees the primary, `replicas` and `others` in good order, but for those that
/// it knows to be down.
pub(super) fn is_settled(
    sentinel: &RealRedis,
    primary: &str,
    replicas: usize,
    others: usize,
) -> bool {
    let are_well = |command: &str, count: usize, is_well: &dyn Fn(&Fields) -> bool| {
        let known: Vec<Fields> = ask(sentinel, &format!("{command} {primary}")).unwrap_or_default();
        let mut up = known.iter().filter(|one| !is_down(one));
        known.len() == count && up.all(is_well)
    };
    let Some(view) = View::of(sentinel, primary) else {
        return false;
    };
    let port = view.port().to_string();
    let follows = |replica: &Fields| {
        has(replica, "flags", "slave")
            && has(replica, "role-reported", "slave")
            && has(replica, "master-port", &port)
            && has(replica, "master-link-status", "ok")
    };
    view.is_primary_up()
        && are_well("SENTINEL REPLICAS", replicas, &follows)
        && are_well("SENTINEL SENTINELS", others, &|other| {
            has(other, "flags", "sentinel")
        })
}

fn primary_fields(sentinel: &RealRedis, primary: &str) -> Option<Fields> {
    ask(sentinel, &format!("SENTINEL MASTER {primary}")).ok()
}

fn has(fields: &Fields, name: &str, value: &str) -> bool {
    fields.get(name).is_some_and(|is| is == value)
}

fn is_down(fields: &Fields) -> bool {
    let flags = fields.get("flags");
    flags.is_some_and(|flags| flags.contains("s_down"))
}
