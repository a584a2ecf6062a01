//! Places of the run: its temporary directory, home and working directory.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rhai::plugin::*;

use super::{disk, paths, to_write};
use crate::natives::env::Environment;
use crate::natives::permissions::real_path;
use crate::natives::{Gate, Last, NativeContext, NativeError, NativeResult, Raw, call, random};

/// Where the temporary files of one run go.
#[derive(Debug, Default)]
pub struct TempDirectory {
    given: Option<PathBuf>,
    made: Mutex<Option<PathBuf>>,
}

impl TempDirectory {
    /// Uses `directory`, which is made on demand and stays at the end.
    ///
    /// Where it is, is found out now: a script may make a link of its name, which must lead nowhere new.
    pub fn at(directory: PathBuf) -> Self {
        let given = real_path(&directory).unwrap_or(directory);
        Self { given: Some(given), made: Mutex::default() }
    }

    /// The directory, made again when a script has removed it.
    fn get(&self) -> std::io::Result<PathBuf> {
        if let Some(given) = &self.given {
            std::fs::create_dir_all(given)?;
            return Ok(given.clone());
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = made.as_ref() {
            std::fs::create_dir_all(path)?;
            return Ok(path.clone());
        }
        let path = tempfile::Builder::new().prefix("agencysh_").tempdir()?.keep().canonicalize()?;
        Ok(made.insert(path).clone())
    }

    /// Where the directory is or will be, if that is known by now.
    pub(in crate::natives) fn place(&self) -> Option<PathBuf> {
        match &self.given {
            Some(given) => Some(given.clone()),
            None => self.made.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
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

pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The temporary directory of the run, made when first asked for.
pub(super) fn directory(run: &NativeContext) -> NativeResult<PathBuf> {
    run.require(Gate::Files)?;
    let temporary = run.extension::<TempDirectory>();
    if let Some(place) = temporary.place() {
        run.usable_path(&place, Last::Followed)?;
    }
    temporary.get().map_err(|error| {
        NativeError::internal("fs.no_temp", format!("no temporary directory: {error}"))
    })
}

fn file(run: &NativeContext, subdirectory: &str, create: bool) -> NativeResult<String> {
    let base = directory(run)?;
    let directory = paths::safe_join(&shown(&base), subdirectory)?;
    let directory = to_write(run, &directory)?;
    disk::create_dir_all(&directory)?;
    let name = format!("tmp-{}-{}", std::process::id(), hex::encode(random::system_bytes(8)?));
    let path = directory.join(name);
    if create {
        disk::write(&path, b"", disk::Manner::default(), &run.deadline)?;
    }
    Ok(shown(&path))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
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
    #[rhai_fn(return_raw)]
    pub fn temp_dir(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "fs::temp_dir", |run| Ok(shown(&directory(run)?)))
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
        call(&ctx, "fs::temp_file", |run| file(run, "", false))
    }

    #[rhai_fn(name = "temp_file", return_raw)]
    pub fn temp_file_below(ctx: NativeCallContext, subdirectory: &str) -> Raw<String> {
        call(&ctx, "fs::temp_file", |run| file(run, subdirectory, false))
    }

    #[rhai_fn(name = "temp_file", return_raw)]
    pub fn temp_file_made(ctx: NativeCallContext, subdirectory: &str, create: bool) -> Raw<String> {
        call(&ctx, "fs::temp_file", |run| file(run, subdirectory, create))
    }

    /// Gives the home directory.
    ///
    /// `fs::home_dir() -> string`
    ///
    /// Arguments: none.
    /// Units: `.` when `HOME` is not set.
    /// Errors: `permission.files` (number 11) when the run may not use files, `permission.environment` (11) when it may not see `HOME`.
    /// Legacy: `HOME`, `fs.home()`.
    ///
    /// ```rhai
    /// assert(fs::home_dir().len > 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn home_dir(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "fs::home_dir", |run| {
            run.require(Gate::Files)?;
            run.may_use_variable("HOME")?;
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
}
