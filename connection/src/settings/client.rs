//! What redis-rs is told of the settings.

use redis::{AsyncConnectionConfig, Client, ConnectionInfo, RedisResult};

use crate::settings::credentials::Credentials;
use crate::settings::{Settings, with_tcp_settings};

/// A client for the server at this address.
pub(crate) fn client(
    info: ConnectionInfo,
    settings: &Settings,
    credentials: Option<&Credentials>,
) -> RedisResult<Client> {
    #[cfg(feature = "tls-rustls")]
    let info = settings.over_tls(info)?;
    let _ = settings;
    Client::open(authenticated(with_tcp_settings(info), credentials))
}

/// So many commands may wait to be written. Of those that do not fit, each gets a place for itself and keeps it until its future is polled: if that
/// is left alone, the others wait in vain. They are bound by the response timeout, not by this.
const MOST_UNWRITTEN: usize = 1 << 14;

/// How long an answer may take is said once connected: it is another matter how long connecting may take.
pub(crate) fn config(settings: &Settings) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_pipeline_buffer_size(MOST_UNWRITTEN)
        .set_connection_timeout(Some(settings.connect_timeout()))
        .set_response_timeout(None)
}

/// The same server, as this user.
pub(crate) fn authenticated(
    info: ConnectionInfo,
    credentials: Option<&Credentials>,
) -> ConnectionInfo {
    let Some(credentials) = credentials else {
        return info;
    };
    let mut redis = info
        .redis_settings()
        .clone()
        .set_password(credentials.secret());
    if let Some(username) = credentials.username() {
        redis = redis.set_username(username);
    }
    info.set_redis_settings(redis)
}
