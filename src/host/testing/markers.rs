//! Words in the names of files that say when they are run: `failover-nightly_test.rhai`.

use std::path::Path;

/// The marker of files that are for a server without a cluster, which there is none of here.
const SINGLE: &str = "noncluster";

/// The marker of files that are left out unless asked for.
const NIGHTLY: &str = "nightly";

/// What is left out by the markers in the names of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markers {
    /// Files with one of these markers are left out.
    pub skipped: Vec<String>,
    /// Only files with one of these markers are run, if there is any; they are asked for then.
    pub only: Vec<String>,
}

impl Markers {
    /// Why a file is not run, if so. One that is `named` itself is meant, whatever else its name says.
    pub(super) fn refusal(&self, file: &Path, named: bool) -> Option<String> {
        let own = markers_of(file);
        let has = |marker: &str| own.iter().any(|own| own == marker);
        if has(SINGLE) {
            return Some(format!("-{SINGLE}: it is for a server without a cluster"));
        }
        if named {
            return None;
        }
        if let Some(marker) = self.skipped.iter().find(|marker| has(marker)) {
            return Some(format!("-{marker} is left out"));
        }
        if !self.only.is_empty() {
            let listed = self.only.iter().any(|marker| has(marker));
            return (!listed).then(|| format!("only -{} is run", self.only.join(" and -")));
        }
        has(NIGHTLY).then(|| format!("-{NIGHTLY} is left out unless asked for"))
    }
}

/// The words after the first `-` in the name of a file.
fn markers_of(file: &Path) -> Vec<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".rhai").unwrap_or(&name);
    let name = name.strip_suffix("_test").unwrap_or(name);
    name.split('-').skip(1).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(markers: &Markers, file: &str, named: bool) -> bool {
        markers.refusal(Path::new(file), named).is_none()
    }

    #[test]
    fn m89_markers_leave_files_out_and_files_that_are_named_are_run() {
        let markers = |skipped: &[&str], only: &[&str]| {
            let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            Markers { skipped: words(skipped), only: words(only) }
        };
        let usual = Markers::default();
        assert!(runs(&usual, "a-nightly/b-cluster_test.rhai", false));
        assert!(!runs(&usual, "a-cluster-nightly_test.rhai", false));
        assert!(runs(&usual, "nightly_test.rhai", false), "what comes first is the name");
        let skipping = markers(&["grey"], &[]);
        assert!(
            !runs(&skipping, "a-grey_test.rhai", false) && runs(&skipping, "a_test.rhai", false)
        );
        assert!(runs(&skipping, "a-greyish_test.rhai", false));
        let only = markers(&["grey"], &["nightly"]);
        assert!(runs(&only, "a-nightly_test.rhai", false) && !runs(&only, "a_test.rhai", false));
        assert!(!runs(&only, "a-nightly-grey_test.rhai", false));
        for markers in [usual, skipping, only] {
            assert!(runs(&markers, "a-nightly-grey_test.rhai", true));
            assert!(!runs(&markers, "a-noncluster_test.rhai", true));
            assert!(runs(&markers, "a-cluster_test.rhai", true));
        }
    }
}
