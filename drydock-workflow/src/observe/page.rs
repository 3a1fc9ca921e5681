//! A recorder for programs that have none: it keeps the figures in this process, and writes them as a page for Prometheus.
//!
//! Distributions are kept in buckets whose bounds are fixed, so its size is bounded by the number of metrics, whether anybody reads it or not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// The bounds of times, in seconds: from a commit to a step that installs a machine.
const TIMES: &[f64] = &[
    0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    300.0, 1800.0, 7200.0,
];
/// The bounds of counts.
const COUNTS: &[f64] = &[0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0];

/// The figures. Clones are the same page.
#[derive(Clone, Default)]
pub struct Page(Arc<Mutex<BTreeMap<String, Family>>>);

/// All series of one name.
#[derive(Default)]
struct Family {
    help: String,
    kind: &'static str,
    /// By their labels, as they are written.
    series: BTreeMap<String, Series>,
}

#[derive(Clone)]
enum Series {
    Counter(Arc<AtomicU64>),
    /// The bits of a floating-point number.
    Gauge(Arc<AtomicU64>),
    Histogram(Arc<Buckets>),
}

/// How often a value was at most so large, not counting those that were smaller still.
struct Buckets {
    bounds: &'static [f64],
    /// One for each bound, and one for what is above.
    counts: Vec<AtomicU64>,
    /// The bits of a floating-point number.
    sum: AtomicU64,
}

impl Buckets {
    fn new(name: &str) -> Self {
        let bounds = if name.ends_with("_seconds") { TIMES } else { COUNTS };
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        let add = |sum| Some((f64::from_bits(sum) + value).to_bits());
        let _always_adds = self.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl Page {
    /// The page as it is now, in Prometheus' text format, version 0.0.4.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, family) in &*self.families() {
            family.render(name, &mut text);
        }
        text
    }

    /// Runs `count`; whatever metrics it asks for meanwhile, on this thread, are those of this page.
    pub fn scope<T>(&self, count: impl FnOnce() -> T) -> T {
        ::metrics::with_local_recorder(self, count)
    }

    fn families(&self) -> MutexGuard<'_, BTreeMap<String, Family>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn describe(&self, name: &KeyName, help: &SharedString) {
        self.families().entry(name.as_str().to_owned()).or_default().help = help.to_string();
    }

    /// The series of a key: the same each time.
    fn series(&self, key: &Key, kind: &'static str, new: impl FnOnce() -> Series) -> Series {
        let mut families = self.families();
        let family = families.entry(key.name().to_owned()).or_default();
        family.kind = kind;
        family.series.entry(labels(key)).or_insert_with(new).clone()
    }
}

impl Family {
    fn render(&self, name: &str, text: &mut String) {
        if self.series.is_empty() {
            return;
        }
        let help = self.help.replace('\\', r"\\").replace('\n', r"\n");
        put(text, format_args!("# HELP {name} {help}\n# TYPE {name} {}\n", self.kind));
        for (labels, series) in &self.series {
            let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            match series {
                Series::Counter(value) => {
                    put(text, format_args!("{name}{braced} {}\n", value.load(Ordering::Relaxed)));
                }
                Series::Gauge(bits) => {
                    let value = f64::from_bits(bits.load(Ordering::Relaxed));
                    put(text, format_args!("{name}{braced} {value}\n"));
                }
                Series::Histogram(buckets) => {
                    let comma = if labels.is_empty() { "" } else { "," };
                    let mut below = 0;
                    for (place, count) in buckets.counts.iter().enumerate() {
                        below += count.load(Ordering::Relaxed);
                        let bound = buckets.bounds.get(place).map_or("+Inf".to_owned(), f64::to_string);
                        put(text, format_args!("{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}\n"));
                    }
                    let sum = f64::from_bits(buckets.sum.load(Ordering::Relaxed));
                    put(text, format_args!("{name}_sum{braced} {sum}\n{name}_count{braced} {below}\n"));
                }
            }
        }
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _never_fails = text.write_fmt(line);
}

/// A key's labels as they are written, in the order of their names.
fn labels(key: &Key) -> String {
    let escaped = |value: &str| value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
    let mut labels: Vec<_> =
        key.labels().map(|label| format!("{}=\"{}\"", label.key(), escaped(label.value()))).collect();
    labels.sort_unstable();
    labels.join(",")
}

impl Recorder for Page {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, description: SharedString) {
        self.describe(&key, &description);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, description: SharedString) {
        self.describe(&key, &description);
    }

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, description: SharedString) {
        self.describe(&key, &description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match self.series(key, "counter", || Series::Counter(Arc::default())) {
            Series::Counter(value) => Counter::from_arc(value),
            Series::Gauge(_) | Series::Histogram(_) => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        match self.series(key, "gauge", || Series::Gauge(Arc::default())) {
            Series::Gauge(bits) => Gauge::from_arc(bits),
            Series::Counter(_) | Series::Histogram(_) => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.series(key, "histogram", || Series::Histogram(Arc::new(Buckets::new(key.name())))) {
            Series::Histogram(buckets) => Histogram::from_arc(buckets),
            Series::Counter(_) | Series::Gauge(_) => Histogram::noop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ::metrics::with_local_recorder;

    use super::*;

    #[test]
    fn a_page_has_each_series_once_with_its_labels_escaped() {
        let page = Page::default();
        with_local_recorder(&page, || {
            ::metrics::describe_counter!("eggs_total", "Eggs\nso far.");
            for _ in 0..2 {
                ::metrics::counter!("eggs_total", "of" => "a \"hen\"", "in" => "a\\b").increment(3);
            }
            ::metrics::gauge!("hens").set(2.5);
            ::metrics::gauge!("hens").decrement(1.0);
        });
        let expected = "# HELP eggs_total Eggs\\nso far.\n# TYPE eggs_total counter\n\
                        eggs_total{in=\"a\\\\b\",of=\"a \\\"hen\\\"\"} 6\n\
                        # HELP hens \n# TYPE hens gauge\nhens 1.5\n";
        assert_eq!(page.render(), expected);
    }

    #[test]
    fn a_value_counts_in_its_bucket_and_in_all_above() {
        let page = Page::default();
        with_local_recorder(&page, || {
            let sizes = ::metrics::histogram!("sizes", "of" => "eggs");
            for value in [0.0, 1.0, 3.0, 9999.0] {
                sizes.record(value);
            }
        });
        let text = page.render();
        for line in [
            "sizes_bucket{of=\"eggs\",le=\"0\"} 1\n",
            "sizes_bucket{of=\"eggs\",le=\"1\"} 2\n",
            "sizes_bucket{of=\"eggs\",le=\"2\"} 2\n",
            "sizes_bucket{of=\"eggs\",le=\"5\"} 3\n",
            "sizes_bucket{of=\"eggs\",le=\"5000\"} 3\n",
            "sizes_bucket{of=\"eggs\",le=\"+Inf\"} 4\n",
            "sizes_sum{of=\"eggs\"} 10003\n",
            "sizes_count{of=\"eggs\"} 4\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
