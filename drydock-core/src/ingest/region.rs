//! Reads the bodies of `Region` documents.

use super::fields::{Fields, Findings};
use crate::design::{
    Origin, Region, Repositories, Repository, RepositoryKind, TagDefinition, TagDefinitionKind,
};

pub(super) fn region(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> Region {
    let tags = data.maps(found, "tag_definitions");
    let region = Region {
        name: name.to_owned(),
        origin,
        tag_definitions: tags.iter().filter_map(|map| tag_definition(found, map)).collect(),
        authorized_keys: data.texts(found, "authorized_keys"),
        repositories: data
            .map(found, "repositories")
            .map(|map| repositories(found, &map))
            .unwrap_or_default(),
    };
    data.no_others(found);
    region
}

fn tag_definition(found: &mut Findings, map: &Fields<'_>) -> Option<TagDefinition> {
    let tag = map.text(found, "tag");
    let tag = map.required(found, "tag", "<name of the tag>", tag);
    let kind = map.choice(found, "definition_type", &[("lshw_xpath", TagDefinitionKind::LshwXpath)]);
    let definition = map.text(found, "definition");
    let definition = map.required(found, "definition", "<XPath expression>", definition);
    map.no_others(found);
    Some(TagDefinition { tag: tag?, kind: kind.unwrap_or_default(), definition: definition? })
}

/// One entry is a setting, all others are repositories.
fn repositories(found: &mut Findings, map: &Fields<'_>) -> Repositories {
    let mut repositories = Repositories {
        remove_unlisted: map.truth(found, "remove_unlisted").unwrap_or_default(),
        ..Repositories::default()
    };
    for (name, map) in map.other_maps(found) {
        let repository = repository(found, &map);
        repositories.listed.extend(repository.map(|repository| (name.to_owned(), repository)));
    }
    repositories
}

fn repository(found: &mut Findings, map: &Fields<'_>) -> Option<Repository> {
    let kind = map.choice(found, "repo_type", &[("apt", RepositoryKind::Apt), ("rpm", RepositoryKind::Rpm)]);
    let kind = map.required(found, "repo_type", "apt", kind);
    let url = map.text(found, "url");
    let url = map.required(found, "url", "<where the repository is>", url);
    let mut arches = map.texts(found, "arches");
    if arches.is_empty() {
        arches.push("amd64".to_owned());
    }
    let (distributions, subrepos) = (map.texts(found, "distributions"), map.texts(found, "subrepos"));
    let (components, gpgkey) = (map.texts(found, "components"), map.text(found, "gpgkey"));
    let options = map.text_map(found, "options");
    map.warn_of_others(found);
    Some(Repository { kind: kind?, url: url?, distributions, subrepos, components, gpgkey, arches, options })
}
