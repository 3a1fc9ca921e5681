//! Where the MAAS API key comes from: a file or the environment, never the arguments, which every user of the machine can see.

use std::path::Path;

use drydock_core::SecretString;

use super::failure::Failure;

/// The environment variable that may hold the key.
pub(super) const VARIABLE: &str = "MAAS_API_KEY";

/// The key in `file`; without one that in the environment; none when there is neither.
pub(super) fn maas_key(file: Option<&Path>) -> Result<Option<SecretString>, Failure> {
    let text = match file {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("cannot read the MAAS key file {}", path.display())).because(error)
        })?),
        None => std::env::var(VARIABLE).ok(),
    };
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.split(':').filter(|part| !part.is_empty()).count() != 3 {
        let place = file.map_or_else(|| VARIABLE.to_owned(), |path| path.display().to_string());
        return Err(Failure::usage(format!(
            "{place} holds no MAAS API key: it has three parts, CONSUMER:TOKEN:SECRET"
        )));
    }
    Ok(Some(SecretString::from(text)))
}
