//! Texts on their way in and out.

use std::ffi::{CStr, CString, c_char};

use agencysh_rs::HostError;
use serde_json::Value;

use crate::error::invalid;

/// The text as C has it; a NUL byte inside becomes U+FFFD.
pub(crate) fn to_c(text: &str) -> CString {
    CString::new(text)
        .unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

/// The JSON text of `value`, for whoever called; [`agencysh_string_free`] takes it back.
pub(crate) fn give(value: &Value) -> *mut c_char {
    // in JSON no NUL byte stands as such
    CString::new(value.to_string()).unwrap_or_default().into_raw()
}

/// The text at `pointer`, which errors call `name`; `None` for NULL.
///
/// # Safety
/// `pointer` is NULL, or a text that ends with a NUL byte and stays as it is during `'a`.
pub(crate) unsafe fn optional<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<Option<&'a str>, HostError> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not NULL, so the caller vouches for the text
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|error| {
        invalid(format!("{name} is not UTF-8 from byte {} on", error.valid_up_to()))
    })
}

/// As [`optional`], where NULL is an error.
///
/// # Safety
/// As for [`optional`].
pub(crate) unsafe fn required<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<&'a str, HostError> {
    // SAFETY: as the caller vouches
    unsafe { optional(pointer, name) }?.ok_or_else(|| invalid(format!("{name} is NULL")))
}

/// The JSON value that the text at `pointer` stands for; `None` for NULL.
///
/// # Safety
/// As for [`optional`].
pub(crate) unsafe fn json(pointer: *const c_char, name: &str) -> Result<Option<Value>, HostError> {
    // SAFETY: as the caller vouches
    let text = unsafe { optional(pointer, name) }?;
    text.map(|text| {
        serde_json::from_str(text).map_err(|error| invalid(format!("{name} is no JSON: {error}")))
    })
    .transpose()
}

/// The words that a JSON array at `pointer` holds; none for NULL.
///
/// # Safety
/// As for [`optional`].
pub(crate) unsafe fn words(pointer: *const c_char, name: &str) -> Result<Vec<String>, HostError> {
    // SAFETY: as the caller vouches
    match unsafe { json(pointer, name) }? {
        None => Ok(Vec::new()),
        Some(value) => serde_json::from_value(value)
            .map_err(|error| invalid(format!("{name} is no array of strings: {error}"))),
    }
}

/// Frees a text that a function has returned as `char *`. NULL is passed over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it comes from `give`, and the caller has not freed it yet
        drop(unsafe { CString::from_raw(text) });
    }
}
