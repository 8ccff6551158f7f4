//! A layer that answers for a service's errors.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::Cause;
use crate::answer::Answer;
use crate::response::response;

/// A layer of tower that answers where the service within fails: 503 with `Retry-After` where that is an outage, 500 otherwise.
///
/// * An error of the service, of any type, is answered, and there is none any more: in axum no `HandleErrorLayer` is needed.
/// * A response with a status of 5xx and a [`Cause`] among its extensions is replaced where that is an outage: for error types with an `IntoResponse` of
///   their own. All other responses pass untouched.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutageLayer(());

impl OutageLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for OutageLayer {
    type Service = AnswersOutages<S>;

    fn layer(&self, inner: S) -> AnswersOutages<S> {
        AnswersOutages {
            inner,
            unready: None,
        }
    }
}

/// A service whose errors are answered. See [`OutageLayer`].
#[derive(Clone, Debug)]
pub struct AnswersOutages<S> {
    inner: S,
    /// Why it cannot take the next request, which is told the one that comes.
    unready: Option<Cause>,
}

impl<S, R, B> Service<R> for AnswersOutages<S>
where
    S: Service<R, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: From<&'static str>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if let Poll::Ready(ready) = self.inner.poll_ready(cx) {
            self.unready = ready.err().map(Cause::new);
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn call(&mut self, request: R) -> Answering<S::Future> {
        let unready = self.unready.take();
        Answering {
            future: unready.is_none().then(|| self.inner.call(request)),
            unready,
        }
    }
}

pin_project! {
    /// The answer of a service whose errors are answered.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Answering<F> {
        // `None`: the service could not take the request.
        #[pin]
        future: Option<F>,
        unready: Option<Cause>,
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
    B: From<&'static str>,
{
    type Output = Result<Response<B>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(cause) = this.unready.take() {
            return Poll::Ready(Ok(answered(cause)));
        }
        let Some(future) = this.future.as_pin_mut() else {
            return Poll::Pending;
        };
        future.poll(cx).map(|result| {
            Ok(match result {
                Ok(response) => replaced(response),
                Err(error) => answered(Cause::new(error)),
            })
        })
    }
}

fn answered<B: From<&'static str>>(cause: Cause) -> Response<B> {
    response(cause.answer(), cause)
}

/// What was answered already, unless that says of an outage that the service is broken.
fn replaced<B: From<&'static str>>(answered: Response<B>) -> Response<B> {
    if !answered.status().is_server_error() {
        return answered;
    }
    match answered.extensions().get::<Cause>() {
        Some(cause) if matches!(cause.answer(), Answer::Unavailable { .. }) => {
            response(cause.answer(), cause.clone())
        }
        _ => answered,
    }
}
