//! The span of a call that does not go well. Its fields are in the documentation of [`logging`](crate::logging).
//!
//! It is with what only such a call has. Later attempts are polled in it, so it is entered and left like a probe, at each poll; no guard of it lives
//! beyond one. The fallback runs when the call is over: between the two the span waits in a place of its thread, as the error's text does.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tracing::field::Empty;
use tracing::{Level, Span};

use crate::Class;
use crate::cause::Description;
use crate::logging::{TARGET, are_all_calls_in_spans};

/// How a call ended that has a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The first attempt succeeded.
    Redis,
    /// A later attempt succeeded.
    Retried,
    Fallback,
    Error,
}

/// The span of a call, once there is one.
#[derive(Debug, Default)]
pub(crate) struct CallSpan {
    span: Option<Span>,
    is_entered: bool,
    /// Whether it says of a failure.
    has_failed: bool,
}

impl CallSpan {
    /// Whether anybody takes such spans.
    #[inline]
    pub(crate) fn is_wanted() -> bool {
        tracing::span_enabled!(target: TARGET, Level::INFO)
    }

    /// Whether a call may have one that goes well.
    pub(crate) const OF_ALL: bool = cfg!(feature = "call-spans");

    /// Whether each call is to have one; whether anybody takes it is not asked yet.
    #[inline]
    pub(crate) fn is_for_all() -> bool {
        are_all_calls_in_spans()
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.span.is_some()
    }

    /// Whether there is one that says nothing of a failure yet.
    pub(crate) const fn is_without_failure(&self) -> bool {
        self.span.is_some() && !self.has_failed
    }

    /// That of a call that begins.
    #[cold]
    pub(crate) fn begin(function: &'static str, breaker: Option<&'static str>) -> Self {
        Self {
            span: Some(span(function, breaker, None, None)),
            is_entered: false,
            has_failed: false,
        }
    }

    /// A child of the span that the caller is in. What is said of the failure is said when it begins, for those who choose which spans to keep.
    #[cold]
    pub(crate) fn open(
        function: &'static str,
        breaker: Option<&'static str>,
        class: Class,
        why: Option<&Description>,
    ) -> Self {
        Self {
            span: Some(span(function, breaker, Some(class), why)),
            is_entered: false,
            has_failed: true,
        }
    }

    /// What is said of the failure, of a span that is open already.
    #[cold]
    pub(crate) fn fails(&mut self, class: Class, why: Option<&Description>) {
        self.says(class, why);
        self.has_failed = true;
    }

    /// The same where it is only looked at.
    #[cold]
    pub(crate) fn says(&self, class: Class, why: Option<&Description>) {
        let Some(span) = &self.span else { return };
        let (server, port) = server(why);
        span.record("error.type", class.label());
        // What is not known of this one may have been known of the one before.
        if let Some(code) = why.and_then(Description::code) {
            span.record("db.response.status_code", code);
        }
        if let Some(error) = why.and_then(Description::error) {
            span.record("error", error);
        }
        if let Some(server) = server {
            span.record("server.address", server);
        }
        if let Some(port) = port {
            span.record("server.port", port);
        }
    }

    /// The attempt of this number, for those who export spans.
    #[inline]
    pub(crate) fn tells_attempt(
        attempt: u32,
        class: Class,
        why: Option<&Description>,
        is_injected: bool,
    ) {
        if tracing::enabled!(target: TARGET, Level::TRACE) {
            tell_attempt(attempt, class, why, is_injected);
        }
    }

    /// What runs on this thread from here on is in it.
    pub(crate) fn enter(&mut self) {
        if let Some(span) = &self.span
            && !std::mem::replace(&mut self.is_entered, true)
        {
            span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
        }
    }

    /// No longer, if it was.
    pub(crate) fn exit(&mut self) {
        if std::mem::take(&mut self.is_entered)
            && let Some(span) = &self.span
        {
            span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
        }
    }

