//! `drydock design render`: what a node gets from its boot actions, before anything is deployed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use drydock_core::boot_action::{
    ActionContext, ActionId, Fetched, NO_KEY, Packages, RenderError, RenderedFile, Renderer, TemplateFiller,
    archive, list,
};
use drydock_core::design::Site;
use drydock_core::{NodeName, SecretString};
use drydock_orchestrator::REPORT_URL;
use serde_json::{Value, json};
use url::Url;

use super::inventory;
use crate::cli::failure::{Exit, Failure};
use crate::cli::filler::child_process;
use crate::cli::output::{self, Format};
use crate::cli::site::{self, SiteFiles};

/// Shows what a node gets from its boot actions: files with their content, units, packages.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is deployed, so the action's id and key are zeros. What an asset refers to by file:// is read;
for any other location give a file that stands for it: --with https://host/list.yaml=list.yaml
With --lshw templates see the names that the server's operating system has for its devices.

Exit codes: 0 rendered, 1 the design or an asset is wrong, or it is not clear which device an alias of the node
means, 2 a file cannot be read.

Examples:
  drydock design render r1n01 --design site.yaml
  drydock design render r1n01 hello --design site.yaml
  drydock design render r1n01 --design site.yaml --output r1n01.tar.gz")]
pub(in crate::cli) struct Render {
    /// The node
    node: NodeName,
    /// Only this boot action
    action: Option<String>,
    /// A file of the site; may be repeated, together they are one design
    #[arg(long, required = true, value_name = "FILE")]
    design: Vec<PathBuf>,
    /// What is at a location
    #[arg(long, value_name = "LOCATION=FILE", value_parser = stand_in)]
    with: Vec<(String, PathBuf)>,
    /// An inventory of the server: what `lshw -xml` wrote on it
    #[arg(long, value_name = "FILE")]
    lshw: Option<PathBuf>,
    /// Writes an archive of the files instead of showing them
    #[arg(long, value_name = "FILE.tar.gz")]
    output: Option<PathBuf>,
    /// Where reports go
    #[arg(long, value_name = "URL", default_value = REPORT_URL)]
    report_url: String,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t, conflicts_with = "output")]
    format: Format,
}

impl Render {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        self.by(&child_process()?)
    }

    fn by(self, templates: &dyn TemplateFiller) -> Result<Exit, Failure> {
        let files = SiteFiles::read(&self.design)?;
        let mut site = files.valid_site()?;
        let unclear = match &self.lshw {
            Some(path) => inventory::learn(&mut site, &self.node, path)?,
            None => None,
        };
        let key = SecretString::from(NO_KEY);
        let design_ref = files.names();
        let renderer = self.renderer(&site, &key, &design_ref)?.by(templates);
        let fetched = self.fetch(&renderer)?;
        let rendered = renderer.files(&fetched).map_err(wrong)?;
        let packages = renderer.packages(&fetched).map_err(wrong)?;
        match (&self.output, self.format) {
            (None, Format::Table) => show(&rendered, &packages)?,
            (None, Format::Json) => output::json(&document(&rendered, &packages))?,
            (Some(path), _) => {
                let bytes = archive(&rendered)
                    .map_err(|error| Failure::failed("cannot pack the files").because(error))?;
                std::fs::write(path, bytes).map_err(|error| {
                    Failure::failed(format!("cannot write {}", path.display())).because(error)
                })?;
                output::line(list(&rendered).trim_end())?;
            }
        }
        unclear.map_or(Ok(Exit::Done), Err)
    }

    fn renderer<'n>(
        &'n self,
        site: &'n Site,
        key: &'n SecretString,
        design_ref: &'n str,
    ) -> Result<Renderer<'n>, Failure> {
        let node = site.node(&self.node);
        let node = node.ok_or_else(|| Failure::failed(format!("the design has no node {}", self.node)))?;
        let report_url = self.report_url.as_str();
        let context = |_: &_| ActionContext { id: ActionId::NONE, key, report_url, design_ref };
        let renderer = Renderer::new(site, node, context);
        let Some(action) = &self.action else { return Ok(renderer) };
        let known: Vec<String> = renderer.actions().map(|action| action.name.clone()).collect();
        if known.contains(action) {
            return Ok(renderer.only(action));
        }
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(Failure::failed(format!("no boot action {action} is for {}; there are: {known}", self.node)))
    }

    fn fetch(&self, renderer: &Renderer<'_>) -> Result<Fetched, Failure> {
        let given: BTreeMap<&str, &PathBuf> =
            self.with.iter().map(|(at, path)| (at.as_str(), path)).collect();
        let mut fetched = Fetched::new();
        for location in renderer.locations(|_| true).map_err(wrong)? {
            let reference = location.reference;
            let own = Url::parse(&reference).ok().filter(|url| url.scheme() == "file");
            let own = own.and_then(|url| url.to_file_path().ok());
            let path = given.get(reference.as_str()).map(|path| (*path).clone()).or(own).ok_or_else(|| {
                let (action, asset) = (&location.action, &location.asset);
                Failure::usage(format!(
                    "boot action {action}, asset {asset}: {reference} is not fetched; give what it has: --with {reference}=FILE"
                ))
            })?;
            let bytes = site::read(&path)
                .map_err(|error| Failure::usage(format!("cannot read {}", path.display())).because(error))?;
            fetched.insert(reference, bytes);
        }
        Ok(fetched)
    }
}

