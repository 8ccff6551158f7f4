//! Connections that go on with new credentials.

use std::fmt;
use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{ConnectionAddr, RedisError, Value};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::manager::blocking_pool::Idle;
use crate::manager::generation::Generation;
use crate::raw::blocking::Wait;
use crate::raw::{RawConnection, within};
use crate::settings::Settings;
use crate::settings::credentials::Renewal;
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
        generation: &Arc<Generation>,
        mut renewal: Renewal,
        settings: &Settings,
    ) -> Option<Self> {
        renewal.due_in(now_ms())?;
        let (generation, settings) = (Arc::downgrade(generation), settings.clone());
        let task = tokio::spawn(async move {
            while let Some(time) = renewal.due_in(now_ms()) {
                sleep(time).await;
                let (raws, address) = match generation.upgrade() {
                    Some(generation) if !generation.is_given_up() => {
                        (generation.raws().to_vec(), generation.leads_to().cloned())
                    }
                    _ => return,
                };
                let renewed = settings.renew_all(raws).await;
                renewal = settings.renewed(renewal, renewed, address.as_ref());
            }
        });
        Some(Self(task.abort_handle()))
    }
}

/// Why a connection has no new credentials.
enum NotRenewed {
    NotHad(RedisError),
    Refused(RedisError),
}

type Renewed = Result<Renewal, NotRenewed>;

impl Settings {
    async fn renew_all(&self, raws: Vec<RawConnection>) -> Renewed {
        let asked = self.ask().await.map_err(NotRenewed::NotHad)?;
        if let Some(credentials) = asked.get() {
            for mut raw in raws {
                let command = credentials.command();
                within(Some(self.connect_timeout()), raw.authenticate(&command))
                    .await
                    .map_err(NotRenewed::Refused)?;
            }
        }
        Ok(asked.renewal)
    }

    /// When they are to be renewed next, of a connection to the server at this address. Observers are told what has become of it.
    fn renewed(
        &self,
        before: Renewal,
        renewed: Renewed,
        address: Option<&ConnectionAddr>,
    ) -> Renewal {
        let now_ms = now_ms();
        let (error, address) = match renewed {
            Ok(renewal) => {
                self.tell(|events| events.renewed(address, renewal.due_in(now_ms)));
                return renewal;
            }
            Err(NotRenewed::NotHad(error)) => (error, None),
            Err(NotRenewed::Refused(error)) => (error, address),
        };
        let renewal = before.failed(now_ms);
        self.tell(|events| events.not_renewed(address, &error, renewal.due_in(now_ms)));
        renewal
    }

    /// Renews those of a connection that one caller has, if it is time. What fails is tried again another time: it may still be good.
    pub(in super::super) async fn renew(
        &self,
        raw: &mut RawConnection,
        address: Option<&ConnectionAddr>,
    ) {
        if raw.renewal.is_due(now_ms()) {
            // Boxed: its room would be part of each command's future.
            let renewed = Box::pin(self.renew_all(vec![raw.clone()])).await;
            raw.renewal = self.renewed(raw.renewal, renewed, address);
        }
    }

    /// The same of a subscriber's.
    pub(in super::super) async fn renew_subscriber(
        &self,
        connection: &mut MultiplexedConnection,
        renewal: &mut Renewal,
        address: &ConnectionAddr,
    ) {
        if !renewal.is_due(now_ms()) {
            return;
        }
        let renewed = async {
            let asked = self.ask().await.map_err(NotRenewed::NotHad)?;
            if let Some(credentials) = asked.get() {
                let command = credentials.command();
                within(Some(self.connect_timeout()), command.exec_async(connection))
                    .await
                    .map_err(NotRenewed::Refused)?;
            }
            Ok(asked.renewal)
        };
        *renewal = self.renewed(*renewal, renewed.await, Some(address));
    }

    /// The same for synchronous code; whether the connection is of use still.
    pub(in super::super) fn renew_blocking(&self, idle: &mut Idle) -> bool {
        if !idle.renewal.is_due(now_ms()) {
            return true;
        }
        let asked = match self.ask_blocking() {
            Ok(asked) => asked,
            Err(error) => {
                idle.renewal = self.renewed(idle.renewal, Err(NotRenewed::NotHad(error)), None);
                return true;
            }
        };
        let Some(credentials) = asked.get() else {
            return true;
        };
        let mut wait = Wait::for_answer(self.response_timeout());
        let answer = idle.raw.req_command(&credentials.command(), &mut wait);
        let renewed = match answer.and_then(Value::extract_error) {
            Ok(_) => Ok(asked.renewal),
            Err(error) => Err(NotRenewed::Refused(error)),
        };
        idle.renewal = self.renewed(idle.renewal, renewed, idle.address.as_ref());
        idle.raw.is_open()
    }
}
