//! `definitions`: what the language knows, as files for editors.

use std::path::Path;

use rhai::Engine;

use super::exit::ExitCode;
use super::options::{OptionError, Options};
use super::output;
use crate::natives::reference;

/// Writes a `.d.rhai` file for the language, and one for each namespace.
pub(super) fn write(options: &Options, folder: &Path) -> Result<ExitCode, OptionError> {
    match files(folder) {
        Ok(count) => {
            output::note(&format!("{count} files are in '{}'", folder.display()));
            Ok(ExitCode::OK)
        }
        Err(error) => {
            let message = format!("cannot write definitions to '{}': {error}", folder.display());
            options.reporter().plain(&message, None);
            Ok(ExitCode::FAILED)
        }
    }
}

fn files(folder: &Path) -> std::io::Result<usize> {
    let mut engine = Engine::new();
    reference::add_documented(&mut engine);
    std::fs::create_dir_all(folder)?;
    let mut count = 0;
    for (name, text) in engine.definitions().iter_files() {
        std::fs::write(folder.join(name), as_scripts_see(&text))?;
        count += 1;
    }
    Ok(count)
}

/// The signatures with what a script gets, in place of what a function gives to the engine.
fn as_scripts_see(text: &str) -> String {
    let line = |line: &str| {
        let Some((before, result)) = line.rsplit_once("-> Raw<") else { return line.to_owned() };
        let result = match result.trim_end_matches([' ', '>', ';']) {
            "Dynamic" => "?",
            "INT" => "int",
            "FLOAT" => "float",
            "String" | "ImmutableString" => "string",
            "Array" => "array",
            "Map" => "map",
            "Blob" => "blob",
            other => other,
        };
        format!("{before}-> {result};")
    };
    text.lines().map(|one| line(one) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_those_that_a_script_gets() {
        let text = "/// Raw<x>\nfn read(path: string) -> Raw<String >;\nfn a() -> Raw<Agency >;\nfn b() -> bool;\n";
        let expected =
            "/// Raw<x>\nfn read(path: string) -> string;\nfn a() -> Agency;\nfn b() -> bool;\n";
        assert_eq!(as_scripts_see(text), expected);
    }
}
