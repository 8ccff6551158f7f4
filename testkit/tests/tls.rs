//! A real server that serves TLS: whom clients trust, and whom it trusts.

use redis::{Client, ClientTlsConfig, RedisResult, TlsCertificates};
use redis_resilient_testkit::{RealRedis, TlsAuthority, TlsCertificate};

fn ping(redis: &RealRedis, trusted: &str, shown: Option<&TlsCertificate>) -> RedisResult<()> {
    let certificates = TlsCertificates {
        client_tls: shown.map(|shown| ClientTlsConfig {
            client_cert: shown.pem().into(),
            client_key: shown.key_pem().into(),
        }),
        root_cert: Some(trusted.into()),
    };
    let client = Client::build_with_tls(redis.url(), certificates)?;
    redis::cmd("PING").exec(&mut client.get_connection()?)
}

#[test]
fn serves_those_who_trust_its_authority() {
    let authority = TlsAuthority::new();
    let redis = RealRedis::builder()
        .tls(authority.server())
        .start()
        .unwrap();
    assert!(redis.url().starts_with("rediss://localhost:"));
    ping(&redis, &authority.pem(), None).unwrap();
    redis.kill();
    ping(&redis, &authority.pem(), None).unwrap_err();
    redis.restart().unwrap();
    ping(&redis, &authority.pem(), None).unwrap();
}

#[test]
fn serves_nothing_without_tls() {
    let authority = TlsAuthority::new();
    let redis = RealRedis::builder()
        .tls(authority.server())
        .start()
        .unwrap();
    let plain = Client::open(format!("redis://{}/", redis.addr())).unwrap();
    assert!(plain.get_connection().is_err());
    Client::open(redis.unix_url())
        .unwrap()
        .get_connection()
        .unwrap();
}

#[test]
fn a_certificate_with_a_fault_is_refused_for_that_fault() {
    let authority = TlsAuthority::new();
    for (certificate, fault) in [
        (authority.expired_server(), "certificate expired"),
        (authority.server_for("redis.example"), "not valid for name"),
        (TlsAuthority::new().server(), "UnknownIssuer"),
    ] {
        let redis = RealRedis::builder().tls(certificate).start().unwrap();
        let error = ping(&redis, &authority.pem(), None).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(fault), "{fault}: {said}");
    }
}

#[test]
fn a_certificate_can_be_replaced_in_a_running_server() {
    let authority = TlsAuthority::new();
    let redis = RealRedis::builder()
        .tls(authority.expired_server())
        .start()
        .unwrap();
    ping(&redis, &authority.pem(), None).unwrap_err();
    redis.set_certificate(&authority.server()).unwrap();
    ping(&redis, &authority.pem(), None).unwrap();
    redis.kill();
    redis.set_certificate(&authority.expired_server()).unwrap();
    redis.restart().unwrap();
    ping(&redis, &authority.pem(), None).unwrap_err();
}

#[test]
fn clients_are_asked_for_certificates_if_so_told() {
    let (authority, other) = (TlsAuthority::new(), TlsAuthority::new());
    let redis = RealRedis::builder()
        .tls(authority.server())
        .tls_client_authority(authority.pem())
        .start()
        .unwrap();
    ping(&redis, &authority.pem(), Some(&authority.client())).unwrap();
    ping(&redis, &authority.pem(), Some(&other.client())).unwrap_err();
    ping(&redis, &authority.pem(), None).unwrap_err();
}

#[test]
fn a_server_without_tls_takes_no_certificate() {
    let redis = RealRedis::start().unwrap();
    let error = redis.set_certificate(&TlsAuthority::new().server());
    assert!(error.unwrap_err().to_string().contains("TLS"));
}

#[test]
fn a_certificate_does_not_show_its_key() {
    let certificate = TlsAuthority::new().server();
    assert!(certificate.key_pem().contains("PRIVATE KEY"));
    assert!(!format!("{certificate:?}").contains("PRIVATE KEY"));
}
