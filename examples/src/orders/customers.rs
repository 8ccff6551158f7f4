//! Those who order, each one order after the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::counter::{Answer, Counter};
use super::line::Order;
use crate::ledger::Ledger;
use crate::load::{Aside, Calls, Kind};
use crate::stats::Served;
use crate::waiting;

/// How many there are, numbered from 0.
pub(super) const CUSTOMERS: u32 = 40;

#[derive(Debug)]
pub(super) struct Customers {
    counter: Arc<Counter>,
    /// The last order of each: whoever places one waits for the answer to that before it.
    last: Vec<tokio::sync::Mutex<u32>>,
    pub(super) ledger: Ledger,
    /// Why an order failed, of the first that did.
    failure: Mutex<Option<String>>,
}

impl Customers {
    pub(super) fn new(counter: Arc<Counter>, ledger: Ledger) -> Self {
        Self {
            counter,
            last: (0..CUSTOMERS)
                .map(|_| tokio::sync::Mutex::default())
                .collect(),
            ledger,
            failure: Mutex::default(),
        }
    }

    /// Why an order failed, if one did.
    pub(super) fn failure(&self) -> Option<String> {
        self.first_failure().clone()
    }

    fn first_failure(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls for Customers {
    const RATE: u32 = 400;
    /// A process that is killed has a successor far sooner.
    const DEADLINE: Duration = Duration::from_secs(5);
    const SERVED: &'static [Served] = &[Served::Redis, Served::Queued, Served::Nobody];

    fn kind(&self, _: u32) -> Kind {
        Kind {
            row: 0,
            is_read: false,
        }
    }

    async fn call(&self, number: u32) -> Served {
        let customer = number % CUSTOMERS;
        let Some(last) = self.last.get(customer as usize) else {
            return Served::Nobody;
        };
        let mut last = last.lock().await;
        *last += 1;
        let order = Order {
            customer,
            number: *last,
        };
        self.ledger.place();
        let served = match self.counter.order(order).await {
            Answer::Done => Served::Redis,
            Answer::Queued => Served::Queued,
            Answer::Failed(why) => {
                self.first_failure().get_or_insert(why);
                return Served::Nobody;
            }
        };
        self.ledger.acknowledge(id(order));
        served
    }

    fn aside(&self) -> Option<Aside> {
        let waits = self.counter.waits();
        Some(waiting::aside(waits.waiting, waits.per_second, waits.eta))
    }
}

/// One number for customer and order.
pub(super) fn id(order: Order) -> u32 {
    order.number * CUSTOMERS + order.customer
}
