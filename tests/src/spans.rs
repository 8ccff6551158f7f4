//! Which spans there were, and which events in them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// A span.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its name.
    pub name: &'static str,
    /// The name of that in which it is.
    pub parent: Option<&'static str>,
    /// Its fields, as text.
    pub fields: HashMap<String, String>,
}

/// Writes down the spans, and in which of them each event was.
#[derive(Clone, Debug, Default)]
pub struct Tree(Arc<Mutex<Written>>);

/// The spans by their ids, and the events.
type Written = (Vec<(u64, Seen)>, Vec<String>);

impl Tree {
    fn with<T>(&self, run: impl FnOnce(&mut Written) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Those of this crate, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Seen> {
        self.with(|(spans, _)| {
            let spans = spans.iter().map(|(_, span)| span.clone());
            spans.filter(|span| span.name == "redis call").collect()
        })
    }

    /// Each as `outer/inner: message`.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.with(|(_, events)| events.clone())
    }

    /// Where all is written down.
    #[must_use]
    pub fn dispatch(&self) -> Dispatch {
        Dispatch::new(tracing_subscriber::registry().with(self.clone()))
    }
}

struct Fields<'m>(&'m mut HashMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        self.0.insert(field.name().to_owned(), value);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Tree {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id);
        let mut seen = Seen {
            name: attributes.metadata().name(),
            parent: span.and_then(|span| Some(span.parent()?.name())),
            fields: HashMap::new(),
        };
        attributes.record(&mut Fields(&mut seen.fields));
        self.with(|(spans, _)| spans.push((id.into_u64(), seen)));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.with(|(spans, _)| {
            // The registry uses ids again.
            let span = spans.iter_mut().rev().find(|(of, _)| *of == id.into_u64());
            if let Some((_, span)) = span {
                values.record(&mut Fields(&mut span.fields));
            }
        });
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut fields = HashMap::new();
        event.record(&mut Fields(&mut fields));
        let scope: Vec<_> = context
            .event_scope(event)
            .map(|scope| scope.from_root().map(|span| span.name()).collect())
            .unwrap_or_default();
        let message = fields.remove("message").unwrap_or_default();
        self.with(|(_, events)| events.push(format!("{}: {message}", scope.join("/"))));
    }
}

impl Seen {
    /// Has these fields.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn has(&self, fields: &[(&str, &str)]) {
        for (field, value) in fields {
            let there = self.fields.get(*field).map(String::as_str);
            assert_eq!(there, Some(*value), "{field} of {self:#?}");
        }
    }
}
