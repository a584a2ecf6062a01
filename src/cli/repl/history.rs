//! The history of what was typed: kept in a file that only its owner reads, without secrets.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustyline::Editor;
use rustyline::history::FileHistory;

use super::command::Command;
use super::helper::LineHelper;
use crate::cli::output;

/// How many entries are kept.
pub(super) const MOST_ENTRIES: usize = 2000;

/// An entry with one of these words may hold a secret: it is not kept at all.
const SECRETS: &[&str] = &["secret", "password", "passwd", "token", "jwt"];

/// Shorter values of options would be found in harmless text.
const SHORTEST_SECRET: usize = 4;

/// Where entries go.
pub(super) struct Keeper {
    file: Option<PathBuf>,
    /// What the options say that nobody may read.
    secrets: Vec<String>,
}

impl Keeper {
    /// Reads what earlier shells have kept.
    pub(super) fn open(
        editor: &mut Editor<LineHelper, FileHistory>,
        file: Option<PathBuf>,
        secrets: Vec<String>,
    ) -> Self {
        if let Some(file) = &file {
            // what is there already is not overwritten by several first entries at once;
            // a file that cannot be made is told of with the first entry
            let _ = made(file);
            let _ = editor.load_history(file);
        }
        let secrets = secrets.into_iter().filter(|one| one.len() >= SHORTEST_SECRET).collect();
        Self { file, secrets }
    }

    /// Keeps an entry at once: several shells add to the file by turns, each what it has new.
    pub(super) fn keep(&mut self, editor: &mut Editor<LineHelper, FileHistory>, entry: &str) {
        let lower = entry.to_lowercase();
        let is_secret = SECRETS.iter().any(|word| lower.contains(word))
            || self.secrets.iter().any(|secret| entry.contains(secret.as_str()));
        let leaves = Command::parse(entry) == Some(Command::Exit);
        if is_secret || leaves || entry.trim().is_empty() {
            return;
        }
        // a history that is full, or off, is no reason to stop
        let _ = editor.add_history_entry(entry.trim_end());
        let Some(file) = &self.file else { return };
        if let Err(error) = append(editor, file) {
            output::note(&format!("the history is not kept: '{}': {error}", file.display()));
            // said once
            self.file = None;
        }
    }
}

/// The file, made if there is none.
fn made(file: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn append(editor: &mut Editor<LineHelper, FileHistory>, file: &Path) -> rustyline::Result<()> {
    editor.append_history(file)?;
    only_for_owner(file)?;
    Ok(())
}

/// A file that an older shell, or somebody else, has made may be open to all.
#[cfg(unix)]
fn only_for_owner(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file)?.permissions().mode();
    match mode & 0o077 {
        0 => Ok(()),
        _ => std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)),
    }
}

#[cfg(not(unix))]
fn only_for_owner(_: &Path) -> std::io::Result<()> {
    Ok(())
}
