//! The hubs of a connector: one for each runtime, and in a cluster for each server that has sharded channels.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::Handle;

use super::hub::Hub;
use super::interest::Name;
use super::subscriber::Subscriber;
use super::task::{self, Ends};
use crate::manager::Manager;

#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<Weak<Hub>>>);

impl Pool {
    /// Subscribes over the connection of this manager on this runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) fn attach(
        &self,
        manager: &Arc<Manager>,
        names: &[Name],
        subscriber: &Arc<Subscriber>,
    ) -> Arc<Hub> {
        loop {
            let hub = self.hub(manager);
            if hub.attach(names, subscriber) {
                return hub;
            }
            self.forget(&hub);
        }
    }

    pub(crate) fn hub(&self, manager: &Arc<Manager>) -> Arc<Hub> {
        let runtime = Handle::current().id();
        let mut hubs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut generation = hubs.iter().filter_map(Weak::upgrade);
        let here = |hub: &Arc<Hub>| hub.runtime == runtime && Arc::ptr_eq(&hub.manager, manager);
        if let Some(hub) = generation.find(here) {
            return hub;
        }
        let hub = Arc::new(Hub::new(manager.clone(), runtime));
        hubs.retain(|hub| hub.strong_count() > 0);
        hubs.push(Arc::downgrade(&hub));
        tokio::spawn(task::run(Ends(hub.clone())));
        hub
    }

    /// It has ended.
    pub(crate) fn forget(&self, ended: &Arc<Hub>) {
        let mut hubs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hubs.retain(|hub| !std::ptr::eq(hub.as_ptr(), Arc::as_ptr(ended)));
    }
}
