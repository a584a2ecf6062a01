//! What files hold.

use rhai::plugin::*;
use rhai::{Array, Blob, INT};

use super::{at, disk};
use crate::natives::{NativeContext, NativeResult, Raw, call};

/// The bytes of a file, if the run may read it.
pub(in crate::natives) fn read(run: &NativeContext, path: &str) -> NativeResult<Blob> {
    disk::read(&at(run, path)?, &run.deadline)
}

fn read_text(run: &NativeContext, path: &str) -> NativeResult<String> {
    read(run, path).map(disk::text)
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Reads a whole file as text.
    ///
    /// `fs::read(path: string) -> string`
    ///
    /// Arguments: `path` of a file; bytes that are no UTF-8 are replaced.
    /// Units: at most 1073741824 bytes; nothing is cut.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2), for a directory too; `fs.too_large` (number 2); `deadline.script` (number 36) while a pipe gives nothing; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `SYS_READ`, `fs.read(path)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// assert_eq(fs::read(fixture_dir + "/a.txt"), "hello");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::read", |run| read_text(run, path))
    }

    /// Reads a whole file as bytes.
    ///
    /// `fs::read_blob(path: string) -> blob`
    ///
    /// Arguments: `path` of a file.
    /// Units: at most 1073741824 bytes.
    /// Errors: `fs.not_found` (number 14); `fs.failed` and `fs.too_large` (number 2); `deadline.script` (number 36) while a pipe gives nothing; `permission.files` (number 11) when the run may not use files.
    /// Legacy: `SYS_READ_BUFFER`, `fs.readBuffer(path)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.txt", "hello");
    /// assert_eq(fs::read_blob(fixture_dir + "/a.txt").len, 5);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_blob(ctx: NativeCallContext, path: &str) -> Raw<Blob> {
        call(&ctx, "fs::read_blob", |run| super::read(run, path))
    }

    /// Reads the lines of a file.
    ///
    /// `fs::read_lines(path: string) -> array`
    ///
    /// Arguments: `path` of a file; the last line may end without a newline.
    /// Units: strings without newline and carriage return.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: none; arangosh scripts scanned `fs.readBuffer(path)` for byte 10.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/l", "a\r\nb");
    /// assert_eq(fs::read_lines(fixture_dir + "/l"), ["a", "b"]);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_lines(ctx: NativeCallContext, path: &str) -> Raw<Array> {
        call(&ctx, "fs::read_lines", |run| {
            Ok(read_text(run, path)?.lines().map(Into::into).collect())
        })
    }

    /// Reads a file packed by gzip as text.
    ///
    /// `fs::read_gzip(path: string) -> string`
    ///
    /// Arguments: `path` of a file.
    /// Units: at most 1073741824 bytes of text.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2), also for a file that is no gzip; `fs.too_large` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `SYS_READ_GZIP`, `fs.readGzip(path)`.
    ///
    /// ```rhai
    /// let kind = "";
    /// fs::write(fixture_dir + "/x.gz", "plain");
    /// try { fs::read_gzip(fixture_dir + "/x.gz"); } catch (e) { kind = e.kind; }
    /// assert_eq(kind, "fs.failed");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_gzip(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::read_gzip", |run| disk::read_gzip(&at(run, path)?, &run.deadline))
    }

    /// Computes the Adler-32 checksum of a file.
    ///
    /// `fs::adler32(path: string) -> integer`
    ///
    /// Arguments: `path` of a file.
    /// Units: 0 to 4294967295.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_ADLER32`, `fs.adler32(path)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/c", "abc");
    /// assert_eq(fs::adler32(fixture_dir + "/c"), 38600999);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adler32(ctx: NativeCallContext, path: &str) -> Raw<INT> {
        call(&ctx, "fs::adler32", |run| disk::adler32(&at(run, path)?, &run.deadline))
    }
}
