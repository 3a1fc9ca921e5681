//! Sentences about `BootAction` documents.

use super::Table;

pub(super) const ACTION: Table = &[
    ("assets", "What a server gets."),
    (
        "assets[].data",
        "The content, unless it is fetched; of a `pkg_list` also packages by name, each with its version or none for any.",
    ),
    ("assets[].data_pipeline", "What is done to the content, in this order, before the server gets it."),
    ("assets[].location", "Where the content is fetched from."),
    ("assets[].location_pipeline", "What is done to the location before it is fetched."),
    ("assets[].path", "Where a file or unit goes on the server."),
    (
        "assets[].permissions",
        "The mode of the file in octal digits, in quotes, such as '644'; 600 unless it says otherwise.",
    ),
    ("assets[].type", "What it is: a `file`, a systemd `unit`, or packages to install."),
    ("node_filter", "The servers that it is for; all of them without one."),
    ("signaling", "Whether the server tells what came of it; yes unless it says otherwise."),
];

pub(super) const FILTER: Table = &[
    ("node_filter.filter_set", "The parts of the filter."),
    ("node_filter.filter_set[].filter_type", "Whether a server must meet all criteria of the part, or any."),
    (
        "node_filter.filter_set[].node_labels",
        "Entries of the server's `owner_data`: one of them in a union, all in an intersection.",
    ),
    ("node_filter.filter_set[].node_names", "Names, of which the server has one."),
    ("node_filter.filter_set[].node_tags", "Tags, of which the server has one."),
    (
        "node_filter.filter_set[].rack_labels",
        "Labels of the server's rack: one of them in a union, all in an intersection.",
    ),
    ("node_filter.filter_set[].rack_names", "Racks, in one of which the server stands."),
    ("node_filter.filter_set_type", "Whether a server must be in all parts, or in any."),
];
