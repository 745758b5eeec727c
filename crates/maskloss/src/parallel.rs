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
pub(crate) fn workers(execution: &Execution, elements: usize, tasks: usize) -> usize {
    if elements < SERIAL_ELEMENTS { 1 } else { execution.threads.min(tasks).max(1) }
}

/// Hands out tasks, in order, to whichever worker asks next.
pub(crate) struct Queue<T>(Mutex<Option<std::vec::IntoIter<T>>>);

impl<T> Queue<T> {
    fn new(tasks: Vec<T>) -> Self {
        Self(Mutex::new(Some(tasks.into_iter())))
    }

    /// The next task.
    pub(crate) fn next(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.next()
    }

    /// Hands out no more.
    pub(crate) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The threads at work in this process, but for calls of one task.
static BUSY: Busy = Busy::new();

/// Runs `worker` on up to `workers` threads, the caller's among them, until the queue is empty; returns what each made. Calls that
/// run at the same time share the cores.
pub(crate) fn run<T: Send, R: Send>(tasks: Vec<T>, workers: usize, worker: impl Fn(&Queue<T>) -> R + Sync) -> Vec<R> {
    if tasks.len() < 2 {
        return vec![worker(&Queue::new(tasks))];
    }
    let share = BUSY.share(workers, available_threads());
    run_on(share.threads, tasks, worker)
}

fn run_on<T: Send, R: Send>(workers: usize, tasks: Vec<T>, worker: impl Fn(&Queue<T>) -> R + Sync) -> Vec<R> {
    let queue = Queue::new(tasks);
    let pool = if workers > 1 { pool(workers - 1) } else { None };
    let Some(pool) = pool else {
        return vec![worker(&queue)];
    };
    let results = Mutex::new(Vec::with_capacity(workers));
    let work = || {
        let result = worker(&queue);
        results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
    };
    pool.in_place_scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|_| work());
        }
        work();
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
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
    run_on(2, vec![()], |_| assert!(rayon::current_thread_index().is_none(), "panicked on demand: pool"));
}
