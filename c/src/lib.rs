//! agencysh as a C library: `include/agencysh.h` is made of the functions here.
//!
//! * `builder`, `host`, `interrupter`: the handles, and what is done with them
//! * `native`, `sinks`, `callback`: functions of the program that scripts and hosts call
//! * `error`, `text`: what comes out, and what goes in
//! * `boundary`: between the two languages no panic passes
//! * `tests_options`, `version`
//!
//! All `unsafe` of agencysh is in this package. What it relies on is what the header asks of its users: pointers are
//! NULL or what the library gave and has not been told to free, or texts that end with a NUL byte.
#![allow(
    clippy::missing_safety_doc,
    reason = "one section of the header says it for all functions"
)]

mod boundary;
pub mod builder;
mod callback;
pub mod error;
pub mod host;
pub mod interrupter;
pub mod native;
pub mod sinks;
mod tests_options;
pub mod text;
pub mod version;
