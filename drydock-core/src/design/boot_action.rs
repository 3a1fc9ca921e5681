//! Boot actions: what a server finds and runs when its operating system comes up for the first time.

use indexmap::IndexMap;

use super::Origin;
use crate::node_filter::NodeFilter;

/// A `BootAction` document.
#[derive(Debug, Clone)]
pub struct BootAction {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// Whether the server tells what came of it; yes unless the document says otherwise.
    pub signaling: bool,
    /// The servers that it is for; all without one.
    pub node_filter: Option<NodeFilter>,
    /// What the server gets.
    pub assets: Vec<Asset>,
}

/// One thing that a server gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// What it is.
    pub kind: AssetKind,
    /// Where it goes on the server.
    pub path: Option<String>,
    /// Where its content is fetched from.
    pub location: Option<String>,
    /// What is done to `location` before it is fetched.
    pub location_pipeline: Vec<Segment>,
    /// Its content, unless it is fetched.
    pub data: Option<AssetData>,
    /// What is done to the content.
    pub data_pipeline: Vec<Segment>,
    /// The mode of the file; 0600 unless the document says otherwise.
    pub permissions: Option<u32>,
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetKind {
    /// A systemd unit.
    Unit,
    /// A file.
    File,
    /// Packages to install.
    PkgList,
}

impl AssetKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unit, Self::File, Self::PkgList];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::File => "file",
            Self::PkgList => "pkg_list",
        }
    }
}

/// The content of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetData {
    /// Text.
    Text(String),
    /// Packages, each with its version; none for any.
    Packages(IndexMap<String, Option<String>>),
}

/// One thing that is done to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Bytes to Base64.
    Base64Encode,
    /// Base64 to bytes.
    Base64Decode,
    /// Text to bytes.
    Utf8Encode,
    /// Bytes to text.
    Utf8Decode,
    /// A template is filled in.
    Template,
}

impl Segment {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Base64Encode, Self::Base64Decode, Self::Utf8Encode, Self::Utf8Decode, Self::Template];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base64Encode => "base64_encode",
            Self::Base64Decode => "base64_decode",
            Self::Utf8Encode => "utf8_encode",
            Self::Utf8Decode => "utf8_decode",
            Self::Template => "template",
        }
    }
}
