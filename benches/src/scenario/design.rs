//! Site designs, from the bytes of a file to the report, and the selection of nodes. No database has a part in it.

use std::time::Instant;

use drydock_core::design::Site;
use drydock_core::ingest::{Ingested, SourceFile, ingest};
use drydock_core::node_filter::NodeFilter;
use drydock_core::rules::{Platforms, validate};
use serde_json::json;

use super::Bench;
use crate::figure::{Figure, Spread, micros, number, share};
use crate::{Failure, usage, yard};

/// A site of today.
const FEW: u64 = 1_024;
/// So many of it take as long as can be measured.
const SEVERAL: u64 = 8;

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let many = bench.args.size(100_000, 2_000);
    let (mut whole, mut few, mut own) = (Vec::new(), Vec::new(), Vec::new());
    // All small ones before any large one: whoever validates a site has not just given a gigabyte back to the system.
    let text = yard::site(FEW);
    for round in 0..=bench.args.rounds() {
        // Reading runs on one core, so the time that it takes there is the processor's; what else runs does not count.
        let begun = usage::own()?;
        for _ in 0..SEVERAL {
            read(&text, FEW)?;
        }
        let each = number(micros(usage::own()?.saturating_sub(begun))) / number(SEVERAL);
        bench.progress.done(&format!("{FEW} nodes: {:.1} ms", each / 1e3));
        // The first round warms up.
        if round > 0 {
            whole.push(each / 1e3);
            few.push(each / number(FEW));
        }
    }
    // Before the other large ones: memory that was used and given back counts as resident.
    let memory = peak(many)?;
    let many_text = yard::site(many);
    for round in 0..=bench.args.rounds() {
        let begun = usage::own()?;
        read(&many_text, many)?;
        let large = number(micros(usage::own()?.saturating_sub(begun)));
        bench.progress.done(&format!("{many} nodes: {:.1} ms", large / 1e3));
        if round > 0 {
            own.push(large / number(many));
        }
    }
    let pairs: Vec<f64> = own.iter().zip(&few).map(|(own, few)| own / few).collect();
    let selecting = Spread::of(select(bench.args.rounds(), many_text)?);
    Ok(vec![
        Figure::new(format!("a site of {FEW} nodes read and validated"), "ms", Spread::of(whole))
            .at_most(80.0),
        Figure::new(format!("a node of a site of {many}, beside one of {FEW}"), "us", Spread::of(own))
            .beside(Spread::of(few))
            .ratio(pairs)
            .at_most(1.5),
        Figure::new(
            format!("peak memory for each of {many} nodes, with its text"),
            "KiB",
            Spread::from(memory),
        )
        .at_most(20.0),
        Figure::new(format!("nodes selected from {many}"), "ms", selecting).at_most(20.0),
    ])
}

/// Reads and validates a site that has to be valid.
fn read(text: &str, nodes: u64) -> Result<Ingested, Failure> {
    let read = ingest(&[SourceFile { name: "site.yaml", bytes: text.as_bytes() }])?;
    let kernels = ["ga-22.04".to_owned()];
    let report = validate(&read.design, Some(&Platforms::from([("jammy".to_owned(), kernels.into())])));
    if let Some(finding) = report.findings.first() {
        return Err(format!("the site is not as it should be: {finding}").into());
    }
    if !report.is_valid() || read.design.nodes.len() as u64 != nodes {
        return Err(format!("of {nodes} nodes {} were read", read.design.nodes.len()).into());
    }
    Ok(read)
}

/// How much memory one node takes while its site is read and validated, at most, in KiB; its text counts.
fn peak(nodes: u64) -> Result<f64, Failure> {
    let before = usage::resident()?;
    usage::forget_peak()?;
    let text = yard::site(nodes);
    read(&text, nodes)?;
    Ok(share(usage::peak()?.saturating_sub(before), nodes) / 1024.0)
}

/// Milliseconds of each selection by tag, label, rack and the labels of racks.
fn select(rounds: usize, text: String) -> Result<Vec<f64>, Failure> {
    let nodes = text.matches("/BaremetalNode/").count() as u64;
    let site = Site::new(read(&text, nodes)?.design)?;
    drop(text);
    let filter = json!({
        "filter_set_type": "union",
        "filter_set": [
            {"filter_type": "intersection", "node_tags": ["compute"], "node_labels": {"role": "compute", "site": "yard"},
             "rack_labels": {"row": "b"}},
            {"filter_type": "union", "rack_names": ["rack1", "rack7"], "node_names": ["r0n00", "r2n03"]},
        ],
    });
    let filter = NodeFilter::from_json(&filter).map_err(|wrong| format!("the filter: {wrong:?}"))?;
    let mut times = Vec::new();
    for round in 0..=rounds.max(3) {
        let begun = Instant::now();
        let selected = filter.select(&site).len() as u64;
        let took = number(micros(begun.elapsed())) / 1e3;
        if selected < nodes / 4 || selected > nodes * 3 / 4 {
            return Err(format!("{selected} of {nodes} nodes were selected").into());
        }
        // The first one brings the nodes into the caches.
        if round > 0 {
            times.push(took);
        }
    }
    Ok(times)
}
