//! `fs`: files, directories and paths.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rhai::plugin::*;
use rhai::{Array, Blob, Dynamic, FLOAT, INT, Map};

use super::env::Environment;
use super::options::bytes;
use super::{
    ErrorName, Gate, NativeContext, NativeError, NativeResult, Options, Raw, call, files, paths,
    random,
};

/// A temporary directory with a shorter path, such as `/`, does not show what may be removed.
const SHORTEST_TEMP: usize = 6;

/// Where the temporary files of one run go.
#[derive(Debug, Default)]
pub struct TempDirectory {
    given: Option<PathBuf>,
    made: Mutex<Option<PathBuf>>,
}

impl TempDirectory {
    /// Uses `directory`, which is made on demand and stays at the end.
    pub fn at(directory: PathBuf) -> Self {
        Self { given: Some(directory), made: Mutex::default() }
    }

    /// The directory, made again when a script has removed it.
    fn get(&self) -> std::io::Result<PathBuf> {
        if let Some(given) = &self.given {
            std::fs::create_dir_all(given)?;
            return given.canonicalize();
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = made.as_ref() {
            std::fs::create_dir_all(path)?;
            return Ok(path.clone());
        }
        let path = tempfile::Builder::new().prefix("agencysh_").tempdir()?.keep().canonicalize()?;
        Ok(made.insert(path).clone())
    }
}

impl Drop for TempDirectory {
    fn drop(&mut self) {
        if let Some(path) = self.made.get_mut().unwrap_or_else(PoisonError::into_inner) {
            // what scripts left in it stays: only an empty directory goes
            let _ = std::fs::remove_dir(path);
        }
    }
}

/// The path of an argument, when the run may use files.
fn at<'a>(run: &NativeContext, path: &'a str) -> NativeResult<&'a Path> {
    run.require(Gate::Files)?;
    Ok(Path::new(path))
}

/// The path of a file to write.
fn to_write<'a>(run: &NativeContext, path: &'a str) -> NativeResult<&'a Path> {
    if path.is_empty() {
        return Err(NativeError::plain("argument.type", ErrorName::TypeError, "the path is empty"));
    }
    at(run, path)
}

/// Ends the waiting for a pipe at every deadline.
fn waiting(run: &NativeContext) -> impl Fn() -> NativeResult<()> {
    || Ok(run.deadline.check()?)
}

/// Ends what works through many files when the run has to end.
fn working(run: &NativeContext) -> impl Fn() -> NativeResult<()> {
    || Ok(run.deadline.check_run()?)
}

pub(super) fn read(run: &NativeContext, path: &str) -> NativeResult<Blob> {
    files::read(at(run, path)?, &waiting(run))
}

