//! What clients of a web service are answered while its Redis is away: a real server, in axum and in Actix Web.

use std::convert::Infallible;
use std::error::Error;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Body};
use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::http::{BudgetLayer, Cause, OutageLayer, Problem};
use redis_resilient::{State as CircuitState, redis_resilient};
use redis_resilient_testkit::RealRedis;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer as _, ServiceExt as _};

type Outcome = Result<(), Box<dyn Error>>;

const CANARY: &str = "c4n4ry-p4ssw0rd";

#[redis_resilient(retries = 1, delay = "10ms")]
async fn visits(redis: &Connector) -> RedisResult<u64> {
    let mut connection = redis.get().await?;
    redis::cmd("INCR")
        .arg("visits")
        .query_async(&mut connection)
        .await
}

#[redis_resilient(retries = 0, timeout = "30s")]
async fn sleeps(redis: &Connector) -> RedisResult<u64> {
    let mut connection = redis.get().await?;
    redis::cmd("GET")
        .arg("visits")
        .query_async(&mut connection)
        .await
}

async fn show(State(redis): State<Connector>) -> Result<String, Problem> {
    Ok(visits(&redis).await?.to_string())
}

async fn wrapped(State(redis): State<Connector>) -> Result<String, Problem> {
    let visits = visits(&redis).await.map_err(anyhow::Error::from);
    Ok(visits
        .map_err(|error| error.context("counting"))?
        .to_string())
}

async fn wrong(State(redis): State<Connector>) -> Result<String, Problem> {
    let mut connection = redis.get().await?;
    let _: u64 = redis::cmd("LPUSH")
        .arg("visits")
        .arg(1)
        .query_async(&mut connection)
        .await?;
    Ok("it was a list".to_owned())
}

async fn slow(State(redis): State<Connector>) -> Result<String, Problem> {
    let first = sleeps(&redis).await;
    let second = sleeps(&redis).await;
    Ok(format!("{} {}", first?, second?))
}

/// An error of the application's own, which says 500 of everything.
async fn own(State(redis): State<Connector>) -> Result<String, Response> {
    visits(&redis)
        .await
        .map(|visits| visits.to_string())
        .map_err(|error| {
            let mut response = (StatusCode::INTERNAL_SERVER_ERROR, "my own page").into_response();
            response.extensions_mut().insert(Cause::new(error));
            response
        })
}

fn app(redis: Connector) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/wrapped", get(wrapped))
        .route("/wrong", get(wrong))
        .route("/own", get(own))
        .route("/slow", get(slow))
        .with_state(redis)
        .layer(BudgetLayer::new(Duration::from_millis(700)))
        .layer(OutageLayer::new())
}

/// An answer as it came over the network.
#[derive(Debug)]
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// One that says nothing but: come back.
    fn assert_outage(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        let retry_after = self
            .header("retry-after")
            .and_then(|value| value.parse().ok());
        assert!(
            retry_after.is_some_and(|seconds: u64| (1..=60).contains(&seconds)),
            "{self:?}"
        );
        self.assert_is_problem();
    }

    fn assert_is_problem(&self) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert!(
            self.text.ends_with('}') && self.text.contains(&format!("\"status\":{}", self.status))
        );
        let internal = [
            CANARY,
            "127.0.0.1",
            "redis",
            "Redis",
            "circuit",
            "visits",
            "WRONGTYPE",
        ];
        for word in internal {
            assert!(!self.text.contains(word), "{word} in {self:?}");
        }
    }
}

async fn ask(address: std::net::SocketAddr, path: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.unwrap_or_default(),
        text,
    })
}

