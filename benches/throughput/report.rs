//! The result, as a table or as JSON.

use std::time::Duration;

use serde::Serialize;

/// Something measured several times.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let odd = values.len() % 2 == 1;
        let median = if odd { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Some(Self { median, min, max })
    }
}

/// How many there are in a second.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn per(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64().max(f64::EPSILON)
}

/// A part of a whole, or so much for each.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What was measured of one store. Rates are medians of rounds; the rest is over all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) store: &'static str,
    /// The database, and how durable it is.
    pub(crate) about: String,
    /// Tasks under way at once.
    pub(crate) concurrency: usize,
    pub(crate) steps_per_s: Option<Spread>,
    pub(crate) tasks_per_s: Option<Spread>,
    /// Rows of plain inserts, 500 to a commit, on one connection.
    pub(crate) raw_rows_per_s: Option<Spread>,
    /// Steps per second of the engine, divided by the raw rows per second of the rounds before and after.
    pub(crate) ratio: Option<Spread>,
    /// The same for plain inserts with as many rows to a commit as the engine had writes.
    pub(crate) alike_rows_per_s: Option<Spread>,
    pub(crate) alike_ratio: Option<Spread>,
    /// One task with nothing beside it, from its submission to its end.
    pub(crate) task_alone_p50_us: u64,
    pub(crate) task_alone_p99_us: u64,
    /// A plain insert of one row.
    pub(crate) raw_commit_p50_us: Option<u64>,
    /// Starts and ends of tasks count too.
    pub(crate) writes_per_commit: f64,
    /// The share of the time in which a commit was under way.
    pub(crate) committing: f64,
    /// Bytes of the database's log for each step, all else that belongs to its task included.
    pub(crate) log_bytes_per_step: Option<f64>,
    pub(crate) log_bytes_per_raw_row: Option<f64>,
    /// Processor time of this process: the engine, the database's client (all of `SQLite`), and whoever submits and waits.
    pub(crate) client_cpu_us_per_step: f64,
    pub(crate) client_cpu_us_per_raw_row: Option<f64>,
    /// Processor time of the database's own processes.
    pub(crate) server_cpu_us_per_step: Option<f64>,
    pub(crate) server_cpu_us_per_raw_row: Option<f64>,
    /// Tasks that were run in all, each of which has exactly ten checkpoints.
    pub(crate) tasks_checked: u64,
}

/// The reports side by side.
pub(crate) fn table(reports: &[Report]) -> String {
    let mut lines = Vec::new();
    for report in reports {
        lines.push(format!("{}: {}", report.store, report.about));
    }
    lines.push(String::new());
    let row = |name: &str, value: &dyn Fn(&Report) -> String| {
        let cells: Vec<String> = reports.iter().map(|report| format!("{:>30}", value(report))).collect();
        format!("{name:<32}{}", cells.concat())
    };
    lines.push(row("", &|report| report.store.to_owned()));
    lines.push(row("steps/s", &|report| spread(report.steps_per_s, 0)));
    lines.push(row("tasks/s", &|report| spread(report.tasks_per_s, 0)));
    lines.push(row("raw rows/s", &|report| spread(report.raw_rows_per_s, 0)));
    lines.push(row("ratio steps/s : raw rows/s", &|report| spread(report.ratio, 3)));
    lines.push(row("the same, commits alike: rows/s", &|report| spread(report.alike_rows_per_s, 0)));
    lines.push(row("ratio to these", &|report| spread(report.alike_ratio, 3)));
    lines.push(row("one task alone, p50", &|report| millis(Some(report.task_alone_p50_us))));
    lines.push(row("one task alone, p99", &|report| millis(Some(report.task_alone_p99_us))));
    lines.push(row("raw commit of one row, p50", &|report| millis(report.raw_commit_p50_us)));
    lines.push(row("writes per commit", &|report| format!("{:.1}", report.writes_per_commit)));
    lines.push(row("time in commits", &|report| format!("{:.0} %", report.committing * 100.0)));
    lines.push(row("log bytes per step", &|report| optional(report.log_bytes_per_step, "", 0)));
    lines.push(row("log bytes per raw row", &|report| optional(report.log_bytes_per_raw_row, "", 0)));
    lines.push(row("client CPU per step", &|report| format!("{:.1} us", report.client_cpu_us_per_step)));
    lines.push(row("client CPU per raw row", &|report| optional(report.client_cpu_us_per_raw_row, " us", 1)));
    lines.push(row("server CPU per step", &|report| optional(report.server_cpu_us_per_step, " us", 1)));
    lines.push(row("server CPU per raw row", &|report| optional(report.server_cpu_us_per_raw_row, " us", 1)));
    lines.push(row("tasks, each with 10 checkpoints", &|report| report.tasks_checked.to_string()));
    lines.join("\n")
}

fn spread(value: Option<Spread>, digits: usize) -> String {
    value.map_or("n/a".to_owned(), |Spread { median, min, max }| {
        format!("{median:.digits$} ({min:.digits$} - {max:.digits$})")
    })
}

fn optional(value: Option<f64>, unit: &str, digits: usize) -> String {
    value.map_or("n/a".to_owned(), |it| format!("{it:.digits$}{unit}"))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn millis(micros: Option<u64>) -> String {
    optional(micros.map(|it| it as f64 / 1000.0), " ms", 2)
}
