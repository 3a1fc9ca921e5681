//! A node's boot actions, rendered: the files, the units and the packages that it gets.

use std::collections::BTreeMap;
use std::fmt;

use super::error::{RenderError, RenderProblem, Stage};
use super::filler::{InProcess, TemplateFiller};
use super::packages::{self, Packages};
use super::pipeline::{self, Content};
use super::sandbox::CONTENT_MAX;
use super::{ActionContext, Context};
use crate::design::{Asset, AssetData, AssetKind, BootAction, EffectiveNode, Site};

/// The mode of a file whose asset says nothing of it: its owner alone reads and writes it.
const MODE: u32 = 0o600;

/// What was fetched, by location.
pub type Fetched = BTreeMap<String, Vec<u8>>;

/// Something that must be fetched before its asset can be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Where it is: a reference such as `https://host/path`.
    pub reference: String,
    /// The boot action that needs it.
    pub action: String,
    /// The asset that needs it.
    pub asset: String,
}

/// A file or unit as a server gets it. `Debug` does not show the content, which may hold a key.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// The boot action that it is from.
    pub action: String,
    /// What it is.
    pub kind: AssetKind,
    /// Where it goes; absolute.
    pub path: String,
    /// Its mode.
    pub mode: u32,
    /// Its content.
    pub content: Vec<u8>,
}

impl fmt::Debug for RenderedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, kind, path, mode, content } = self;
        write!(f, "{kind:?} {path} {mode:04o} of {action}, {} bytes", content.len())
    }
}

/// Renders the boot actions of one node of a site.
#[derive(Debug)]
pub struct Renderer<'n> {
    actions: Vec<(&'n BootAction, Context<'n>)>,
    filler: &'n dyn TemplateFiller,
}

impl<'n> Renderer<'n> {
    /// All boot actions that are for `node`; `context` says what the templates of each know of it.
    /// Templates are filled in within this process, unless [`Renderer::by`] says otherwise.
    pub fn new(
        site: &'n Site,
        node: &'n EffectiveNode,
        context: impl Fn(&'n BootAction) -> ActionContext<'n>,
    ) -> Self {
        let actions = site.boot_actions_for(node).into_iter();
        let actions = actions.map(|action| (action, Context::new(site, node, context(action))));
        Self { actions: actions.collect(), filler: &InProcess }
    }

    /// The same, with its templates filled in by `filler`. All that renders may then block the thread for as long as that does.
    #[must_use = "a renderer is a value"]
    pub fn by(self, filler: &'n dyn TemplateFiller) -> Self {
        Self { filler, ..self }
    }

    /// The same with the action of this name alone.
    #[must_use = "a renderer is a value"]
    pub fn only(mut self, name: &str) -> Self {
        self.actions.retain(|(action, _)| action.name == name);
        self
    }

    /// The names of the actions, in order.
    pub fn actions(&self) -> impl Iterator<Item = &'n BootAction> {
        self.actions.iter().map(|(action, _)| *action)
    }

    /// What must be fetched for the assets of the kinds that `wanted` says, each once.
    pub fn locations(&self, wanted: impl Fn(AssetKind) -> bool) -> Result<Vec<Location>, RenderError> {
        let mut locations: Vec<Location> = Vec::new();
        for part in self.parts().filter(|part| wanted(part.asset.kind)) {
            let Some(reference) = part.location()? else { continue };
            if locations.iter().all(|known| known.reference != reference) {
                let (action, asset) = (part.action.name.clone(), part.name());
                locations.push(Location { reference, action, asset });
            }
        }
        Ok(locations)
    }

    /// The files and units, in the order of actions and of the assets in their documents.
    pub fn files(&self, fetched: &Fetched) -> Result<Vec<RenderedFile>, RenderError> {
        let files = self.parts().filter(|part| part.asset.kind != AssetKind::PkgList);
        files.map(|part| part.file(fetched)).collect()
    }

    /// As [`Renderer::files`], those of one kind alone: nothing needs to be fetched for the others.
    pub fn files_of(&self, kind: AssetKind, fetched: &Fetched) -> Result<Vec<RenderedFile>, RenderError> {
        let files = self.parts().filter(|part| part.asset.kind == kind && kind != AssetKind::PkgList);
        files.map(|part| part.file(fetched)).collect()
    }

