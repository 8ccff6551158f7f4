//! What calls the shop from outside, over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::Failure;

/// Nothing here takes so long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: usize = 1 << 22;

#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: hyper_util::client::legacy::Client<HttpConnector, Body>,
    at: SocketAddr,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(at: SocketAddr) -> Self {
        let builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
        Self {
            http: builder.build_http(),
            at,
        }
    }

    pub(crate) async fn get(&self, path: &str, who: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, path, who, String::new()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        who: &str,
        body: String,
    ) -> Result<Answer, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.at))
            .header("x-client", who)
            .header("x-panel", "1")
            .header("content-type", "application/json")
            .body(Body::from(body))?;
        let answer = async {
            let (parts, body) = self.http.request(request).await?.into_parts();
            let body = to_bytes(Body::new(body), LONGEST).await?;
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            })
        };
        tokio::time::timeout(PATIENCE, answer).await?
    }
}
