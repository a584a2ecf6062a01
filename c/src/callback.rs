//! Functions of the program, while they run.

use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};

use agencysh_rs::HostError;

use crate::error::failure;

thread_local! {
    /// The hosts whose callbacks this thread is in, the innermost last.
    static CALLING: RefCell<Vec<HostId>> = const { RefCell::new(Vec::new()) };
}

/// What a program has given for its callback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(pub(crate) *mut c_void);

// SAFETY: the pointer is only handed back; the header says that callbacks come from any thread, and what it points to
// is the program's own affair
unsafe impl Send for User {}
// SAFETY: as above
unsafe impl Sync for User {}

impl User {
    /// The pointer. A method, so that closures capture the whole value.
    pub(crate) fn pointer(self) -> *mut c_void {
        self.0
    }
}

/// Tells hosts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostId(u64);

impl HostId {
    /// One that no other host has.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a callback of this host.
    pub(crate) fn during(self, callback: impl FnOnce()) {
        CALLING.with_borrow_mut(|calling| calling.push(self));
        callback();
        CALLING.with_borrow_mut(Vec::pop);
    }

    /// Whether this thread is in a callback of the host.
    pub(crate) fn is_calling(self) -> bool {
        CALLING.with_borrow(|calling| calling.contains(&self))
    }

    /// # Errors
    /// `host.busy`: this thread is in a callback of the host, which waits for its end.
    pub(crate) fn check(self) -> Result<(), HostError> {
        match self.is_calling() {
            true => Err(failure(
                "host.busy",
                "a callback of a host cannot call the host: it waits for the callback".to_owned(),
            )),
            false => Ok(()),
        }
    }
}
