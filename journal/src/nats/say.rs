//! What a process says in the stream: writes that wait, that they are done with, and that Redis has refused one.

use std::time::Duration;

use super::link::{Link, Message, NotPublished, answer};
use super::record::{self, DONE_TOGETHER, Dead, Done, TOGETHER, entries_to_bytes};
use super::shared::{Owed, Shared, unique};
use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::waiting::Room;

/// Puts writes into the journal.
pub(super) async fn append(
    shared: &Shared,
    link: &Link,
    entries: Vec<Entry>,
    room: Room,
) -> Result<(), JournalError> {
    let most = link.most_bytes();
    if let Some(entry) = entries.iter().find(|entry| record::length(entry) >= most) {
        return Err(JournalError::other(format!(
            "a write of {} bytes is too long for NATS, whose messages have {most} at most: `max_payload`",
            entry.size()
        )));
    }
    let mut rest = &entries[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(fitting(rest, most));
        if let Err(error) = append_some(shared, link, now, unique()).await {
            if matches!(error, NotPublished::Unsure(_)) {
                shared.is_unsure(room);
            }
            return Err(error.into());
        }
        rest = later;
    }
    drop(room);
    Ok(())
}

/// How many of these fit into one message.
fn fitting(entries: &[Entry], most: usize) -> usize {
    let mut bytes = 1;
    let fits = |entry: &&Entry| {
        bytes += record::length(entry);
        bytes <= most
    };
    entries
        .iter()
        .take(TOGETHER)
        .take_while(fits)
        .count()
        .max(1)
}

async fn append_some(
    shared: &Shared,
    link: &Link,
    entries: &[Entry],
    id: String,
) -> Result<(), NotPublished> {
    let message = Message {
        subject: &link.names.entries,
        payload: entries_to_bytes(entries),
        id,
        behind: None,
    };
    let sequence = link.publish(message, shared.options.timeout).await?;
    shared.index().appended(sequence, entries);
    Ok(())
}

/// Says that these were executed. What could not be said is said later, and is not executed again by this process.
pub(super) async fn finish(
    shared: &Shared,
    link: &Link,
    mut numbers: Vec<u64>,
) -> Result<(), JournalError> {
    numbers.sort_unstable();
    let mut result = Ok(());
    for numbers in numbers.chunks(DONE_TOGETHER) {
        if let Err(error) = done(shared, link, numbers, shared.options.timeout).await {
            shared.owe(Owed::Done(numbers.to_vec()));
            result = Err(error);
        }
    }
    result
}

async fn done(
    shared: &Shared,
    link: &Link,
    numbers: &[u64],
    within: Duration,
) -> Result<(), JournalError> {
    let done = Done {
        floor: shared.index().floor_without(numbers),
        numbers: numbers.to_vec(),
    };
    let message = Message {
        subject: &link.names.done,
        payload: done.to_bytes(),
        id: unique(),
        behind: None,
    };
    let sequence = link.publish(message, within).await?;
    shared.index().done(sequence, &done);
    Ok(())
}

/// Sets one aside.
pub(super) async fn bury(shared: &Shared, link: &Link, dead: Dead) -> Result<(), JournalError> {
    let said = dead_letter(shared, link, dead.clone(), shared.options.timeout).await;
    if said.is_err() {
        shared.owe(Owed::Dead(dead));
    }
    said
}

async fn dead_letter(
    shared: &Shared,
    link: &Link,
    mut dead: Dead,
    within: Duration,
) -> Result<(), JournalError> {
    dead.floor = shared.index().floor_without(&[dead.number]);
    let message = Message {
        subject: &link.names.dead,
        payload: dead.to_bytes(),
        id: format!("dead-{}", dead.number),
        behind: None,
    };
    let sequence = link.publish(message, within).await?;
    shared.index().buried(sequence, dead);
    Ok(())
}

/// Takes a dead letter out; with `again` behind all that wait.
pub(super) async fn exhume(
    shared: &Shared,
    link: &Link,
    letter: &DeadLetter,
    at: u64,
    again: Option<Room>,
) -> Result<(), JournalError> {
    if let Some(room) = again {
        let entries = std::slice::from_ref(&letter.entry);
        // Two processes may do so at once.
        let id = format!("again-{}", letter.number);
        append_some(shared, link, entries, id).await?;
        drop(room);
    }
    // First, so that whoever opens the journal next does not find it. It may be gone already.
    let stream = answer(link.context.get_stream_no_info(&link.names.stream)).await?;
    let _ = answer(stream.delete_message(at)).await;
    finish(shared, link, vec![letter.number]).await
}

/// Says what is owed; whether nothing is any more.
pub(super) async fn settle(shared: &Shared, link: &Link, within: Duration) -> bool {
    let mut all = true;
    for owed in shared.take_owed() {
        let said = match &owed {
            Owed::Done(numbers) => done(shared, link, numbers, within).await,
            Owed::Dead(dead) => dead_letter(shared, link, dead.clone(), within).await,
        };
        if said.is_err() {
            shared.owe(owed);
            all = false;
        }
    }
    all
}
