//! The same over TLS.
//!
//! How that is spoken is redis-rs's own affair, by whichever library the application has chosen, and its blocking connection limits each read
//! and not the reply. Its asynchronous connection does better: here is one with a thread of its own, on which nothing else runs.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ConnectionInfo, Pipeline, RedisError, RedisResult, Value};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Wait;
use crate::command::packed;
use crate::deadline::Deadline;
use crate::endpoint::{client, config};
use crate::raw::{no_answer, within};
use crate::settings::Settings;
use crate::settings::credentials::Credentials;

/// The thread sees to the limits; it has so much longer to say so.
const GRACE: Duration = Duration::from_millis(100);

pub(super) struct EncryptedRaw {
    requests: UnboundedSender<Request>,
    is_ended: bool,
}

struct Request {
    pipeline: Pipeline,
    count: usize,
    limit: Option<Duration>,
    answers: Sender<RedisResult<Vec<Value>>>,
}

impl EncryptedRaw {
    pub(super) fn connect(
        server: ConnectionInfo,
        settings: &Settings,
        credentials: Option<&Credentials>,
        limit: Duration,
    ) -> RedisResult<Self> {
        let client = client(server, settings, credentials)?;
        let (config, name) = (config(settings), settings.client_name.clone());
        let (requests, received) = unbounded_channel();
        let (connected, is_connected) = mpsc::channel();
        thread::Builder::new()
            .name("redis-tls".to_owned())
            .spawn(move || {
                let runtime = match Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = connected.send(Err(error.into()));
                        return;
                    }
                };
                runtime.block_on(async {
                    let connect = async {
                        let mut server = client
                            .get_multiplexed_async_connection_with_config(&config)
                            .await?;
                        if let Some(name) = name {
                            // Not worth failing for: it may not be allowed.
                            let _ = server.send_packed_command(&name.command()).await;
                        }
                        Ok(server)
                    };
                    match within(Some(limit), connect).await {
                        Ok(server) => {
                            let _ = connected.send(Ok(()));
                            serve(server, received).await;
                        }
                        Err(error) => {
                            let _ = connected.send(Err(error));
                        }
                    }
                });
            })?;
        match is_connected.recv_timeout(limit.saturating_add(GRACE)) {
            Ok(connected) => connected?,
            Err(RecvTimeoutError::Timeout) => return Err(no_answer(limit)),
            Err(RecvTimeoutError::Disconnected) => return Err(died()),
        }
        Ok(Self {
            requests,
            is_ended: false,
        })
    }

    pub(super) const fn is_open(&self) -> bool {
        !self.is_ended
    }

    pub(super) fn exchange(
        &mut self,
        packed: &[u8],
        count: usize,
        wait: &mut Wait<'_>,
    ) -> RedisResult<Vec<Value>> {
        if self.is_ended {
            return Err(io::Error::from(io::ErrorKind::NotConnected).into());
        }
        let answer = self.ask(packed, count, wait);
        self.is_ended = answer.is_err();
        answer
    }

    fn ask(&self, packed: &[u8], count: usize, wait: &Wait<'_>) -> RedisResult<Vec<Value>> {
        let (answers, answered) = mpsc::channel();
        let request = Request {
            pipeline: unpacked(packed),
            count,
            limit: wait.limit,
            answers,
        };
        self.requests.send(request).map_err(|_| died())?;
        let deadline = Deadline::after(wait.limit.map(|limit| limit.saturating_add(GRACE)));
        loop {
            let Ok(left) = deadline.left() else {
                return Err(no_answer(wait.limit.unwrap_or_default()));
            };
            match receive(&answered, wait.turn(left)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) => wait.look()?,
                Err(RecvTimeoutError::Disconnected) => return Err(died()),
            }
        }
    }
}

fn receive<T>(from: &Receiver<T>, limit: Option<Duration>) -> Result<T, RecvTimeoutError> {
    match limit {
        Some(limit) => from.recv_timeout(limit),
        None => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

/// Until nobody can ask any more.
async fn serve(mut server: MultiplexedConnection, mut requests: UnboundedReceiver<Request>) {
    while let Some(request) = requests.recv().await {
        let sent = server.send_packed_commands(&request.pipeline, 0, request.count);
        let mut answer = pin!(within(request.limit, sent));
        let mut next = pin!(requests.recv());
        let answer = poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(Some(answer));
            }
            // Whoever waits sends nothing meanwhile: it has left.
            next.as_mut().poll(context).map(|_| None)
        });
        let Some(answer) = answer.await else {
            return;
        };
        let _ = request.answers.send(answer);
    }
}

/// What was packed for a blocking connection; nothing, if it cannot be read.
fn unpacked(bytes: &[u8]) -> Pipeline {
    let mut pipeline = redis::pipe();
    for words in packed::commands(bytes) {
        let mut command = Cmd::new();
        command.arg(words);
        pipeline.add_command(command);
    }
    pipeline
}

fn died() -> RedisError {
    let text = "what speaks to the server has ended";
    io::Error::new(io::ErrorKind::ConnectionAborted, text).into()
}
