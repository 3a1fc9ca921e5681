//! The two forms in which a document can be written.

/// The form of a document. What it says is the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `schema: drydock/<Kind>/v1`, and the body under `data`.
    Deckhand,
    /// `apiVersion: drydock/v1`, `kind`, and the body under `spec`.
    Native,
}

impl Form {
    /// The key that the body is under.
    pub const fn body_key(self) -> &'static str {
        match self {
            Self::Deckhand => "data",
            Self::Native => "spec",
        }
    }
}
