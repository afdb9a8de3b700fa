//! [`run`]: many things, each after those that it needs, some at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How one of them ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Well: what needs it can begin.
    Well,
    /// Not well: what needs it never begins.
    Badly,
    /// Nothing more is to begin.
    Stop,
}

/// Runs the things `0..needs.len()`, of which each begins when all that it needs ended well, `jobs` at a time; those that
/// are ready, in their order. After one that ended badly nothing more begins, unless `keep_going`.
pub fn run(
    needs: &[Vec<usize>],
    jobs: usize,
    keep_going: bool,
    work: impl Fn(usize) -> Ended + Sync,
) {
    let state = Mutex::new(State {
        waiting: (0..needs.len()).collect(),
        well: vec![false; needs.len()],
        running: 0,
        stopped: false,
    });
    let changed = Condvar::new();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, needs.len().max(1)) {
            scope.spawn(|| {
                let mut guard = lock(&state);
                loop {
                    if guard.stopped {
                        return;
                    }
                    let Some(at) = guard.take(needs) else {
                        if guard.running == 0 {
                            return;
                        }
                        guard = changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
                        continue;
                    };
                    guard.running += 1;
                    drop(guard);
                    let ended = work(at);
                    guard = lock(&state);
                    guard.running -= 1;
                    guard.well[at] = ended == Ended::Well;
                    guard.stopped |= ended == Ended::Stop || (ended == Ended::Badly && !keep_going);
                    changed.notify_all();
                }
            });
        }
    });
}

struct State {
    /// What has not begun, in order.
    waiting: Vec<usize>,
    well: Vec<bool>,
    running: usize,
    stopped: bool,
}

impl State {
    /// The first that can begin.
    fn take(&mut self, needs: &[Vec<usize>]) -> Option<usize> {
        let ready = |at: &usize| needs[*at].iter().all(|needed| self.well[*needed]);
        let place = self.waiting.iter().position(ready)?;
        Some(self.waiting.remove(place))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use proptest::prelude::*;

    /// What began, in order.
    fn begun(needs: &[Vec<usize>], jobs: usize, keep_going: bool, bad: &[usize]) -> Vec<usize> {
        let begun = Mutex::new(Vec::new());
        run(needs, jobs, keep_going, |at| {
            lock(&begun).push(at);
            if bad.contains(&at) {
                Ended::Badly
            } else {
                Ended::Well
            }
        });
        begun.into_inner().unwrap()
    }

    #[test]
    fn after_a_failure() {
        let needs = [vec![], vec![0], vec![], vec![2], vec![1, 3]];
        assert_eq!(begun(&needs, 1, false, &[]), [0, 1, 2, 3, 4]);
        assert_eq!(begun(&needs, 1, false, &[0]), [0]);
        assert_eq!(begun(&needs, 1, true, &[0]), [0, 2, 3]);
        assert_eq!(begun(&[], 4, true, &[]), [0; 0]);
    }

    #[test]
    fn some_at_a_time() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let barrier = std::sync::Barrier::new(3);
        run(&vec![vec![]; 6], 3, false, |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Nobody passes before three are there.
            barrier.wait();
            now.fetch_sub(1, Ordering::SeqCst);
            Ended::Well
        });
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    proptest! {
        #[test]
        fn each_after_what_it_needs(
            picks in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 0..20),
            jobs in 1usize..5,
            bad in prop::collection::vec(0usize..20, 0..4),
        ) {
            // Only earlier ones are needed, so there is no circle.
            let needs: Vec<Vec<usize>> = picks
                .iter()
                .enumerate()
                .map(|(at, picks)| {
                    if at == 0 { Vec::new() } else { picks.iter().map(|pick| pick.index(at)).collect() }
                })
                .collect();
            let begun = begun(&needs, jobs, true, &bad);
            let place = |at: usize| begun.iter().position(|other| *other == at);
            for (at, needed) in needs.iter().enumerate() {
                let possible = needed.iter().all(|other| place(*other).is_some() && !bad.contains(other));
                prop_assert_eq!(place(at).is_some(), possible);
                for other in needed {
                    prop_assert!(place(at).is_none() || place(*other) < place(at));
                }
            }
        }
    }
}
