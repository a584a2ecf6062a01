//! Files out of an archive.

use std::collections::HashSet;
use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::sys::statvfs::statvfs;
use rhai::Map;
use zip::ZipArchive;

use super::{bad_content, cannot_write, unusable};
use crate::natives::fs::disk::{Checked, Staged, create_dir_all, error, failed, open_at_once};
use crate::natives::fs::{at, paths, to_write};
use crate::natives::{NativeContext, NativeError, NativeResult, Options};

const DOING: &str = "unpacking";

/// The bits of a Unix mode that tell what kind of file it is, and their values for plain ones.
const KIND: u32 = 0o170_000;
const PLAIN_KINDS: [u32; 3] = [0, 0o100_000, 0o040_000];

type Archive<'d> = ZipArchive<BufReader<Checked<'d, File>>>;

/// What is to be unpacked, checked.
struct Member {
    index: usize,
    /// Below the directory to unpack into, which it does not leave.
    path: String,
    is_directory: bool,
    is_locked: bool,
    size: u64,
    mode: Option<u32>,
}

pub(super) fn unzip(
    run: &NativeContext,
    archive: &str,
    out_dir: &str,
    options: &Map,
) -> NativeResult<()> {
    let options = Options::new(options, &["flatten", "overwrite", "password"])?;
    let (flatten, overwrite) = (options.bool("flatten", false)?, options.bool("overwrite", false)?);
    let password = options.string("password")?;
    if out_dir.is_empty() {
        // with a member behind it, it would become the root
        return Err(NativeError::bad_parameter("the directory to unpack into must not be empty"));
    }
    let source = &at(run, archive)?;
    let target = &to_write(run, out_dir)?;
    let file = open_at_once(source).map_err(failed(DOING, source))?;
    if !file.metadata().map_err(failed(DOING, source))?.is_file() {
        return Err(error("not_file", 10, DOING, source, "not a regular file"));
    }
    let reader = BufReader::with_capacity(64 * 1024, Checked::new(file, &run.deadline));
    let mut archive = ZipArchive::new(reader).map_err(|cause| unusable(DOING, source, cause))?;
    let members = members(run, &mut archive, source, flatten)?;
    if password.is_none() && members.iter().any(|member| member.is_locked) {
        return Err(error("wrong_password", 4, DOING, source, "a password is needed"));
    }
    must_fit(&members, target)?;
    let mut places = HashSet::new();
    for member in members.iter().filter(|member| !member.is_directory) {
        let place = target.join(&member.path);
        let is_taken = place.symlink_metadata().is_ok() || !places.insert(&member.path);
        if is_taken && !overwrite {
            return Err(exists(&place));
        }
    }
    create_dir_all(target)?;
    for member in &members {
        run.deadline.check_run()?;
        let path = format!("{out_dir}/{}", member.path);
        let place = &to_write(run, &path)?;
        make_way(target, member)?;
        if !member.is_directory {
            let unpacking = Unpacking { archive: &mut archive, source, member };
            unpacking.put(run, place, password.as_deref(), overwrite)?;
        }
    }
    Ok(())
}

fn exists(place: &Path) -> NativeError {
    error("exists", 16, DOING, place, "exists already")
}

/// What an archive holds, if all of it may be unpacked.
fn members(
    run: &NativeContext,
    archive: &mut Archive<'_>,
    source: &Path,
    flatten: bool,
) -> NativeResult<Vec<Member>> {
    let bad = |cause| unusable(DOING, source, cause);
    if archive.has_overlapping_entries().map_err(bad)? {
        return Err(error("bad_archive", 4, DOING, source, "files in it share their bytes"));
    }
    let mut members = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        run.deadline.check_run()?;
        let entry = archive.by_index_data(index).map_err(bad)?;
        let name = entry.name().map_err(bad)?.into_owned();
        let refused = |why: &str| {
            let text = format!("'{name}' in it {why}");
            error("outside_base", 10, DOING, source, &text).with("member", name.clone())
        };
        if entry.is_symlink() || !PLAIN_KINDS.contains(&(entry.unix_mode().unwrap_or(0) & KIND)) {
            return Err(refused("is a link or a special file"));
        }
        if name.starts_with('/') {
            return Err(refused("is an absolute path"));
        }
        let path = paths::safe_join("", &name).map_err(|_| refused("leads out"))?;
        let path = path.trim_end_matches('/');
        let is_directory = entry.is_dir();
        if path == "." || (flatten && is_directory) {
            continue;
        }
        let kept = if flatten { path.rsplit('/').next().unwrap_or(path) } else { path };
        members.push(Member {
            index,
            path: kept.to_owned(),
            is_directory,
            is_locked: entry.encrypted(),
            size: entry.size(),
            mode: entry.unix_mode(),
        });
    }
    Ok(members)
}