    /// The packages of all lists: where several actions name one, the later version counts.
    pub fn packages(&self, fetched: &Fetched) -> Result<Packages, RenderError> {
        let mut packages = Packages::new();
        for part in self.parts().filter(|part| part.asset.kind == AssetKind::PkgList) {
            let list = part.packages(fetched)?;
            packages::merge(&mut packages, list).map_err(part.at(Stage::Packages))?;
        }
        Ok(packages)
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.actions.iter().flat_map(move |(action, context)| {
            let assets = action.assets.iter().enumerate();
            assets.map(move |(place, asset)| Part { action, place, asset, context, filler: self.filler })
        })
    }
}

/// One asset and what it is rendered with.
struct Part<'p> {
    action: &'p BootAction,
    place: usize,
    asset: &'p Asset,
    context: &'p Context<'p>,
    filler: &'p dyn TemplateFiller,
}

impl Part<'_> {
    fn name(&self) -> String {
        self.asset.path.clone().unwrap_or_else(|| format!("assets[{}]", self.place))
    }

    fn at(&self, stage: Stage) -> impl FnOnce(RenderProblem) -> RenderError {
        let (action, asset) = (self.action.name.clone(), self.name());
        move |problem| RenderError { action, asset, stage, problem }
    }

    fn fill(&self, template: String) -> Result<String, RenderProblem> {
        self.filler.fill(&self.context.job(template))
    }

    /// Where its content is, if it is not in the document.
    fn location(&self) -> Result<Option<String>, RenderError> {
        let Some(location) = &self.asset.location else { return Ok(None) };
        let content = Content::Text(location.clone());
        let location = pipeline::run(&self.asset.location_pipeline, content, &|template| self.fill(template))
            .map_err(|(place, segment, problem)| self.at(Stage::Location(place, segment))(problem))?;
        String::from_utf8(location.into_bytes())
            .map(Some)
            .map_err(|error| self.at(Stage::Fetch)(RenderProblem::Utf8(error.utf8_error())))
    }

    /// The content before its pipeline. A location wins over data, as in v1.0.
    fn raw(&self, fetched: &Fetched) -> Result<Vec<u8>, RenderError> {
        if let Some(location) = self.location()? {
            let found = fetched.get(&location).cloned();
            return found.ok_or_else(|| self.at(Stage::Fetch)(RenderProblem::NotFetched(location)));
        }
        match &self.asset.data {
            Some(AssetData::Text(text)) => Ok(text.clone().into_bytes()),
            Some(AssetData::Packages(_)) => Err(self.at(Stage::Fetch)(RenderProblem::Kind("text"))),
            None => Err(self.at(Stage::Fetch)(RenderProblem::Empty)),
        }
    }

    fn content(&self, fetched: &Fetched) -> Result<Vec<u8>, RenderError> {
        let raw = self.raw(fetched)?;
        if raw.len() > CONTENT_MAX {
            return Err(self.at(Stage::Fetch)(RenderProblem::TooLong(CONTENT_MAX)));
        }
        pipeline::run(&self.asset.data_pipeline, Content::Bytes(raw), &|template| self.fill(template))
            .map(Content::into_bytes)
            .map_err(|(place, segment, problem)| self.at(Stage::Data(place, segment))(problem))
    }

    fn file(&self, fetched: &Fetched) -> Result<RenderedFile, RenderError> {
        let path = self.asset.path.clone().ok_or_else(|| self.at(Stage::Path)(RenderProblem::NoPath))?;
        if !is_file_path(&path) {
            return Err(self.at(Stage::Path)(RenderProblem::Path(path)));
        }
        Ok(RenderedFile {
            action: self.action.name.clone(),
            kind: self.asset.kind,
            path,
            mode: self.asset.permissions.unwrap_or(MODE),
            content: self.content(fetched)?,
        })
    }

    fn packages(&self, fetched: &Fetched) -> Result<Packages, RenderError> {
        match (&self.asset.data, &self.asset.location) {
            (Some(AssetData::Packages(packages)), None) => Ok(packages.clone()),
            (_, Some(_)) => packages::read(&self.content(fetched)?).map_err(self.at(Stage::Packages)),
            (Some(AssetData::Text(_)), None) => Err(self.at(Stage::Packages)(RenderProblem::Kind("a map"))),
            (None, None) => Err(self.at(Stage::Packages)(RenderProblem::Empty)),
        }
    }
}

/// Absolute, of a file, and where it says: no `..` and no NUL, at which other programs would end it.
fn is_file_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.ends_with('/')
        && !path.contains('\0')
        && path.split('/').all(|part| part != ".." && part != ".")
}
