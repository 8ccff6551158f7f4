//! Who wants which channels of one connection, and what the server has been asked for.
//!
//! Pure. A name is asked for once, however many want it. Nothing is asked about a name while the answer to the last question about it is to
//! come: so `UNSUBSCRIBE` and `SUBSCRIBE` of one name stay in order.

use std::collections::{BTreeMap, HashMap, VecDeque};

use redis::{PushKind, RedisError, Value};

use super::interest::Name;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Channel,
    Pattern,
    Shard,
}

impl Kind {
    /// What a push is about.
    pub(crate) const fn of(push: &PushKind) -> Option<Self> {
        match push {
            PushKind::Message | PushKind::Subscribe | PushKind::Unsubscribe => Some(Self::Channel),
            PushKind::PMessage | PushKind::PSubscribe | PushKind::PUnsubscribe => {
                Some(Self::Pattern)
            }
            PushKind::SMessage | PushKind::SSubscribe | PushKind::SUnsubscribe => Some(Self::Shard),
            _ => None,
        }
    }

    pub(crate) const fn command(self, is_wanted: bool) -> &'static str {
        match (self, is_wanted) {
            (Self::Channel, true) => "SUBSCRIBE",
            (Self::Channel, false) => "UNSUBSCRIBE",
            (Self::Pattern, true) => "PSUBSCRIBE",
            (Self::Pattern, false) => "PUNSUBSCRIBE",
            (Self::Shard, true) => "SSUBSCRIBE",
            (Self::Shard, false) => "SUNSUBSCRIBE",
        }
    }
}

/// `L` is told what happens.
#[derive(Debug)]
pub(crate) struct Registry<L> {
    entries: [HashMap<Name, Entry<L>>; 3],
    /// Names that may have to be asked for.
    todo: VecDeque<(Kind, Name)>,
}

#[derive(Debug)]
struct Entry<L> {
    standing: Standing,
    listeners: BTreeMap<u64, L>,
}

/// What the server has been asked, and has answered.
#[derive(Debug)]
enum Standing {
    Absent,
    Asked,
    Subscribed,
    Leaving,
    Refused(RedisError),
}

/// A question for the server.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) kind: Kind,
    pub(crate) name: Name,
    pub(crate) is_wanted: bool,
}

impl Order {
    /// Whether this reply says that it was done.
    pub(crate) fn is_confirmed_by(&self, reply: &Value) -> bool {
        let Value::Push { kind, data } = reply else {
            return false;
        };
        let is_wanted = matches!(
            kind,
            PushKind::Subscribe | PushKind::PSubscribe | PushKind::SSubscribe
        );
        is_wanted == self.is_wanted
            && Kind::of(kind) == Some(self.kind)
            && matches!(data.first(), Some(Value::BulkString(name)) if **name == *self.name)
    }
}

/// What one who comes finds.
#[derive(Debug)]
pub(crate) enum Found {
    Subscribed,
    /// The answer will tell.
    Pending,
    Refused(RedisError),
}

impl<L: Clone> Registry<L> {
    pub(crate) fn new() -> Self {
        Self {
            entries: std::array::from_fn(|_| HashMap::new()),
            todo: VecDeque::new(),
        }
    }

