//! Sentences about `Region` and `Rack` documents.

use super::Table;

pub(super) const REGION: Table = &[
    ("authorized_keys", "SSH public keys that may log in to deployed servers."),
    ("repositories", "Where servers get their packages from, by name."),
    (
        "repositories.remove_unlisted",
        "Whether repositories that are not listed here are taken away; no unless it says so.",
    ),
    ("repositories.*.arches", "Architectures; `amd64` unless it says otherwise."),
    ("repositories.*.components", "Components, such as `main`."),
    ("repositories.*.distributions", "Distributions, such as `jammy`."),
    ("repositories.*.gpgkey", "The public key that packages are signed with."),
    ("repositories.*.options", "Further options, by name."),
    ("repositories.*.repo_type", "What kind of packages it has: `apt` for Debian's, `rpm` for RPM."),
    ("repositories.*.subrepos", "Subrepositories."),
    ("repositories.*.url", "Where the repository is."),
    ("tag_definitions", "Tags that servers get by what they are made of."),
    (
        "tag_definitions[].definition",
        "Which servers get the tag: an XPath expression over what lshw says of them.",
    ),
    ("tag_definitions[].definition_type", "The language of the definition; `lshw_xpath` is the only one."),
    ("tag_definitions[].tag", "The tag."),
];

pub(super) const RACK: Table = &[
    ("labels", "Free labels; the `rack_labels` of a node filter look at them."),
    ("local_networks", "Networks that exist in this rack only."),
    ("location", "Where the rack stands, in the site's own words: `clli`, `grid` and others."),
    ("tor_switches", "The rack's switches, by name."),
    ("tor_switches.*.mgmt_ip", "The switch's management address."),
    ("tor_switches.*.sdn_api_uri", "Where the switch's controller listens."),
];
