//! The names that the emulated MAAS makes up. They follow from a machine's name, so that a run can be repeated.

use sha2::{Digest as _, Sha256};

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const FIRST: [&str; 16] = [
    "brave", "calm", "clever", "eager", "fast", "fun", "gentle", "happy", "keen", "light", "merry", "noble",
    "proud", "quick", "sharp", "warm",
];
const SECOND: [&str; 16] = [
    "badger", "crane", "dingo", "falcon", "gecko", "heron", "ibis", "jackal", "koala", "lemur", "marmot",
    "newt", "otter", "panda", "raven", "zebra",
];

/// The system id of a machine: six letters or digits.
pub(super) fn system_id(name: &str) -> String {
    digest(name).iter().take(6).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

/// The host name that a machine gets when it enlists. The number keeps those of a large site apart.
pub(super) fn hostname(name: &str) -> String {
    let digest = digest(name);
    let pick = |words: [&'static str; 16], at: usize| words[usize::from(digest[at]) % words.len()];
    format!("{}-{}-{}", pick(FIRST, 6), pick(SECOND, 7), u16::from_be_bytes([digest[8], digest[9]]))
}

fn digest(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}
