//! Files into an archive.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rhai::Array;
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, DateTime, ZipWriter};

use super::{cannot_write, unusable};
use crate::natives::argument::text;
use crate::natives::fs::disk::{Checked, Staged, error, failed, open_at_once};
use crate::natives::fs::{at, paths, to_write};
use crate::natives::{NativeContext, NativeError, NativeResult};

const DOING: &str = "packing";

/// A file of that size gets the larger fields in the archive; it may still grow while it is packed.
const LARGE: u64 = 1 << 31;

pub(super) fn zip(
    run: &NativeContext,
    archive: &str,
    base_dir: &str,
    names: &Array,
    password: Option<&str>,
) -> NativeResult<()> {
    if archive.is_empty() || password.is_some_and(str::is_empty) {
        return Err(NativeError::bad_parameter("neither archive nor password may be empty"));
    }
    let target = &to_write(run, archive)?;
    let base = &at(run, base_dir)?;
    if !base.metadata().map_err(failed(DOING, base))?.is_dir() {
        return Err(error("not_directory", 10, DOING, base, "not a directory"));
    }
    if target.symlink_metadata().is_ok() {
        return Err(exists(target));
    }
    let mut staged = Staged::beside(target).map_err(|cause| cannot_write(DOING, target, cause))?;
    let mut writer = ZipWriter::new(Output::new(staged.file()));
    for name in names {
        let name = text(name, "a name")?;
        let relative = paths::safe_join("", &name)?;
        let relative = relative.trim_end_matches('/');
        if matches!(relative, "" | ".") {
            return Err(NativeError::bad_parameter(format!("'{name}' names nothing to pack")));
        }
        let path = format!("{base_dir}/{relative}");
        add(run, &mut writer, target, relative, &at(run, &path)?, password)?;
    }
    let finished = writer.finish().map_err(|cause| unwritable(target, cause))?;
    finished.end().map_err(|cause| cannot_write(DOING, target, cause))?;
    staged.put_new().map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => exists(target),
        _ => cannot_write(DOING, target, cause),
    })
}

fn exists(archive: &Path) -> NativeError {
    error("exists", 16, DOING, archive, "exists already")
}

fn add(
    run: &NativeContext,
    writer: &mut ZipWriter<Output<'_>>,
    archive: &Path,
    name: &str,
    path: &Path,
    password: Option<&str>,
) -> NativeResult<()> {
    run.deadline.check_run()?;
    let file = open_at_once(path).map_err(failed(DOING, path))?;
    let found = file.metadata().map_err(failed(DOING, path))?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(found.permissions().mode() & 0o777)
        .large_file(found.len() >= LARGE);
    if found.is_dir() {
        return writer.add_directory(name, options).map_err(|cause| unwritable(archive, cause));
    }
    if !found.is_file() {
        return Err(error("not_file", 10, DOING, path, "not a regular file"));
    }
    let begun = match password {
        Some(password) => {
            writer.start_file(name, options.with_aes_encryption(AesMode::Aes256, password))
        }
        None => writer.start_file(name, options),
    };
    begun.map_err(|cause| unwritable(archive, cause))?;
    io::copy(&mut Checked::new(file, &run.deadline), writer)
        .map(|_| ())
        .map_err(|cause| cannot_write(DOING, archive, cause))
}

fn unwritable(archive: &Path, cause: zip::result::ZipError) -> NativeError {
    match cause {
        zip::result::ZipError::Io(cause) => cannot_write(DOING, archive, cause),
        // a name that comes twice, say
        other => NativeError::bad_parameter(unusable(DOING, archive, other).message()),
    }
}

/// The archive in the making. Once it could not be written, it takes everything and writes nothing:
/// a writer that is given up would complain about the failure on the standard error.
struct Output<'f> {
    file: BufWriter<&'f mut File>,
    broken: bool,
}

impl<'f> Output<'f> {
    fn new(file: &'f mut File) -> Self {
        Self { file: BufWriter::with_capacity(64 * 1024, file), broken: false }
    }

    fn unless_broken<T>(
        &mut self,
        instead: T,
        work: impl FnOnce(&mut BufWriter<&'f mut File>) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.broken {
            return Ok(instead);
        }
        let done = work(&mut self.file);
        self.broken = done.as_ref().is_err_and(|cause| cause.kind() != ErrorKind::Interrupted);
        done
    }

    /// Writes what is still buffered.
    fn end(mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_broken(bytes.len(), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_broken((), Write::flush)
    }
}

impl Seek for Output<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.unless_broken(0, |file| file.seek(to))
    }
}
