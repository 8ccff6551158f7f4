//! Connections that go on with new credentials.

use std::fmt;
use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult, Value};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::Renewal;
use crate::blocking_wire::Wait;
use crate::live::Live;
use crate::pool::Idle;
use crate::settings::Settings;
use crate::wire::{Wire, within};
use redis_resilient_runtime::__seam::clock::now_ms;

/// The task that renews the credentials of connections that are shared. Ends with this.
pub(in super::super) struct Renewing(AbortHandle);

impl fmt::Debug for Renewing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewing")
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Renewing {
    /// `None`: they never have to be.
    pub(in super::super) fn of(
        live: &Arc<Live>,
        mut renewal: Renewal,
        settings: &Settings,
    ) -> Option<Self> {
        renewal.due_in(now_ms())?;
        let (live, settings) = (Arc::downgrade(live), settings.clone());
        let task = tokio::spawn(async move {
            while let Some(time) = renewal.due_in(now_ms()) {
                sleep(time).await;
                let wires = match live.upgrade() {
                    Some(live) if !live.is_given_up() => live.wires().to_vec(),
                    _ => return,
                };
                let renewed = settings.renew_all(wires).await;
                renewal = renewed.unwrap_or_else(|_| renewal.failed(now_ms()));
            }
        });
        Some(Self(task.abort_handle()))
    }
}

impl Settings {
    async fn renew_all(&self, wires: Vec<Wire>) -> RedisResult<Renewal> {
        let asked = self.ask().await?;
        if let Some(credentials) = asked.get() {
            for mut wire in wires {
                let command = credentials.command();
                within(Some(self.connect_timeout), wire.authenticate(&command)).await?;
            }
        }
        Ok(asked.renewal)
    }

    /// Renews those of a connection that one caller has, if it is time. What fails is tried again another time: it may still be good.
    pub(in super::super) async fn renew(&self, wire: &mut Wire) {
        if wire.renewal.is_due(now_ms()) {
            // Boxed: its room would be part of each command's future.
            let renewed = Box::pin(self.renew_all(vec![wire.clone()])).await;
            wire.renewal = renewed.unwrap_or_else(|_| wire.renewal.failed(now_ms()));
        }
    }

    /// The same of a subscriber's.
    pub(in super::super) async fn renew_subscriber(
        &self,
        connection: &mut MultiplexedConnection,
        renewal: &mut Renewal,
    ) {
        if !renewal.is_due(now_ms()) {
            return;
        }
        let renewed = async {
            let asked = self.ask().await?;
            if let Some(credentials) = asked.get() {
                let command = credentials.command();
                within(Some(self.connect_timeout), command.exec_async(connection)).await?;
            }
            Ok::<_, RedisError>(asked.renewal)
        };
        *renewal = renewed.await.unwrap_or_else(|_| renewal.failed(now_ms()));
    }

    /// The same for synchronous code; whether the connection is of use still.
    pub(in super::super) fn renew_blocking(&self, idle: &mut Idle) -> bool {
        if !idle.renewal.is_due(now_ms()) {
            return true;
        }
        let Ok(asked) = self.ask_blocking() else {
            idle.renewal = idle.renewal.failed(now_ms());
            return true;
        };
        let Some(credentials) = asked.get() else {
            return true;
        };
        let mut wait = Wait::for_answer(self.response_timeout);
        let answer = idle.wire.req_command(&credentials.command(), &mut wait);
        idle.renewal = match answer.and_then(Value::extract_error) {
            Ok(_) => asked.renewal,
            Err(_) => idle.renewal.failed(now_ms()),
        };
        idle.wire.is_open()
    }
}
