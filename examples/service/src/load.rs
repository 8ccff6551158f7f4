//! Customers: calls at a steady rate, whether those before them were answered or not, and what became of them.

mod ledger;
mod tally;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) use self::ledger::Ledger;
pub(crate) use self::tally::{Call, Tally};
use crate::Failure;
use crate::client::{Answer, Client};
use crate::database::USERS;

/// Calls under way at once. One for which there is no room waits.
const IN_FLIGHT: u32 = 512;
const SESSIONS: u64 = 64;
const PAGES: u64 = 20;
const CUSTOMERS: u64 = 50;
/// Each is well below its limit at 5,000 calls a second.
const CLIENTS: u64 = 200;

pub(crate) struct Load {
    stopped: Arc<AtomicBool>,
    runs: JoinHandle<()>,
}

struct Customers {
    client: Client,
    tally: Arc<Tally>,
    /// What each session was told last.
    sessions: Vec<Mutex<Option<String>>>,
}

impl Load {
    pub(crate) fn start(at: SocketAddr, tally: Arc<Tally>, rate: u32) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let customers = Arc::new(Customers {
            client: Client::new(at),
            tally,
            sessions: (0..SESSIONS).map(|_| Mutex::default()).collect(),
        });
        let runs = tokio::spawn(run(customers, rate, stopped.clone()));
        Self { stopped, runs }
    }

    /// When the last answer is there.
    pub(crate) async fn stop(self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = self.runs.await;
    }
}

async fn run(customers: Arc<Customers>, rate: u32, stopped: Arc<AtomicBool>) {
    let room = Arc::new(Semaphore::new(IN_FLIGHT as usize));
    let begun = Instant::now();
    let mut number = 0_u64;
    while !stopped.load(Ordering::Relaxed) {
        let due = begun.elapsed().as_millis() * u128::from(rate) / 1_000;
        while u128::from(number) < due {
            let Ok(permit) = room.clone().acquire_owned().await else {
                return;
            };
            let customers = customers.clone();
            tokio::spawn(async move {
                customers.call(number).await;
                drop(permit);
            });
            number += 1;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let _ = room.acquire_many(IN_FLIGHT).await;
}

impl Customers {
    async fn call(&self, number: u64) {
        // Spread, and the same in every run.
        let some = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        match number % 10 {
            0..=3 => self.user(number, some % USERS).await,
            4..=6 => self.page(number, some % PAGES).await,
            7 | 8 => self.session(number, some % SESSIONS).await,
            _ => self.order(number, some % CUSTOMERS).await,
        }
    }

    async fn user(&self, number: u64, user: u64) {
        let answer = self.get(number, &format!("/users/{user}")).await;
        self.tally.count(Call::Users, &answer);
        if let Some(body) = served(&answer) {
            let read: Value = serde_json::from_str(body).unwrap_or_default();
            let is_right = read["name"] == json!(format!("user number {user}"));
            self.tally.ledger().users_wrong += u64::from(!is_right);
        }
    }

    async fn page(&self, number: u64, page: u64) {
        let answer = self.get(number, &format!("/pages/{page}")).await;
        self.tally.count(Call::Pages, &answer);
        let mut ledger = self.tally.ledger();
        let views = ledger.views.entry(page).or_default();
        match served(&answer) {
            Some(_) => views.served += 1,
            None => views.unsure += 1,
        }
    }

    /// Reads what was kept last, and keeps something else.
    async fn session(&self, number: u64, session: u64) {
        let place = usize::try_from(session).unwrap_or_default();
        let Ok(mut kept) = self.sessions[place].try_lock() else {
            return;
        };
        let path = format!("/sessions/{session}");
        if let Some(kept) = kept.as_deref() {
            let answer = self.get(number, &path).await;
            self.tally.count(Call::Sessions, &answer);
            if served(&answer).is_some_and(|read| read != kept)
                || answer.is_ok_and(|answer| answer.status == 404)
            {
                self.tally.ledger().sessions_wrong += 1;
            }
        }
        let next = format!("cart number {number}");
        let answer = self.send(number, Method::PUT, &path, next.clone()).await;
        self.tally.count(Call::Sessions, &answer);
        *kept = served(&answer).map(|_| next);
    }

    async fn order(&self, number: u64, customer: u64) {
        let sum = 1 + number % 90;
        let order = json!({ "id": number, "customer": customer, "sum": sum }).to_string();
        let answer = self.send(number, Method::POST, "/orders", order).await;
        self.tally.count(Call::Orders, &answer);
        let mut ledger = self.tally.ledger();
        match served(&answer) {
            Some(_) => ledger.orders.insert(number, (customer, sum)),
            None => ledger.unsure_orders.insert(number, (customer, sum)),
        };
    }

    async fn get(&self, number: u64, path: &str) -> Result<Answer, Failure> {
        self.send(number, Method::GET, path, String::new()).await
    }

    async fn send(
        &self,
        number: u64,
        method: Method,
        path: &str,
        body: String,
    ) -> Result<Answer, Failure> {
        let who = format!("client {}", number % CLIENTS);
        self.client.send(method, path, &who, body).await
    }
}

fn served(answer: &Result<Answer, Failure>) -> Option<&str> {
    let answer = answer.as_ref().ok()?;
    answer.status.is_success().then_some(answer.body.as_str())
}
