//! Which library this is.

use std::ffi::{CStr, c_char};

/// Counted up when programs have to be compiled anew: compare it with agencysh_abi_version().
pub const AGENCYSH_ABI_VERSION: u32 = 1;

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version holds no NUL byte"),
    };

/// The version of the library that runs, such as "0.1.0". It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn agencysh_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The AGENCYSH_ABI_VERSION of the library that runs.
#[unsafe(no_mangle)]
pub extern "C" fn agencysh_abi_version() -> u32 {
    AGENCYSH_ABI_VERSION
}
