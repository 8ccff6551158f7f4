//! The end of a consumer: what is begun is finished, and the rest is handed back at once.

use std::time::Duration;

use redis_resilient_runtime::__seam::clock;

use super::entry::EntryId;
use super::hand::Place;
use super::link::Insistence;
use super::race::{First, race};
use super::run::Run;
use super::scripts::FORGET;

/// So old are entries that are handed back: whoever looks next takes them over.
const OLD: Duration = Duration::from_secs(86_400 * 365);
/// For what is said at the very end.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(2);

/// The consumer reads no more.
pub(super) async fn end(run: &Run) {
    let end = clock::now() + run.settings.grace;
    let work = async {
        // Those that wait or rest leave at once.
        while run.hand.count().0 > 0 {
            hand_back(run).await;
            run.hand.changed().await;
        }
        hand_back(run).await;
    };
    let left = end.saturating_duration_since(clock::now());
    if let First::Other(()) = race(work, tokio::time::sleep(left)).await {
        cut_off(run).await;
    }
    let script = run.link.script(FORGET, None).arg("");
    race(run.link.run(&script), tokio::time::sleep(LAST_WORDS)).await;
}

/// Gives to others what waits for it, as long as it takes.
async fn hand_back(run: &Run) {
    let back = run.take_back();
    if back.is_empty() {
        return;
    }
    let _alone = run.keeping.lock().await;
    send_back(run, &back).await;
}

async fn send_back(run: &Run, back: &[(EntryId, u32)]) {
    let entries: Vec<_> = back.iter().map(|(id, begun)| (*id, Some(*begun))).collect();
    let old = u64::try_from(OLD.as_millis()).unwrap_or(u64::MAX);
    let mut insistence = Insistence::default();
    while insistence
        .done(run.keep(old, &entries).await)
        .await
        .is_none()
    {}
    run.counters.handed_back.add(back.len() as u64);
}

/// The time is over: what still runs is cut off, and handed back as well.
async fn cut_off(run: &Run) {
    let all = run.hand.all();
    let unfinished = all.iter().filter(|held| !held.is_at(Place::Settling));
    let mut back: Vec<_> = unfinished.map(|held| (held.id(), held.begun())).collect();
    back.extend(run.take_back());
    run.hand.abort();
    let handing = async {
        let _alone = run.keeping.lock().await;
        send_back(run, &back).await;
    };
    race(handing, tokio::time::sleep(LAST_WORDS)).await;
}
