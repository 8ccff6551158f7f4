//! What a sentinel knows, and what a server says of itself.

use std::collections::HashMap;

use crate::{RealRedis, ask::ask};

type Fields = HashMap<String, String>;

/// What one sentinel has to say about the master.
#[derive(Debug)]
pub(super) struct View {
    port: u16,
    flags: String,
}

impl View {
    /// Asks a sentinel; `None` if it does not answer.
    pub(super) fn of(sentinel: &RealRedis, master: &str) -> Option<Self> {
        Self::read(&master_fields(sentinel, master)?)
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

    /// Whether the sentinel is connected to the master and sees nothing wrong with it.
    pub(super) fn is_master_up(&self) -> bool {
        self.flags == "master"
    }
}

/// Whether the sentinel sees the master, `replicas` and `others` in good order, but for those that
/// it knows to be down.
pub(super) fn is_settled(
    sentinel: &RealRedis,
    master: &str,
    replicas: usize,
    others: usize,
) -> bool {
    let are_well = |command: &str, count: usize, is_well: &dyn Fn(&Fields) -> bool| {
        let known: Vec<Fields> = ask(sentinel, &format!("{command} {master}")).unwrap_or_default();
        let mut up = known.iter().filter(|one| !is_down(one));
        known.len() == count && up.all(is_well)
    };
    let Some(view) = View::of(sentinel, master) else {
        return false;
    };
    let port = view.port().to_string();
    let follows = |replica: &Fields| {
        has(replica, "flags", "slave")
            && has(replica, "role-reported", "slave")
            && has(replica, "master-port", &port)
            && has(replica, "master-link-status", "ok")
    };
    view.is_master_up()
        && are_well("SENTINEL REPLICAS", replicas, &follows)
        && are_well("SENTINEL SENTINELS", others, &|other| {
            has(other, "flags", "sentinel")
        })
}

fn master_fields(sentinel: &RealRedis, master: &str) -> Option<Fields> {
    ask(sentinel, &format!("SENTINEL MASTER {master}")).ok()
}

fn has(fields: &Fields, name: &str, value: &str) -> bool {
    fields.get(name).is_some_and(|is| is == value)
}

fn is_down(fields: &Fields) -> bool {
    let flags = fields.get("flags");
    flags.is_some_and(|flags| flags.contains("s_down"))
}
