//! No secret comes into a label.

use redis::AsyncCommands;
use redis_resilient::connection::Connector;
use redis_resilient_testkit::EmbeddedRedis;

use crate::scraped::{alone, text};

const USER: &str = "canary-user";
const PASSWORD: &str = "canary-password";

#[tokio::test]
async fn a_password_in_a_url_is_in_no_series() {
    let alone = alone();
    let server = EmbeddedRedis::start().expect("it starts");
    let address = server.url().replace("redis://", "");
    let good = Connector::builder(server.url()).expect("a URL").build();
    let _: Option<String> = good
        .get()
        .await
        .expect("it connects")
        .get("key")
        .await
        .expect("it answers");
    let url = format!("redis://{USER}:{PASSWORD}@{address}");
    let bad = Connector::builder(url.as_str()).expect("a URL").build();
    let _ = bad.get().await;
    server.down();
    let _ = bad.get().await;
    text();
    let text = text();
    assert!(text.contains("resilient_connects_total{"), "{text}");
    assert!(text.contains("resilient_connections{"), "{text}");
    for secret in [USER, PASSWORD] {
        assert!(!text.contains(secret), "{text}");
    }
    drop(alone);
}
