//! Programs in C that use the library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod library;

use std::path::Path;
use std::process::Command;

use library::{Link, Program, SYSTEM_LIBRARIES, programs, source, succeed};

/// The scripts of `values.c`.
fn scripts_of_values(program: &Program) -> [String; 2] {
    [
        program.file("arguments.rhai", "env::args()"),
        program.file("leaves.rhai", "process::exit(3); 7"),
    ]
}

#[test]
fn values_come_and_go_as_json() {
    let program = Program::of("values");
    succeed(program.command().args(scripts_of_values(&program)));
}

#[test]
fn errors_are_objects() {
    let program = Program::of("errors");
    let script = "fn look() {\n    // nothing\n    throw \"no such account\";\n}\nlook();\n";
    succeed(program.command().arg(program.file("throws.rhai", script)));
}

#[test]
fn scripts_call_functions_of_the_program() {
    succeed(&mut Program::of("natives").command());
}

#[test]
fn output_notes_and_log_lines_go_to_functions_of_the_program() {
    succeed(&mut Program::of("sinks").command());
}

#[test]
fn another_thread_interrupts_runs_and_may_outlive_the_host() {
    succeed(&mut Program::of("interrupt").command());
}

#[test]
fn tests_of_scripts_give_results_as_json() {
    let program = Program::of("tests");
    let script =
        "fn test_right() { print(\"hello\"); }\nfn test_wrong() { throw \"1 is not 2\"; }\n";
    let file = program.file("some_test.rhai", script);
    succeed(program.command().arg(Path::new(&file).parent().unwrap()));
}

#[test]
fn hosts_run_at_the_same_time_and_one_host_serves_several_threads() {
    succeed(&mut Program::of("threads").command());
}

#[test]
fn null_and_malformed_texts_are_errors() {
    succeed(&mut Program::of("misuse").command());
}

#[test]
fn hosts_leave_no_thread_and_no_file_behind() {
    succeed(&mut Program::of("leaves_nothing").command());
}

#[test]
fn the_programs_of_the_readme_run_and_the_first_one_with_both_libraries() {
    let readme = std::fs::read_to_string(programs().join("../../README.md")).unwrap();
    assert!(readme.contains(SYSTEM_LIBRARIES), "what a static program is linked with");
    let texts = blocks(&readme);
    assert_eq!(texts.len(), 2);
    assert_says(texts[0], Link::Shared, "x is 42\n");
    assert_says(texts[0], Link::Static, "x is 42\n");
    assert_says(texts[1], Link::Shared, "1250\n");
}

#[test]
fn the_program_of_the_page_on_embedding_runs() {
    let page = std::fs::read_to_string(programs().join("../../../docs/embedding.md")).unwrap();
    let texts = blocks(&page);
    assert_eq!(texts.len(), 1);
    assert_says(texts[0], Link::Shared, "x is 42\n");
}

/// The programs in C of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```c\n").skip(1).map(|text| text.split("```").next().unwrap()).collect()
}

/// What a program of a page prints.
fn assert_says(text: &str, link: Link, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("program.c");
    std::fs::write(&source, text).unwrap();
    let program = Program::compile(&source, link, &[]);
    assert_eq!(succeed(&mut program.command()), expected, "{link:?}");
}

#[test]
fn the_header_is_for_cpp_as_well() {
    let header = programs().join("../../include/agencysh.h");
    if !is_installed("c++") {
        eprintln!("left out: there is no c++");
        return;
    }
    let options = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"];
    succeed(Command::new("c++").args(options).args(["-x", "c++"]).arg(header));
}

/// Whether there is such a program.
fn is_installed(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").output();
    asked.is_ok_and(|output| output.status.success())
}

#[test]
fn sanitizers_find_nothing() {
    let options = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for name in ["natives", "misuse", "interrupt", "leaves_nothing"] {
        succeed(&mut Program::compile(&source(name), Link::Shared, &options).command());
    }
}

#[test]
fn valgrind_finds_nothing() {
    if !is_installed("valgrind") {
        eprintln!("left out: there is no valgrind");
        return;
    }
    for name in ["values", "natives", "leaves_nothing"] {
        let program = Program::of(name);
        let mut command = Command::new("valgrind");
        // hash tables and shared values are reached by pointers into their blocks, which valgrind calls possibly lost
        command.args(["--leak-check=full", "--errors-for-leak-kinds=definite,indirect"]);
        command.args(["--show-leak-kinds=definite,indirect", "--error-exitcode=99", "--quiet"]);
        command.arg(program.path());
        if name == "values" {
            command.args(scripts_of_values(&program));
        }
        succeed(&mut command);
    }
}

#[test]
fn each_program_is_run() {
    for entry in std::fs::read_dir(programs()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "c") {
            let name = format!("Program::of(\"{}\")", path.file_stem().unwrap().display());
            assert!(include_str!("main.rs").contains(&name), "no test has {name}");
        }
    }
}
