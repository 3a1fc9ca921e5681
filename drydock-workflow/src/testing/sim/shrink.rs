//! A failing scenario made smaller: whatever can be left out while it still fails, is.

use super::scenario::Scenario;

/// At most so many smaller scenarios are tried.
const TRIES: usize = 400;

/// The smallest scenario found that still `fails`.
pub(super) fn shrink(mut smallest: Scenario, fails: impl Fn(&Scenario) -> bool) -> Scenario {
    let mut tries = TRIES;
    loop {
        let smaller = candidates(&smallest).into_iter().find(|candidate| {
            tries = tries.saturating_sub(1);
            tries > 0 && fails(candidate)
        });
        match smaller {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// What is one thing less than `scenario`.
fn candidates(scenario: &Scenario) -> Vec<Scenario> {
    let mut found = Vec::new();
    let mut with = |change: &dyn Fn(&mut Scenario)| {
        let mut smaller = scenario.clone();
        change(&mut smaller);
        if smaller != *scenario {
            found.push(smaller);
        }
    };
    for place in 0..scenario.tasks.len() {
        with(&|it| {
            it.tasks.remove(place);
        });
    }
    for place in 0..scenario.troubles.len() {
        with(&|it| {
            it.troubles.remove(place);
        });
    }
    with(&|it| it.instances = it.instances.saturating_sub(1).max(1));
    with(&|it| it.commit_ms = 0);
    with(&|it| it.feed = true);
    with(&|it| it.capacity = 100);
    for place in 0..scenario.tasks.len() {
        with(&|it| it.tasks[place].cancel_at_ms = None);
        with(&|it| it.tasks[place].pause_ms = None);
        with(&|it| it.tasks[place].retry_at_ms.clear());
        // Each signal once: without it the task would wait for ever.
        with(&|it| it.tasks[place].signals_at_ms.iter_mut().for_each(|times| times.truncate(1)));
        with(&|it| it.tasks[place].through = None);
        with(&|it| it.tasks[place].at_ms = 0);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_but_what_it_takes() {
        let scenario = Scenario::generate(7, &[0, 1, 0, 2, 0]);
        assert_eq!(scenario.tasks.len(), 5);
        let smallest = shrink(scenario, |it| it.tasks.iter().any(|task| task.task == 3));
        assert_eq!((smallest.tasks.len(), smallest.troubles.len(), smallest.instances), (1, 0, 1));
        assert_eq!((smallest.tasks[0].task, smallest.tasks[0].at_ms), (3, 0));
    }
}
