//! Interrupts runs, also of a host that may be gone.

use agencysh_rs::host::InterruptHandle;

use crate::boundary::{behind, guarded, quietly};
use crate::error::Error;
use crate::host::Host;

/// Interrupts a host's runs, and may outlive the host. agencysh_interrupter_free() frees it.
pub struct Interrupter(InterruptHandle);

/// An interrupter for a thread that does not know how long the host stays: it does nothing once the host is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_interrupter_new(
    host: *const Host,
    error: *mut *mut Error,
) -> *mut Interrupter {
    let body = || {
        // SAFETY: the caller gives NULL or a host that is not freed during the call
        let host = unsafe { behind(host, "host") }?;
        Ok(Box::into_raw(Box::new(Interrupter(host.interrupt_handle()))))
    };
    // SAFETY: the caller gives NULL or a place for an error
    unsafe { guarded(error, std::ptr::null_mut(), body) }
}

/// As agencysh_interrupt(), from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_interrupter_interrupt(interrupter: *const Interrupter) {
    // SAFETY: the caller gives NULL or an interrupter that is not freed during the call
    if let Some(interrupter) = unsafe { interrupter.as_ref() } {
        quietly((), || interrupter.0.interrupt());
    }
}

/// Frees an interrupter. NULL is passed over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_interrupter_free(interrupter: *mut Interrupter) {
    if !interrupter.is_null() {
        // SAFETY: it comes from `agencysh_interrupter_new`, and the caller has not freed it yet
        let interrupter = unsafe { Box::from_raw(interrupter) };
        quietly((), || drop(interrupter));
    }
}
