//! `drydock task create`: asks for something to be done.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use drydock_core::node_filter::NodeFilter;
use drydock_core::task::{Action, DesignRef};
use serde_json::json;
use url::Url;

use crate::app::OFFERED;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::server::Server;
use crate::client::NewTask;

/// How often a task that is waited for is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// Creates a task, and prints its id.
#[derive(Debug, Args)]
#[command(after_help = "\
The task is for all nodes of the design, or for those that meet all of --nodes, --tags, --labels and
--racks that are given. Of several names, tags or racks one is enough; labels must all be there. As in
`drydock node filter`, which shows who is selected; but names are written out here, without patterns.

Exit codes: 0 created (with --wait: and successful), 1 refused or not successful, 3 no server.

Examples:
  drydock task create verify_site --design site.yaml --wait
  drydock task create deploy_nodes --design site.yaml --nodes r1n01,r1n02
  drydock task create deploy_nodes --design file:///etc/drydock/site.yaml --tags compute --racks rack1
  drydock task watch $(drydock task create prepare_nodes --design site.yaml)")]
pub(in crate::cli) struct Create {
    /// What to do
    #[arg(value_parser = PossibleValuesParser::new(Action::ALL.map(word)).try_map(|text| text.parse::<Action>()))]
    action: Action,
    /// The design
    #[arg(
        long,
        value_name = "FILE|URL",
        help = "The design: a file, which the server must be able to read, or a reference such as file:///etc/drydock/site.yaml or https://sites.example/site.yaml"
    )]
    design: String,
    /// Only nodes with one of these names
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    nodes: Vec<String>,
    /// Only nodes with one of these tags
    #[arg(long, value_delimiter = ',', value_name = "TAG,…")]
    tags: Vec<String>,
    /// Only nodes with all of these labels
    #[arg(long, value_delimiter = ',', value_name = "KEY=VALUE,…", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Only nodes in one of these racks
    #[arg(long, value_delimiter = ',', value_name = "RACK,…")]
    racks: Vec<String>,
    /// Follow the task to its end
    #[arg(long)]
    wait: bool,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    server: Server,
}

/// The word for an action, and what it does.
fn word(action: Action) -> PossibleValue {
    let about = match action {
        Action::ValidateDesign => "Check the design",
        Action::VerifySite => "Check that the provisioner can do its work",
        Action::VerifyNodes => "Check that servers can be reached",
        Action::PrepareNodes => "Boot servers for the first time, enlist and commission them",
        Action::DeployNodes => "Install servers",
        Action::DestroyNodes => "Wipe servers and forget them",
        Action::PrepareSite => "Make the networks and services that servers need",
        Action::RelabelNodes => "Give servers of a cluster the labels of the design",
    };
    let limit = if OFFERED.contains(&action) { "" } else { " (not in this version)" };
    PossibleValue::new(action.as_str()).help(format!("{about}{limit}"))
}

impl Create {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let client = self.server.client()?;
        let task = NewTask {
            action: self.action,
            design_ref: design_ref(&self.design)?,
            node_filter: self.node_filter()?,
        };
        let task = client.task_create(&task).await?;
        match self.format {
            Format::Json if self.wait => {}
            Format::Json => output::json(&task)?,
            Format::Table => output::line(&task.task_id)?,
        }
        if !self.wait {
            return Ok(Exit::Done);
        }
        super::watch::to_its_end(&client, &task.task_id, PAUSE, self.format).await
    }

    fn node_filter(&self) -> Result<Option<NodeFilter>, Failure> {
        if self.nodes.is_empty() && self.tags.is_empty() && self.labels.is_empty() && self.racks.is_empty() {
            return Ok(None);
        }
        let labels: BTreeMap<&str, &str> =
            self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        if labels.len() < self.labels.len() {
            return Err(Failure::usage("--labels names a key twice: a node has one value for each"));
        }
        // An empty criterion is none.
        let filter = json!({
            "filter_set_type": "intersection",
            "filter_set": [{
                "filter_type": "intersection",
                "node_names": self.nodes,
                "node_tags": self.tags,
                "node_labels": labels,
                "rack_names": self.racks,
            }],
        });
        let filter = serde_json::from_value(filter).map_err(|error| {
            Failure::usage("--nodes, --tags, --labels or --racks is not usable").because(error)
        })?;
        Ok(Some(filter))
    }
}

/// Reads `key=value`.
fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("write key=value")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// A reference as it is; a file as an absolute reference to it.
pub(in crate::cli) fn design_ref(text: &str) -> Result<DesignRef, Failure> {
    if text.contains("://") {
        // Its text stays out of the message: it may hold a password.
        return text.parse().map_err(|error| Failure::usage("--design is not usable").because(error));
    }
    let unusable = || Failure::usage(format!("{text:?} is no reference to a design"));
    let path = std::fs::canonicalize(Path::new(text))
        .map_err(|error| Failure::usage(format!("cannot find the design {text}")).because(error))?;
    let url = Url::from_file_path(path).map_err(|()| unusable())?;
    url.as_str().parse().map_err(|error| unusable().because(error))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use drydock_core::design::Site;
    use drydock_core::ingest::{SourceFile, ingest};
    use drydock_core::node_filter::ShortFilter;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        create: Create,
    }

    #[test]
    fn a_task_is_for_the_nodes_that_node_filter_shows() {
        let site = include_bytes!("../../../../tests/fixtures/sites/two-racks.yaml");
        let site = ingest(&[SourceFile { name: "site.yaml", bytes: site }]).unwrap();
        let site = Site::new(site.design).unwrap();
        for (criteria, expected) in [
            (&[("tags", "compute"), ("racks", "rack1")][..], 5),
            (&[("nodes", "r1n01,r1n02"), ("tags", "control")], 1),
            (&[("labels", "role=control"), ("racks", "rack1,rack2")], 2),
            (&[("racks", "rack2")], 6),
            (&[("nodes", "r1n01"), ("racks", "rack2")], 0),
        ] {
            let mut words: Vec<String> = ["create", "deploy_nodes", "--design", "x"].map(Into::into).to_vec();
            let mut short = ShortFilter::default();
            for (kind, text) in criteria {
                words.extend([format!("--{kind}"), (*text).to_owned()]);
                short.want(kind, text).unwrap();
            }
            let filter = Alone::parse_from(words).create.node_filter().unwrap().unwrap();
            let selected = filter.select(&site);
            assert_eq!(selected.len(), expected, "{criteria:?}: {selected:?}");
            assert_eq!(selected, short.to_filter(&site).select(&site), "{criteria:?}");
        }
    }

    #[test]
    fn labels_are_pairs_with_one_value_for_each_key() {
        let parse =
            |labels| Alone::try_parse_from(["create", "deploy_nodes", "--design", "x", "--labels", labels]);
        assert!(parse("role").is_err());
        assert!(parse("role=a,role=b").unwrap().create.node_filter().is_err());
    }

    #[test]
    fn references_are_kept_and_files_become_absolute() {
        assert_eq!(design_ref("file:///x/site.yaml").unwrap().as_str(), "file:///x/site.yaml");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a site.yaml");
        std::fs::write(&path, "").unwrap();
        let found = design_ref(path.to_str().unwrap()).unwrap();
        assert!(
            found.as_str().starts_with("file:///") && found.as_str().ends_with("/a%20site.yaml"),
            "{found}"
        );
        assert!(design_ref("no/such/file.yaml").is_err());
        let refused = design_ref("https://me:hush@host/x").unwrap_err();
        let told = drydock_core::error_chain(&refused);
        assert!(told.contains("leave them out") && !told.contains("hush"), "{told}");
    }
}
