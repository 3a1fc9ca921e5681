//! Templates, filled in without leave to do anything else: they reach no file, no other template and no clock, and what they compute is bounded.
//!
//! Bounded here are the length of a template, how much is computed (*fuel*: about one unit for each step of the template),
//! and how long the outcome gets. The filters whose numbers alone could ask for any amount of memory are replaced by
//! those of `filters`, or left out; what `replace`, `join` and `format` make of their arguments is bounded by `growth`.
//!
//! Not bounded here are memory and the stack: texts that `~` or captured blocks double again and again, lists that `+`
//! doubles, and values that are put into each other take what there is, for minijinja asks nobody about them, and whoever
//! runs out of either is aborted. Therefore a server has its templates filled in by a
//! [`TemplateFiller`](super::TemplateFiller) that does it in a process of its own, which such a template may end. `growth`
//! stays all the same: it tells the line and what is wrong at once, also where templates are filled in within the process.

use std::io;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};

use super::error::RenderProblem;
use super::filler::FillJob;
use super::{filters, growth};

/// The longest template, in bytes.
const TEMPLATE_MAX: usize = 1 << 20;
/// The longest outcome, in bytes; that of any asset too.
pub const CONTENT_MAX: usize = 4 << 20;
/// How much may be computed.
const FUEL: u64 = 200_000;
/// The longest text of an error, in bytes: it may quote what the template has made.
const ERROR_MAX: usize = 2000;
/// Calls within calls.
const RECURSION_MAX: usize = 50;

/// Fills in a template.
pub(super) fn fill(job: &FillJob) -> Result<String, RenderProblem> {
    let template = job.template();
    if template.len() > TEMPLATE_MAX {
        return Err(RenderProblem::TooLong(TEMPLATE_MAX));
    }
    // As Jinja2 reads a template.
    let template = template.replace("\r\n", "\n").replace('\r', "\n");
    let environment = environment();
    let mut outcome = Bounded { bytes: Vec::new(), over: false };
    let filled = environment
        .template_from_named_str("template", &template)
        .and_then(|parsed| parsed.render_captured_to(job.context(), &mut outcome).map(drop));
    if outcome.over {
        return Err(RenderProblem::TooLong(CONTENT_MAX));
    }
    filled.map_err(|error| told(&error, job.key()))?;
    String::from_utf8(outcome.bytes).map_err(|error| RenderProblem::Utf8(error.utf8_error()))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_MAX);
    filters::replace(&mut environment);
    growth::bound(&mut environment);
    environment
}

/// The error in a sentence, without the key if it had come into it.
fn told(error: &minijinja::Error, key: &str) -> RenderProblem {
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "it computes too much: write it without long loops".to_owned(),
        ErrorKind::TemplateNotFound => {
            "a template of a boot action stands alone: it cannot include others".to_owned()
        }
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    let place = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let text = format!("{place}{what}");
    let mut text = if key.is_empty() { text } else { text.replace(key, "[key]") };
    if text.len() > ERROR_MAX {
        text.truncate(text.floor_char_boundary(ERROR_MAX));
        text.push('…');
    }
    RenderProblem::Template(text)
}

/// Takes bytes until they are too many.
struct Bounded {
    bytes: Vec<u8>,
    over: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > CONTENT_MAX {
            self.over = true;
            return Err(io::Error::other("too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
