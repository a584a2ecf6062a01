//! Starts the program and keeps what it said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;

/// Longer than any test needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, with an environment that says nothing to it.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agencysh"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AGENCYSH_")) {
        command.env_remove(name);
    }
    command.env_remove("NO_COLOR").timeout(PATIENCE);
    command
}

/// Runs the program with these words.
pub(crate) fn agencysh(words: &[&str]) -> Said {
    said(program().args(words))
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder for scripts, gone at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    }
}