/// A server with a password, and a connector whose URL has it.
fn redis() -> Result<(RealRedis, Connector), Box<dyn Error>> {
    let server = RealRedis::builder()
        .args(["--requirepass", CANARY])
        .start()?;
    let url = format!("redis://:{CANARY}@{}", server.addr());
    // It is not what ends the attempts here.
    let redis = Connector::builder(url)?
        .response_timeout(Duration::from_secs(20))
        .build();
    Ok((server, redis))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_503_from_the_first_request_on_and_over_when_redis_is_back() -> Outcome {
    let (server, redis) = redis()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(axum::serve(listener, app(redis.clone())).into_future());
    assert_eq!(ask(address, "/").await?.status, 200);

    let answer = ask(address, "/wrong").await?;
    assert_eq!((answer.status, answer.header("retry-after")), (500, None));
    answer.assert_is_problem();

    server.kill();
    // The first finds the circuit closed, and those after the fifth failure find it open.
    for path in [
        "/", "/wrapped", "/own", "/", "/wrapped", "/own", "/", "/slow",
    ] {
        ask(address, path).await?.assert_outage();
    }
    // Failures close to each other are one to the circuit.
    while redis.breaker().state() == CircuitState::Closed {
        tokio::time::sleep(Duration::from_millis(30)).await;
        ask(address, "/").await?.assert_outage();
    }
    ask(address, "/").await?.assert_outage();

    server.restart()?;
    let begun = Instant::now();
    while ask(address, "/").await?.status != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it does not come back"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for path in ["/", "/wrapped", "/own", "/slow"] {
        assert_eq!(ask(address, path).await?.status, 200, "{path}");
    }
    serving.abort();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_takes_no_more_than_the_request_s_budget() -> Outcome {
    let (server, redis) = redis()?;
    visits(&redis).await?;
    let app = app(redis);
    let ask = |path: &str| {
        let request = Request::get(path).body(Body::empty());
        let app = app.clone();
        async move { Ok::<_, Box<dyn Error>>(app.oneshot(request?).await?) }
    };
    assert_eq!(ask("/slow").await?.status(), 200);
    server.freeze();
    let begun = Instant::now();
    // Two calls, each of which may take 30 s by itself.
    let answer = ask("/slow").await?;
    let took = begun.elapsed();
    server.thaw();
    assert_eq!(answer.status(), 503);
    let cause = answer
        .extensions()
        .get::<Cause>()
        .ok_or("no cause")?
        .to_string();
    assert!(cause.contains("700ms"), "{cause}");
    assert!(
        took >= Duration::from_millis(650) && took < Duration::from_secs(15),
        "{took:?}"
    );
    Ok(())
}

#[tokio::test]
async fn the_layer_answers_for_errors_of_any_service() -> Outcome {
    let down = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let error = move |outage: bool| -> Box<dyn Error + Send + Sync> {
        if outage {
            redis::RedisError::from(down()).into()
        } else {
            down().into()
        }
    };
    for (outage, status) in [(true, 503), (false, 500)] {
        let service =
            tower::service_fn(move |(): ()| async move { Err::<Response<Body>, _>(error(outage)) });
        let answer: Result<_, Infallible> = OutageLayer::new().layer(service).oneshot(()).await;
        let answer = answer?;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().contains_key("retry-after"), outage);
    }
    Ok(())
}

#[actix_web::test]
async fn actix_web_answers_the_same() -> Outcome {
    use actix_web::ResponseError as _;
    let (server, redis) = redis()?;
    server.kill();
    let error = visits(&redis).await.expect_err("it is away");
    let problem = Problem::from(error);
    let answer = problem.error_response();
    assert_eq!(
        (answer.status().as_u16(), problem.status_code().as_u16()),
        (503, 503)
    );
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(
        answer
            .headers()
            .get("content-type")
            .and_then(|kind| kind.to_str().ok()),
        Some("application/problem+json")
    );
    for text in [
        format!("{problem}"),
        format!("{problem:?}"),
        format!("{:?}", problem.cause()),
    ] {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert_eq!(
        Problem::from("no such user")
            .error_response()
            .status()
            .as_u16(),
        500
    );
    Ok(())
}
