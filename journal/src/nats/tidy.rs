//! Takes out of the stream what nobody needs.

use std::time::Duration;

use super::index::Said;
use super::link::{Link, answer};
use super::say::settle;
use super::shared::Shared;
use crate::error::JournalError;

/// So long a write may be on its way after nobody waits for its acknowledgement.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// So many messages behind one that waits are let lie.
const LET_LIE: usize = 1_000;

/// What one process has taken out.
#[derive(Debug, Default)]
pub(super) struct Tidied(Option<Said>);

/// What has to be done now and then.
pub(super) async fn upkeep(shared: &Shared, link: &Link, tidied: &mut Tidied) {
    if !link.is_connected() {
        return;
    }
    settle(shared, link, super::link::ANSWER).await;
    let _ = resolve(shared, link).await;
    let _ = tidy(shared, link, tidied).await;
}

/// Keys of which a write might have been on its way are free when all has been read that is there.
async fn resolve(shared: &Shared, link: &Link) -> Result<(), JournalError> {
    if !shared.has_unsure() {
        return Ok(());
    }
    let stream = answer(link.context.get_stream(&link.names.stream)).await?;
    if stream.cached_info().state.last_sequence <= shared.index().seen() {
        shared.forget_unsure(ON_ITS_WAY);
    }
    Ok(())
}

async fn tidy(shared: &Shared, link: &Link, tidied: &mut Tidied) -> Result<(), JournalError> {
    let (said, claim) = {
        let index = shared.index();
        (index.said(), index.claim())
    };
    let Some(said) = said.filter(|said| Some(*said) != tidied.0) else {
        return Ok(());
    };
    let stream = answer(link.context.get_stream_no_info(&link.names.stream)).await?;
    let names = &link.names;
    // The last message that says so stays: whoever has missed the others learns from it.
    let claim = claim.map_or(0, |claim| claim.sequence);
    for (subject, before) in [
        (&names.entries, said.floor),
        (&names.done, said.floor.min(said.sequence)),
        (&names.claim, claim),
    ] {
        if before > 1 {
            answer(
                stream
                    .purge()
                    .filter(subject)
                    .sequence(before)
                    .into_future(),
            )
            .await?;
        }
    }
    tidied.0 = Some(said);
    let mut garbage = shared.index().take_garbage();
    if garbage.len() <= LET_LIE {
        shared.index().put_back_garbage(garbage);
        return Ok(());
    }
    while let Some(sequence) = garbage.pop() {
        // It may be gone already.
        let _ = answer(stream.delete_message(sequence)).await;
        if !link.is_connected() {
            break;
        }
    }
    shared.index().put_back_garbage(garbage);
    Ok(())
}
