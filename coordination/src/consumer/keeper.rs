//! Tells the server that what this consumer has in hand is worked on, so that no other takes it over.

use redis::RedisResult;

use super::pacing::Pauses;
use super::reply;
use super::run::Run;
use super::verdict::Standing;

/// Without an end.
pub(super) async fn keep(run: &Run) {
    let mut pauses = Pauses::default();
    loop {
        let pause = match refresh(run).await {
            Ok(()) => {
                pauses.succeeded();
                run.settings.keep_every()
            }
            Err(_) => pauses
                .after_failure(fastrand::u32(..))
                .min(run.settings.keep_every()),
        };
        tokio::time::sleep(pause).await;
    }
}

/// Says it once, and learns what has become of them.
pub(super) async fn refresh(run: &Run) -> RedisResult<()> {
    let _alone = run.keeping.lock().await;
    let all = run.hand.all();
    let entries: Vec<_> = all.iter().map(|held| (held.id(), None)).collect();
    let mut standings = Vec::new();
    for reply in run.keep(0, &entries).await? {
        standings.extend(reply::standings(reply)?);
    }
    for (held, standing) in all.iter().zip(standings) {
        match standing {
            Standing::Ours => held.set_taken(false),
            Standing::Taken => held.set_taken(true),
            Standing::OnlyHere | Standing::Vanished => held.stays_only_here(),
            // Settled meanwhile; or delivered once more, which whoever begins it finds out.
            Standing::Done | Standing::Again => {}
        }
    }
    Ok(())
}
