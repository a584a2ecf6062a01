//! The library as it is now, and programs that use it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// How a program is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Shared,
    Static,
}

/// What the linker needs behind the static library; `README.md` says so.
pub(crate) const SYSTEM_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl";

/// Where the two libraries are.
struct Library {
    shared: PathBuf,
    archive: PathBuf,
}

/// Builds the library, once: no test depends on one that only C can link, so cargo does not build it by itself.
///
/// The packages and the test that are named here have cargo choose the features that it chose for `cargo test`: all
/// that the library is made of has been compiled already then.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        // TARGET/PROFILE/deps/TEST
        let folder = test.ancestors().nth(2).unwrap();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .args(["build", "--locked", "--message-format=json", "--profile", profile])
            .args(["-p", "agencysh", "-p", "agencysh-c", "--lib", "--test", "header"])
            .arg("--target-dir")
            .arg(folder.parent().unwrap());
        // what cargo tells tests about their package would have build scripts run anew
        let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME"];
        for (name, _) in std::env::vars_os() {
            if told.iter().any(|told| name.to_string_lossy().starts_with(told)) {
                cargo.env_remove(name);
            }
        }
        let built = cargo.output().unwrap();
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{cargo:?}: {errors}");
        let files = files(&String::from_utf8(built.stdout).unwrap());
        let file = |ending: &str| {
            let found = files.iter().find(|file| file.extension().is_some_and(|is| is == ending));
            found.unwrap_or_else(|| panic!("no {ending} among {files:?}")).clone()
        };
        Library { shared: file(std::env::consts::DLL_EXTENSION), archive: file("a") }
    })
}

/// The files of this package's library, from what cargo says about what it built.
fn files(messages: &str) -> Vec<PathBuf> {
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_ours = |message: &Value| {
        message["reason"] == "compiler-artifact"
            && message["target"]["crate_types"]
                .as_array()
                .is_some_and(|types| types.contains(&"cdylib".into()))
            && message["target"]["name"] == "agencysh"
    };
    let names =
        messages.filter(is_ours).flat_map(|mut message| match message["filenames"].take() {
            Value::Array(names) => names,
            other => panic!("file names: {other}"),
        });
    names.map(|name| PathBuf::from(name.as_str().unwrap())).collect()
}

/// A program that was compiled, in a folder of its own.
pub(crate) struct Program {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Program {
    /// The program `tests/programs/NAME.c`.
    pub(crate) fn of(name: &str) -> Self {
        Self::compile(&source(name), Link::Shared, &[])
    }

    pub(crate) fn compile(source: &Path, link: Link, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let library = library();
        let mut compiler = Command::new("cc");
        compiler
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-pthread"])
            .args(options)
            .arg("-I")
            .arg(package.join("include"))
            .arg("-I")
            .arg(programs())
            .arg(source)
            .arg("-o")
            .arg(&file);
        match link {
            Link::Shared => {
                let folder = library.shared.parent().unwrap();
                compiler.arg("-L").arg(folder).arg("-lagencysh");
                compiler.arg(format!("-Wl,-rpath,{}", folder.display()));
            }
            Link::Static => {
                compiler.arg(&library.archive).args(SYSTEM_LIBRARIES.split(' '));
            }
        }
        let compiled = compiler.output().unwrap();
        let errors = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{compiler:?}: {errors}");
        Self { folder, file }
    }

    /// Puts a file beside the program; gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(&self.file)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file
    }
}

/// Where the programs are.
pub(crate) fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

/// The file of a program.
pub(crate) fn source(name: &str) -> PathBuf {
    programs().join(name).with_extension("c")
}

/// Runs a command that has to succeed; gives what it writes.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{text}\n{errors}", output.status);
    text
}
