//! Whether a connection is worth sending anything over, and what is done where that is in doubt.

use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionAddr, RedisError, RedisResult, Value};

use crate::events::Loss;
use crate::manager::Manager;
use crate::manager::generation::Generation;
use crate::manager::liveness::LivenessLimits;
use crate::raw::no_answer;
use crate::raw::origin::refused;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

impl Manager {
    pub(crate) fn liveness_limits(&self) -> LivenessLimits {
        LivenessLimits {
            unanswered: self.settings.unanswered,
            idle_ms: whole_millis(self.settings.health_check_after()),
        }
    }

    /// Whether nothing has been heard for so long that a command might be lost on it, or be executed by a server that is the primary no more.
    pub(crate) fn doubts(&self, generation: &Generation, now_ms: u64) -> bool {
        let limit_ms = self.liveness_limits().idle_ms;
        generation.liveness.lasts_ms(now_ms) >= limit_ms
            || self.endpoint.moves() && generation.unverified_ms(now_ms) >= limit_ms
    }

    /// The same after it has been tried, or what is connected in its place.
    pub(crate) async fn checked(
        self: &Arc<Self>,
        generation: &Arc<Generation>,
    ) -> RedisResult<Arc<Generation>> {
        let limit = self.check_limit();
        let check = generation.check(limit);
        let spawn = || {
            let (manager, generation) = (self.clone(), generation.clone());
            check.spawn(async move {
                let holds = manager.holds(&generation).await;
                match holds {
                    Ok(true) => return true,
                    // Observers are told where to it has moved.
                    Ok(false) => generation.give_up(),
                    Err(error) => generation.lose(&manager.settings, Loss::Unfit, || error),
                }
                false
            });
        };
        if check.outcome(limit, spawn).await == Some(true) {
            return Ok(generation.clone());
        }
        generation.lose(&self.settings, Loss::Unfit, || no_answer(limit));
        self.generation().await
    }

    fn check_limit(&self) -> Duration {
        let settings = &self.settings;
        if self.endpoint.moves() {
            settings
                .response_timeout()
                .saturating_add(settings.connect_timeout())
        } else {
            settings.response_timeout()
        }
    }

    /// `false`: it leads to the wrong server.
    async fn holds(&self, generation: &Generation) -> RedisResult<bool> {
        let present = generation.leads_to();
        match self.endpoint.moved_to(&self.settings, present).await {
            Some(Ok(address)) if present != Some(&address) => return Ok(false),
            // Without an answer the server itself is asked.
            Some(_) => generation.verified(now_ms()),
            None => {}
        }
        let Some(mut raw) = generation.raw() else {
            return Ok(false);
        };
        raw.answers(self.endpoint.peer()).await?;
        generation.liveness.answered(now_ms());
        Ok(true)
    }

    /// Whether the answer to a command ends its connection.
    pub(crate) fn ends<'a, T>(
        &self,
        answer: &Result<T, RedisError>,
        replies: impl FnOnce(&T) -> &[Value],
        address: impl Fn() -> Option<&'a ConnectionAddr>,
    ) -> bool {
        let peer = self.endpoint.peer();
        match answer {
            Ok(value) => replies(value).iter().any(|reply| match reply {
                Value::ServerError(error) => {
                    refused(error, address());
                    peer.is_ended_by_reply(reply)
                }
                _ => false,
            }),
            Err(error) => peer.is_ended_by(error),
        }
    }
}
