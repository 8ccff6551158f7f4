//! Reads what waits, from the oldest on.

use std::collections::VecDeque;

use async_nats::jetstream::consumer::{Consumer, pull};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::index::Is;
use super::link::{ANSWER, Link, answer, away};
use super::record::{entries_of, number};
use super::shared::Shared;
use super::watch::reader;
use crate::error::JournalError;
use crate::keeper::Kept;

/// So many messages are read at once.
const TOGETHER: usize = 256;

/// How far a walk is.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    consumer: Option<Consumer<pull::Config>>,
    read: VecDeque<Kept>,
    /// How many messages were read.
    count: u64,
    is_at_end: bool,
}

impl Cursor {
    pub(super) async fn next(
        &mut self,
        shared: &Shared,
        link: &Link,
        most: usize,
    ) -> Result<Vec<Kept>, JournalError> {
        while self.read.is_empty() && !self.is_at_end {
            self.fetch(shared, link).await?;
        }
        let count = most.min(self.read.len());
        Ok(self.read.drain(..count).collect())
    }

    async fn fetch(&mut self, shared: &Shared, link: &Link) -> Result<(), JournalError> {
        if self.consumer.is_none() {
            let Some(first) = shared.index().first() else {
                self.is_at_end = true;
                return Ok(());
            };
            let stream = answer(link.context.get_stream_no_info(&link.names.stream)).await?;
            let reader = reader(first, Some(&link.names.entries));
            self.consumer = Some(answer(stream.create_consumer(reader)).await?);
        }
        let Some(consumer) = &self.consumer else {
            return Ok(());
        };
        let fetch = consumer.fetch().max_messages(TOGETHER).expires(ANSWER / 2);
        let mut messages = answer(fetch.messages()).await?;
        let mut any = false;
        loop {
            let message = match timeout(ANSWER, messages.next()).await {
                Ok(Some(message)) => message.map_err(|error| away(&error.to_string()))?,
                Ok(None) => break,
                Err(_) => return Err(away("it did not answer in time")),
            };
            any = true;
            let place = message.info().map_err(|error| away(&error.to_string()))?;
            self.count += 1;
            if place.consumer_sequence != self.count {
                return Err(away("a message was lost"));
            }
            let sequence = place.stream_sequence;
            let entries = entries_of(&message.payload).unwrap_or_default();
            let index = shared.index();
            for (place, entry) in entries.into_iter().enumerate() {
                let number = number(sequence, place);
                match index.is(number) {
                    Is::Waiting => self.read.push_back(Kept { number, entry }),
                    Is::Done => {}
                    // One before it may wait that is not known yet either. The next walk gets there.
                    Is::Unknown => {
                        self.is_at_end = true;
                        return Ok(());
                    }
                }
            }
        }
        self.is_at_end |= !any;
        Ok(())
    }
}
