//! Files that appear whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file in the making, beside its place, which it takes only when it is complete. Dropped before,
/// it leaves nothing.
pub(in crate::natives) struct Staged {
    file: NamedTempFile,
    target: PathBuf,
}

impl Staged {
    /// Begins what is to be at `target`. The target of a link is meant, and its mode stays.
    pub(in crate::natives) fn beside(target: &Path) -> io::Result<Self> {
        let target = target.canonicalize().unwrap_or_else(|_| target.to_owned());
        let found = fs::metadata(&target).ok();
        if found.as_ref().is_some_and(|found| !found.is_file()) {
            // a file in the place of a device would be a surprise for everybody
            return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = tempfile::Builder::new()
            // what the umask leaves of it, as for any new file
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent(&target))?;
        if let Some(found) = found {
            file.as_file().set_permissions(found.permissions())?;
        }
        Ok(Self { file, target })
    }

    /// Where its content goes.
    pub(in crate::natives) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts it in its place, instead of what is there.
    pub(in crate::natives) fn replace(self) -> io::Result<()> {
        self.file.persist(&self.target).map(|_| ()).map_err(|error| error.error)
    }

    /// Puts it in its place, unless something is there by now.
    pub(in crate::natives) fn put_new(self) -> io::Result<()> {
        self.file.persist_noclobber(&self.target).map(|_| ()).map_err(|error| error.error)
    }

    /// The directory that it lies in.
    pub(super) fn directory(&self) -> PathBuf {
        parent(&self.target).to_owned()
    }
}

/// The directory of a path; the working directory for a bare name.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
