//! What `fs` does on the disk; every failure names the path.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rhai::{FLOAT, INT};

use super::{NativeError, NativeResult};
use crate::deadline::SLICE;

/// The most that a packed file may hold, or a device may give, in bytes.
const MOST_UNPACKED: u64 = 1 << 30;
/// How much is read of a pipe or device at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Says whether what takes long may go on.
pub(super) type GoOn<'a> = &'a dyn Fn() -> NativeResult<()>;

fn error(kind: &str, number: INT, doing: &str, path: &Path, text: &str) -> NativeError {
    NativeError::arango(
        format!("fs.{kind}"),
        number,
        format!("{text}: while {doing} {}", path.display()),
    )
    .with("path", path.to_string_lossy().into_owned())
}

/// Turns an error of the system into one that names what was done to which path.
pub(super) fn failed<'a>(doing: &'a str, path: &'a Path) -> impl Fn(io::Error) -> NativeError + 'a {
    move |cause| {
        let (kind, number) = match cause.kind() {
            ErrorKind::NotFound => ("not_found", 14),
            ErrorKind::AlreadyExists => ("exists", 27),
            ErrorKind::PermissionDenied
                if cause.raw_os_error() == Some(nix::errno::Errno::EPERM as i32) =>
            {
                ("forbidden", 11)
            }
            _ => ("failed", 2),
        };
        let failed = error(kind, number, doing, path, &cause.to_string());
        match cause.raw_os_error() {
            Some(errno) => failed.with("errno", INT::from(errno)),
            None => failed,
        }
    }
}

fn metadata(doing: &str, path: &Path) -> NativeResult<Metadata> {
    fs::metadata(path).map_err(failed(doing, path))
}

/// Number 10 unless `path` is a directory itself.
fn must_be_directory(doing: &str, path: &Path) -> NativeResult<()> {
    // with a slash at its end a link would stand for its target
    let bare = Path::new(OsStr::from_bytes(without_slashes(path.as_os_str().as_bytes())));
    if fs::symlink_metadata(bare).map_err(failed(doing, path))?.is_dir() {
        return Ok(());
    }
    Err(error("not_directory", 10, doing, path, "not a directory"))
}

fn without_slashes(mut path: &[u8]) -> &[u8] {
    while let [rest @ .., b'/'] = path
        && !rest.is_empty()
    {
        path = rest;
    }
    path
}

/// The size of a file in bytes.
pub(super) fn size(path: &Path) -> NativeResult<INT> {
    let found = metadata("measuring", path)?;
    if found.is_dir() {
        return Err(error("not_found", 14, "measuring", path, "is a directory"));
    }
    Ok(INT::try_from(found.len()).unwrap_or(INT::MAX))
}

/// When `path` was last changed, in Unix seconds.
pub(super) fn mtime(path: &Path) -> NativeResult<FLOAT> {
    let changed = metadata("reading the time of", path)?.modified();
    let changed = changed.map_err(failed("reading the time of", path))?;
    Ok(match changed.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    })
}

/// The sorted names in a directory.
pub(super) fn list(path: &Path, missing_ok: bool) -> NativeResult<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Err(cause) if missing_ok && cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) if cause.kind() == ErrorKind::NotADirectory => {
            return Err(error("not_directory", 10, "listing", path, "not a directory"));
        }
        entries => entries.map_err(failed("listing", path))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(
            entry.map_err(failed("listing", path))?.file_name().to_string_lossy().into_owned(),
        );
    }
    names.sort_unstable();
    Ok(names)
}

