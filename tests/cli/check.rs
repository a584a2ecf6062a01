//! `check`: mistakes found without running.

use crate::support::{Folder, agencysh};

#[test]
fn a_good_script_passes_in_silence_and_is_not_run() {
    let folder = Folder::new();
    let marker = folder.path().join("ran");
    folder.file("helper.rhai", "fn help(x) { x }");
    let script = folder.file(
        "a.rhai",
        format!(
            "import \"assert\" as assert; import \"helper\" as helper;
             fs::write({:?}, \"\"); let a = agency::current(); a.set(\"x\", helper::help(1));
             let m = #{{ act: |x| x + 1 }}; m.act(1); let f = Fn(\"own\"); f.call(1); [1].map(|x| own(x));
             fn own(x) {{ x.to_string() + type_of(x) }} print(1, 2); sleep(1); \"a\".len(); exit(0);",
            marker.display().to_string()
        ),
    );
    let said = agencysh(&["check", &script]);
    assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (Some(0), "", ""));
    assert!(!marker.exists());
}

#[test]
fn all_unknown_functions_and_modules_are_named_with_their_lines() {
    let folder = Folder::new();
    folder.file("helper.rhai", "fn help(x) { x }\nprivate fn own() {}");
    let script = folder.file(
        "a.rhai",
        "import \"helper\" as helper;\nimport \"nowhere\" as n;\nhelper::hlep(1);\nfs::raed(\"x\");\nfn f() { nothing_like_it(1) }\n\"a\".no_such_method();",
    );
    let said = agencysh(&["check", &script]);
    assert_eq!(said.code, Some(1));
    for (line, name) in [
        (2, "nowhere"),
        (3, "helper::hlep"),
        (4, "fs::raed"),
        (5, "nothing_like_it"),
        (6, "no_such_method"),
    ] {
        assert!(said.stderr.contains(name), "{name}: {}", said.stderr);
        assert!(said.stderr.contains(&format!("a.rhai:{line}:")), "{line}: {}", said.stderr);
    }
    assert!(said.stderr.contains("did you mean 'fs::read'?"), "{}", said.stderr);
}

#[test]
fn unknown_variables_and_syntax_errors_are_found_in_each_file() {
    let folder = Folder::new();
    let first = folder.file("a.rhai", "let x = 1;\nprint(y);");
    let second = folder.file("b.rhai", "print(1");
    let said = agencysh(&["check", &first, &second]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("script.unknown_variable"), "{}", said.stderr);
    assert!(said.stderr.contains("a.rhai:2:7"), "{}", said.stderr);
    assert!(
        said.stderr.contains("script.syntax") && said.stderr.contains("b.rhai:1:"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_scripts_of_the_project_pass() {
    let root = env!("CARGO_MANIFEST_DIR");
    let scripts: Vec<String> = ["scripts", "scripts/bench", "stdlib"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(format!("{root}/{folder}")).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rhai"))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let mut words = vec!["check"];
    words.extend(scripts.iter().map(String::as_str));
    let said = agencysh(&words);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(scripts.len() >= 3);
}
