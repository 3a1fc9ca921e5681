//! Regions: what holds for a whole site.

use indexmap::IndexMap;

use super::Origin;

/// A `Region` document.
#[derive(Debug, Clone)]
pub struct Region {
    /// Its name, which is the site's.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// Tags that servers get by what they are made of.
    pub tag_definitions: Vec<TagDefinition>,
    /// SSH public keys that may log in to deployed servers.
    pub authorized_keys: Vec<String>,
    /// Where servers get their packages from.
    pub repositories: Repositories,
}

/// A tag, and which servers get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDefinition {
    /// The tag.
    pub tag: String,
    /// The language of `definition`.
    pub kind: TagDefinitionKind,
    /// Which servers get the tag.
    pub definition: String,
}

/// How a tag definition says which servers it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagDefinitionKind {
    /// `lshw_xpath`: an `XPath` expression over what `lshw` says of the server.
    #[default]
    LshwXpath,
}

/// Package repositories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repositories {
    /// Take away repositories that are not listed here; no unless the document says so.
    pub remove_unlisted: bool,
    /// The repositories, by name.
    pub listed: IndexMap<String, Repository>,
}

/// One package repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// What kind of packages it has.
    pub kind: RepositoryKind,
    /// Where it is.
    pub url: String,
    /// Its distributions, such as `jammy`.
    pub distributions: Vec<String>,
    /// Its subrepositories.
    pub subrepos: Vec<String>,
    /// Its components, such as `main`.
    pub components: Vec<String>,
    /// The key that its packages are signed with.
    pub gpgkey: Option<String>,
    /// Architectures; `amd64` unless the document says otherwise.
    pub arches: Vec<String>,
    /// Further options, by name.
    pub options: IndexMap<String, String>,
}

/// What kind of packages a repository has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryKind {
    /// Debian packages.
    Apt,
    /// RPM packages.
    Rpm,
}
