//! Progress as bars: one for each node, with the step that it has come to.

use std::collections::HashMap;
use std::time::Duration;

use drydock_core::task::ActionResult;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::look::{Look, Share};

/// How often the spinners move.
const TICK: Duration = Duration::from_millis(120);

/// Bars on a terminal.
pub(in crate::cli) struct Bars {
    screen: MultiProgress,
    bars: HashMap<String, ProgressBar>,
}

impl Bars {
    pub(super) fn new() -> Self {
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        Self { screen, bars: HashMap::new() }
    }

    pub(super) fn show(&mut self, look: &Look) {
        // A task's own bar goes when its children have theirs.
        self.bars.retain(|task, bar| {
            let stays = look.shares.iter().any(|share| share.task == *task);
            if !stays {
                bar.finish_and_clear();
                self.screen.remove(bar);
            }
            stays
        });
        for (index, share) in look.shares.iter().enumerate() {
            let bar = self.bars.entry(share.task.clone()).or_insert_with(|| {
                let bar = self.screen.insert(index, ProgressBar::new(0));
                bar.enable_steady_tick(TICK);
                bar
            });
            draw(bar, share);
        }
    }

    pub(super) fn say(&self, text: &str) {
        // A terminal that is gone shows nothing, and nothing depends on it.
        let _gone = self.screen.println(text);
    }

    /// Leaves the bars as they stand.
    pub(super) fn clear(&mut self) {
        for (_, bar) in self.bars.drain() {
            if !bar.is_finished() {
                bar.abandon();
            }
        }
        self.screen = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
    }
}

fn draw(bar: &ProgressBar, share: &Share) {
    if bar.is_finished() {
        return;
    }
    bar.set_length(u64::try_from(share.total).unwrap_or(u64::MAX));
    bar.set_position(u64::try_from(share.done).unwrap_or(u64::MAX));
    if bar.prefix().is_empty() {
        bar.set_prefix(share.name.clone());
        style(bar, "{spinner} {prefix:<14} {bar:16.cyan} {pos:>2}/{len:<2} {wide_msg}");
    }
    bar.set_message(share.now.clone());
    if share.ended {
        let colour = match share.result {
            ActionResult::Success => "green",
            ActionResult::Incomplete | ActionResult::PartialSuccess => "yellow",
            ActionResult::Failure => "red",
        };
        style(bar, &format!("  {{prefix:<14}} {{bar:16.{colour}}} {{pos:>2}}/{{len:<2}} {{wide_msg}}"));
        bar.abandon();
    }
}

fn style(bar: &ProgressBar, template: &str) {
    // The templates are the two above; with a wrong one the bar would keep its plain style.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
}
