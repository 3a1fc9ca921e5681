//! The statement of a batch: the fence, and a part for each table that the batch writes to. A part that has nothing to do
//! would still cost the database something; so each combination of parts has a text of its own, made once. The texts are fixed, so
//! each connection prepares each of them once too.
//!
//! Nearly every batch is new, and inserting is much cheaper where the database need not be ready for a row to be there already
//! (`ON CONFLICT` looks first, and inserts in two stages). So the first statement fails on a batch that was, or may have been,
//! written before; the repeating one then passes over what is there.
//!
//! The fence is a row if the epoch is alive, and locks it until the commit; without it every join in the parts is empty.
//! All parts see the database as it was before the statement, so what one must know of a row that another inserts goes
//! through RETURNING.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::parts::{Part, Parts};

const FENCE: &str = "WITH fence AS (SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE)";
const NO_FENCE: &str = "WITH fence AS (SELECT $1::bigint AS epoch)";
const RESULT: &str = " SELECT count(*) FROM fence";
/// Tasks that start and end in this batch have no live row.
const SHORT_LIVES: &str = " UNION ALL SELECT task_id, new_tasks.created_at, NULL, NULL, 1
        FROM new_tasks JOIN fates USING (task_id) WHERE fates.ended";

/// What becomes of rows that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Present {
    /// The statement fails.
    Refused,
    /// They are passed over.
    Passed,
    /// They are passed over, and there is no fence: whoever submits tasks need not be an instance.
    Submitted,
}

type Texts = HashMap<(Parts, Present), Arc<str>>;

/// The statement with these parts.
pub(super) fn statement(parts: Parts, present: Present) -> Arc<str> {
    static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry((parts, present)).or_insert_with(|| compose(parts, present)).clone()
}

fn compose(parts: Parts, present: Present) -> Arc<str> {
    let on_conflict = match present {
        Present::Refused => "",
        Present::Passed | Present::Submitted => "ON CONFLICT DO NOTHING",
    };
    let fence = if present == Present::Submitted { NO_FENCE } else { FENCE };
    let has_short = parts.has(Part::ShortLives);
    let short_lives = if has_short { SHORT_LIVES } else { "" };
    let is_plain = present == Present::Refused && !has_short;
    let mut text = fence.to_owned();
    let mut bound = 1;
    for part in parts.iter() {
        let part = if is_plain { part.plain_text() } else { part.text() };
        let mut sql = part.sql.replace("@short_lives", short_lives).replace("@repeat", on_conflict);
        for array in 1..=part.arrays {
            sql = sql.replace(&format!("#{array}:"), &format!("${}:", bound + array));
        }
        bound += part.arrays;
        text.push_str(&sql);
    }
    text.push_str(RESULT);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbered_through_the_parts() {
        let some = [Part::Checkpoints, Part::Messages].into_iter().collect();
        let text = statement(some, Present::Refused);
        assert!(
            text.contains("unnest($2::uuid[]), unnest($3::text[])")
                && text.contains("unnest($9::uuid[]), unnest($10::bigint[])"),
            "{text}"
        );
        let all = statement(Part::ALL.into_iter().collect(), Present::Passed);
        let last = 1 + Part::ALL.into_iter().map(|part| part.text().arrays).sum::<usize>();
        assert!(all.contains(&format!("${last}::")) && !all.contains('#') && !all.contains('@'), "{all}");
        let none = statement([].into_iter().collect(), Present::Refused);
        assert_eq!(&*none, format!("{FENCE}{RESULT}"));
    }

    /// What every step costs: nothing that another kind of write needs is in it.
    #[test]
    fn checkpoints_starts_and_ends_alone_are_three_parts() {
        let happy = [Part::Tasks, Part::Checkpoints, Part::Ends].into_iter().collect();
        let text = statement(happy, Present::Refused);
        let tables = text.matches("INSERT INTO").count() + text.matches("UPDATE ").count();
        assert_eq!((tables, text.matches("DELETE FROM").count()), (4, 1), "{text}");
    }
}
