//! The report files of arangosh's test framework.
//!
//! * `tree`: the tree of results
//! * `xml`: a file of XML for each test file

mod tree;
mod xml;

use std::io;
use std::path::{Path, PathBuf};

use super::super::output;
use super::report::write_file;
use crate::host::testing::TestRun;

/// How the suite of all files is called.
const SUITE: &str = "agencysh";

/// Writes the files into a folder.
pub(super) struct LegacyReports {
    folder: PathBuf,
}

impl LegacyReports {
    /// Writes what is to be believed of a run that does not come to its end: it has failed.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(super) fn begin(folder: &Path, options: &str) -> io::Result<Self> {
        let reports = Self { folder: folder.to_owned() };
        reports.write("UNITTEST_RESULT_EXECUTIVE_SUMMARY.json", "false\n")?;
        reports.write("UNITTEST_RESULT_CRASHED.json", "true\n")?;
        reports.write("testfailures.txt", &format!("incomplete test run with: {options}\n"))?;
        Ok(reports)
    }

    /// Writes what the run came to.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn end(&self, run: &TestRun) -> io::Result<()> {
        let tree = tree::tree(run);
        self.write("UNITTEST_RESULT.json", &format!("{tree:#}\n"))?;
        let (good, crashed) = (run.succeeded(), tree::crashed(run));
        self.write("UNITTEST_RESULT_EXECUTIVE_SUMMARY.json", &format!("{good}\n"))?;
        self.write("UNITTEST_RESULT_CRASHED.json", &format!("{crashed}\n"))?;
        self.write("testfailures.txt", &tree::failures(run))?;
        for file in &run.files {
            let name = format!("UNITTEST_RESULT_{}.xml", xml::name(file));
            // the other files count, whatever becomes of one of these
            if let Err(error) = self.write(&name, &xml::document(file)) {
                output::note(&format!("warning: the report '{name}' is missing: {error}"));
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        write_file(&self.folder.join(name), text)
    }
}
