//! Reads all that is said in the stream, in order: so a process knows what waits, also what others have put there.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{Config, Info, RawMessageErrorKind, Stream};
use futures_util::StreamExt as _;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::index::Index;
use super::link::{ANSWER, Link, answer, away};
use super::record::{Claim, Dead, Done, entries_of};
use super::shared::Shared;
use crate::error::JournalError;
use crate::recovered::Recovered;

/// How often NATS has to be heard of.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// After what time NATS forgets a reader that asks for nothing.
const FORGET: Duration = Duration::from_secs(30);

/// How long to wait before it is begun anew.
const PAUSE: Duration = Duration::from_millis(50);

/// How long one look for a connection takes.
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Watch<'a> {
    pub(super) shared: &'a Shared,
    pub(super) link: &'a Link,
    pub(super) config: &'a Config,
    /// Told when all has been read that was there.
    pub(super) caught_up: Option<oneshot::Sender<()>>,
    /// Which stream it is: one that is made anew begins at 1 again.
    created: Option<String>,
}

impl<'a> Watch<'a> {
    pub(super) const fn new(
        shared: &'a Shared,
        link: &'a Link,
        config: &'a Config,
        caught_up: oneshot::Sender<()>,
    ) -> Self {
        Self {
            shared,
            link,
            config,
            caught_up: Some(caught_up),
            created: None,
        }
    }

    /// Reads until the thread ends.
    pub(super) async fn run(mut self) {
        loop {
            if self.link.connected(Instant::now() + LONG).await {
                // It goes on where it has ended.
                let _ = self.follow().await;
            }
            sleep(PAUSE).await;
        }
    }

    async fn follow(&mut self) -> Result<(), JournalError> {
        let stream = self.link.stream(self.config).await?;
        let info = answer(stream.get_info()).await?;
        self.compare(&info);
        self.look_for_dead(&stream).await?;
        let seen = self.shared.index().seen();
        let mut consumer = answer(stream.create_consumer(reader(seen + 1, None))).await?;
        if answer(consumer.info()).await?.num_pending == 0 {
            self.shared.index().saw(info.state.last_sequence);
            self.is_caught_up();
        }
        let messages = consumer.stream().max_messages_per_batch(500);
        let messages = messages.heartbeat(HEARTBEAT).expires(HEARTBEAT * 10);
        let mut messages = answer(messages.messages()).await?;
        let mut count = 0;
        while let Some(message) = messages.next().await {
            let message = message.map_err(|error| away(&error.to_string()))?;
            let place = message.info().map_err(|error| away(&error.to_string()))?;
            count += 1;
            if place.consumer_sequence != count {
                return Err(away("a message was lost"));
            }
            self.read(place.stream_sequence, &message.subject, &message.payload);
            if place.pending == 0 {
                self.is_caught_up();
            }
        }
        Ok(())
    }

    fn read(&self, sequence: u64, subject: &str, payload: &[u8]) {
        let names = &self.link.names;
        let mut index = self.shared.index();
        if sequence <= index.seen() {
            return;
        }
        let mut is_new = false;
        let read = if subject == names.entries {
            is_new = true;
            entries_of(payload).map(|entries| index.appended(sequence, &entries))
        } else if subject == names.done {
            Done::from_bytes(payload).map(|done| index.done(sequence, &done))
        } else if subject == names.dead {
            Dead::from_bytes(payload).map(|dead| index.buried(sequence, dead))
        } else if subject == names.claim {
            Claim::from_bytes(payload).map(|claim| index.claimed(sequence, claim))
        } else {
            None
        };
        index.saw(sequence);
        drop(index);
        if read.is_none() {
            self.shared.strange.fetch_add(1, Ordering::Relaxed);
        }
        if is_new {
            self.shared.wake.notify_one();
        }
    }

    fn is_caught_up(&mut self) {
        if let Some(caught_up) = self.caught_up.take() {
            let _ = caught_up.send(());
        }
    }

    /// Whether the stream is still the one that was read. If not, NATS has lost what waited.
    fn compare(&mut self, info: &Info) {
        let created = info.created.to_string();
        let is_other = self
            .created
            .as_ref()
            .is_some_and(|before| *before != created);
        self.created = Some(created);
        let mut index = self.shared.index();
        if is_other || info.state.last_sequence < index.seen() {
            let lost = index.live();
            *index = Index::new(self.shared.waiting.clone());
            drop(index);
            self.shared.events.recovered(&Recovered {
                lost,
                ..Recovered::default()
            });
        }
    }

    /// Dead letters that were taken out while nothing was heard.
    async fn look_for_dead(&self, stream: &Stream) -> Result<(), JournalError> {
        let dead = self.shared.index().all_dead();
        for (number, sequence) in dead {
            match timeout(ANSWER, stream.get_raw_message(sequence)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) if error.kind() == RawMessageErrorKind::NoMessageFound => {
                    self.shared.index().forget_dead(number);
                }
                Ok(Err(error)) => return Err(away(&error.to_string())),
                Err(_) => return Err(away("it did not answer in time")),
            }
        }
        Ok(())
    }
}

/// Reads the stream from that message on, and changes nothing in it.
pub(super) fn reader(from: u64, subject: Option<&str>) -> pull::Config {
    pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: from.max(1),
        },
        ack_policy: AckPolicy::None,
        filter_subject: subject.unwrap_or_default().to_owned(),
        inactive_threshold: FORGET,
        memory_storage: true,
        num_replicas: 1,
        ..pull::Config::default()
    }
}
