//! No panic passes from Rust to C. No function of the library panics, so this tests what all of them are wrapped in.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "only a part of the library is looked at here")]
#[path = "../src/boundary.rs"]
mod boundary;
#[allow(dead_code, reason = "as above")]
#[allow(clippy::missing_safety_doc, reason = "as in the library")]
#[allow(unreachable_pub, reason = "public in the library")]
#[path = "../src/error.rs"]
mod error;
#[allow(dead_code, reason = "as above")]
#[allow(clippy::missing_safety_doc, reason = "as in the library")]
#[allow(unreachable_pub, reason = "public in the library")]
#[path = "../src/text.rs"]
mod text;

use std::ffi::CStr;
use std::ptr::null_mut;

use boundary::{guarded, quietly};

/// The kind and the message of the error that a function ends with that does this.
fn error_of(body: impl FnOnce()) -> (String, String) {
    let mut handle = null_mut();
    let result = || {
        body();
        Ok(1)
    };
    // SAFETY: the error has a place
    assert_eq!(unsafe { guarded(&raw mut handle, 0, result) }, 0);
    assert!(!handle.is_null());
    // SAFETY: there is an error, whose texts end with a NUL byte
    let texts = unsafe {
        [error::agencysh_error_kind(handle), error::agencysh_error_message(handle)]
            .map(|text| CStr::from_ptr(text).to_str().unwrap().to_owned())
    };
    // SAFETY: nobody has freed it
    unsafe { error::agencysh_error_free(handle) };
    texts.into()
}

#[test]
fn panics_become_errors() {
    let texts =
        |message: &str| ("host.panic".to_owned(), format!("a fault of agencysh: {message}"));
    let number = 7;
    assert_eq!(error_of(|| panic!("a text")), texts("a text"));
    assert_eq!(error_of(|| panic!("number {number}")), texts("number 7"));
    assert_eq!(error_of(|| std::panic::panic_any(number)), texts("a panic"));
    assert_eq!(quietly(3, || panic!("unheard")), 3);
}

#[test]
fn an_error_from_before_is_overwritten_by_success() {
    let mut handle = std::ptr::dangling_mut();
    // SAFETY: the error has a place
    assert_eq!(unsafe { guarded(&raw mut handle, 0, || Ok(1)) }, 1);
    assert!(handle.is_null());
    // SAFETY: NULL is no place, and none is needed
    assert_eq!(unsafe { guarded(null_mut(), 0, || Err(error::invalid("x".to_owned()))) }, 0);
}
