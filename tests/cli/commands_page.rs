//! What `docs/commands.md` shows comes out as it stands there.

use agencysh::standin::EmbeddedAgency;

use crate::support::{Folder, program, said};

/// A command line and what it is shown to say.
struct Shown {
    line: String,
    output: String,
}

fn shown() -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in include_str!("../../docs/commands.md").lines() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => inside = true,
            ("```", _) => inside = false,
            (_, Some(line)) if inside => {
                all.push(Shown { line: line.to_owned(), output: String::new() });
            }
            (line, None) if inside => {
                let output = &mut all.last_mut().unwrap().output;
                output.push_str(line);
                output.push('\n');
            }
            _ => {}
        }
    }
    all
}

fn is_installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

#[test]
fn each_command_says_what_is_shown() {
    let agency = EmbeddedAgency::start(1).unwrap();
    let folder = Folder::new();
    let binary = std::path::Path::new(program().get_program()).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        std::iter::once(binary)
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let path = path.unwrap();
    let shown = shown();
    assert!(shown.len() > 10);
    for Shown { line, output } in shown {
        if line.contains("jq ") && !is_installed("jq") {
            // what follows needs what it did
            return;
        }
        let mut shell = assert_cmd::Command::new("sh");
        shell
            .args(["-c", &format!("{{ {line}; }} 2>&1")])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("AGENCYSH_ENDPOINT", &agency.endpoints()[0]);
        assert_eq!(said(&mut shell).stdout, output, "{line}");
    }
    agency.shutdown();
}
