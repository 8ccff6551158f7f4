//! Where customers order: the shop's process, and the one after it when it has been killed.

use std::collections::HashMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::{oneshot, watch};

use super::line::{Order, Said, Waits};
use super::shop::ROLE;
use crate::program::Failure;

/// The shop, whichever process that is.
#[derive(Debug)]
pub(super) struct Counter {
    url: String,
    journal: PathBuf,
    shop: watch::Sender<Arc<Shop>>,
    /// What each process but the first has found in the journal.
    found: Mutex<Vec<u64>>,
    again: AtomicUsize,
}

/// One process.
#[derive(Debug)]
struct Shop {
    child: Mutex<Child>,
    input: Mutex<Option<ChildStdin>>,
    heard: Arc<Mutex<Heard>>,
}

/// What is known from it.
#[derive(Debug, Default)]
struct Heard {
    waits: Waits,
    /// Those that have no answer yet.
    asked: HashMap<Order, oneshot::Sender<Answer>>,
    is_gone: bool,
}

/// What the shop says to an order.
#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Queued,
    Failed(String),
}

impl Counter {
    /// Of a shop with this Redis, and its journal in that directory.
    pub(super) fn open(url: String, journal: PathBuf) -> Result<Self, Failure> {
        let (shop, _) = Shop::start(&url, &journal)?;
        Ok(Self {
            url,
            journal,
            shop: watch::Sender::new(Arc::new(shop)),
            found: Mutex::default(),
            again: AtomicUsize::new(0),
        })
    }

    /// Places an order, again with the next process where one was killed before it answered.
    pub(super) async fn order(&self, order: Order) -> Answer {
        let mut shops = self.shop.subscribe();
        loop {
            let shop = shops.borrow_and_update().clone();
            if let Some(answer) = shop.ask(order).await {
                return answer;
            }
            self.again.fetch_add(1, Ordering::Relaxed);
            if shops.changed().await.is_err() {
                return Answer::Failed("the shop is closed".to_owned());
            }
        }
    }

    /// How many orders were placed again with the next process.
    pub(super) fn again(&self) -> usize {
        self.again.load(Ordering::Relaxed)
    }

    /// Kills the shop as `kill -9` does, and starts the next. Blocks until that takes orders.
    pub(super) fn crash(&self) -> Result<(), Failure> {
        self.current().kill();
        let (shop, found) = Shop::start(&self.url, &self.journal)?;
        lock(&self.found).push(found);
        self.shop.send_replace(Arc::new(shop));
        Ok(())
    }

    /// What each process but the first has found in the journal.
    pub(super) fn found(&self) -> Vec<u64> {
        lock(&self.found).clone()
    }

    /// How far the journal is.
    pub(super) fn waits(&self) -> Waits {
        lock(&self.current().heard).waits
    }

    /// Lets the shop execute what waits, and waits until it has gone. Whether it has executed all.
    pub(super) fn close(&self) -> Result<bool, Failure> {
        let shop = self.current();
        drop(lock(&shop.input).take());
        let ended = lock(&shop.child).wait()?;
        Ok(ended.success())
    }

    fn current(&self) -> Arc<Shop> {
        self.shop.borrow().clone()
    }
}

impl Shop {
    /// Starts it; and what it has found in its journal.
    fn start(url: &str, journal: &PathBuf) -> Result<(Self, u64), Failure> {
        let mut child = Command::new(env::current_exe()?)
            .args([ROLE, url])
            .arg(journal)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let shop = Self {
            child: Mutex::new(child),
            input: Mutex::new(input),
            heard: Arc::default(),
        };
        let mut output = BufReader::new(output.ok_or("the shop has no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let Some(Said::Open(found)) = Said::parse(&line) else {
            return Err("the shop has not opened".into());
        };
        let heard = shop.heard.clone();
        thread::spawn(move || listen(output, &heard));
        Ok((shop, found))
    }

    /// `None`: it was killed before it answered, and may have done anything.
    async fn ask(&self, order: Order) -> Option<Answer> {
        let (told, answer) = oneshot::channel();
        {
            let mut heard = lock(&self.heard);
            if heard.is_gone {
                return None;
            }
            heard.asked.insert(order, told);
        }
        // Whether it hears that is seen by its answer.
        if let Some(input) = lock(&self.input).as_mut() {
            let _ = input.write_all(format!("{order}\n").as_bytes());
        }
        answer.await.ok()
    }

    fn kill(&self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// It has no customers any more.
impl Drop for Shop {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Hands on what the shop says, until it has gone.
fn listen(mut output: BufReader<ChildStdout>, heard: &Mutex<Heard>) {
    let mut line = String::new();
    while output.read_line(&mut line).is_ok_and(|length| length > 0) {
        let said = Said::parse(&line);
        line.clear();
        let mut heard = lock(heard);
        let (order, answer) = match said {
            Some(Said::Done(order)) => (order, Answer::Done),
            Some(Said::Queued(order)) => (order, Answer::Queued),
            Some(Said::Failed(order, why)) => (order, Answer::Failed(why)),
            Some(Said::Waits(waits)) => {
                heard.waits = waits;
                continue;
            }
            Some(Said::Open(_)) | None => continue,
        };
        if let Some(told) = heard.asked.remove(&order) {
            let _ = told.send(answer);
        }
    }
    let mut heard = lock(heard);
    heard.is_gone = true;
    heard.asked.clear();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
