//! Ctrl-C: the first one interrupts the script, the second one ends the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::exit::ExitCode;
use crate::host::InterruptHandle;

/// Whether a Ctrl-C waits to be obeyed; the shell takes it back after each line.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending(Arc<AtomicBool>);

impl Pending {
    /// The next Ctrl-C ends the process.
    pub(super) fn end_at_once(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// The next Ctrl-C is a first one again.
    pub(super) fn clear(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Lets Ctrl-C interrupt the runs of a host.
pub(super) fn on_ctrl_c(handle: InterruptHandle) -> Pending {
    at_first_ctrl_c(move || handle.interrupt())
}

/// Lets the first Ctrl-C do something, and the second one end the process.
pub(super) fn at_first_ctrl_c(act: impl Fn() + Send + 'static) -> Pending {
    static INSTALLED: OnceLock<Pending> = OnceLock::new();
    let pending = INSTALLED.get_or_init(Pending::default).clone();
    let seen = Arc::clone(&pending.0);
    // a second host of this process keeps the handler of the first: the program makes only one
    let _ = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(ExitCode::INTERRUPTED.0));
        }
        act();
    });
    pending
}
