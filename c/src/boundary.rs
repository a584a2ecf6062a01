//! Where one language calls the other: no panic passes, errors become handles.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use agencysh_rs::HostError;

use crate::error::{Error, failure, invalid};

/// Does what a function of the header does. Its error, or panic, goes to `*error` unless that is NULL, and the result is
/// `otherwise` then; `*error` becomes NULL when there is none.
///
/// # Safety
/// `error` is NULL, or a place for a pointer.
pub(crate) unsafe fn guarded<T>(
    error: *mut *mut Error,
    otherwise: T,
    body: impl FnOnce() -> Result<T, HostError>,
) -> T {
    let (result, failed) = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(result)) => (result, None),
        Ok(Err(failed)) => (otherwise, Some(failed)),
        Err(payload) => (otherwise, Some(panicked(payload.as_ref()))),
    };
    if !error.is_null() {
        let handle = failed.map_or(std::ptr::null_mut(), |failed| Error::of(&failed).into_handle());
        // SAFETY: it is not NULL, so the caller vouches that it is a place for a pointer
        unsafe { error.write(handle) };
    }
    result
}

/// Does what a function of the header does that has no way to tell of an error; after a panic it is `otherwise`.
pub(crate) fn quietly<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// What is behind a handle, which errors call `name`.
///
/// # Safety
/// `handle` is NULL, or points to a `T` that stays during `'a`, and that nobody changes but through shared references.
pub(crate) unsafe fn behind<'a, T>(handle: *const T, name: &str) -> Result<&'a T, HostError> {
    // SAFETY: as the caller vouches
    unsafe { handle.as_ref() }.ok_or_else(|| invalid(format!("{name} is NULL")))
}

fn panicked(payload: &(dyn Any + Send)) -> HostError {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    failure("host.panic", format!("a fault of agencysh: {}", text.unwrap_or("a panic")))
}
