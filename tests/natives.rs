//! Numbered statements of the natives' specification, through scripts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/late.rs"]
mod late;
#[path = "support/server.rs"]
mod server;
#[path = "natives/support.rs"]
mod support;
#[path = "support/wait.rs"]
mod wait;

#[path = "natives/arango.rs"]
mod arango;
#[path = "natives/arango_deadlines.rs"]
mod arango_deadlines;
#[path = "natives/arango_login.rs"]
mod arango_login;
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
#[path = "natives/process.rs"]
mod process;
#[path = "natives/process_argv.rs"]
mod process_argv;
#[path = "natives/process_waits.rs"]
mod process_waits;
#[path = "natives/time.rs"]
mod time;
