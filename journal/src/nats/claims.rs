//! Which of the processes executes.
//!
//! One at a time does, so that the writes of each key are executed in order, those of several keys too. It says in the stream that it does, again and again:
//! a claim is kept only if it is the next one after that which its process knows. The others take over when they have heard nothing for the time of the
//! lease. By then it has stopped by itself for half of that time, which it counts from before it has spoken.

use std::time::Instant;

use super::link::{ANSWER, Link, Message, NotPublished, answer};
use super::record::Claim;
use super::shared::{Shared, unique};

/// Takes the lease, if nobody has it; whether this process has it.
pub(super) async fn lead(shared: &Shared, link: &Link) -> bool {
    if shared.lease.is_held() {
        return true;
    }
    let claimed = shared.index().claim();
    let is_anothers = claimed.is_some_and(|claimed| {
        claimed.claim.is_taken
            && claimed.claim.who != shared.me
            && claimed.at.elapsed() < shared.lease.time()
    });
    if is_anothers {
        return false;
    }
    shared.lease.want();
    claim(shared, link).await;
    shared.lease.is_held()
}

/// Says once more that this process executes, if it does.
pub(super) async fn renew(shared: &Shared, link: &Link) {
    let is_mine = shared
        .index()
        .claim()
        .is_some_and(|claimed| claimed.claim.who == shared.me);
    if shared.lease.is_wanted() && is_mine {
        claim(shared, link).await;
    }
}

/// Says that this process executes no more.
pub(super) async fn release(shared: &Shared, link: &Link) {
    let claimed = shared.index().claim();
    if let Some(mine) = claimed.filter(|claimed| claimed.claim.who == shared.me) {
        let _ = say(shared, link, false, mine.sequence).await;
    }
}

async fn claim(shared: &Shared, link: &Link) {
    let begun = Instant::now();
    let last = shared.index().claim().map_or(0, |claimed| claimed.sequence);
    match say(shared, link, true, last).await {
        Ok(()) => shared.lease.got(begun),
        Err(NotPublished::Overtaken) => {
            shared.lease.lost();
            look(shared, link).await;
        }
        // What is held runs out by itself.
        Err(_) => {}
    }
}

async fn say(
    shared: &Shared,
    link: &Link,
    is_taken: bool,
    behind: u64,
) -> Result<(), NotPublished> {
    let claim = Claim {
        who: shared.me,
        is_taken,
    };
    let message = Message {
        subject: &link.names.claim,
        payload: claim.to_bytes(),
        id: unique(),
        behind: Some(behind),
    };
    let sequence = link.publish(message, shared.lease.time() / 3).await?;
    shared.index().claimed(sequence, claim);
    Ok(())
}

/// Where the claim that is known is not there any more, somebody has emptied the stream.
async fn look(shared: &Shared, link: &Link) {
    let Ok(stream) = answer(link.context.get_stream(&link.names.stream)).await else {
        return;
    };
    let last = stream.get_last_raw_message_by_subject(&link.names.claim);
    if let Ok(Err(error)) = tokio::time::timeout(ANSWER, last).await
        && error.kind() == async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound
    {
        shared.index().forget_claim();
    }
}
