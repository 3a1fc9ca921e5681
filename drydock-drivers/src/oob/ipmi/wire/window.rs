//! Which sequence numbers of a session were seen: drops duplicates and what is too old (section 6.12.13).

/// The numbers seen so far: the highest, and those up to 31 below it.
#[derive(Debug, Default)]
pub(crate) struct Window {
    highest: u32,
    /// Bit `n` set: `highest - n` was seen.
    seen: u32,
}

impl Window {
    /// Notes `sequence`, which must come from an authenticated packet. False if it is a duplicate, too old, or 0.
    pub(crate) fn accept(&mut self, sequence: u32) -> bool {
        if sequence == 0 {
            return false;
        }
        if sequence > self.highest {
            let ahead = sequence - self.highest;
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = sequence;
            return true;
        }
        let Some(bit) = 1_u32.checked_shl(self.highest - sequence) else { return false };
        let fresh = self.seen & bit == 0;
        self.seen |= bit;
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_counts_once_and_old_ones_never() {
        let mut window = Window::default();
        let answers: Vec<bool> =
            [0, 1, 1, 3, 2, 2, 40, 3, 9, 8, 40, 39].map(|number| window.accept(number)).into();
        assert_eq!(answers, [false, true, false, true, true, false, true, false, true, false, false, true]);
        assert!(window.accept(u32::MAX));
        assert!(!window.accept(40));
    }
}
