//! Who a member is: an id that is kept in its data directory.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{MemberError, MemberRole};
use crate::standin::directory_lock::{DirectoryLock, LockError, WHOLE};
use crate::standin::model::ServerId;

/// The file that holds the id.
const FILE: &str = "UUID";

/// The file that a directory of an agent has, and that of a member has not.
const OF_AN_AGENT: &str = "agent.json";

/// An id, and the directory that it was found in.
#[derive(Debug)]
pub(super) struct Identity {
    /// The id.
    pub(super) id: ServerId,
    /// Whether nobody has had it before.
    pub(super) fresh: bool,
    /// Held for as long as the directory is used.
    _lock: Option<DirectoryLock>,
}

impl Identity {
    /// The id that a directory holds, or a new one, which is kept there from now on. Without a
    /// directory it is always a new one.
    pub(super) fn of(directory: Option<&Path>, role: MemberRole) -> Result<Self, MemberError> {
        let Some(directory) = directory else {
            return Ok(Self { id: new_id(role), fresh: true, _lock: None });
        };
        fs::create_dir_all(directory).map_err(failed("create", directory))?;
        let lock = lock(directory)?;
        if directory.join(OF_AN_AGENT).exists() {
            let (directory, id) = (directory.to_owned(), "an agent".to_owned());
            return Err(MemberError::OtherRole { directory, id, role });
        }
        let (id, fresh) = match read(&directory.join(FILE))? {
            Some(id) => (id, false),
            None => (keep(directory, new_id(role))?, true),
        };
        if MemberRole::of(&id) != Some(role) {
            let directory = directory.to_owned();
            return Err(MemberError::OtherRole { directory, id: id.as_ref().to_owned(), role });
        }
        Ok(Self { id, fresh, _lock: Some(lock) })
    }
}

fn new_id(role: MemberRole) -> ServerId {
    format!("{}-{}", role.prefix(), uuid::Uuid::new_v4()).into()
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> MemberError {
    let path = path.to_owned();
    move |source| MemberError::Directory { action, path, source }
}

fn lock(directory: &Path) -> Result<DirectoryLock, MemberError> {
    DirectoryLock::take(directory, WHOLE).map_err(|error| match error {
        LockError::Taken => MemberError::Locked { directory: directory.to_owned() },
        LockError::Io { action, path, source } => MemberError::Directory { action, path, source },
    })
}

fn read(path: &Path) -> Result<Option<ServerId>, MemberError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(failed("read", path)(error)),
    };
    let id = text.trim();
    let usable = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || !id.chars().all(usable) {
        return Err(MemberError::NoId { path: path.to_owned() });
    }
    Ok(Some(id.into()))
}

/// Writes the id so that it is there whole, or not at all.
fn keep(directory: &Path, id: ServerId) -> Result<ServerId, MemberError> {
    let path: PathBuf = directory.join(FILE);
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        writeln!(file, "{id}")?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(failed("write", &path))?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c2_1_an_id_is_made_once_and_kept_in_the_data_directory() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("a/b");
        let first = Identity::of(Some(&data), MemberRole::DbServer).unwrap();
        let uuid = first.id.strip_prefix("PRMR-").unwrap();
        assert_eq!(uuid::Uuid::parse_str(uuid).unwrap().to_string(), uuid);
        assert!(first.fresh);
        let id = first.id.clone();
        drop(first);
        let again = Identity::of(Some(&data), MemberRole::DbServer).unwrap();
        assert_eq!((again.id, again.fresh), (id, false));
    }

    #[test]
    fn c2_1_only_the_prefix_of_an_id_tells_its_role() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE), "CRDN-ab12cd34\n").unwrap();
        let identity = Identity::of(Some(directory.path()), MemberRole::Coordinator).unwrap();
        assert_eq!((&*identity.id, identity.fresh), ("CRDN-ab12cd34", false));
        drop(identity);
        let other = Identity::of(Some(directory.path()), MemberRole::DbServer).unwrap_err();
        assert_eq!(other.kind(), "member.other_role");
        assert!(other.to_string().contains("CRDN-ab12cd34"), "{other}");
    }

    #[test]
    fn a_directory_that_cannot_be_a_members_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let refused = |role| Identity::of(Some(path), role).unwrap_err().kind();
        fs::write(path.join(OF_AN_AGENT), "{}").unwrap();
        assert_eq!(refused(MemberRole::DbServer), "member.other_role");
        fs::remove_file(path.join(OF_AN_AGENT)).unwrap();
        for rubbish in [&b""[..], b"  \n", b"PRMR-a/../b", b"\xff\xfe", b"PRMR-a\nPRMR-b"] {
            fs::write(path.join(FILE), rubbish).unwrap();
            assert_eq!(refused(MemberRole::DbServer), "member.no_id", "{rubbish:?}");
        }
        fs::remove_file(path.join(FILE)).unwrap();
        let taken = Identity::of(Some(path), MemberRole::DbServer).unwrap();
        assert_eq!(refused(MemberRole::DbServer), "member.locked");
        drop(taken);
        assert!(Identity::of(Some(path), MemberRole::DbServer).is_ok());
    }
}