/// A location and the file that stands for it. A location may have a `=` of its own, so the last one counts.
fn stand_in(text: &str) -> Result<(String, PathBuf), String> {
    match text.rsplit_once('=') {
        Some((location, file)) if !location.is_empty() && !file.is_empty() => {
            Ok((location.to_owned(), file.into()))
        }
        _ => Err("write the location, = and a file: https://host/list.yaml=list.yaml".to_owned()),
    }
}

fn wrong(error: RenderError) -> Failure {
    Failure::failed("the boot actions cannot be rendered").because(error)
}

/// A file that is no text has no content here: it is in the archive.
fn document(files: &[RenderedFile], packages: &Packages) -> Value {
    let files = files.iter().map(|file| {
        json!({
            "action": file.action,
            "type": file.kind.as_str(),
            "path": file.path,
            "permissions": format!("{:o}", file.mode),
            "bytes": file.content.len(),
            "content": std::str::from_utf8(&file.content).ok(),
        })
    });
    json!({"files": files.collect::<Vec<_>>(), "packages": packages})
}

fn show(files: &[RenderedFile], packages: &Packages) -> Result<(), Failure> {
    for file in files {
        output::line(&format!("# {}", list([file]).trim()))?;
        match std::str::from_utf8(&file.content) {
            Ok(text) => output::line(text.trim_end_matches('\n'))?,
            Err(_) => output::line("(these bytes are no text: see them with --output)")?,
        }
    }
    for (package, version) in packages {
        output::line(&format!("# package {package} {}", version.as_deref().unwrap_or("any version")))?;
    }
    if files.is_empty() && packages.is_empty() {
        output::note("no boot action has anything for this node");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use drydock_core::boot_action::InProcess;
    use drydock_core::error_chain;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        render: Render,
    }

    const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/sites/two-racks.yaml");
    const ACTIONS: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../drydock-core/tests/documents/boot-actions.yaml");

    fn run(words: &[&str]) -> Result<Exit, Failure> {
        let design = ["render", "--design", SITE, "--design", ACTIONS];
        Alone::parse_from(design.iter().chain(words)).render.by(&InProcess)
    }

    #[test]
    fn an_archive_is_written_of_what_a_node_gets() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("tool"), "#!/bin/sh\n").unwrap();
        std::fs::write(path("list"), "kubelet: null\n").unwrap();
        let tool = format!("https://files/tool={}", path("tool"));
        let list = format!("https://files/control.yaml={}", path("list"));
        for name in ["one.tar.gz", "two.tar.gz"] {
            let words = ["r1n01", "--with", &tool, "--with", &list, "--output", &path(name)];
            assert_eq!(run(&words).unwrap(), Exit::Done);
        }
        let (one, two) =
            (std::fs::read(path("one.tar.gz")).unwrap(), std::fs::read(path("two.tar.gz")).unwrap());
        assert!(one.len() > 100 && one == two);
        assert_eq!(run(&["r1n02"]).unwrap(), Exit::Done);
        assert_eq!(run(&["r1n01", "hello"]).unwrap(), Exit::Done);
        assert_eq!(run(&["r1n01", "hello", "--format", "json"]).unwrap(), Exit::Done);
    }

    #[test]
    fn what_cannot_be_rendered_is_told() {
        for (words, exit, expected) in [
            (&["r9n99"][..], Exit::Failed, "the design has no node r9n99"),
            (&["r1n02", "tools"], Exit::Failed, "no boot action tools is for r1n02; there are: hello"),
            (
                &["r1n01", "tools"],
                Exit::Usage,
                "boot action tools, asset assets[1]: https://files/control.yaml is not fetched",
            ),
            (
                &["r1n01", "--with", "https://files/control.yaml=/no/such/file"],
                Exit::Usage,
                "cannot read /no/such/file",
            ),
        ] {
            let failure = run(words).unwrap_err();
            assert!(error_chain(&failure).starts_with(expected), "{words:?}: {failure}");
            assert_eq!(failure.report(), exit, "{words:?}");
        }
    }
}
