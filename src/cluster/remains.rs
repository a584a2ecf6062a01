//! What servers leave behind that had trouble: core files, reports of sanitizers.

use std::path::{Path, PathBuf};

/// A report that is not longer says nothing.
const LEAST_REPORT: u64 = 10;

/// Whether a file in the folder of a server tells of trouble.
fn tells_of_trouble(name: &str, size: u64) -> bool {
    let is_report = name.starts_with("alubsan.log") || name.starts_with("tsan.log");
    let is_core = name == "core" || name.starts_with("core.") || name.starts_with("core-");
    (is_report && size > LEAST_REPORT) || (is_core && size > 0)
}

/// Takes such files from the folder of a server into another one, which is made for the first of
/// them; gives where they are now. Each is taken once.
pub(super) fn collect(home: &Path, server: &str, pid: u32, into: &Path) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(home) else { return Vec::new() };
    let mut taken = Vec::new();
    for file in files.filter_map(Result::ok) {
        let name = file.file_name().to_string_lossy().into_owned();
        let size = file.metadata().ok().filter(std::fs::Metadata::is_file);
        if !size.is_some_and(|metadata| tells_of_trouble(&name, metadata.len())) {
            continue;
        }
        let place = into.join(format!("{server}_{pid}_{name}"));
        // what cannot be moved stays where it is, and is told of there
        let moved = std::fs::create_dir_all(into).and_then(|()| move_file(&file.path(), &place));
        taken.push(moved.map_or(file.path(), |()| place));
    }
    taken.sort();
    taken
}

/// Moves a file, also to another file system.
fn move_file(from: &Path, to: &Path) -> std::io::Result<()> {
    if std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to)?;
    std::fs::remove_file(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_core_files_are_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let (home, out) = (folder.path().join("home"), folder.path().join("out"));
        std::fs::create_dir(&home).unwrap();
        for (name, text) in [
            ("alubsan.log.arangod.17", "a heap is no stack"),
            ("tsan.log.arangod.17", "short"),
            ("core.17", "x"),
            ("log", "nothing of interest is here"),
        ] {
            std::fs::write(home.join(name), text).unwrap();
        }
        let taken = collect(&home, "dbserver1", 17, &out);
        let names = ["dbserver1_17_alubsan.log.arangod.17", "dbserver1_17_core.17"];
        assert_eq!(taken, names.map(|name| out.join(name)));
        assert!(taken.iter().all(|file| file.exists()));
        assert_eq!(collect(&home, "dbserver1", 17, &out), Vec::<PathBuf>::new());
        assert!(home.join("log").exists());
    }
}