    /// Runs this in it.
    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        match &self.span {
            Some(span) => span.in_scope(run),
            None => run(),
        }
    }

    /// So many attempts have failed, and there is no other.
    pub(crate) fn gives_up(&self, attempts: u32) {
        if let Some(span) = &self.span {
            span.record("attempts", attempts);
        }
    }

    pub(crate) fn ends(&self, ending: Ending) {
        let Some(span) = &self.span else { return };
        span.record(
            "outcome",
            match ending {
                Ending::Redis => "redis",
                Ending::Retried => "retried",
                Ending::Fallback => "fallback",
                Ending::Error => "error",
            },
        );
        if ending == Ending::Error {
            span.record("otel.status_code", "ERROR");
        }
    }

    /// Leaves it for the fallback that is next on this thread, or nothing.
    pub(crate) fn leave_for_fallback(&self) {
        let span = self.span.clone().map(Box::new);
        // A thread that ends has no such place any more.
        let _ = LEFT.try_with(|left| left.set(span));
    }
}

fn span(
    function: &'static str,
    breaker: Option<&'static str>,
    class: Option<Class>,
    why: Option<&Description>,
) -> Span {
    let (server, port) = server(why);
    tracing::info_span!(
        target: TARGET,
        "redis call",
        otel.name = function,
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = "redis",
        db.response.status_code = why.and_then(Description::code),
        "error.type" = class.map(Class::label),
        error = why.and_then(Description::error),
        server.address = server,
        server.port = port,
        function,
        breaker,
        attempts = Empty,
        outcome = Empty,
    )
}

#[cold]
#[inline(never)]
fn tell_attempt(attempt: u32, class: Class, why: Option<&Description>, is_injected: bool) {
    let (server, port) = server(why);
    tracing::trace!(
        target: TARGET,
        {
            db.system.name = "redis",
            db.response.status_code = why.and_then(Description::code),
            "error.type" = class.label(),
            error = why.and_then(Description::error),
            server.address = server,
            server.port = port,
            attempt,
            injected = is_injected.then_some(true),
        },
        "attempt failed"
    );
}

fn server(why: Option<&Description>) -> (Option<&str>, Option<u16>) {
    why.and_then(Description::address)
        .map_or((None, None), parts)
}

/// Host and port, or the path of a socket.
fn parts(address: &str) -> (Option<&str>, Option<u16>) {
    let parts = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parts {
        Some((host, port)) => (
            Some(host.trim_start_matches('[').trim_end_matches(']')),
            Some(port),
        ),
        None => (Some(address), None),
    }
}

thread_local! {
    static LEFT: Cell<Option<Box<Span>>> = const { Cell::new(None) };
}

/// The span of a call whose fallback answers.
#[derive(Debug)]
pub struct LeftSpan(Option<Box<Span>>);

/// What the call has left for its fallback, on this thread and just before.
#[must_use]
pub fn left_span() -> LeftSpan {
    LeftSpan(LEFT.try_with(Cell::take).ok().flatten())
}

pin_project! {
    /// A fallback, in the span of its call.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct InSpan<'s, F> {
        span: &'s LeftSpan,
        #[pin]
        fallback: F,
    }
}

/// Runs the fallback in the span.
pub const fn in_span<F: Future>(span: &LeftSpan, fallback: F) -> InSpan<'_, F> {
    InSpan { span, fallback }
}

impl<F: Future> Future for InSpan<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _inside = this.span.0.as_deref().map(Span::enter);
        this.fallback.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (address, host, port) in [
            ("cache.example:6379", "cache.example", Some(6379)),
            ("[::1]:6379", "::1", Some(6379)),
            ("/run/redis.sock", "/run/redis.sock", None),
            ("/run/redis:main", "/run/redis:main", None),
        ] {
            assert_eq!(parts(address), (Some(host), port));
        }
    }
}
