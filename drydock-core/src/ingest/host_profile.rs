//! Reads the bodies of `HostProfile` documents.

use super::fields::{Fields, Findings};
use super::host::settings;
use crate::design::{Form, HostProfile, NoteLevel, Origin};

pub(super) fn host_profile(
    found: &mut Findings,
    name: &str,
    (origin, form): (Origin, Form),
    data: &Fields<'_>,
) -> HostProfile {
    let (settings, boot_mac) = settings(found, data);
    if boot_mac.is_some() {
        let text =
            "has no effect in a host profile, for it belongs to one server: move it to the BaremetalNode";
        found.note(NoteLevel::Warning, data.at(), &data.path_of("metadata.boot_mac"), text);
    }
    data.no_others(found);
    HostProfile { name: name.to_owned(), origin, form, settings }
}