fn read_text(run: &NativeContext, path: &str) -> NativeResult<String> {
    let bytes = read(run, path)?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn names(names: Vec<String>) -> Array {
    names.into_iter().map(Into::into).collect()
}

fn list(run: &NativeContext, path: &str, options: &Map) -> NativeResult<Array> {
    let options = Options::new(options, &["missing_ok"])?;
    files::list(at(run, path)?, options.bool("missing_ok", false)?).map(names)
}

fn write(run: &NativeContext, path: &str, content: &Dynamic, options: &Map) -> NativeResult<()> {
    let options = Options::new(options, &["sync", "atomic"])?;
    let manner = files::Manner {
        sync: options.bool("sync", false)?,
        atomic: options.bool("atomic", false)?,
    };
    files::write(to_write(run, path)?, &bytes(content, "content")?, manner, &waiting(run))
}

fn temp_dir(run: &NativeContext) -> NativeResult<PathBuf> {
    run.require(Gate::Files)?;
    run.extension::<TempDirectory>().get().map_err(|error| {
        NativeError::internal("fs.no_temp", format!("no temporary directory: {error}"))
    })
}

fn temp_file(run: &NativeContext, subdirectory: &str, create: bool) -> NativeResult<String> {
    let base = temp_dir(run)?;
    let directory = PathBuf::from(paths::safe_join(&shown(&base), subdirectory)?);
    files::create_dir_all(&directory)?;
    let name = format!("tmp-{}-{}", std::process::id(), hex::encode(random::system_bytes(8)?));
    let path = directory.join(name);
    if create {
        files::write(&path, b"", files::Manner::default(), &working(run))?;
    }
    Ok(shown(&path))
}

fn remove_tree(run: &NativeContext, path: &str, force: bool) -> NativeResult<()> {
    let target = at(run, path)?;
    let allowed = if force { None } else { Some(temp_dir(run)?) };
    if allowed.as_ref().is_some_and(|allowed| shown(allowed).len() < SHORTEST_TEMP) {
        return Err(NativeError::arango(
            "fs.outside_temp",
            10,
            "the temporary directory is too near to the root to remove trees in it",
        )
        .with("path", path.to_owned()));
    }
    files::remove_dir_all(target, allowed.as_deref())
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
#[allow(clippy::too_many_arguments, reason = "`join` takes up to eight parts")]
pub(super) mod natives {
    /// What separates the parts of a path.
    pub const SEPARATOR: &str = "/";

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
        call(&ctx, "fs::is_symlink", |run| Ok(at(run, path)?.is_symlink()))
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
        call(&ctx, "fs::size", |run| files::size(at(run, path)?))
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
        call(&ctx, "fs::mtime", |run| files::mtime(at(run, path)?))
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
        call(&ctx, "fs::list", |run| files::list(at(run, path)?, false).map(names))
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
            files::list_tree(at(run, path)?, &working(run)).map(names)
        })
    }

    /// Reads a whole file as text.
    ///
    /// `fs::read(path: string) -> string`
    ///
    /// Arguments: `path` of a file; bytes that are no UTF-8 are replaced.
    /// Units: none; nothing is cut.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2), for a directory too; `deadline.script` (number 36) while a pipe gives nothing; `permission.files` (number 11) when the run may not use files.
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
    /// Units: bytes.
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2); `permission.files` (number 11) when the run may not use files.
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
    /// Errors: `fs.not_found` (number 14); `fs.failed` (number 2), also for a file that is no gzip or holds more; `permission.files` (number 11) when the run may not use files.
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
        call(&ctx, "fs::read_gzip", |run| files::read_gzip(at(run, path)?, &waiting(run)))
    }

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
            files::append(to_write(run, path)?, &bytes(&content, "content")?, &waiting(run))
        })
    }

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
        call(&ctx, "fs::create_dir", |run| files::create_dir(at(run, path)?))
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
        call(&ctx, "fs::create_dir_all", |run| files::create_dir_all(at(run, path)?))
    }

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
        call(&ctx, "fs::remove_file", |run| files::remove_file(at(run, path)?))
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
        call(&ctx, "fs::remove_dir", |run| files::remove_dir(at(run, path)?))
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
        call(&ctx, "fs::rename", |run| files::rename(at(run, from)?, at(run, to)?, &working(run)))
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
        call(&ctx, "fs::copy_file", |run| files::copy_file(at(run, from)?, at(run, to)?))
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
            files::copy_dir(at(run, from)?, at(run, to)?, &working(run))
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
        call(&ctx, "fs::symlink", |run| files::symlink(target, at(run, link)?))
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
        call(&ctx, "fs::set_mode", |run| files::set_mode(at(run, path)?, paths::mode(&mode)?))
    }

    /// Gives the temporary directory of this run; made when first asked for.
    ///
    /// `fs::temp_dir() -> string`
    ///
    /// Arguments: none.
    /// Units: a path without slash at the end; the directory goes with the run if it is empty.
    /// Errors: `fs.no_temp` (number 4); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_GET_TEMP_PATH`, `fs.getTempPath()`.
    ///
    /// ```rhai
    /// assert(fs::is_dir(fs::temp_dir()));
    /// ```
    #[rhai_fn(name = "temp_dir", return_raw)]
    pub fn temp_dir_native(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "fs::temp_dir", |run| Ok(shown(&temp_dir(run)?)))
    }

    /// Makes a new name below the temporary directory.
    ///
    /// `fs::temp_file(subdirectory?: string, create?: boolean) -> string`
    ///
    /// Arguments: `subdirectory` is made; the file itself only with `create` (false).
    /// Units: an absolute path.
    /// Errors: `fs.no_temp` (number 4); `fs.outside_base` (number 10) when `subdirectory` leads out; `fs.exists` (27) when a file is in the way; `fs.failed` (2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `FS_GET_TEMP_FILE`, `fs.getTempFile(subdirectory, create)`.
    ///
    /// ```rhai
    /// let path = fs::temp_file("a/b", true);
    /// assert_eq(fs::size(path), 0);
    /// fs::remove_dir_all(fs::temp_dir() + "/a");
    /// ```
    #[rhai_fn(name = "temp_file", return_raw)]
    pub fn temp_file_plain(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "fs::temp_file", |run| temp_file(run, "", false))
    }

    #[rhai_fn(name = "temp_file", return_raw)]
    pub fn temp_file_below(ctx: NativeCallContext, subdirectory: &str) -> Raw<String> {
        call(&ctx, "fs::temp_file", |run| temp_file(run, subdirectory, false))
    }

    #[rhai_fn(name = "temp_file", return_raw)]
    pub fn temp_file_made(ctx: NativeCallContext, subdirectory: &str, create: bool) -> Raw<String> {
        call(&ctx, "fs::temp_file", |run| temp_file(run, subdirectory, create))
    }

    /// Gives the home directory.
    ///
    /// `fs::home_dir() -> string`
    ///
    /// Arguments: none.
    /// Units: `.` when `HOME` is not set.
    /// Errors: `permission.files` (number 11) when the run may not use files.
    /// Legacy: `HOME`, `fs.home()`.
    ///
    /// ```rhai
    /// assert(fs::home_dir().len > 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn home_dir(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "fs::home_dir", |run| {
            run.require(Gate::Files)?;
            Ok(run.extension::<Environment>().get("HOME").unwrap_or_else(|| ".".to_owned()))
        })
    }

    /// Gives the working directory.
    ///
    /// `fs::current_dir() -> string`
    ///
    /// Arguments: none.
    /// Units: an absolute path.
    /// Errors: `fs.failed` (number 2) when it is gone.
    /// Legacy: none; `fs.makeAbsolute("")`.
    ///
    /// ```rhai
    /// assert(fs::current_dir().starts_with("/"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn current_dir(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "fs::current_dir", |_| paths::absolute(""))
    }

    /// Joins parts of a path and resolves `.` and `..` in it.
    ///
    /// `fs::join(a: string, b?: string, …) -> string`
    ///
    /// Arguments: one to eight parts, or one array of them; empty parts are dropped.
    /// Units: a slash at the end stays; nothing at all gives `.`.
    /// Errors: `argument.type` (TypeError) for a part that is no string.
    /// Legacy: `fs.join(a, b, …)`.
    ///
    /// ```rhai
    /// assert_eq(fs::join("a", "", "./b", "../c"), "a/c");
    /// assert_eq(fs::join(["/", "x/"]), "/x/");
    /// ```
    #[rhai_fn(name = "join", return_raw)]
    pub fn join_list(ctx: NativeCallContext, parts: Dynamic) -> Raw<String> {
        call(&ctx, "fs::join", |_| match parts.read_lock::<Array>() {
            Some(parts) => paths::join(&parts),
            None => paths::join(std::slice::from_ref(&parts)),
        })
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join2(ctx: NativeCallContext, a: Dynamic, b: Dynamic) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join3(ctx: NativeCallContext, a: Dynamic, b: Dynamic, c: Dynamic) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join4(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join5(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join6(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
        f: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e, f]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join7(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
        f: Dynamic,
        g: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e, f, g]))
    }

    #[rhai_fn(name = "join", return_raw)]
    pub fn join8(
        ctx: NativeCallContext,
        a: Dynamic,
        b: Dynamic,
        c: Dynamic,
        d: Dynamic,
        e: Dynamic,
        f: Dynamic,
        g: Dynamic,
        h: Dynamic,
    ) -> Raw<String> {
        call(&ctx, "fs::join", |_| paths::join(&[a, b, c, d, e, f, g, h]))
    }

    /// Resolves `.`, `..` and doubled slashes in a path, without looking at the disk.
    ///
    /// `fs::normalize(path: string) -> string`
    ///
    /// Arguments: `path`.
    /// Units: a slash at the end stays; nothing at all gives `.`.
    /// Errors: none.
    /// Legacy: `fs.normalize(path)`.
    ///
    /// ```rhai
    /// assert_eq(fs::normalize("/a//b/../c"), "/a/c");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn normalize(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::normalize", |_| Ok(paths::normalize(path)))
    }

    /// Joins a path to a base that it cannot leave.
    ///
    /// `fs::safe_join(base: string, relative: string) -> string`
    ///
    /// Arguments: `base`; `relative`.
    /// Units: none.
    /// Errors: `fs.outside_base` (number 10) when `relative` leads out of `base`.
    /// Legacy: `fs.safeJoin(base, relative)`.
    ///
    /// ```rhai
    /// assert_eq(fs::safe_join("/a", "b/../c"), "/a/c");
    /// let kind = "";
    /// try { fs::safe_join("/a", "../b"); } catch (e) { kind = e.kind; }
    /// assert_eq(kind, "fs.outside_base");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn safe_join(ctx: NativeCallContext, base: &str, relative: &str) -> Raw<String> {
        call(&ctx, "fs::safe_join", |_| paths::safe_join(base, relative))
    }

    /// Puts the working directory before a relative path.
    ///
    /// `fs::absolute(path: string) -> string`
    ///
    /// Arguments: `path`; an empty one gives the working directory.
    /// Units: none; `.` and `..` stay.
    /// Errors: `fs.failed` (number 2) when the working directory is gone.
    /// Legacy: `FS_MAKE_ABSOLUTE`, `fs.makeAbsolute(path)`.
    ///
    /// ```rhai
    /// assert_eq(fs::absolute("x"), fs::current_dir() + "/x");
    /// assert_eq(fs::absolute("/x"), "/x");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn absolute(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::absolute", |_| paths::absolute(path))
    }

    /// Gives the last part of a path.
    ///
    /// `fs::base_name(path: string) -> string`
    ///
    /// Arguments: `path`.
    /// Units: `""` when there is none.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(fs::base_name("/a/b.txt"), "b.txt");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn base_name(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::base_name", |_| {
            Ok(Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned())
        })
    }

    /// Gives a path without its last part.
    ///
    /// `fs::dir_name(path: string) -> string`
    ///
    /// Arguments: `path`.
    /// Units: `.` when there is no directory in it.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(fs::dir_name("/a/b.txt"), "/a");
    /// assert_eq(fs::dir_name("b"), ".");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn dir_name(ctx: NativeCallContext, path: &str) -> Raw<String> {
        call(&ctx, "fs::dir_name", |_| Ok(paths::dir_name(path)))
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
        call(&ctx, "fs::adler32", |run| Ok(paths::adler32(&super::read(run, path)?)))
    }
}
