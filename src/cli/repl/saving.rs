//! Writes what was entered into a script.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::syntax::{Kind, pieces};
use crate::cli::output;

/// Writes entries into a script that does not exist yet.
///
/// # Errors
/// It exists already, or cannot be written.
pub(super) fn save(entered: &[String], path: &Path) -> io::Result<()> {
    File::create_new(path)?.write_all(script(entered).as_bytes())?;
    output::note(&format!("{} entries are in '{}'", entered.len(), path.display()));
    let by_last = entered.iter().filter(|entry| uses_last_value(entry)).count();
    if by_last > 0 {
        output::note(&format!(
            "{by_last} of them use `_`, which a script does not have: give that value a name there"
        ));
    }
    Ok(())
}

/// The entries as one script.
fn script(entered: &[String]) -> String {
    let mut script = String::new();
    for entry in entered {
        script.push_str(entry);
        if !entry.ends_with(';') {
            // a comment would swallow it
            let comment = entry.lines().last().is_some_and(|line| line.contains("//"));
            script.push_str(if comment { "\n;" } else { ";" });
        }
        script.push('\n');
    }
    script
}

/// A file as it is typed, or as Tab completes it: `~` is the home, a backslash stands before blanks.
pub(super) fn typed_path(text: &str) -> PathBuf {
    let path = text.replace("\\ ", " ");
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.into(),
    }
}

/// Whether code uses the value of the entry before it.
fn uses_last_value(code: &str) -> bool {
    let all = pieces(code);
    all.iter().filter(|piece| piece.kind == Kind::Word).any(|piece| match piece.of(code) {
        "_last" => true,
        // before `=>` it stands for all other cases
        "_" => !code[piece.end..].trim_start().starts_with("=>"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_use_the_last_value_are_known() {
        for (code, uses) in [
            ("_ + 1", true),
            ("f(_last)", true),
            ("`${_}`", true),
            ("switch x { _ => 1 }", false),
            ("\"_\" + a_b", false),
        ] {
            assert_eq!(uses_last_value(code), uses, "{code}");
        }
    }
}
