//! The header says what the library has.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

/// The header as cbindgen writes it for the sources, in the order in which `lib.rs` names them.
fn written() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).unwrap();
    let root = std::fs::read_to_string(package.join("src/lib.rs")).unwrap();
    let modules = root.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let source = |module: &str| package.join("src").join(module).with_extension("rs");
    let sources: Vec<PathBuf> = modules.map(source).collect();
    assert!(sources.len() > 5, "lib.rs names the parts of the interface: {sources:?}");
    let add = |builder: cbindgen::Builder, source| builder.with_src(source);
    let builder = sources.iter().fold(cbindgen::Builder::new().with_config(config), add);
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn the_header_is_what_the_sources_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/agencysh.h");
    if std::env::var_os("AGENCYSH_EXPECT").is_some_and(|word| word == "write") {
        std::fs::write(&path, written()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(
        kept == written(),
        "{} is out of date: AGENCYSH_EXPECT=write cargo test -p agencysh-c --test header",
        path.display()
    );
}
