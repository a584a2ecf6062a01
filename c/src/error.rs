//! Errors as C sees them.

use std::ffi::{CString, c_char};
use std::ptr::null;

use agencysh_rs::HostError;
use agencysh_rs::host::ScriptError;
use serde_json::Value;

use crate::boundary::quietly;
use crate::text::to_c;

/// What went wrong. agencysh_error_free() frees it.
pub struct Error {
    kind: CString,
    message: CString,
    file: Option<CString>,
    line: u32,
    column: u32,
    json: CString,
}

/// An error that arises in this package.
pub(crate) fn failure(kind: &str, message: String) -> HostError {
    let mut error = ScriptError::default();
    error.kind = kind.to_owned();
    error.message = message;
    error.into()
}

/// An argument is none that the function can take.
pub(crate) fn invalid(message: String) -> HostError {
    failure("argument.invalid", message)
}

impl Error {
    pub(crate) fn of(error: &HostError) -> Self {
        let json = error.to_json();
        let text = |name: &str| json[name].as_str().unwrap_or_default();
        let number = |name: &str| number(&json[name]);
        Self {
            kind: to_c(text("kind")),
            message: to_c(text("message")),
            file: json["file"].as_str().map(to_c),
            line: number("line"),
            column: number("column"),
            json: to_c(&json.to_string()),
        }
    }

    pub(crate) fn into_handle(self) -> *mut Self {
        Box::into_raw(Box::new(self))
    }
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

/// The stable dotted name, such as "agency.no_leader" or "script.unknown_variable": what to decide by.
///
/// "argument.invalid": a NULL or malformed argument; "host.busy": a callback of the host calls the host;
/// "host.panic": a fault of agencysh. Texts belong to the error and end with it. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_error_kind(error: *const Error) -> *const c_char {
    // SAFETY: the caller gives NULL or an error that is not freed yet
    unsafe { error.as_ref() }.map_or(null(), |error| error.kind.as_ptr())
}

/// The text for people, without position and causes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_error_message(error: *const Error) -> *const c_char {
    // SAFETY: the caller gives NULL or an error that is not freed yet
    unsafe { error.as_ref() }.map_or(null(), |error| error.message.as_ptr())
}

/// The script in which it arose; NULL when it arose in none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_error_file(error: *const Error) -> *const c_char {
    // SAFETY: the caller gives NULL or an error that is not freed yet
    let error = unsafe { error.as_ref() };
    error.and_then(|error| error.file.as_ref()).map_or(null(), |file| file.as_ptr())
}

/// The line in that script, counted from 1; 0 when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_error_line(error: *const Error) -> u32 {
    // SAFETY: the caller gives NULL or an error that is not freed yet
    unsafe { error.as_ref() }.map_or(0, |error| error.line)
}

/// The column in that line, counted from 1; 0 when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_error_column(error: *const Error) -> u32 {
    // SAFETY: the caller gives NULL or an error that is not freed yet
    unsafe { error.as_ref() }.map_or(0, |error| error.column)
}

/// The whole error as a JSON object: kind, message, name, error_num, code, context, causes, file, line, column,
/// source_line, trace (an array of function, file, line, column; the outermost call first), hint, and stop: "deadline",
/// "interrupted" or "limit" when such a thing ended the run. What does not apply is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_error_json(error: *const Error) -> *const c_char {
    // SAFETY: the caller gives NULL or an error that is not freed yet
    unsafe { error.as_ref() }.map_or(null(), |error| error.json.as_ptr())
}

/// Frees an error. NULL is passed over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_error_free(error: *mut Error) {
    if !error.is_null() {
        // SAFETY: it comes from `into_handle`, and the caller has not freed it yet
        let error = unsafe { Box::from_raw(error) };
        quietly((), || drop(error));
    }
}
