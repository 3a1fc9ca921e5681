//! What is done to an asset's content, segment by segment. Each segment takes either text or bytes, and says so.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::error::RenderProblem;
use super::sandbox::CONTENT_MAX;
use crate::design::Segment;

/// As Python's: padding is needed, and what follows in the last character's bits is not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// Content on its way. It has no `Debug`: it may hold a key.
pub(super) enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl Content {
    /// In the end all is bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    fn text(self) -> Result<String, RenderProblem> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Bytes(_) => Err(RenderProblem::WantsText),
        }
    }

    fn bytes(self) -> Result<Vec<u8>, RenderProblem> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Text(_) => Err(RenderProblem::WantsBytes),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// What fills in a template.
type Fill<'f> = &'f dyn Fn(String) -> Result<String, RenderProblem>;

/// All segments, one after the other. Fails with the place of the one that failed.
pub(super) fn run(
    segments: &[Segment],
    content: Content,
    fill: Fill<'_>,
) -> Result<Content, (usize, Segment, RenderProblem)> {
    segments.iter().enumerate().try_fold(content, |content, (place, segment)| {
        let failed = |problem| (place, *segment, problem);
        let content = one(*segment, content, fill).map_err(failed)?;
        if content.len() > CONTENT_MAX {
            return Err(failed(RenderProblem::TooLong(CONTENT_MAX)));
        }
        Ok(content)
    })
}

fn one(segment: Segment, content: Content, fill: Fill<'_>) -> Result<Content, RenderProblem> {
    match segment {
        Segment::Base64Encode => Ok(Content::Bytes(BASE64.encode(content.bytes()?).into_bytes())),
        Segment::Base64Decode => {
            let mut encoded = content.into_bytes();
            // Long values are written over several lines.
            encoded.retain(|byte| !byte.is_ascii_whitespace());
            BASE64.decode(encoded).map(Content::Bytes).map_err(RenderProblem::Base64)
        }
        Segment::Utf8Encode => Ok(Content::Bytes(content.text()?.into_bytes())),
        Segment::Utf8Decode => String::from_utf8(content.bytes()?)
            .map(Content::Text)
            .map_err(|error| RenderProblem::Utf8(error.utf8_error())),
        Segment::Template => fill(content.text()?).map(Content::Text),
    }
}
