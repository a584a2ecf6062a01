//! What `fs` does on the disk; every failure names the path, and nothing goes on past the deadline.
//!
//! Bulk work looks at the run's deadline after each piece. Only what waits for somebody else, such
//! as the reader of a pipe, also ends at the deadline that the script gave itself: clean-up of
//! scripts relies on files after that one.

mod error;
mod look;
mod make;
mod pipe;
mod read;
mod remove;
mod source;
mod staged;
mod transfer;
mod write;

pub(super) use error::error;
pub(in crate::natives) use error::failed;
pub(super) use look::{list, list_tree, mtime, size};
pub(super) use make::{create_dir, create_dir_all, set_mode, symlink};
pub(super) use read::{adler32, read, read_gzip, text};
pub(super) use remove::{remove_dir, remove_dir_all, remove_file};
pub(super) use source::{Checked, Source, open_at_once};
pub(in crate::natives) use staged::Staged;
pub(super) use transfer::{copy_dir, copy_file, rename};
pub(super) use write::{Manner, append, write};

/// How much is read, written or copied between two looks at the deadline, in bytes.
const PIECE: usize = 1 << 20;
/// The most that is held in memory at once, in bytes.
const MOST: u64 = 1 << 30;
