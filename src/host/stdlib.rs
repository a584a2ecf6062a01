//! The standard library: Rhai modules inside the program, imported by name.

use include_dir::{Dir, include_dir};
use rhai::Engine;

use crate::natives::reference::{NativeDoc, merge_overloads};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stdlib");

/// What stands before the names of embedded modules in positions of errors.
pub const PREFIX: &str = "<stdlib>/";

/// The text of the module called `name`, such as `assert`.
pub fn module(name: &str) -> Option<&'static str> {
    let file = if name.ends_with(".rhai") { name.to_owned() } else { format!("{name}.rhai") };
    FOLDER.get_file(file)?.contents_utf8()
}

/// The names of all modules, sorted.
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    collect(&FOLDER, &mut names);
    names.retain(|name| !name.starts_with(COMMANDS));
    names.sort();
    names
}

/// The folder of the scripts that are commands.
const COMMANDS: &str = "commands/";

/// The names of the scripts that are commands, sorted.
pub fn commands() -> Vec<&'static str> {
    let folder = FOLDER.get_dir(COMMANDS.trim_end_matches('/'));
    let files = folder.into_iter().flat_map(|folder| folder.files());
    let mut names: Vec<&str> = files.filter_map(|file| file.path().file_stem()?.to_str()).collect();
    names.sort_unstable();
    names
}

/// The text of the script that is the command `name`.
pub fn command(name: &str) -> Option<&'static str> {
    commands().contains(&name).then(|| module(&format!("{COMMANDS}{name}")))?
}

/// What errors call the script that is the command `name`.
pub fn command_place(name: &str) -> String {
    format!("{PREFIX}{COMMANDS}{name}.rhai")
}

fn collect(folder: &Dir<'_>, names: &mut Vec<String>) {
    let scripts = folder.files().filter_map(|file| file.path().to_str()?.strip_suffix(".rhai"));
    names.extend(scripts.map(str::to_owned));
    folder.dirs().for_each(|folder| collect(folder, names));
}

/// The documentation of all public functions of the modules.
pub fn reference() -> Vec<NativeDoc> {
    let mut engine = Engine::new_raw();
    // the host's engine takes deeper expressions than a bare one
    engine.set_max_expr_depths(0, 0);
    let mut docs = Vec::new();
    for name in names() {
        let Some(ast) = module(&name).and_then(|text| engine.compile(text).ok()) else { continue };
        // the engine takes closures for public functions
        let public = ast
            .iter_functions()
            .filter(|one| one.access.is_public() && !one.name.starts_with("anon$"));
        docs.extend(public.map(|one| NativeDoc::parse(&name, one.name, &one.comments.join("\n"))));
    }
    merge_overloads(&mut docs);
    docs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_documented() {
        let documented = reference();
        for name in names() {
            assert!(documented.iter().any(|doc| doc.namespace == name), "{name}");
        }
    }
}
