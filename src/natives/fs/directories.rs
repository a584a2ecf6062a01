//! Directories are made and removed.

use rhai::plugin::*;

use super::temporary::{self, shown};
use super::{disk, entry, to_write};
use crate::natives::{NativeContext, NativeError, NativeResult, Raw, call};

/// A temporary directory with a shorter path, such as `/`, does not show what may be removed.
const SHORTEST_TEMP: usize = 6;

fn remove_tree(run: &NativeContext, path: &str, force: bool) -> NativeResult<()> {
    let target = entry(run, path)?;
    let allowed = if force { None } else { Some(temporary::directory(run)?) };
    if allowed.as_ref().is_some_and(|allowed| shown(allowed).len() < SHORTEST_TEMP) {
        return Err(NativeError::arango(
            "fs.outside_temp",
            10,
            "the temporary directory is too near to the root to remove trees in it",
        )
        .with("path", path.to_owned()));
    }
    disk::remove_dir_all(&target, allowed.as_deref(), &run.deadline)
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Makes a directory in an existing one.
    ///
    /// `fs::create_dir(path: string) -> ()`
    ///
    /// Arguments: `path`.
    /// Units: none.
    /// Errors: `fs.exists` (number 27); `fs.not_found` (number 14) when the parent is missing; `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_MAKE_DIRECTORY`, `fs.makeDirectory(path)`.
    ///
    /// ```rhai
    /// fs::create_dir(fixture_dir + "/d");
    /// assert(fs::is_dir(fixture_dir + "/d"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn create_dir(ctx: NativeCallContext, path: &str) -> Raw<()> {
        call(&ctx, "fs::create_dir", |run| disk::create_dir(&to_write(run, path)?))
    }

    /// Makes a directory and those above it; existing ones are fine.
    ///
    /// `fs::create_dir_all(path: string) -> ()`
    ///
    /// Arguments: `path`.
    /// Units: none.
    /// Errors: `fs.exists` (number 27) when a file is in the way; `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_MAKE_DIRECTORY_RECURSIVE`, `fs.makeDirectoryRecursive(path)`.
    ///
    /// ```rhai
    /// fs::create_dir_all(fixture_dir + "/d/e");
    /// fs::create_dir_all(fixture_dir + "/d/e");
    /// assert(fs::is_dir(fixture_dir + "/d/e"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn create_dir_all(ctx: NativeCallContext, path: &str) -> Raw<()> {
        call(&ctx, "fs::create_dir_all", |run| disk::create_dir_all(&to_write(run, path)?))
    }

    /// Removes an empty directory.
    ///
    /// `fs::remove_dir(path: string) -> ()`
    ///
    /// Arguments: `path`.
    /// Units: none.
    /// Errors: `fs.not_directory` (number 10); `fs.failed` (number 2) when it is not empty; `fs.not_found` (number 14); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_REMOVE_DIRECTORY`, `fs.removeDirectory(path)`.
    ///
    /// ```rhai
    /// fs::create_dir(fixture_dir + "/d");
    /// fs::remove_dir(fixture_dir + "/d");
    /// assert(!fs::exists(fixture_dir + "/d"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn remove_dir(ctx: NativeCallContext, path: &str) -> Raw<()> {
        call(&ctx, "fs::remove_dir", |run| disk::remove_dir(&entry(run, path)?))
    }

    /// Removes a directory with everything in it; links are removed, not followed.
    ///
    /// `fs::remove_dir_all(path: string, force?: boolean) -> ()`
    ///
    /// Arguments: `path`; without `force` it must lie below the temporary directory.
    /// Units: none.
    /// Errors: `fs.outside_temp` (number 10); `fs.not_directory` (number 10), for a link too; `fs.not_found` (number 14); `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_REMOVE_RECURSIVE_DIRECTORY`, `fs.removeDirectoryRecursive(path, force)`.
    ///
    /// ```rhai
    /// fs::create_dir_all(fixture_dir + "/d/e");
    /// fs::remove_dir_all(fixture_dir + "/d", true);
    /// assert(!fs::exists(fixture_dir + "/d"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn remove_dir_all(ctx: NativeCallContext, path: &str) -> Raw<()> {
        call(&ctx, "fs::remove_dir_all", |run| remove_tree(run, path, false))
    }

    #[rhai_fn(name = "remove_dir_all", return_raw)]
    pub fn remove_dir_all_forced(ctx: NativeCallContext, path: &str, force: bool) -> Raw<()> {
        call(&ctx, "fs::remove_dir_all", |run| remove_tree(run, path, force))
    }
}
