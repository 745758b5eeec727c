//! Work on several threads: our own pool, never rayon's global one, which panics where it cannot start.

mod busy;

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use self::busy::Busy;
use crate::simd::Level;

/// How a call is run. No result depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Execution {
    /// The SIMD level.
    pub level: Level,
    /// Upper bound of the threads, the caller's own included.
    pub threads: usize,
}

impl Default for Execution {
    fn default() -> Self {
        Self { level: Level::detect(), threads: available_threads() }
    }
}

/// The threads that this process may use: affinity and quota respected, as they were at the first call.
#[must_use]
pub fn available_threads() -> usize {
    // Asked once: the answer comes from several files.
    static AVAILABLE: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    *AVAILABLE
}

/// A call below this many elements stays on the caller's thread: waking another one costs as much as the work.
const SERIAL_ELEMENTS: usize = 1 << 16;

/// The threads that so much work deserves.
fn workers(execution: &Execution, elements: usize, tasks: usize) -> usize {
    if elements < SERIAL_ELEMENTS { 1 } else { execution.threads.min(tasks).max(1) }
}

/// Hands out tasks, in order, to whichever worker asks next.
pub(crate) struct Queue<I>(Mutex<Option<I>>);

impl<I: Iterator> Queue<I> {
    fn new(tasks: I) -> Self {
        Self(Mutex::new(Some(tasks)))
    }

    /// The next task.
    pub(crate) fn next(&self) -> Option<I::Item> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.next()
    }

    /// Hands out no more.
    pub(crate) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The threads at work in this process, but for calls of one task.
static BUSY: Busy = Busy::new();

/// Work that can be cut.
pub(crate) struct Work<I> {
    /// What is handed out, in order.
    pub(crate) tasks: I,
    /// How many those are.
    pub(crate) count: usize,
    /// The elements of all of them.
    pub(crate) elements: usize,
}

/// Runs `worker` on as many threads as the work deserves, the caller's among them, until the queue is empty; returns what it made
/// there, and what it made elsewhere. Calls that run at the same time share the cores.
pub(crate) fn run<I: Iterator + Send, R: Send>(
    execution: &Execution,
    Work { tasks, count, elements }: Work<I>,
    worker: impl Fn(&Queue<I>) -> R + Sync,
) -> (R, Vec<R>) {
    if count < 2 {
        return (worker(&Queue::new(tasks)), Vec::new());
    }
    let share = BUSY.share(workers(execution, elements, count), available_threads());
    run_on(share.threads, tasks, worker)
}

fn run_on<I: Iterator + Send, R: Send>(
    workers: usize,
    tasks: I,
    worker: impl Fn(&Queue<I>) -> R + Sync,
) -> (R, Vec<R>) {
    let queue = Queue::new(tasks);
    let pool = if workers > 1 { pool(workers - 1) } else { None };
    let Some(pool) = pool else {
        return (worker(&queue), Vec::new());
    };
    let others = Mutex::new(Vec::with_capacity(workers - 1));
    let own = pool.in_place_scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|_| {
                let made = worker(&queue);
                others.lock().unwrap_or_else(PoisonError::into_inner).push(made);
            });
        }
        worker(&queue)
    });
    (own, others.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The process's pool, grown to the largest size asked for; `None` where no thread can be started.
fn pool(threads: usize) -> Option<Arc<ThreadPool>> {
    static POOL: Mutex<Option<Arc<ThreadPool>>> = Mutex::new(None);
    let mut shared = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*shared {
        Some(pool) if pool.current_num_threads() >= threads => Some(Arc::clone(pool)),
        _ => {
            let name = |index| format!("maskloss-{index}");
            let grown = ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build().map(Arc::new).ok();
            if grown.is_some() {
                shared.clone_from(&grown);
            }
            // A smaller pool still serves: its threads take what the scope spawns.
            shared.clone()
        }
    }
}

/// Panics on a thread of the pool, for the tests of the border.
///
/// # Panics
/// Always.
#[cfg(debug_assertions)]
#[doc(hidden)]
pub fn panic_in_pool() {
    run_on(2, std::iter::empty::<()>(), |_| {
        assert!(rayon::current_thread_index().is_none(), "panicked on demand: pool")
    });
}
