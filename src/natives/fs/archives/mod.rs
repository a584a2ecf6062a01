//! Zip archives.

mod pack;
mod unpack;

use std::io;
use std::path::Path;

use rhai::plugin::*;
use rhai::{Array, Map};
use zip::result::ZipError;

use super::disk::{error, failed};
use crate::natives::{NativeError, Raw, call};

/// Number 15: the archive, or what is in it, cannot be written.
fn cannot_write(doing: &str, path: &Path, cause: io::Error) -> NativeError {
    if cause.get_ref().is_some_and(|inner| inner.is::<crate::deadline::Stop>()) {
        return failed(doing, path)(cause);
    }
    error("cannot_write", 15, doing, path, &cause.to_string())
}

/// What is wrong with an archive: number 4, unless the system failed.
fn unusable(doing: &str, path: &Path, cause: ZipError) -> NativeError {
    match cause {
        ZipError::Io(cause) => bad_content(doing, path, cause),
        ZipError::InvalidPassword => {
            error("wrong_password", 4, doing, path, "the password is not the right one")
        }
        other => error("bad_archive", 4, doing, path, &other.to_string()),
    }
}

/// The same for content that is read: what the system did not say, the decoder did.
fn bad_content(doing: &str, path: &Path, cause: io::Error) -> NativeError {
    let stopped = cause.get_ref().is_some_and(|inner| inner.is::<crate::deadline::Stop>());
    if stopped || cause.raw_os_error().is_some() {
        return failed(doing, path)(cause);
    }
    error("bad_archive", 4, doing, path, &cause.to_string())
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Packs files and directories into a new zip archive.
    ///
    /// `fs::zip(archive: string, base_dir: string, names: array, password?: string) -> ()`
    ///
    /// Arguments: `names`, relative to `base_dir`, which they cannot leave; a directory is packed without its content,
    /// so `fs::list_tree(base_dir)` packs everything. `password` encrypts by AES-256. The archive appears when it is
    /// complete; it holds permissions and no times.
    /// Units: files of any size.
    /// Errors: `fs.exists` (number 16) when there is an archive; `fs.not_found` (14); `fs.not_directory`,
    /// `fs.not_file`, `fs.outside_base` and `argument.invalid` (10); `fs.cannot_write` (15); `fs.failed` (2);
    /// `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_ZIP_FILE`, `fs.zipFile(archive, dir, names, password)`, which left a part of an archive when a file was missing.
    ///
    /// ```rhai
    /// fs::create_dir_all(fixture_dir + "/d/e");
    /// fs::write(fixture_dir + "/d/e/x", "1");
    /// fs::zip(fixture_dir + "/a.zip", fixture_dir + "/d", ["e/x"], "secret");
    /// fs::unzip(fixture_dir + "/a.zip", fixture_dir + "/out", #{ password: "secret" });
    /// assert_eq(fs::read(fixture_dir + "/out/e/x"), "1");
    /// ```
    #[rhai_fn(name = "zip", return_raw)]
    pub fn zip_open(
        ctx: NativeCallContext,
        archive: &str,
        base_dir: &str,
        names: Array,
    ) -> Raw<()> {
        call(&ctx, "fs::zip", |run| pack::zip(run, archive, base_dir, &names, None))
    }

    #[rhai_fn(name = "zip", return_raw)]
    pub fn zip_locked(
        ctx: NativeCallContext,
        archive: &str,
        base_dir: &str,
        names: Array,
        password: &str,
    ) -> Raw<()> {
        call(&ctx, "fs::zip", |run| pack::zip(run, archive, base_dir, &names, Some(password)))
    }

    /// Unpacks a zip archive into a directory, which is made if it is missing.
    ///
    /// `fs::unzip(archive: string, out_dir: string, options?: map) -> ()`
    ///
    /// Arguments: option `flatten` (false) drops the directories in the archive; `overwrite` (false) replaces files;
    /// `password`. An archive with a link in it, or a name that leads out of `out_dir`, is refused before anything is
    /// unpacked, and no link in `out_dir` is followed. After a later failure complete files stay, and no part of one.
    /// Units: bytes; what the archive claims to hold has to fit on the disk, and holding more is an error.
    /// Errors: `fs.exists` (number 16) for an existing file; `fs.outside_base`, `fs.not_file` and `argument.invalid`
    /// (10); `fs.bad_archive` and `fs.wrong_password` (4); `fs.cannot_write` and `fs.no_space` (15); `fs.not_found`
    /// (14); `fs.failed` (2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_UNZIP_FILE`, `fs.unzipFile(archive, dir, skipPaths, overwrite, password)`, which let names lead out.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/x", "1");
    /// fs::zip(fixture_dir + "/a.zip", fixture_dir, ["x"]);
    /// fs::unzip(fixture_dir + "/a.zip", fixture_dir + "/out");
    /// assert_eq(fs::list(fixture_dir + "/out"), ["x"]);
    /// ```
    #[rhai_fn(name = "unzip", return_raw)]
    pub fn unzip_plain(ctx: NativeCallContext, archive: &str, out_dir: &str) -> Raw<()> {
        call(&ctx, "fs::unzip", |run| unpack::unzip(run, archive, out_dir, &Map::new()))
    }

    #[rhai_fn(name = "unzip", return_raw)]
    pub fn unzip_with(
        ctx: NativeCallContext,
        archive: &str,
        out_dir: &str,
        options: Map,
    ) -> Raw<()> {
        call(&ctx, "fs::unzip", |run| unpack::unzip(run, archive, out_dir, &options))
    }
}
