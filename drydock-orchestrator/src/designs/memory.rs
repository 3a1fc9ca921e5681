//! What is kept of designs: a few of them by their content, and which content a reference led to, for as long as that may be used
//! without asking again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::task::DesignRef;
use drydock_core::{Timestamp, after};

use super::LoadedDesign;
use super::fetch::Known;

/// How many designs are kept.
const DESIGNS: usize = 8;

/// How many references are remembered: several may lead to one design.
const PAGES: usize = 64;

#[derive(Default)]
pub(super) struct Memory {
    /// The newest last.
    designs: VecDeque<Arc<LoadedDesign>>,
    /// The newest last.
    pages: VecDeque<Page>,
}

/// What a reference led to.
struct Page {
    reference: DesignRef,
    digest: String,
    known: Known,
    /// When its server said so.
    at: Timestamp,
}

impl Memory {
    /// The design of this content.
    pub(super) fn design(&self, digest: &str) -> Option<Arc<LoadedDesign>> {
        self.designs.iter().find(|design| design.digest == digest).cloned()
    }

    /// The design to which a reference led less than `fresh` ago.
    pub(super) fn recent(
        &self,
        reference: &DesignRef,
        now: Timestamp,
        fresh: Duration,
    ) -> Option<Arc<LoadedDesign>> {
        let page = self.page(reference).filter(|page| page.known.lasts)?;
        // A clock that was put back makes nothing last longer.
        (page.at <= now && now < after(page.at, fresh)).then(|| self.design(&page.digest))?
    }

    /// The design to which a reference led last, and by what its server can be asked whether it still does.
    pub(super) fn last(&self, reference: &DesignRef) -> Option<(Arc<LoadedDesign>, Known)> {
        let page = self.page(reference)?;
        let can_ask = page.known.etag.is_some() || page.known.modified.is_some();
        can_ask.then(|| self.design(&page.digest)).flatten().map(|design| (design, page.known.clone()))
    }

    /// Keeps a design.
    pub(super) fn keep(&mut self, design: Arc<LoadedDesign>) {
        self.designs.retain(|other| other.digest != design.digest);
        self.designs.push_back(design);
        if self.designs.len() > DESIGNS {
            self.designs.pop_front();
        }
    }

    /// Remembers that a reference led to this content at `at`.
    pub(super) fn remember(
        &mut self,
        reference: &DesignRef,
        digest: &str,
        known: Option<Known>,
        at: Timestamp,
    ) {
        self.pages.retain(|page| page.reference != *reference);
        let Some(known) = known else { return };
        self.pages.push_back(Page { reference: reference.clone(), digest: digest.to_owned(), known, at });
        if self.pages.len() > PAGES {
            self.pages.pop_front();
        }
    }

    fn page(&self, reference: &DesignRef) -> Option<&Page> {
        self.pages.iter().find(|page| page.reference == *reference)
    }
}
