//! Which files hold tests.

use std::io;
use std::path::{Path, PathBuf};

/// How the name of a test script ends.
const ENDING: &str = "_test.rhai";

/// Why no list of test scripts can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// There is no such file or folder.
    #[error("there is no file or folder '{}'", .path.display())]
    Missing {
        /// What was named.
        path: PathBuf,
    },
    /// A folder cannot be read.
    #[error("cannot read the folder '{}'", .path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The test scripts at these paths, each once: files as they are named, and below folders all `*_test.rhai`, sorted.
/// Folders whose names begin with a dot, and `target`, are left out.
///
/// # Errors
/// A path leads nowhere, or a folder cannot be read.
pub fn find_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, DiscoveryError> {
    let mut files = Vec::new();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(data) if data.is_dir() => {
                let mut below = Vec::new();
                collect(path, &mut below)?;
                below.sort();
                files.extend(below);
            }
            Ok(_) => files.push(path.clone()),
            Err(_) => return Err(DiscoveryError::Missing { path: path.clone() }),
        }
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DiscoveryError> {
    let unreadable = |source| DiscoveryError::Unreadable { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = match folder == Path::new(".") {
            true => PathBuf::from(&name),
            false => entry.path(),
        };
        // links to folders are not followed: they may lead back
        if entry.file_type().map_err(unreadable)?.is_dir() {
            if !name.starts_with('.') && name != "target" {
                collect(&path, files)?;
            }
        } else if name.ends_with(ENDING) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_a_folder_are_sorted_and_files_named_are_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "b/z_test.rhai",
            "b/a_test.rhai",
            "b/other.rhai",
            ".git/x_test.rhai",
            "target/y_test.rhai",
        ] {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        let found =
            find_files(&[at("b/other.rhai"), folder.path().to_owned(), at("b/z_test.rhai")])
                .unwrap();
        assert_eq!(found, [at("b/other.rhai"), at("b/a_test.rhai"), at("b/z_test.rhai")]);
        let missing = find_files(&[at("c")]).unwrap_err();
        assert!(matches!(missing, DiscoveryError::Missing { path } if path == at("c")));
    }
}
