//! Over TLS, to those who can be trusted.

use redis::{Client, RedisResult, TlsCertificates};
use redis_resilient::Class;
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{RealRedis, TlsAuthority, TlsCertificate};

use super::*;

fn trusting(redis: &RealRedis, authority: &TlsAuthority) -> RedisResult<Connector> {
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(authority.pem().into()),
    };
    let client = Client::build_with_tls(redis.url(), certificates)?;
    connector_to(client.get_connection_info().clone())
}

fn connector_to(info: redis::ConnectionInfo) -> RedisResult<Connector> {
    Ok(Connector::builder(info)?
        .connect_timeout(Duration::from_secs(2))
        .response_timeout(RESPONSE)
        .build())
}

#[tokio::test]
async fn it_comes_back_over_tls() -> TestResult {
    let authority = TlsAuthority::new();
    let redis = RealRedis::builder().tls(authority.server()).start()?;
    let connector = trusting(&redis, &authority)?;
    let mut asynchronous = connector.get().await?;
    redis::cmd("PING").exec_async(&mut asynchronous).await?;
    redis.kill();
    assert!(
        redis::cmd("PING")
            .exec_async(&mut asynchronous)
            .await
            .is_err()
    );
    redis.restart()?;
    // It may rest a moment after a connect that failed.
    tokio::time::sleep(MS(50)).await;
    redis::cmd("PING").exec_async(&mut asynchronous).await?;
    let blocking =
        std::thread::spawn(move || redis::cmd("PING").exec(&mut connector.get_blocking()?));
    blocking.join().map_err(|_| "it panicked")??;
    Ok(())
}

#[tokio::test]
async fn who_cannot_be_trusted_is_refused_and_the_error_says_why() -> TestResult {
    let authority = TlsAuthority::new();
    let wrong: [(TlsCertificate, &str); 3] = [
        (authority.expired_server(), "certificate expired"),
        (authority.server_for("redis.example"), "not valid for name"),
        (TlsAuthority::new().server(), "UnknownIssuer"),
    ];
    for (certificate, why) in wrong {
        let redis = RealRedis::builder().tls(certificate).start()?;
        let error = trusting(&redis, &authority)?
            .get()
            .await
            .expect_err("it cannot be trusted");
        assert!(error.to_string().contains(why), "{why}: {error}");
        assert_eq!(Class::of(&error), Class::Unreachable, "nothing was sent");
    }
    Ok(())
}
