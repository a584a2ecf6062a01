//! Numbered statements of the natives' specification, through scripts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/late.rs"]
mod late;
#[path = "natives/support.rs"]
mod support;

#[path = "natives/arguments.rs"]
mod arguments;
#[path = "natives/crypto.rs"]
mod crypto;
#[path = "natives/errors.rs"]
mod errors;
#[path = "natives/fs.rs"]
mod fs;
#[path = "natives/fs_archives.rs"]
mod fs_archives;
#[path = "natives/fs_deadlines.rs"]
mod fs_deadlines;
#[path = "natives/fs_rows.rs"]
mod fs_rows;
#[path = "natives/fs_trees.rs"]
mod fs_trees;
#[path = "natives/log.rs"]
mod log;
#[path = "natives/misc.rs"]
mod misc;
#[path = "natives/time.rs"]
mod time;
