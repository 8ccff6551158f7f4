//! A queue in redb, as one would write it: one thread commits what has come meanwhile.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use redb::{Database, TableDefinition};
use tokio::sync::oneshot;

use crate::Result;

const QUEUE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("queue");

type Order = (Vec<u8>, oneshot::Sender<()>);

pub(crate) struct Redb(Sender<Order>);

impl Redb {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let database = Database::create(path)?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            if let Err(error) = run(&database, &receiver) {
                eprintln!("redb: {error}");
            }
        });
        Ok(Self(sender))
    }

    /// Whether it is there for good.
    pub(crate) async fn append(&self, entry: Vec<u8>) -> bool {
        let (promise, done) = oneshot::channel();
        self.0.send((entry, promise)).is_ok() && done.await.is_ok()
    }
}

fn run(database: &Database, orders: &Receiver<Order>) -> Result<()> {
    let mut number = 0;
    while let Ok(first) = orders.recv() {
        let orders: Vec<Order> = std::iter::once(first)
            .chain(orders.try_iter().take(4_095))
            .collect();
        let transaction = database.begin_write()?;
        {
            let mut queue = transaction.open_table(QUEUE)?;
            for (entry, _) in &orders {
                queue.insert(number, entry.as_slice())?;
                number += 1;
            }
        }
        transaction.commit()?;
        for (_, promise) in orders {
            let _ = promise.send(());
        }
    }
    Ok(())
}
