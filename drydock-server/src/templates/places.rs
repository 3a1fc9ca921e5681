//! How many templates are filled in at once: each may take as much memory as one may have.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Places, of which each has one taker at a time.
#[derive(Debug)]
pub(super) struct Places {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A place that was taken; given back when it is dropped.
#[derive(Debug)]
#[must_use = "a place that is dropped is given back"]
pub(super) struct Place<'p>(&'p Places);

impl Places {
    pub(super) const fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), given_back: Condvar::new() }
    }

    /// Takes a place, or none if none gets free within `patience`. Blocks the thread.
    pub(super) fn take(&self, patience: Duration) -> Option<Place<'_>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.given_back.wait_timeout_while(free, patience, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *free == 0 {
            return None;
        }
        *free -= 1;
        Some(Place(self))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_taker_at_a_time_and_waiting_for_one_ends() {
        let places = Places::new(2);
        let (one, two) = (places.take(Duration::ZERO), places.take(Duration::ZERO));
        assert!(one.is_some() && two.is_some());
        assert!(places.take(Duration::from_millis(1)).is_none());
        drop(one);
        let three = places.take(Duration::ZERO);
        assert!(three.is_some() && places.take(Duration::ZERO).is_none());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| places.take(Duration::from_mins(2)).is_some());
            drop(two);
            assert!(waiting.join().unwrap());
        });
    }
}
