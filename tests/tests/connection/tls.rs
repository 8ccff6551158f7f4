//! Over TLS, to those who can be trusted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use redis::{AsyncCommands, Commands, RedisResult, TlsCertificates};
use redis_resilient::Class;
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{RealRedis, RealSentinel, TlsAuthority, TlsCertificate};
use redis_resilient_tests::pem::{client_certificate, no_certificates};

use super::*;

fn root(authority: &TlsAuthority) -> TlsCertificates {
    root_of(authority.pem())
}

fn root_of(pem: impl Into<Vec<u8>>) -> TlsCertificates {
    let mut certificates = no_certificates();
    certificates.root_cert = Some(pem.into());
    certificates
}

fn root_and_client(authority: &TlsAuthority, client: &TlsCertificate) -> TlsCertificates {
    let mut certificates = root(authority);
    let client = client_certificate(client.pem().into(), client.key_pem().into());
    certificates.client_tls = Some(client);
    certificates
}

fn trusting(redis: &RealRedis, authority: &TlsAuthority) -> RedisResult<Connector> {
    quick(Connector::builder(redis.url())?, &root(authority))
}

fn quick(builder: ConnectorBuilder, certificates: &TlsCertificates) -> RedisResult<Connector> {
    Ok(builder
        .tls_certificates(certificates)?
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

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_shown_one() -> TestResult {
    let (authority, clients) = (TlsAuthority::new(), TlsAuthority::new());
    let redis = RealRedis::builder()
        .tls(authority.server())
        .tls_client_authority(clients.pem())
        .start()?;
    let shown = root_and_client(&authority, &clients.client());
    let connector = quick(Connector::builder(redis.url())?, &shown)?;
    connector.get().await?.set::<_, _, ()>("k", 1).await?;
    let blocking = connector.clone();
    let kept = std::thread::spawn(move || blocking.get_blocking()?.get::<_, u64>("k"));
    assert_eq!(kept.join().map_err(|_| "it panicked")??, 1);
    let mut subscriber = connector.pubsub().await?;
    subscriber.subscribe("news").await?;

    let stranger = root_and_client(&authority, &TlsAuthority::new().client());
    for certificates in [root(&authority), stranger] {
        let refused = quick(Connector::builder(redis.url())?, &certificates)?;
        let error = refused.get().await.expect_err("it has to show another");
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    }
    Ok(())
}

/// The Sentinels themselves are spoken to without TLS.
#[tokio::test]
async fn a_primary_that_sentinels_name_is_spoken_to_over_tls() -> TestResult {
    let authority = TlsAuthority::new();
    let redis = RealRedis::builder().tls(authority.server()).start()?;
    let sentinels = RealSentinel::start()?;
    let name = "over-tls";
    for url in sentinels.sentinel_urls() {
        let mut tell = redis::cmd("SENTINEL");
        tell.arg("MONITOR").arg(name).arg("127.0.0.1");
        tell.arg(redis.addr().port()).arg(2);
        tell.exec(&mut redis_resilient_tests::connect(&url)?)?;
    }
    let to_the_primary = || Connector::sentinel(sentinels.sentinel_urls(), name);
    let connector = quick(to_the_primary()?, &root(&authority))?;
    connector.get().await?.set::<_, _, ()>("k", 1).await?;
    let kept = std::thread::spawn(move || connector.get_blocking()?.get::<_, u64>("k"));
    assert_eq!(kept.join().map_err(|_| "it panicked")??, 1);
    let misled = quick(to_the_primary()?, &root(&TlsAuthority::new()))?;
    assert!(misled.get().await.is_err(), "it cannot be trusted");
    Ok(())
}

#[tokio::test]
async fn a_cluster_is_spoken_to_over_tls() -> TestResult {
    let authority = TlsAuthority::new();
    let node = RealRedis::builder()
        .tls(authority.server())
        // Without, it tells its plain port, which it does not have; with, it asks for certificates.
        .args(["--tls-cluster", "yes"])
        .tls_client_authority(authority.pem())
        .cluster_node()
        .start()?;
    let mut slots = redis::cmd("CLUSTER");
    slots.arg("ADDSLOTSRANGE").arg(0).arg(16383);
    let shown = root_and_client(&authority, &authority.client());
    let alone = quick(Connector::builder(node.url())?, &shown)?;
    slots.exec_async(&mut alone.get().await?).await?;
    let to_the_cluster = || Connector::cluster([node.url()]);
    let connector = quick(to_the_cluster()?, &shown)?;
    write(&mut connector.get().await?, "k", 1).await?;
    let mut subscriber = connector.pubsub().await?;
    subscriber.subscribe("news").await?;
    let blocking = std::thread::spawn(move || connector.get_blocking()?.get::<_, u64>("k"));
    assert_eq!(blocking.join().map_err(|_| "it panicked")??, 1);
    let nobody = quick(to_the_cluster()?, &root(&authority))?;
    assert!(nobody.get().await.is_err(), "it has to show a certificate");
    Ok(())
}

#[test]
fn certificates_that_cannot_be_used_are_refused_and_not_shown() -> TestResult {
    let authority = TlsAuthority::new();
    let client = authority.client();
    let another = authority.client();
    let good = || root_and_client(&authority, &client);
    let with = |certificate: &str, key: &str| {
        let mut certificates = root(&authority);
        certificates.client_tls = Some(client_certificate(certificate.into(), key.into()));
        certificates
    };
    let roots = |text: &str| {
        let mut certificates = good();
        certificates.root_cert = Some(text.into());
        certificates
    };
    let cut = |text: &str| text.replace("END", "AND");
    let wrong = [
        ("root_cert", roots("")),
        ("root_cert", roots("hunter2")),
        ("root_cert", roots(&cut(&authority.pem()))),
        ("root_cert", roots(client.key_pem())),
        ("client_cert", with("", client.key_pem())),
        ("client_cert", with(client.key_pem(), client.key_pem())),
        ("client_key", with(client.pem(), "hunter2")),
        ("client_key", with(client.pem(), &cut(client.key_pem()))),
        ("client_key", with(client.pem(), another.key_pem())),
    ];
    let secret = client.key_pem().lines().nth(1).ok_or("a key has lines")?;
    let builder = || Connector::builder("rediss://localhost:1");
    for (part, certificates) in wrong {
        let error = builder()?
            .tls_certificates(&certificates)
            .expect_err("it cannot be used");
        assert_eq!(Class::of(&error), Class::Misconfigured);
        let text = format!("{error} {error:?}");
        assert!(text.starts_with(part), "{part}: {text}");
        assert!(
            !text.contains("hunter2") && !text.contains(secret),
            "{text}"
        );
    }
    let built = builder()?.tls_certificates(&good())?;
    let text = format!("{built:?} {:?}", built.clone().build());
    assert!(!text.contains(secret), "{text}");
    let error = Connector::builder("redis://localhost:1")?
        .tls_certificates(&good())
        .expect_err("it is not for TLS");
    assert!(error.to_string().contains("rediss://"), "{error}");
    Ok(())
}

/// The first is a stranger's, as one that has expired; then it is replaced, and then the file is being written.
#[tokio::test]
async fn certificates_are_read_again_for_each_new_connection() -> TestResult {
    let (authority, clients) = (TlsAuthority::new(), TlsAuthority::new());
    let redis = RealRedis::builder()
        .tls(authority.server())
        .tls_client_authority(clients.pem())
        .start()?;
    let files = Arc::new(Mutex::new(root_and_client(
        &authority,
        &TlsAuthority::new().client(),
    )));
    let put = |now: TlsCertificates| *files.lock().expect("no panic") = now;
    let read = files.clone();
    let connector = Connector::builder(redis.url())?
        .tls_certificates_from(move || Ok(read.lock().expect("no panic").clone()))?
        .connect_timeout(Duration::from_secs(5))
        .response_timeout(Duration::from_secs(5))
        .build();
    let both = || async {
        // It rests for a moment after a connect that failed.
        tokio::time::sleep(MS(60)).await;
        let asynchronous = connector.dedicated().await.map(drop);
        let connector = connector.clone();
        let blocking = tokio::task::spawn_blocking(move || {
            // None that is there already.
            connector.pubsub_blocking().map(drop)
        });
        [asynchronous, blocking.await.expect("no panic")]
    };
    for answer in both().await {
        let error = answer.expect_err("it has to show another");
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    }
    put(root_and_client(&authority, &clients.client()));
    for answer in both().await {
        answer?;
    }
    // Half of it is there, and then a key that is not yet the certificate's.
    let mut half = root_and_client(&authority, &clients.client());
    if let Some(client) = &mut half.client_tls {
        client.client_cert.truncate(100);
    }
    let mut other_key = root_and_client(&authority, &clients.client());
    if let Some(client) = &mut other_key.client_tls {
        client.client_key = clients.client().key_pem().into();
    }
    for wrong in [half, other_key] {
        put(wrong);
        for answer in both().await {
            answer?;
        }
    }
    Ok(())
}

#[test]
fn certificates_that_cannot_be_had_at_first_are_an_error() -> TestResult {
    let source = |pem: &'static [u8]| {
        Connector::builder("rediss://localhost")?.tls_certificates_from(move || {
            if pem.is_empty() {
                std::fs::read("/nowhere/ca.pem")?;
            }
            Ok(root_of(pem))
        })
    };
    let error = source(b"").expect_err("there is no file");
    assert!(error.to_string().contains("No such file"), "{error}");
    let error = source(b"none").expect_err("there is no certificate");
    assert!(error.to_string().contains("root_cert has to be"), "{error}");
    let authority = TlsAuthority::new();
    let certificates = root(&authority);
    let plain = Connector::builder("redis://localhost")?
        .tls_certificates_from(move || Ok(certificates.clone()));
    let error = plain.expect_err("it is not for TLS");
    assert!(error.to_string().contains("rediss://"), "{error}");
    Ok(())
}

/// What Sentinels name is spoken to with those of now too.
#[tokio::test]
async fn they_are_read_again_for_the_servers_that_sentinels_name() -> TestResult {
    let (authority, other) = (TlsAuthority::new(), TlsAuthority::new());
    let redis = RealRedis::builder().tls(authority.server()).start()?;
    let sentinels = RealSentinel::start()?;
    for url in sentinels.sentinel_urls() {
        let mut tell = redis::cmd("SENTINEL");
        tell.arg("MONITOR").arg("read-again").arg("127.0.0.1");
        tell.arg(redis.addr().port()).arg(2);
        tell.exec(&mut redis_resilient_tests::connect(&url)?)?;
    }
    let is_right = Arc::new(AtomicBool::new(false));
    let read = is_right.clone();
    let connector = Connector::sentinel(sentinels.sentinel_urls(), "read-again")?
        .tls_certificates_from(move || {
            let is_right = read.load(Ordering::SeqCst);
            Ok(root(if is_right { &authority } else { &other }))
        })?
        .connect_timeout(Duration::from_secs(5))
        .build();
    assert!(connector.get().await.is_err(), "it cannot be trusted");
    is_right.store(true, Ordering::SeqCst);
    tokio::time::sleep(MS(60)).await;
    connector.get().await?.set::<_, _, ()>("k", 1).await?;
    Ok(())
}
