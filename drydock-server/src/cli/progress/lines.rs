//! Progress as lines: one for each change.

use std::collections::HashMap;

use serde_json::json;

use super::look::{Look, Share};
use crate::cli::failure::Failure;
use crate::cli::output::{self, Format};

/// Lines on standard output.
pub(in crate::cli) struct Lines {
    format: Format,
    /// What was said last of each task.
    said: HashMap<String, (usize, String)>,
}

impl Lines {
    pub(super) fn new(format: Format) -> Self {
        Self { format, said: HashMap::new() }
    }

    pub(super) fn show(&mut self, look: &Look) -> Result<(), Failure> {
        for share in &look.shares {
            let news = (share.done, share.now.clone());
            if self.said.get(&share.task) == Some(&news) {
                continue;
            }
            output::line(&self.line(look, share))?;
            self.said.insert(share.task.clone(), news);
        }
        Ok(())
    }

    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        match self.format {
            Format::Json => output::line(&json!({"note": text}).to_string()),
            Format::Table => output::line(text),
        }
    }

    pub(super) fn clear(&mut self) {
        self.said.clear();
    }

    fn line(&self, look: &Look, share: &Share) -> String {
        match self.format {
            Format::Table => {
                format!("{} {} {}/{} {}", look.task.action, share.name, share.done, share.total, share.now)
            }
            Format::Json => json!({
                "action": look.task.action,
                "name": share.name,
                "task_id": share.task,
                "steps_done": share.done,
                "steps": share.total,
                "now": share.now,
                "result": share.result.as_str(),
            })
            .to_string(),
        }
    }
}
