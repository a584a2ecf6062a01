//! Numbered statements of the natives' specification, through scripts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "natives/support.rs"]
mod support;

#[path = "natives/arguments.rs"]
mod arguments;
#[path = "natives/crypto.rs"]
mod crypto;
#[path = "natives/document.rs"]
mod document;
#[path = "natives/errors.rs"]
mod errors;
#[path = "natives/fs.rs"]
mod fs;
#[path = "natives/log.rs"]
mod log;
#[path = "natives/misc.rs"]
mod misc;
#[path = "natives/time.rs"]
mod time;
