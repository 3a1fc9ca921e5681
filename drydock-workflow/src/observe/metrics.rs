//! The metrics: their names, as Prometheus has them (`_total` counts, units are in the name), their labels, and what they say.
//!
//! INVARIANT: no label holds the id or the name of a task, of a run, of an instance or of a machine: their number has no bound.

use ::metrics::{Label, Unit};

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is what it was when it was last looked at.
    Gauge,
    /// It is measured again and again, and its distribution is kept.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// In what it counts.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

impl Metric {
    /// Its handle of the recorder that stands, for these values of its labels.
    pub fn counter(&self, values: &[&str]) -> ::metrics::Counter {
        ::metrics::counter!(self.name, self.labels(values))
    }

    /// As [`counter`](Self::counter).
    pub fn gauge(&self, values: &[&str]) -> ::metrics::Gauge {
        ::metrics::gauge!(self.name, self.labels(values))
    }

    /// As [`counter`](Self::counter).
    pub fn histogram(&self, values: &[&str]) -> ::metrics::Histogram {
        ::metrics::histogram!(self.name, self.labels(values))
    }

    fn labels(&self, values: &[&str]) -> Vec<Label> {
        self.labels.iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned())).collect()
    }

    /// Tells the recorder that stands what the metric is.
    pub fn describe(&self) {
        match self.kind {
            Kind::Counter => ::metrics::describe_counter!(self.name, self.unit, self.help),
            Kind::Gauge => ::metrics::describe_gauge!(self.name, self.unit, self.help),
            Kind::Histogram => ::metrics::describe_histogram!(self.name, self.unit, self.help),
        }
    }
}

macro_rules! vocabulary {
    ($($id:ident = $name:literal $kind:ident in $unit:ident [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $id: Metric = Metric {
                name: $name,
                kind: Kind::$kind,
                unit: Unit::$unit,
                labels: &[$($label),*],
                help: $help,
            };
        )*

        /// All metrics.
        pub const METRICS: &[Metric] = &[$($id),*];
    };
}

vocabulary! {
    COMMIT_SECONDS = "drydock_commit_seconds" Histogram in Seconds []
        "How long the store took to answer for a batch of records, with the wait for the batch before it.";
    COMMIT_WRITES = "drydock_commit_writes" Histogram in Count []
        "Records in a batch.";
    COMMIT_RETRIES = "drydock_commit_retries_total" Counter in Count []
        "Batches that were sent again because the store had not answered.";
    COMMIT_SPLITS = "drydock_commit_splits_total" Counter in Count []
        "Batches that were halved to find a record that the store refuses.";
    COMMIT_REFUSALS = "drydock_commit_refusals_total" Counter in Count []
        "Tasks whose records the store refused for good.";
    WRITES_WAITING = "drydock_writes_waiting" Gauge in Count []
        "Records that wait for the batch under way to be committed.";
    REQUESTS_WAITING = "drydock_requests_waiting" Gauge in Count []
        "Requests to the instance that it has not heard yet.";
    REQUESTS_HELD = "drydock_requests_held_total" Counter in Count []
        "How often requests were left unheard because too many records waited for the store.";
    TASKS_LIVE = "drydock_tasks_live" Gauge in Count []
        "Tasks that the instance has in memory.";
    BODIES_RUNNING = "drydock_bodies_running" Gauge in Count []
        "Step bodies under way, and the few questions to the store beside them.";
    TASKS_STARTED = "drydock_tasks_started_total" Counter in Count ["workflow"]
        "Tasks that began here.";
    TASKS_RESUMED = "drydock_tasks_resumed_total" Counter in Count ["workflow"]
        "Tasks that went on here: after a crash, a takeover or a sleep.";
    TASKS_PARKED = "drydock_tasks_parked_total" Counter in Count ["workflow"]
        "Tasks that fell asleep: they are in the store until something wakes them.";
    TASKS_ENDED = "drydock_tasks_ended_total" Counter in Count ["workflow", "outcome"]
        "Tasks that ended here: completed, failed or cancelled.";
    TASKS_STUCK = "drydock_tasks_stuck_total" Counter in Count ["workflow"]
        "How often a task got stuck: an undoing failed for good, and only a person can finish it.";
    STEPS_STARTED = "drydock_steps_started_total" Counter in Count ["workflow"]
        "Attempts of steps that began.";
    STEPS_FINISHED = "drydock_steps_finished_total" Counter in Count ["workflow", "outcome"]
        "What came of attempts: done, failed, retries (another follows), waits (it asks again later) or skipped.";
    STEP_SECONDS = "drydock_step_seconds" Histogram in Seconds ["workflow"]
        "How long a body ran, from its call to its return.";
    CLAIM_SECONDS = "drydock_claim_seconds" Histogram in Seconds []
        "How long the store took to answer a claim.";
    CLAIM_TASKS = "drydock_claim_tasks" Histogram in Count []
        "Tasks that a claim brought.";
    LEASE_RENEWALS = "drydock_lease_renewals_total" Counter in Count []
        "Renewals of the instance's lease.";
    LEASE_LEFT = "drydock_lease_left_seconds" Gauge in Seconds []
        "What was left of the lease when it was renewed last.";
    LEASES_LOST = "drydock_leases_lost_total" Counter in Count []
        "How often the instance lost its lease and gave up all it had.";
    TAKEOVERS = "drydock_takeovers_total" Counter in Count []
        "Silent instances that this one retired: their tasks are free.";
    LOCKS_WAITING = "drydock_locks_waiting" Gauge in Count []
        "Steps that were refused a lock and ask again.";
    LOCKS_REFUSED = "drydock_locks_refused_total" Counter in Count []
        "Refusals of locks.";
    SLOTS_WAITING = "drydock_slots_waiting" Gauge in Count []
        "Steps that wait for a place under their limits.";
    SLOTS_REFUSED = "drydock_slots_refused_total" Counter in Count []
        "Refusals of places under limits.";
    STORE_UNANSWERED = "drydock_store_unanswered_total" Counter in Count []
        "Calls that the store did not answer.";
    STORE_CONNECTIONS = "drydock_store_connections" Gauge in Count ["pool", "state"]
        "Connections to the database, by what they are for: busy or idle.";
    HTTP_REQUESTS = "drydock_http_requests_total" Counter in Count ["method", "route", "status"]
        "Requests to the API, by the pattern of their path.";
    HTTP_SECONDS = "drydock_http_request_seconds" Histogram in Seconds ["route"]
        "How long requests to the API took.";
}
