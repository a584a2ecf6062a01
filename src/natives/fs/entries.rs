//! Files, links and trees are moved, copied, removed and given modes.

use rhai::Dynamic;
use rhai::plugin::*;

use super::{at, disk, entry, paths, to_write};
use crate::natives::{Raw, call};

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Removes a file or a link.
    ///
    /// `fs::remove_file(path: string) -> ()`
    ///
    /// Arguments: `path`.
    /// Units: none.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2), for a directory too; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_REMOVE`, `fs.remove(path)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// fs::remove_file(fixture_dir + "/a.txt");
    /// assert(!fs::exists(fixture_dir + "/a.txt"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn remove_file(ctx: NativeCallContext, path: &str) -> Raw<()> {
        call(&ctx, "fs::remove_file", |run| disk::remove_file(&entry(run, path)?))
    }

    /// Moves a file or directory, to another file system too.
    ///
    /// `fs::rename(from: string, to: string) -> ()`
    ///
    /// Arguments: `from`; `to`, which a file replaces.
    /// Units: none.
    /// Errors: `fs.exists` (number 10) for a directory onto a directory or a file into one; `fs.not_found` (number 14); `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_MOVE`, `fs.move(from, to)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// fs::rename(fixture_dir + "/a.txt", fixture_dir + "/b.txt");
    /// assert_eq(fs::list(fixture_dir), ["b.txt"]);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn rename(ctx: NativeCallContext, from: &str, to: &str) -> Raw<()> {
        call(&ctx, "fs::rename", |run| {
            disk::rename(&entry(run, from)?, &entry(run, to)?, &run.deadline)
        })
    }

    /// Copies a file with its mode and time.
    ///
    /// `fs::copy_file(from: string, to: string) -> ()`
    ///
    /// Arguments: `from`, a regular file; `to`, a new path or a directory that gets the same name.
    /// Units: none.
    /// Errors: `fs.exists`, `fs.not_file`, and `fs.failed` for everything else (all number 10); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_COPY_FILE`, `fs.copyFile(from, to)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// fs::copy_file(fixture_dir + "/a.txt", fixture_dir + "/b.txt");
    /// assert_eq(fs::read(fixture_dir + "/b.txt"), "hello");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn copy_file(ctx: NativeCallContext, from: &str, to: &str) -> Raw<()> {
        call(&ctx, "fs::copy_file", |run| {
            disk::copy_file(&at(run, from)?, &to_write(run, to)?, &run.deadline)
        })
    }

    /// Copies a directory with everything in it, or a file.
    ///
    /// `fs::copy_dir(from: string, to: string) -> ()`
    ///
    /// Arguments: `from`; `to`, which must not exist.
    /// Units: none; links are copied as links.
    /// Errors: `fs.exists` (number 10); `fs.not_file` (10) for a pipe or device in it; `fs.not_found` (14); `fs.failed` (2, of a file in it 10); `permission.files` (11) when the run may not use files.
    /// Legacy: `FS_COPY_RECURSIVE`, `fs.copyRecursive(from, to)`.
    ///
    /// ```rhai
    /// fs::create_dir(fixture_dir + "/d");
    /// fs::write(fixture_dir + "/d/x", "1");
    /// fs::copy_dir(fixture_dir + "/d", fixture_dir + "/e");
    /// assert_eq(fs::read(fixture_dir + "/e/x"), "1");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn copy_dir(ctx: NativeCallContext, from: &str, to: &str) -> Raw<()> {
        call(&ctx, "fs::copy_dir", |run| {
            disk::copy_dir(&entry(run, from)?, &entry(run, to)?, &run.deadline)
        })
    }

    /// Makes a symbolic link.
    ///
    /// `fs::symlink(target: string, link: string) -> ()`
    ///
    /// Arguments: `target`, stored as given; `link`, the new path.
    /// Units: none.
    /// Errors: `fs.exists` (number 27); `fs.not_found` (number 14) when the directory of `link` is missing; `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_LINK_FILE`, `fs.linkFile(target, link)`.
    ///
    /// ```rhai
    /// fs::symlink("nowhere", fixture_dir + "/l");
    /// assert(fs::is_symlink(fixture_dir + "/l"));
    /// assert(!fs::exists(fixture_dir + "/l"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn symlink(ctx: NativeCallContext, target: &str, link: &str) -> Raw<()> {
        call(&ctx, "fs::symlink", |run| disk::symlink(target, &entry(run, link)?))
    }

    /// Sets the permission bits of a file.
    ///
    /// `fs::set_mode(path: string, mode: string | integer) -> ()`
    ///
    /// Arguments: `mode`, 1 to 5 octal digits such as `"0644"`, or the number itself.
    /// Units: permission bits.
    /// Errors: `fs.bad_mode` (TypeError); `fs.not_found` (number 14); `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_CHMOD`, `fs.chmod(path, mode)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// fs::set_mode(fixture_dir + "/a.txt", "0600");
    /// fs::set_mode(fixture_dir + "/a.txt", 0o644);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_mode(ctx: NativeCallContext, path: &str, mode: Dynamic) -> Raw<()> {
        call(&ctx, "fs::set_mode", |run| disk::set_mode(&to_write(run, path)?, paths::mode(&mode)?))
    }
}
