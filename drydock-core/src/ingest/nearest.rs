//! Which known word a misspelt one was probably meant to be.

/// `: did you mean `gateway`?`, or nothing where no word is near.
pub(crate) fn did_you_mean(written: &str, known: &[&str]) -> String {
    nearest(written, known).map(|word| format!(": did you mean `{word}`?")).unwrap_or_default()
}

/// The word that takes the fewest changes, if they are few for its length or only its end is another.
fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    // No word that is known is longer; a key may have any length.
    const LENGTH_MAX: usize = 40;
    const BEGINNING_MIN: usize = 3;
    if written.len() > LENGTH_MAX {
        return None;
    }
    let allowed = (written.chars().count() / 3).max(1);
    let begins = |long: &str, short: &str| short.len() >= BEGINNING_MIN && long.starts_with(short);
    let words = known.iter().map(|word| (distance(written, word), *word));
    let near = words
        .filter(|(distance, word)| *distance <= allowed || begins(word, written) || begins(written, word));
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// How many letters must be inserted, dropped, replaced or swapped with their neighbour; `-` is as good as `_`, and a
/// capital letter as good as a small one.
fn distance(left: &str, right: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars().map(|letter| if letter == '-' { '_' } else { letter.to_ascii_lowercase() }).collect()
    };
    let (left, right) = (letters(left), letters(right));
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let cell = |row: &[usize], index: Option<usize>| index.and_then(|index| row.get(index)).copied();
    for (i, letter) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in right.iter().enumerate() {
            let replaced = cell(&row, Some(j)).map(|cost| cost + usize::from(letter != other));
            let dropped = cell(&row, Some(j + 1)).map(|cost| cost + 1);
            let inserted = cell(&next, Some(j)).map(|cost| cost + 1);
            let crossed =
                i > 0 && j > 0 && left.get(i - 1) == Some(other) && right.get(j - 1) == Some(letter);
            let swapped = cell(&before, j.checked_sub(1)).filter(|_| crossed).map(|cost| cost + 1);
            let cheapest = [replaced, dropped, inserted, swapped].into_iter().flatten().min();
            next.push(cheapest.unwrap_or_default());
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_recognised_and_another_is_not() {
        let known = ["gateway", "metric", "subnet", "routedomain", "sdn_api_uri"];
        for (written, expected) in [
            ("gatway", Some("gateway")),
            ("gatewya", Some("gateway")),
            ("route_domain", Some("routedomain")),
            ("sdn_api_url", Some("sdn_api_uri")),
            ("sdn-api-uri", Some("sdn_api_uri")),
            ("Metric", Some("metric")),
            ("sub", Some("subnet")),
            ("metrics_of_it", Some("metric")),
            ("mtu", None),
            ("", None),
            ("x", None),
            ("vlan", None),
        ] {
            assert_eq!(nearest(written, &known), expected, "{written:?}");
        }
        assert_eq!(nearest(&"gateway".repeat(100), &known), None);
    }
}
