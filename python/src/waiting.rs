//! Waits without the GIL, which Ctrl-C ends.
//!
//! Signals of Python are handled by its main thread only. When that one waits here, [`look`] is called on it every few milliseconds: it gives
//! Python the chance to handle them, keeps the exception that this may raise, and interrupts whatever is waited for.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use agencysh::deadline::Deadline;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// How often Python may look for signals.
const PAUSE: Duration = Duration::from_millis(20);

/// Ends what a thread waits for.
type Interrupt = Arc<dyn Fn() + Send + Sync>;

/// One wait of the main thread.
struct Wait {
    interrupt: Interrupt,
    /// What the handler of a signal raised.
    raised: Option<PyErr>,
}

thread_local! {
    /// Whether this is Python's main thread, once that is known.
    static IS_MAIN: Cell<Option<bool>> = const { Cell::new(None) };
    /// When signals were last looked for.
    static LOOKED: Cell<Option<Instant>> = const { Cell::new(None) };
    /// The waits of this thread, the innermost last.
    static WAITS: RefCell<Vec<Wait>> = const { RefCell::new(Vec::new()) };
}

/// Lets Python handle signals, when this is its main thread, which waits; called by whoever waits, often.
pub(crate) fn look() {
    if IS_MAIN.get() != Some(true) || LOOKED.get().is_some_and(|last| last.elapsed() < PAUSE) {
        return;
    }
    LOOKED.set(Some(Instant::now()));
    let Some(Err(error)) = Python::try_attach(|py| py.check_signals()) else { return };
    let interrupt = WAITS.with_borrow_mut(|waits| {
        let wait = waits.last_mut()?;
        wait.raised = Some(error);
        Some(Arc::clone(&wait.interrupt))
    });
    if let Some(interrupt) = interrupt {
        interrupt();
    }
}

fn is_main(py: Python<'_>) -> PyResult<bool> {
    if let Some(known) = IS_MAIN.get() {
        return Ok(known);
    }
    static MAIN_THREAD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static CURRENT_IDENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let main = MAIN_THREAD.import(py, "threading", "main_thread")?.call0()?.getattr("ident")?;
    let own = CURRENT_IDENT.import(py, "threading", "get_ident")?.call0()?;
    let known = own.eq(main)?;
    IS_MAIN.set(Some(known));
    Ok(known)
}

/// Does `work` without the GIL; a signal whose handler raises calls `interrupt`, which is to end the work.
///
/// # Errors
/// What the handler of a signal raised.
pub(crate) fn waiting<T: Send>(
    py: Python<'_>,
    interrupt: impl Fn() + Send + Sync + 'static,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    if !is_main(py)? {
        return Ok(py.detach(work));
    }
    let wait = Wait { interrupt: Arc::new(interrupt), raised: None };
    WAITS.with_borrow_mut(|waits| waits.push(wait));
    let ends = Ends;
    let result = py.detach(work);
    match ends.end() {
        Some(raised) => Err(raised),
        None => Ok(result),
    }
}

/// Takes the innermost wait away, also when the work panics.
struct Ends;

impl Ends {
    fn end(self) -> Option<PyErr> {
        std::mem::forget(self);
        WAITS.with_borrow_mut(Vec::pop).and_then(|wait| wait.raised)
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        drop(WAITS.with_borrow_mut(Vec::pop));
    }
}

/// Waits until `done` gives something.
///
/// # Errors
/// What the handler of a signal raised.
pub(crate) fn waiting_for<T: Send>(
    py: Python<'_>,
    mut done: impl FnMut(Duration) -> Option<T> + Send,
) -> PyResult<Option<T>> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    waiting(
        py,
        move || stop.store(true, Ordering::Relaxed),
        || {
            while !stopped.load(Ordering::Relaxed) {
                if let Some(result) = done(PAUSE) {
                    return Some(result);
                }
                look();
            }
            None
        },
    )
}

/// Does work that knows no deadline on a thread of its own; Ctrl-C leaves it behind.
///
/// # Errors
/// What the handler of a signal raised.
pub(crate) fn aside<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<Option<T>> {
    let deadline = Deadline::default();
    deadline.while_waiting(Arc::new(look));
    let ends = deadline.clone();
    let result = waiting(py, move || ends.interrupt(), move || deadline.aside(work))?;
    Ok(result.ok())
}

/// Drops something that waits for threads when it is dropped, which may need the GIL.
pub(crate) fn drop_detached<T: Send>(thing: T) {
    let thing = Mutex::new(Some(thing));
    let take = || drop(thing.lock().unwrap_or_else(PoisonError::into_inner).take());
    if Python::try_attach(|py| py.detach(take)).is_none() {
        take();
    }
}
