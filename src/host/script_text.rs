//! Reads script files.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The longest script, in bytes: what is longer is no script, such as a device that never ends.
const LONGEST: u64 = 64 << 20;

/// Why a script file cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptFileError {
    /// There is no such file.
    #[error("there is no script '{}'", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read the script '{}'", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is too long to be a script.
    #[error("the script '{}' is longer than {LONGEST} bytes", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The file is not text.
    #[error("the script '{}' is not UTF-8: byte {offset} does not fit", .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that is wrong, counted from 0.
        offset: usize,
    },
}

impl ScriptFileError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "script.missing",
            Self::Unreadable { .. } => "script.unreadable",
            Self::TooLong { .. } => "script.too_long",
            Self::NotUtf8 { .. } => "script.not_utf8",
        }
    }
}

/// The text of a script file, ready for the engine.
///
/// # Errors
/// [`ScriptFileError`].
pub fn read(path: &Path) -> Result<String, ScriptFileError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ScriptFileError::Missing { path: path.to_owned() },
        _ => ScriptFileError::Unreadable { path: path.to_owned(), source },
    })?;
    read_from(file, path)
}

/// The text of a script that comes from `source`, which errors call `path`.
///
/// # Errors
/// [`ScriptFileError`].
pub fn read_from(source: impl Read, path: &Path) -> Result<String, ScriptFileError> {
    let path = || path.to_owned();
    let mut bytes = Vec::new();
    source
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| ScriptFileError::Unreadable { path: path(), source })?;
    if bytes.len() as u64 > LONGEST {
        return Err(ScriptFileError::TooLong { path: path() });
    }
    let text = String::from_utf8(bytes).map_err(|error| ScriptFileError::NotUtf8 {
        path: path(),
        offset: error.utf8_error().valid_up_to(),
    })?;
    Ok(without_marks(text))
}

/// The text without a byte order mark; a first line for the system's loader becomes a comment,
/// so that all other lines keep their numbers.
pub(super) fn without_marks(text: String) -> String {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    match text.strip_prefix("#!") {
        Some(_) => format!("//{text}"),
        None => text,
    }
}
