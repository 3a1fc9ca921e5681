//! The spans of a test, as a layer of `tracing` sees them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use drydock_testkit::Hearing;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// A span that was made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) parent: Option<u64>,
    pub(crate) follows: Option<u64>,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Span {
    pub(crate) fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

impl Visit for Span {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

/// The spans of this thread.
#[derive(Clone, Default)]
pub(crate) struct Traced(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    spans: Vec<(u64, Span)>,
    /// For each line of the log, in which span it stands.
    lines: Vec<Option<u64>>,
}

impl Traced {
    /// From now on.
    pub(crate) fn start() -> (Self, Hearing) {
        let traced = Self::default();
        let hearing = drydock_testkit::hear(tracing_subscriber::registry().with(traced.clone()));
        (traced, hearing)
    }

    /// Those of a name, with their numbers, in the order in which they were made.
    pub(crate) fn spans(&self, name: &str) -> Vec<(u64, Span)> {
        self.0.lock().unwrap().spans.iter().filter(|(_, span)| span.name == name).cloned().collect()
    }

    /// In which spans lines were logged.
    pub(crate) fn lines(&self) -> Vec<Option<u64>> {
        self.0.lock().unwrap().lines.clone()
    }

    fn change(&self, id: &Id, change: impl FnOnce(&mut Span)) {
        let mut inner = self.0.lock().unwrap();
        let spans = &mut inner.spans;
        // The registry gives the numbers of closed spans again.
        change(&mut spans.iter_mut().rfind(|(number, _)| *number == id.into_u64()).unwrap().1);
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Traced {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.id().into_u64());
        let mut span = Span { name: attributes.metadata().name(), parent, ..Span::default() };
        attributes.record(&mut span);
        self.0.lock().unwrap().spans.push((id.into_u64(), span));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.change(id, |span| values.record(span));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        self.change(id, |span| span.follows = Some(follows.into_u64()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let current = context.event_span(event).map(|span| span.id().into_u64());
        self.0.lock().unwrap().lines.push(current);
    }
}