/// Number 15 when the disk has no room for what an archive claims to hold.
fn must_fit(members: &[Member], target: &Path) -> NativeResult<()> {
    let needed: u128 = members.iter().map(|member| u128::from(member.size)).sum();
    let existing = target.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let Ok(disk) = statvfs(existing) else { return Ok(()) };
    let free = u128::from(disk.blocks_available()) * u128::from(disk.fragment_size());
    // some file systems do not say
    if needed > free && disk.blocks() > 0 {
        let text = format!("holds {needed} bytes, and only {free} are free");
        return Err(error("no_space", 15, DOING, target, &text));
    }
    Ok(())
}

/// Makes the directories of a member, which must not lead elsewhere by links.
fn make_way(target: &Path, member: &Member) -> NativeResult<()> {
    let mut steps: Vec<&str> = member.path.split('/').collect();
    let last = if member.is_directory { None } else { steps.pop() };
    let mut place = target.to_owned();
    for step in steps {
        place.push(step);
        match place.symlink_metadata() {
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                fs::create_dir(&place).map_err(|cause| cannot_write(DOING, &place, cause))?;
            }
            Err(cause) => return Err(cannot_write(DOING, &place, cause)),
            Ok(found) if found.is_symlink() => return Err(is_link(&place)),
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(exists(&place)),
        }
    }
    if let Some(name) = last {
        place.push(name);
        if place.is_symlink() {
            return Err(is_link(&place));
        }
    }
    Ok(())
}

fn is_link(place: &Path) -> NativeError {
    error("outside_base", 10, DOING, place, "a link is in the way, which may lead elsewhere")
}

/// One file of an archive on its way to the disk.
struct Unpacking<'a, 'd> {
    archive: &'a mut Archive<'d>,
    source: &'a Path,
    member: &'a Member,
}

impl Unpacking<'_, '_> {
    fn put(
        self,
        run: &NativeContext,
        place: &Path,
        password: Option<&str>,
        overwrite: bool,
    ) -> NativeResult<()> {
        let Self { archive, source, member } = self;
        let entry = match password.filter(|_| member.is_locked) {
            Some(password) => archive.by_index_decrypt(member.index, password.as_bytes()),
            None => archive.by_index(member.index),
        };
        let entry = entry.map_err(|cause| unusable(DOING, source, cause))?;
        let unwritable = |cause| cannot_write(DOING, place, cause);
        let mut staged = Staged::beside(place).map_err(unwritable)?;
        // one byte more than it may be tells that there is more
        let mut content = Checked::new(entry.take(member.size.saturating_add(1)), &run.deadline);
        let amount = io::copy(&mut content, staged.file())
            .map_err(|cause| bad_content(DOING, source, cause))?;
        if amount != member.size {
            let text = format!("'{}' in it has not the size that it claims", member.path);
            return Err(error("bad_archive", 4, DOING, source, &text));
        }
        give_mode(staged.file(), member.mode).map_err(unwritable)?;
        let placed = if overwrite { staged.replace() } else { staged.put_new() };
        placed.map_err(|cause| match cause.kind() {
            ErrorKind::AlreadyExists | ErrorKind::IsADirectory => exists(place),
            _ => unwritable(cause),
        })
    }
}

/// Gives a file the permissions that it had, as far as the umask allows.
fn give_mode(file: &File, mode: Option<u32>) -> io::Result<()> {
    let Some(mode) = mode else { return Ok(()) };
    let allowed = file.metadata()?.permissions().mode();
    // who may read a new file may also run it
    let allowed = allowed | ((allowed & 0o444) >> 2);
    file.set_permissions(Permissions::from_mode(mode & allowed & 0o777))
}