/// The sorted relative paths of everything below a directory; asks `go_on` at each directory.
pub(super) fn list_tree(root: &Path, go_on: GoOn<'_>) -> NativeResult<Vec<String>> {
    let (mut found, mut open) = (Vec::new(), vec![String::new()]);
    while let Some(directory) = open.pop() {
        go_on()?;
        for name in list(&root.join(&directory), false)? {
            let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            if fs::symlink_metadata(root.join(&path)).is_ok_and(|found| found.is_dir()) {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The bytes of a file, of one that claims size 0 too. Where it has to wait for bytes, as at a
/// pipe, it asks `go_on` in between.
pub(super) fn read(path: &Path, go_on: GoOn<'_>) -> NativeResult<Vec<u8>> {
    let failed = failed("reading", path);
    let opened = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path);
    let mut file = opened.map_err(&failed)?;
    let kind = file.metadata().map_err(&failed)?.file_type();
    let mut bytes = Vec::new();
    if kind.is_file() || kind.is_dir() {
        file.read_to_end(&mut bytes).map_err(failed)?;
        return Ok(bytes);
    }
    let mut piece = vec![0; PIECE];
    loop {
        wait_for(&file, PollFlags::POLLIN, go_on, &failed)?;
        match file.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(amount) => bytes.extend_from_slice(&piece[..amount]),
            Err(cause) if is_short(&cause) => {}
            Err(cause) => return Err(failed(cause)),
        }
        if bytes.len() as u64 > MOST_UNPACKED {
            return Err(error("failed", 2, "reading", path, "gives more than 1073741824 bytes"));
        }
    }
}

/// Waits in slices until a pipe or device is ready.
fn wait_for(
    file: &File,
    what: PollFlags,
    go_on: GoOn<'_>,
    failed: &impl Fn(io::Error) -> NativeError,
) -> NativeResult<()> {
    let slice = PollTimeout::try_from(SLICE).unwrap_or(PollTimeout::ZERO);
    loop {
        go_on()?;
        match poll(&mut [PollFd::new(file.as_fd(), what)], slice) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(failed(errno.into())),
        }
    }
}

/// Whether a read or write has to be tried once more.
fn is_short(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Writes to a pipe with a name: waits for a reader, and for the reader to take the bytes.
fn write_to_pipe(path: &Path, content: &[u8], go_on: GoOn<'_>) -> NativeResult<()> {
    let failed = failed("writing", path);
    let mut pipe = loop {
        go_on()?;
        match OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(path) {
            Err(cause) if cause.raw_os_error() == Some(Errno::ENXIO as i32) => {
                std::thread::sleep(SLICE);
            }
            opened => break opened.map_err(&failed)?,
        }
    };
    let mut rest = content;
    while !rest.is_empty() {
        wait_for(&pipe, PollFlags::POLLOUT, go_on, &failed)?;
        match pipe.write(rest) {
            Ok(amount) => rest = &rest[amount..],
            Err(cause) if is_short(&cause) => {}
            Err(cause) => return Err(failed(cause)),
        }
    }
    Ok(())
}

fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

/// The text of a gzip file.
pub(super) fn read_gzip(path: &Path, go_on: GoOn<'_>) -> NativeResult<String> {
    let packed = read(path, go_on)?;
    let mut text = Vec::new();
    let mut unpacked = flate2::read::MultiGzDecoder::new(packed.as_slice()).take(MOST_UNPACKED + 1);
    unpacked.read_to_end(&mut text).map_err(failed("unpacking", path))?;
    if text.len() as u64 > MOST_UNPACKED {
        return Err(error("failed", 2, "unpacking", path, "holds more than 1073741824 bytes"));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How the content of a file is replaced.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// Returns only when the disk has it.
    pub(super) sync: bool,
    /// Nobody ever sees a part of it.
    pub(super) atomic: bool,
}

/// Replaces the content of a file.
pub(super) fn write(
    path: &Path,
    content: &[u8],
    manner: Manner,
    go_on: GoOn<'_>,
) -> NativeResult<()> {
    let failed = failed("writing", path);
    if is_pipe(path) {
        return write_to_pipe(path, content, go_on);
    }
    if !manner.atomic {
        let mut file = File::create(path).map_err(&failed)?;
        file.write_all(content).map_err(&failed)?;
        return if manner.sync { file.sync_all().map_err(failed) } else { Ok(()) };
    }
    // a link stays, as without `atomic`: its target is replaced
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory =
        target.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(&failed)?;
    if let Ok(found) = fs::metadata(&target) {
        file.as_file().set_permissions(found.permissions()).map_err(&failed)?;
    }
    file.write_all(content).map_err(&failed)?;
    if manner.sync {
        file.as_file().sync_all().map_err(&failed)?;
    }
    file.persist(&target).map_err(|cause| failed(cause.error))?;
    if manner.sync {
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(&failed)?;
    }
    Ok(())
}

/// Adds to the end of a file.
pub(super) fn append(path: &Path, content: &[u8], go_on: GoOn<'_>) -> NativeResult<()> {
    if is_pipe(path) {
        return write_to_pipe(path, content, go_on);
    }
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(content)).map_err(failed("appending to", path))
}

/// Makes a directory.
pub(super) fn create_dir(path: &Path) -> NativeResult<()> {
    fs::create_dir(path).map_err(failed("making directory", path))
}

/// Makes a directory and those above it.
pub(super) fn create_dir_all(path: &Path) -> NativeResult<()> {
    fs::create_dir_all(path).map_err(failed("making directory", path))
}

/// Removes a file or link.
pub(super) fn remove_file(path: &Path) -> NativeResult<()> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        return Err(error("failed", 2, "removing", path, "is a directory"));
    }
    fs::remove_file(path).map_err(failed("removing", path))
}

