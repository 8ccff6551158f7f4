//! What is asked of NATS, each within a time: its client waits without end once it has too much to send.

use std::future::Future;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, ServerAddr};
use tokio::time::{sleep, timeout};

use super::names::Names;
use super::options::Nats;
use crate::error::JournalError;

/// How long NATS may take for one answer.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// Between two looks whether NATS is back.
const LOOK: Duration = Duration::from_millis(20);

/// The longest pause between two attempts to connect.
const RECONNECT: Duration = Duration::from_millis(500);

/// How long NATS knows a message again. Longer than anything here is repeated.
const DUPLICATES: Duration = Duration::from_secs(120);

/// How a stream says that it takes no more.
const FULL: &str = "error code 10077";

/// In what a message goes, beside its payload.
const HEADERS: usize = 512;

#[derive(Clone, Debug)]
pub(super) struct Link {
    client: Client,
    pub(super) context: Context,
    pub(super) names: Names,
}

/// A message for the stream.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) subject: &'a str,
    pub(super) payload: Vec<u8>,
    /// By which NATS knows it again.
    pub(super) id: String,
    /// It is kept only if this is the last one of its subject.
    pub(super) behind: Option<u64>,
}

/// Why a message is not known to be in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotPublished {
    /// It was not sent.
    Away,
    /// It was sent, and not answered: it may be there, or get there.
    Unsure(String),
    Full,
    /// Another one came before it.
    Overtaken,
    /// It will never be taken.
    Refused(String),
}

impl Link {
    pub(super) async fn connect(options: &Nats, names: Names) -> Result<Self, JournalError> {
        let servers = options.servers.split(',').map(str::trim);
        let servers: Vec<ServerAddr> = servers
            .map(str::parse)
            .collect::<Result<_, _>>()
            // What is wrong with it might show it.
            .map_err(|_| {
                JournalError::other(
                    "an address of NATS cannot be read: it has to be as `nats://host:4222`",
                )
            })?;
        let mut connect = ConnectOptions::new()
            .name("redis-resilient")
            .connection_timeout(options.timeout)
            .ping_interval(ANSWER)
            .max_reconnects(None)
            .reconnect_delay_callback(|attempt| {
                let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
                (LOOK * attempt.min(100)).min(RECONNECT)
            });
        if let Some(credentials) = &options.credentials {
            connect = connect
                .credentials(credentials)
                .map_err(|_| JournalError::other("the credentials for NATS cannot be read"))?;
        }
        let client = timeout(options.timeout, connect.connect(servers))
            .await
            .map_err(|_| away("it did not answer in time"))?
            .map_err(|error| away(&error.to_string()))?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(ANSWER);
        Ok(Self {
            client,
            context,
            names,
        })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Whether it is, in that time.
    pub(super) async fn connected(&self, until: Instant) -> bool {
        while !self.is_connected() {
            if Instant::now() >= until {
                return false;
            }
            sleep(LOOK).await;
        }
        true
    }

    /// How many bytes a message may have.
    pub(super) fn most_bytes(&self) -> usize {
        self.client.max_payload().saturating_sub(HEADERS)
    }

    /// The stream, which is made if it is not there.
    pub(super) async fn stream(&self, config: &Config) -> Result<Stream, JournalError> {
        answer(self.context.get_or_create_stream(config.clone())).await
    }

    /// Has it kept, and says in what place. Sent again, with the same ID, until NATS says something or the time is over.
    pub(super) async fn publish(
        &self,
        message: Message<'_>,
        within: Duration,
    ) -> Result<u64, NotPublished> {
        let until = Instant::now() + within;
        let payload = PublishMessage::build()
            .payload(message.payload.into())
            .message_id(&message.id)
            .expected_stream(&self.names.stream);
        let publish = match message.behind {
            Some(last) => payload.expected_last_subject_sequence(last),
            None => payload,
        };
        let mut failed = NotPublished::Away;
        // While there is no connection nothing is handed to the client, which would send it whenever there is one.
        while self.connected(until).await {
            match self.attempt(message.subject, publish.clone()).await {
                Err(again @ NotPublished::Unsure(_)) => failed = again,
                answered => return answered,
            }
            if Instant::now() >= until {
                break;
            }
            sleep(LOOK).await;
        }
        Err(failed)
    }

    async fn attempt(&self, subject: &str, publish: PublishMessage) -> Result<u64, NotPublished> {
        let sent = async {
            self.context
                .send_publish(subject.to_owned(), publish)
                .await?
                .await
        };
        let error = match timeout(ANSWER, sent).await {
            // Also if it is there already: then it was an earlier attempt that has arrived.
            Ok(Ok(ack)) => return Ok(ack.sequence),
            Ok(Err(error)) => error,
            Err(_) => return Err(NotPublished::Unsure("no answer in time".to_owned())),
        };
        // The client does not give the code in another way.
        let is_full = error.to_string().contains(FULL);
        Err(match error.kind() {
            PublishErrorKind::WrongLastSequence => NotPublished::Overtaken,
            PublishErrorKind::MaxPayloadExceeded => NotPublished::Refused(error.to_string()),
            _ if is_full => NotPublished::Full,
            _ => NotPublished::Unsure(error.to_string()),
        })
    }
}

/// The stream of a journal.
pub(super) fn stream_config(names: &Names, options: &Nats, max_bytes: u64, target: &str) -> Config {
    // Messages that have something done with need room too, or it would never be made.
    let bytes = max_bytes
        .saturating_add(max_bytes / 4)
        .saturating_add(16 * 1024 * 1024);
    Config {
        name: names.stream.clone(),
        description: Some(description(target)),
        subjects: vec![names.all.clone()],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        num_replicas: options.replicas,
        duplicate_window: DUPLICATES,
        ..Config::default()
    }
}

/// It says for which Redis the stream is.
pub(super) fn description(target: &str) -> String {
    format!("{DESCRIPTION}{target}")
}

const DESCRIPTION: &str = "writes of redis-resilient for ";

/// For which Redis a stream is that has this description.
pub(super) fn target_of(description: Option<&str>) -> Option<&str> {
    description?.strip_prefix(DESCRIPTION)
}

/// What is asked of NATS, within its time.
pub(super) async fn answer<T, E: std::fmt::Display>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, JournalError> {
    match timeout(ANSWER, asked).await {
        Ok(answered) => answered.map_err(|error| away(&error.to_string())),
        Err(_) => Err(away("it did not answer in time")),
    }
}

pub(super) fn away(error: &str) -> JournalError {
    JournalError::other(format!("NATS: {error}"))
}

impl From<NotPublished> for JournalError {
    fn from(error: NotPublished) -> Self {
        match error {
            NotPublished::Away => away(
                "there is no connection; the write was not sent, and is neither in Redis nor in the journal",
            ),
            NotPublished::Unsure(error) => away(&format!(
                "{error}; whether the write is in the journal is not known: if it is, it will be executed"
            )),
            NotPublished::Full => {
                away("the stream is full; the write is neither in Redis nor in the journal")
            }
            NotPublished::Overtaken => away("another message came before it"),
            NotPublished::Refused(error) => away(&error),
        }
    }
}
