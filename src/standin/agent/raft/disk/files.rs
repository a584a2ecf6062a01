//! Small files that are replaced as a whole, and directories.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{DiskError, io};

/// Version of everything an agent keeps on disk.
pub(super) const FORMAT: u64 = 1;

/// Makes the entries of a directory durable.
pub(super) fn sync_directory(directory: &Path) -> Result<(), DiskError> {
    let sync = || File::open(directory)?.sync_all();
    sync().map_err(io("sync", directory))
}

/// Creates a directory and those above it, durably, unless it is there.
pub(super) fn create_directory(directory: &Path) -> Result<(), DiskError> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_directory(parent)?;
    }
    match fs::create_dir(directory) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(io("create", directory)(e)),
        _ => sync_directory(parent.unwrap_or(Path::new("."))),
    }
}

/// Name of a file until it is complete.
pub(super) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Puts a complete file in its place: the old one or the new one is there, whatever happens.
pub(super) fn put_in_place(path: &Path) -> Result<(), DiskError> {
    fs::rename(temporary(path), path).map_err(io("rename", path))?;
    sync_directory(path.parent().unwrap_or(Path::new(".")))
}

/// A small file: a line of JSON, and its checksum.
pub(super) fn write_small<T: Serialize>(path: &Path, content: &T) -> Result<(), DiskError> {
    let write = || -> io::Result<()> {
        let mut text = serde_json::to_string(content)?;
        text.push_str(&format!("\n{:08x}\n", crc32fast::hash(text.as_bytes())));
        let mut file = File::create(temporary(path))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(io("write", path))?;
    put_in_place(path)
}

/// Reads what [`write_small`] wrote; nothing if the file is not there.
pub(super) fn read_small<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, DiskError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io("read", path)(e)),
    };
    let damaged = |what: &str| DiskError::damaged(path, 0, what);
    let end = text.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("too short"))?;
    let check = format!("\n{:08x}\n", crc32fast::hash(&text[..end]));
    if text[end..] != *check.as_bytes() {
        return Err(damaged("checksum differs"));
    }
    serde_json::from_slice(&text[..end]).map(Some).map_err(|e| damaged(&e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_come_back_or_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("small");
        assert_eq!(read_small::<u64>(&path).unwrap(), None);
        write_small(&path, &12345_u64).unwrap();
        write_small(&path, &67890_u64).unwrap();
        assert_eq!(read_small::<u64>(&path).unwrap(), Some(67890));
        let good = fs::read(&path).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bad).unwrap();
            assert!(read_small::<u64>(&path).is_err(), "bit {bit}");
        }
        for end in 0..good.len() {
            fs::write(&path, &good[..end]).unwrap();
            assert!(read_small::<u64>(&path).is_err(), "first {end} bytes");
        }
    }
}