/// Removes an empty directory.
pub(super) fn remove_dir(path: &Path) -> NativeResult<()> {
    must_be_directory("removing directory", path)?;
    fs::remove_dir(path).map_err(failed("removing directory", path))
}

/// Removes a directory with its content; with `within`, only strictly below that one.
pub(super) fn remove_dir_all(path: &Path, within: Option<&Path>) -> NativeResult<()> {
    let doing = "removing directory";
    must_be_directory(doing, path)?;
    let real = path.canonicalize().map_err(failed(doing, path))?;
    if within.is_some_and(|within| real == within || !real.starts_with(within)) {
        return Err(error(
            "outside_temp",
            10,
            doing,
            path,
            "not below the temporary directory and not forced",
        ));
    }
    fs::remove_dir_all(real).map_err(failed(doing, path))
}

/// Moves a file or directory.
pub(super) fn rename(from: &Path, to: &Path, go_on: GoOn<'_>) -> NativeResult<()> {
    let moved = fs::symlink_metadata(from).map_err(failed("moving", from))?;
    if to.is_dir() {
        return Err(error("exists", 10, "moving to", to, "is a directory"));
    }
    match fs::rename(from, to) {
        Err(cause) if cause.kind() == ErrorKind::CrossesDevices => {}
        done => return done.map_err(failed("moving", from)),
    }
    if !moved.is_dir() && to.symlink_metadata().is_ok() {
        remove_file(to)?;
    }
    copy_dir(from, to, go_on)?;
    if moved.is_dir() { remove_dir_all(from, None) } else { remove_file(from) }
}

/// Copies a regular file with mode and time.
pub(super) fn copy_file(from: &Path, to: &Path) -> NativeResult<()> {
    let bad = |cause: io::Error| error("failed", 10, "copying", from, &cause.to_string());
    if !fs::metadata(from).map_err(bad)?.is_file() {
        return Err(error("not_file", 10, "copying", from, "not a regular file"));
    }
    let target =
        if to.is_dir() { to.join(from.file_name().unwrap_or_default()) } else { to.to_owned() };
    if target.symlink_metadata().is_ok() {
        return Err(error("exists", 10, "copying to", &target, "exists already"));
    }
    fs::copy(from, &target).map_err(bad)?;
    let changed = fs::metadata(from).and_then(|found| found.modified()).map_err(bad)?;
    // a copy that cannot even be read keeps the time of its making
    let copy = File::open(&target);
    copy.and_then(|copy| copy.set_modified(changed)).or_else(|cause| {
        if cause.kind() == ErrorKind::PermissionDenied { Ok(()) } else { Err(bad(cause)) }
    })
}

/// Copies a directory with its content, or a file; the target must not exist. Asks `go_on` at
/// each part.
pub(super) fn copy_dir(from: &Path, to: &Path, go_on: GoOn<'_>) -> NativeResult<()> {
    go_on()?;
    let found = fs::symlink_metadata(from).map_err(failed("copying", from))?;
    if to.symlink_metadata().is_ok() {
        return Err(error("exists", 10, "copying to", to, "exists already"));
    }
    if found.is_symlink() {
        let target = fs::read_link(from).map_err(failed("copying", from))?;
        return std::os::unix::fs::symlink(target, to).map_err(failed("linking", to));
    }
    if !found.is_dir() {
        return copy_file(from, to);
    }
    let inside = |path: &Path| path.canonicalize().ok().zip(from.canonicalize().ok());
    let parent = to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    if inside(parent).is_some_and(|(parent, from)| parent.starts_with(from)) {
        return Err(error("exists", 10, "copying to", to, "lies inside the directory to copy"));
    }
    create_dir(to)?;
    for name in list(from, false)? {
        copy_dir(&from.join(&name), &to.join(&name), go_on)?;
    }
    fs::set_permissions(to, found.permissions()).map_err(failed("copying to", to))
}

/// Makes a symbolic link.
pub(super) fn symlink(target: &str, link: &Path) -> NativeResult<()> {
    std::os::unix::fs::symlink(target, link).map_err(failed("linking", link))
}

/// Sets the permission bits.
pub(super) fn set_mode(path: &Path, mode: u32) -> NativeResult<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(failed("setting the mode of", path))
}
