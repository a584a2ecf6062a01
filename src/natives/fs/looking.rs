//! What is at a path, without a look into files.

use rhai::plugin::*;
use rhai::{Array, FLOAT, INT, Map};

use super::{at, disk, entry};
use crate::natives::{NativeContext, NativeResult, Options, Raw, call};

fn names(names: Vec<String>) -> Array {
    names.into_iter().map(Into::into).collect()
}

fn list(run: &NativeContext, path: &str, options: &Map) -> NativeResult<Array> {
    let options = Options::new(options, &["missing_ok"])?;
    let missing_ok = options.bool("missing_ok", false)?;
    disk::list(&at(run, path)?, missing_ok, &run.deadline).map(names)
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Tells whether a path leads to anything.
    ///
    /// `fs::exists(path: string) -> boolean`
    ///
    /// Arguments: `path`, relative to the working directory; links are followed.
    /// Units: none.
    /// Errors: none; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_EXISTS`, `fs.exists(path)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// assert(fs::exists(fixture_dir + "/a.txt"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn exists(ctx: NativeCallContext, path: &str) -> Raw<bool> {
        call(&ctx, "fs::exists", |run| Ok(at(run, path)?.exists()))
    }

    /// Tells whether a path leads to something that is no directory.
    ///
    /// `fs::is_file(path: string) -> boolean`
    ///
    /// Arguments: `path`; links are followed.
    /// Units: none.
    /// Errors: none; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_IS_FILE`, `fs.isFile(path)`.
    ///
    /// ```rhai
    /// assert_eq(fs::is_file(fixture_dir), false);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn is_file(ctx: NativeCallContext, path: &str) -> Raw<bool> {
        call(&ctx, "fs::is_file", |run| {
            let path = at(run, path)?;
            Ok(path.exists() && !path.is_dir())
        })
    }

    /// Tells whether a path leads to a directory.
    ///
    /// `fs::is_dir(path: string) -> boolean`
    ///
    /// Arguments: `path`; links are followed.
    /// Units: none.
    /// Errors: none; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_IS_DIRECTORY`, `fs.isDirectory(path)`.
    ///
    /// ```rhai
    /// assert(fs::is_dir(fixture_dir));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn is_dir(ctx: NativeCallContext, path: &str) -> Raw<bool> {
        call(&ctx, "fs::is_dir", |run| Ok(at(run, path)?.is_dir()))
    }

    /// Tells whether a path is a symbolic link, even a dangling one.
    ///
    /// `fs::is_symlink(path: string) -> boolean`
    ///
    /// Arguments: `path`.
    /// Units: none.
    /// Errors: none; `permission.files` (number 11) when the run may not use files.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(fs::is_symlink(fixture_dir), false);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn is_symlink(ctx: NativeCallContext, path: &str) -> Raw<bool> {
        call(&ctx, "fs::is_symlink", |run| Ok(entry(run, path)?.is_symlink()))
    }

    /// Tells the size of a file.
    ///
    /// `fs::size(path: string) -> integer`
    ///
    /// Arguments: `path` of a file.
    /// Units: bytes.
    /// Errors: `fs.not_found` (number 14), also for a directory; `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_FILESIZE`, `fs.size(path)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// assert_eq(fs::size(fixture_dir + "/a.txt"), 5);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn size(ctx: NativeCallContext, path: &str) -> Raw<INT> {
        call(&ctx, "fs::size", |run| disk::size(&at(run, path)?))
    }

    /// Tells when a file was last changed.
    ///
    /// `fs::mtime(path: string) -> float`
    ///
    /// Arguments: `path` of a file or directory.
    /// Units: Unix seconds with fractions.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_MTIME`, `fs.mtime(path)`, which gave whole seconds.
    ///
    /// ```rhai
    /// assert(fs::mtime(fixture_dir) > 1700000000.0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mtime(ctx: NativeCallContext, path: &str) -> Raw<FLOAT> {
        call(&ctx, "fs::mtime", |run| disk::mtime(&at(run, path)?))
    }

    /// Lists the names in a directory, sorted.
    ///
    /// `fs::list(path: string, options?: map) -> array`
    ///
    /// Arguments: `path` of a directory; option `missing_ok` (false) gives `[]` for a missing one.
    /// Units: names without directory, and without `.` and `..`.
    /// Errors: `fs.not_found` (number 14); `fs.not_directory` (number 10); `argument.invalid` for an unknown option; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_LIST`, `fs.list(path)`, which was unsorted and gave `[]` for a missing directory.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// assert_eq(fs::list(fixture_dir), ["a.txt"]);
    /// assert_eq(fs::list(fixture_dir + "/none", #{ missing_ok: true }), []);
    /// ```
    #[rhai_fn(name = "list", return_raw)]
    pub fn list_strict(ctx: NativeCallContext, path: &str) -> Raw<Array> {
        call(&ctx, "fs::list", |run| list(run, path, &Map::new()))
    }

    #[rhai_fn(name = "list", return_raw)]
    pub fn list_with(ctx: NativeCallContext, path: &str, options: Map) -> Raw<Array> {
        call(&ctx, "fs::list", |run| list(run, path, &options))
    }

    /// Lists everything below a directory, sorted.
    ///
    /// `fs::list_tree(path: string) -> array`
    ///
    /// Arguments: `path` of a directory; links are listed, not entered.
    /// Units: paths relative to `path`.
    /// Errors: `fs.not_found` (number 14); `fs.not_directory` (number 10); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_LIST_TREE`, `fs.listTree(path)`, whose first entry was empty.
    ///
    /// ```rhai
    /// fs::create_dir(fixture_dir + "/d");
    /// fs::write(fixture_dir + "/d/b", "");
    /// assert_eq(fs::list_tree(fixture_dir), ["d", "d/b"]);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn list_tree(ctx: NativeCallContext, path: &str) -> Raw<Array> {
        call(&ctx, "fs::list_tree", |run| {
            disk::list_tree(&at(run, path)?, &run.deadline).map(names)
        })
    }
}
