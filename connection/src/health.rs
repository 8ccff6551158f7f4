//! Whether a connection is worth sending anything over, and what is done where that is in doubt.

use std::sync::Arc;
use std::time::Duration;

use redis::{RedisError, RedisResult, Value};

use super::events::Loss;
use super::keeper::Keeper;
use super::live::Live;
use super::silence::Patience;
use super::wire::no_answer;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

impl Keeper {
    pub(super) fn patience(&self) -> Patience {
        Patience {
            unanswered: self.settings.unanswered,
            idle_ms: whole_millis(self.settings.health_check_after),
        }
    }

    /// Whether nothing has been heard for so long that a command might be lost on it, or be executed by a server that is the master no more.
    pub(super) fn doubts(&self, live: &Live, now_ms: u64) -> bool {
        let limit_ms = self.patience().idle_ms;
        live.silence.lasts_ms(now_ms) >= limit_ms
            || self.source.moves() && live.unverified_ms(now_ms) >= limit_ms
    }

    /// The same after it has been tried, or what is connected in its place.
    pub(super) async fn checked(self: &Arc<Self>, live: &Arc<Live>) -> RedisResult<Arc<Live>> {
        let limit = self.check_limit();
        let check = live.check(limit);
        let spawn = || {
            let (keeper, live) = (self.clone(), live.clone());
            check.spawn(async move {
                let holds = keeper.holds(&live).await;
                match holds {
                    Ok(true) => return true,
                    // Observers are told where to it has moved.
                    Ok(false) => live.give_up(),
                    Err(error) => live.lose(&keeper.settings, Loss::Unfit, || error),
                }
                false
            });
        };
        if check.outcome(limit, spawn).await == Some(true) {
            return Ok(live.clone());
        }
        live.lose(&self.settings, Loss::Unfit, || no_answer(limit));
        self.live().await
    }

    fn check_limit(&self) -> Duration {
        let settings = &self.settings;
        if self.source.moves() {
            settings
                .response_timeout
                .saturating_add(settings.connect_timeout)
        } else {
            settings.response_timeout
        }
    }

    /// `false`: it leads to the wrong server.
    async fn holds(&self, live: &Live) -> RedisResult<bool> {
        let present = live.leads_to();
        match self.source.moved_to(&self.settings, present).await {
            Some(Ok(address)) if present != Some(&address) => return Ok(false),
            // Without an answer the server itself is asked.
            Some(_) => live.verified(now_ms()),
            None => {}
        }
        let Some(mut wire) = live.wire() else {
            return Ok(false);
        };
        wire.answers(self.source.peer()).await?;
        live.silence.answered(now_ms());
        Ok(true)
    }

    /// Whether the answer to a command ends its connection.
    pub(super) fn ends<T>(
        &self,
        answer: &Result<T, RedisError>,
        replies: impl FnOnce(&T) -> &[Value],
    ) -> bool {
        let peer = self.source.peer();
        match answer {
            Ok(value) => replies(value)
                .iter()
                .any(|reply| peer.is_ended_by_reply(reply)),
            Err(error) => peer.is_ended_by(error),
        }
    }
}
