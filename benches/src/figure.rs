//! What is measured: values with their noise, and ratios of two of them.

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

impl From<f64> for Spread {
    fn from(value: f64) -> Self {
        Self { median: value, min: value, max: value }
    }
}

/// One line of the result.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// What it says.
    what: String,
    unit: &'static str,
    engine: Option<Spread>,
    /// The counterpart: the bare database, or what the scenario compares with.
    raw: Option<Spread>,
    /// The first divided by the second, round by round.
    ratio: Option<Spread>,
    /// What the ratio, or the first value of a figure that stands alone, should reach.
    reach: Option<Reach>,
    /// Whether it stands beside something. That may be missing, and then there is no ratio.
    #[serde(skip)]
    compared: bool,
}

/// What a value should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    pub(crate) fn new(
        what: impl Into<String>,
        unit: &'static str,
        engine: impl Into<Option<Spread>>,
    ) -> Self {
        Self {
            what: what.into(),
            unit,
            engine: engine.into(),
            raw: None,
            ratio: None,
            reach: None,
            compared: false,
        }
    }

    /// With its counterpart; the ratio is that of the medians unless [`Self::ratio`] says better.
    pub(crate) fn beside(mut self, raw: impl Into<Option<Spread>>) -> Self {
        self.compared = true;
        self.raw = raw.into();
        self.ratio = self.engine.zip(self.raw).map(|(engine, raw)| (engine.median / raw.median).into());
        self
    }

    /// With ratios of pairs that were measured next to each other.
    pub(crate) fn ratio(mut self, pairs: impl IntoIterator<Item = f64>) -> Self {
        self.ratio = Spread::of(pairs).or(self.ratio);
        self
    }

    pub(crate) fn at_least(mut self, least: f64) -> Self {
        self.reach = Some(Reach::AtLeast(least));
        self
    }

    pub(crate) fn at_most(mut self, most: f64) -> Self {
        self.reach = Some(Reach::AtMost(most));
        self
    }

    /// Whether the reach was reached; `None` where there is none, or nothing was measured.
    pub(crate) fn reached(&self) -> Option<bool> {
        let value = if self.compared { self.ratio } else { self.engine }?.median;
        self.reach.map(|reach| match reach {
            Reach::AtLeast(least) => value >= least,
            Reach::AtMost(most) => value <= most,
        })
    }

    /// The cells of its line: what, value, counterpart, ratio, reach.
    pub(crate) fn cells(&self) -> [String; 5] {
        let reach = self.reach.map(|reach| {
            let mark = match self.reached() {
                Some(true) => "reached",
                Some(false) => "missed",
                None => "not measured",
            };
            match reach {
                Reach::AtLeast(least) => format!(">= {least} {mark}"),
                Reach::AtMost(most) => format!("<= {most} {mark}"),
            }
        });
        let value =
            |value: Option<Spread>| value.map_or(String::new(), |it| format!("{} {}", shown(it), self.unit));
        [
            self.what.clone(),
            value(self.engine),
            value(self.raw),
            self.ratio.map_or(String::new(), shown),
            reach.unwrap_or_default(),
        ]
    }
}

/// Three digits that count, and the noise where there is any.
fn shown(Spread { median, min, max }: Spread) -> String {
    let digits = match median.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    if (max - min).abs() < f64::EPSILON {
        return format!("{median:.digits$}");
    }
    format!("{median:.digits$} ({min:.digits$}-{max:.digits$})")
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

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
