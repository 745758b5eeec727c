//! How calls that run at the same time share the cores.
//!
//! Without it, the tasks of a second call would wait in the pool behind those of the first, and the call with them; and the threads
//! would outnumber the cores.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of threads at work.
pub(super) struct Busy(AtomicUsize);

/// The threads of one call; given back when it ends, however it ends.
pub(super) struct Share<'a> {
    busy: &'a Busy,
    pub(super) threads: usize,
}

impl Busy {
    /// Nobody works.
    pub(super) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The threads that a call gets that wants so many.
    pub(super) fn share(&self, wanted: usize, cores: usize) -> Share<'_> {
        let mut threads = 1;
        // The closure never declines.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |busy| {
            threads = left(wanted, busy, cores);
            Some(busy + threads)
        });
        Share { busy: self, threads }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.busy.0.fetch_sub(self.threads, Ordering::Relaxed);
    }
}

/// What is left of the cores, and the caller's own thread in any case. A call that is alone gets what it wants, be it more than
/// there are cores.
fn left(wanted: usize, busy: usize, cores: usize) -> usize {
    wanted.min(wanted.max(cores).saturating_sub(busy)).max(1)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;

    use super::*;
    use crate::parallel::run_on;

    #[test]
    fn a_call_gets_what_the_others_leave() {
        for (wanted, busy, cores, expected) in [
            (1, 0, 8, 1),
            (8, 0, 8, 8),
            (8, 3, 8, 5),
            (2, 3, 8, 2),
            (8, 7, 8, 1),
            (8, 8, 8, 1),
            (8, 100, 8, 1),
            (64, 0, 8, 64),
            (64, 60, 8, 4),
            (0, 0, 1, 1),
        ] {
            assert_eq!(left(wanted, busy, cores), expected, "{wanted} wanted, {busy} of {cores} busy");
        }
    }

    #[test]
    fn calls_that_run_at_once_share_the_cores() {
        const CORES: usize = 4;
        for calls in [1, 2, 5] {
            let (busy, together) = (Busy::new(), Barrier::new(calls));
            let call = || {
                let share = busy.share(CORES, CORES);
                // All calls have their threads before any of them begins.
                together.wait();
                run_on(share.threads, 0..100, |queue| std::iter::from_fn(|| queue.next()).count())
            };
            let counts: Vec<(usize, Vec<usize>)> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..calls).map(|_| scope.spawn(call)).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            let threads: usize = counts.iter().map(|(_, others)| 1 + others.len()).sum();
            assert!(threads >= CORES.max(calls), "{threads} threads for {calls} calls");
            // The first has all cores; each later one its own thread.
            assert!(threads < CORES + calls, "{threads} threads for {calls} calls");
            assert!(counts.iter().all(|(own, others)| own + others.iter().sum::<usize>() == 100), "{counts:?}");
            assert_eq!(busy.0.into_inner(), 0);
        }
    }

    #[test]
    fn a_call_that_panics_gives_its_threads_back() {
        let busy = Busy::new();
        let call = || {
            let share = busy.share(2, 2);
            run_on(share.threads, 0..4, |_| panic!("on demand"))
        };
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        assert_eq!(busy.0.into_inner(), 0);
    }
}
