//! What files are to hold.

use std::path::PathBuf;

use rhai::plugin::*;
use rhai::{Dynamic, Map};

use super::{disk, to_write};
use crate::natives::options::bytes;
use crate::natives::{ErrorName, NativeContext, NativeError, NativeResult, Options, Raw, call};

/// The path of a file to write, which has to have a name.
fn named(run: &NativeContext, path: &str) -> NativeResult<PathBuf> {
    if path.is_empty() {
        return Err(NativeError::plain("argument.type", ErrorName::TypeError, "the path is empty"));
    }
    to_write(run, path)
}

fn write(run: &NativeContext, path: &str, content: &Dynamic, options: &Map) -> NativeResult<()> {
    let options = Options::new(options, &["sync", "atomic"])?;
    let manner =
        disk::Manner { sync: options.bool("sync", false)?, atomic: options.bool("atomic", false)? };
    let path = named(run, path)?;
    disk::write(&path, &bytes(content, "content")?, manner, &run.deadline)
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Writes a file, in place of what it held.
    ///
    /// `fs::write(path: string, content: string | blob, options?: map) -> ()`
    ///
    /// Arguments: `path`; option `sync` (false) waits until the disk has it; option `atomic` (false) never shows a partial file. Links are followed.
    /// Units: bytes as given.
    /// Errors: `fs.failed` (number 2); `fs.not_found` (number 14) when the directory is missing; `argument.type` (TypeError) for an empty path; `deadline.script` (number 36) while nobody reads a pipe; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `SYS_WRITE`, `fs.write(path, content, flush)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// fs::write(fixture_dir + "/a.txt", "new", #{ atomic: true, "sync": true });
    /// assert_eq(fs::read(fixture_dir + "/a.txt"), "new");
    /// ```
    #[rhai_fn(name = "write", return_raw)]
    pub fn write_plain(ctx: NativeCallContext, path: &str, content: Dynamic) -> Raw<()> {
        call(&ctx, "fs::write", |run| write(run, path, &content, &Map::new()))
    }

    #[rhai_fn(name = "write", return_raw)]
    pub fn write_with(
        ctx: NativeCallContext,
        path: &str,
        content: Dynamic,
        options: Map,
    ) -> Raw<()> {
        call(&ctx, "fs::write", |run| write(run, path, &content, &options))
    }

    /// Adds to the end of a file; a missing one is made.
    ///
    /// `fs::append(path: string, content: string | blob) -> ()`
    ///
    /// Arguments: `path`, `content`.
    /// Units: bytes as given.
    /// Errors: `fs.failed` (number 2); `fs.not_found` (number 14) when the directory is missing; `argument.type` (TypeError) for an empty path; `deadline.script` (number 36) while nobody reads a pipe; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `SYS_APPEND`, `fs.append(path, content)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// fs::append(fixture_dir + "/a.txt", "!");
    /// assert_eq(fs::read(fixture_dir + "/a.txt"), "hello!");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn append(ctx: NativeCallContext, path: &str, content: Dynamic) -> Raw<()> {
        call(&ctx, "fs::append", |run| {
            disk::append(&named(run, path)?, &bytes(&content, "content")?, &run.deadline)
        })
    }
}