    /// Whether nobody wants anything, and nothing is to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.iter().all(HashMap::is_empty)
    }

    pub(crate) fn attach(&mut self, kind: Kind, name: &Name, id: u64, listener: L) -> Found {
        let entry = self.entries[kind as usize].entry(name.clone());
        let entry = entry.or_insert_with(|| Entry {
            standing: Standing::Absent,
            listeners: BTreeMap::new(),
        });
        entry.listeners.insert(id, listener);
        match &entry.standing {
            Standing::Absent => {
                if entry.listeners.len() == 1 {
                    self.todo.push_back((kind, name.clone()));
                }
                Found::Pending
            }
            Standing::Asked | Standing::Leaving => Found::Pending,
            Standing::Subscribed => Found::Subscribed,
            Standing::Refused(error) => Found::Refused(error.clone()),
        }
    }

    pub(crate) fn detach(&mut self, kind: Kind, name: &Name, id: u64) {
        let entries = &mut self.entries[kind as usize];
        let Some(entry) = entries.get_mut(name) else {
            return;
        };
        entry.listeners.remove(&id);
        if entry.listeners.is_empty() {
            match entry.standing {
                Standing::Absent | Standing::Refused(_) => {
                    entries.remove(name);
                }
                Standing::Subscribed => self.todo.push_back((kind, name.clone())),
                // The answer is waited for.
                Standing::Asked | Standing::Leaving => {}
            }
        }
    }

    /// What is to be asked next, at most so much.
    pub(crate) fn orders(&mut self, most: usize) -> Vec<Order> {
        let mut orders = Vec::new();
        while orders.len() < most
            && let Some((kind, name)) = self.todo.pop_front()
        {
            let Some(entry) = self.entries[kind as usize].get_mut(&name) else {
                continue;
            };
            let is_wanted = !entry.listeners.is_empty();
            entry.standing = match (&entry.standing, is_wanted) {
                (Standing::Absent, true) => Standing::Asked,
                (Standing::Subscribed, false) => Standing::Leaving,
                _ => continue,
            };
            orders.push(Order {
                kind,
                name,
                is_wanted,
            });
        }
        orders
    }

    /// Whether there is an answer to this.
    pub(crate) fn has_done(&self, order: &Order) -> bool {
        let entry = self.entries[order.kind as usize].get(&order.name);
        entry.is_none_or(|entry| !matches!(entry.standing, Standing::Asked | Standing::Leaving))
    }

    /// The server has confirmed a subscription. Who is to be told.
    pub(crate) fn subscribed(&mut self, kind: Kind, name: &[u8]) -> Vec<L> {
        let entries = &mut self.entries[kind as usize];
        let Some((key, _)) = entries.get_key_value(name) else {
            return Vec::new();
        };
        let key = key.clone();
        match entries.get_mut(name) {
            Some(entry) if matches!(entry.standing, Standing::Asked) => {
                entry.standing = Standing::Subscribed;
                if entry.listeners.is_empty() {
                    self.todo.push_back((kind, key));
                }
                entry.listeners.values().cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The server says that it is subscribed no more. `Some`, with those who are concerned: it was not asked to.
    pub(crate) fn unsubscribed(&mut self, kind: Kind, name: &[u8]) -> Option<(Name, Vec<L>)> {
        let entries = &mut self.entries[kind as usize];
        let key = entries.get_key_value(name)?.0.clone();
        let entry = entries.get_mut(name)?;
        let was_asked = match entry.standing {
            Standing::Leaving => true,
            Standing::Subscribed => false,
            Standing::Absent | Standing::Asked | Standing::Refused(_) => return None,
        };
        entry.standing = Standing::Absent;
        let listeners: Vec<_> = entry.listeners.values().cloned().collect();
        if listeners.is_empty() {
            entries.remove(name);
        } else {
            self.todo.push_back((kind, key.clone()));
        }
        (!was_asked).then_some((key, listeners))
    }

    /// The server does not do what it was asked for. Who is to be told.
    pub(crate) fn refused(&mut self, order: &Order, error: &RedisError) -> Vec<L> {
        let entries = &mut self.entries[order.kind as usize];
        let Some(entry) = entries.get_mut(&order.name) else {
            return Vec::new();
        };
        if !order.is_wanted {
            // Nobody is told of its messages.
            entry.standing = Standing::Subscribed;
            return Vec::new();
        }
        entry.standing = Standing::Refused(error.clone());
        let listeners: Vec<_> = entry.listeners.values().cloned().collect();
        if listeners.is_empty() {
            entries.remove(&order.name);
        }
        listeners
    }

    /// What was refused is to be asked for again.
    pub(crate) fn retry(&mut self) {
        for (kind, entries) in KINDS.into_iter().zip(&mut self.entries) {
            for (name, entry) in entries {
                if let Standing::Refused(_) = entry.standing {
                    entry.standing = Standing::Absent;
                    self.todo.push_back((kind, name.clone()));
                }
            }
        }
    }

    /// The connection is lost, and another one knows nothing.
    pub(crate) fn disconnected(&mut self) {
        self.todo.clear();
        for (kind, entries) in KINDS.into_iter().zip(&mut self.entries) {
            entries.retain(|_, entry| !entry.listeners.is_empty());
            for (name, entry) in entries {
                entry.standing = Standing::Absent;
                self.todo.push_back((kind, name.clone()));
            }
        }
    }

    /// Everybody, with what he wants.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Name, &L)> {
        let entries = self.entries.iter().flatten();
        entries.flat_map(|(name, entry)| entry.listeners.values().map(move |one| (name, one)))
    }

    /// Those who listen to what comes by this name.
    pub(crate) fn listeners(&self, kind: Kind, name: &[u8]) -> impl Iterator<Item = (u64, &L)> {
        let entry = self.entries[kind as usize].get(name);
        let listeners = entry.into_iter().flat_map(|entry| &entry.listeners);
        listeners.map(|(id, listener)| (*id, listener))
    }

    pub(crate) fn clear(&mut self) {
        self.todo.clear();
        for entries in &mut self.entries {
            entries.clear();
        }
    }

    /// Those who want this name do so elsewhere.
    pub(crate) fn forget(&mut self, kind: Kind, name: &[u8]) {
        self.entries[kind as usize].remove(name);
    }
}

const KINDS: [Kind; 3] = [Kind::Channel, Kind::Pattern, Kind::Shard];

#[cfg(test)]
mod tests {
    use super::*;

    const NEWS: Kind = Kind::Channel;

    fn name(text: &str) -> Name {
        text.as_bytes().into()
    }

    fn orders(registry: &mut Registry<u8>, most: usize) -> Vec<String> {
        let orders = registry.orders(most).into_iter();
        orders
            .map(|order| {
                let name = String::from_utf8_lossy(&order.name).into_owned();
                format!("{} {name}", order.kind.command(order.is_wanted))
            })
            .collect()
    }

    fn attach(registry: &mut Registry<u8>, id: u8) -> Found {
        registry.attach(NEWS, &name("news"), id.into(), id)
    }

    fn detach(registry: &mut Registry<u8>, id: u8) {
        registry.detach(NEWS, &name("news"), id.into());
    }

    /// One that is subscribed for this listener.
    fn subscribed(id: u8) -> Registry<u8> {
        let mut registry = Registry::new();
        attach(&mut registry, id);
        assert_eq!(orders(&mut registry, 9), ["SUBSCRIBE news"]);
        assert_eq!(registry.subscribed(NEWS, b"news"), [id]);
        registry
    }

    #[test]
    fn it_is_asked_for_once_however_many_want_it() {
        let mut registry = Registry::new();
        assert!(matches!(attach(&mut registry, 1), Found::Pending));
        assert!(matches!(attach(&mut registry, 2), Found::Pending));
        assert_eq!(orders(&mut registry, 9), ["SUBSCRIBE news"]);
        assert!(matches!(attach(&mut registry, 3), Found::Pending));
        assert_eq!(registry.subscribed(NEWS, b"news"), [1, 2, 3]);
        assert!(matches!(attach(&mut registry, 4), Found::Subscribed));
        assert!(orders(&mut registry, 9).is_empty());
        for id in 1..=3 {
            detach(&mut registry, id);
        }
        assert!(orders(&mut registry, 9).is_empty(), "one is left");
        detach(&mut registry, 4);
        assert_eq!(orders(&mut registry, 9), ["UNSUBSCRIBE news"]);
        assert!(!registry.is_empty());
        assert!(registry.unsubscribed(NEWS, b"news").is_none());
        assert!(registry.is_empty());
    }

    #[test]
    fn who_comes_while_it_is_left_waits_until_it_is_asked_for_again() {
        let mut registry = subscribed(1);
        detach(&mut registry, 1);
        assert_eq!(orders(&mut registry, 9), ["UNSUBSCRIBE news"]);
        assert!(matches!(attach(&mut registry, 2), Found::Pending));
        assert!(orders(&mut registry, 9).is_empty(), "not before the answer");
        assert!(registry.unsubscribed(NEWS, b"news").is_none());
        assert_eq!(orders(&mut registry, 9), ["SUBSCRIBE news"]);
        assert_eq!(registry.subscribed(NEWS, b"news"), [2]);
    }

    #[test]
    fn who_leaves_and_comes_before_anything_was_asked_changes_nothing() {
        let mut registry = subscribed(1);
        detach(&mut registry, 1);
        assert!(matches!(attach(&mut registry, 2), Found::Subscribed));
        assert!(orders(&mut registry, 9).is_empty());
    }

    #[test]
    fn one_who_leaves_before_the_answer_is_unsubscribed_after_it() {
        let mut registry = Registry::new();
        attach(&mut registry, 1);
        assert_eq!(orders(&mut registry, 9), ["SUBSCRIBE news"]);
        detach(&mut registry, 1);
        assert!(orders(&mut registry, 9).is_empty());
        assert!(registry.subscribed(NEWS, b"news").is_empty());
        assert_eq!(orders(&mut registry, 9), ["UNSUBSCRIBE news"]);
    }

    #[test]
    fn a_refusal_is_told_and_asked_again_later() {
        let mut registry = Registry::new();
        attach(&mut registry, 1);
        let order = registry.orders(9).pop().expect("an order");
        let error = redis::make_extension_error("NOPERM".to_owned(), None);
        assert_eq!(registry.refused(&order, &error), [1]);
        assert!(matches!(attach(&mut registry, 2), Found::Refused(_)));
        assert!(orders(&mut registry, 9).is_empty());
        registry.retry();
        assert_eq!(orders(&mut registry, 9), ["SUBSCRIBE news"]);
        assert_eq!(registry.subscribed(NEWS, b"news"), [1, 2]);
    }

    #[test]
    fn a_new_connection_is_asked_for_all_that_somebody_wants_in_batches() {
        let mut registry = subscribed(1);
        for index in 0..4 {
            registry.attach(Kind::Pattern, &name(&format!("p{index}")), 1, 1);
        }
        assert_eq!(orders(&mut registry, 3).len(), 3);
        registry.detach(Kind::Pattern, &name("p3"), 1);
        registry.disconnected();
        assert_eq!(orders(&mut registry, 3).len(), 3);
        assert_eq!(orders(&mut registry, 3).len(), 1);
        assert_eq!(registry.all().count(), 4);
    }

    #[test]
    fn one_that_the_server_ends_by_itself_is_told() {
        let mut registry = subscribed(1);
        let told = registry.unsubscribed(NEWS, b"news").expect("unasked");
        assert_eq!(told.1, [1]);
        assert!(registry.unsubscribed(NEWS, b"other").is_none());
        assert_eq!(orders(&mut registry, 9), ["SUBSCRIBE news"]);
    }
}
