//! Durations as people write them on a command line.

use std::time::Duration;

use drydock_core::WorkflowName;

/// `250ms`, `2s`, `5m`, `1h`, `7d`: a whole number and its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("write a whole number and its unit, ms, s, m, h or d: 250ms, 2s".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write a whole number before the unit: 2s".to_owned())?;
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

/// A [`duration`] that is not nothing.
pub(super) fn some_duration(text: &str) -> Result<Duration, String> {
    duration(text)
        .and_then(|found| if found.is_zero() { Err("must be more than 0".to_owned()) } else { Ok(found) })
}

/// How long something is kept; `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept(pub(super) Option<Duration>);

/// A [`some_duration`], or `forever`.
pub(super) fn kept(text: &str) -> Result<Kept, String> {
    if text == "forever" { Ok(Kept(None)) } else { some_duration(text).map(|kept| Kept(Some(kept))) }
}

/// A workflow's name and how long its tasks are [`kept`]: `deploy_nodes=30d`.
pub(super) fn kept_of(text: &str) -> Result<(WorkflowName, Kept), String> {
    let (name, time) = text.split_once('=').ok_or("write WORKFLOW=TIME: deploy_nodes=30d")?;
    let name = WorkflowName::new(name).map_err(|error| error.to_string())?;
    Ok((name, kept(time)?))
}

/// `850ms`, `12.3s`, `4m05s`: short, and precise enough for a person.
pub(super) fn show(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1_000 => format!("{millis}ms"),
        millis @ 1_000..60_000 => format!("{}.{}s", millis / 1_000, millis % 1_000 / 100),
        millis => format!("{}m{:02}s", millis / 60_000, millis / 1_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, millis) in [
            ("250ms", 250),
            ("2s", 2_000),
            ("3m", 180_000),
            ("1h", 3_600_000),
            ("2d", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "2", "s", "-2s", "1.5s", "2 s", "99999999999999999999s", "9999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(some_duration("0s").is_err());
    }

    #[test]
    fn what_is_kept_may_be_kept_for_ever() {
        let day = Duration::from_hours(24);
        assert_eq!((kept("1d"), kept("forever")), (Ok(Kept(Some(day))), Ok(Kept(None))));
        let name = WorkflowName::new("deploy_nodes").unwrap();
        assert_eq!(kept_of("deploy_nodes=1d"), Ok((name, Kept(Some(day)))));
        for text in ["deploy_nodes", "=1d", "a=0d", "a=never"] {
            assert!(kept_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown() {
        for (millis, text) in [(0, "0ms"), (999, "999ms"), (12_345, "12.3s"), (245_000, "4m05s")] {
            assert_eq!(show(Duration::from_millis(millis)), text);
        }
    }
}
