//! DD4001: something happens on every node when it comes up.

use super::context::{Context, Told};
use crate::node_filter::{Selector, Subject};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let actions = context.design.boot_actions.values();
    let selectors: Vec<_> = actions.map(|action| action.node_filter.as_ref().map(Selector::new)).collect();
    for node in &context.nodes {
        let subject = Subject::resolved(node, context.design);
        let selects = |selector: &Option<Selector<'_>>| {
            selector.as_ref().is_none_or(|selector| selector.selects(&subject))
        };
        if !selectors.iter().any(selects) {
            told.warning(
                [node as _],
                format!("Node {} is not in scope for any bootactions.", node.document.name),
                "It is expected all nodes have at least one post-deploy action.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    #[test]
    fn every_node_has_a_boot_action() {
        const OUT: &str = "warning BaremetalNode/n1: Node n1 is not in scope for any bootactions.";
        let filter = |criterion: &str| {
            let set = format!("filter_set_type: union, filter_set: [{{filter_type: union, {criterion}}}]");
            document("BootAction", "b", &format!("node_filter: {{{set}}}"))
        };
        let node = node("metadata: {tags: [t], owner_data: {k: v}, rack: r}");
        for (action, expected) in [
            (String::new(), &[OUT][..]),
            (document("BootAction", "b", ""), &[]),
            (filter("node_names: [n1]"), &[]),
            (filter("node_names: [n2]"), &[OUT]),
            (filter("node_tags: [t]"), &[]),
            (filter("node_labels: {k: v}"), &[]),
            (filter("node_labels: {k: w}"), &[OUT]),
            (filter("rack_names: [r]"), &[]),
            (filter("rack_labels: {row: 1}") + &document("Rack", "r", "labels: {row: 1}"), &[]),
        ] {
            check(rule, &(action + &node), expected);
        }
    }
}
