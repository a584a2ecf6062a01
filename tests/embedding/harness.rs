//! Scripts as a test program of Cargo.

use agencysh::Host;
use agencysh::host::testing::Harness;

const SCRIPT: &str = "
    fn test_one() { print(\"hello\"); }
    fn test_two() {
        throw \"broken\";
    }
    fn test_three() { test::skip(\"not today\"); }
";

struct Scripts(tempfile::TempDir);

impl Scripts {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    /// The exit code, and what was written.
    fn run(&self, words: &[&str]) -> (u8, String) {
        let mut output = Vec::new();
        let words = words.iter().map(ToString::to_string);
        let code = Harness::new(self.0.path()).host(Host::builder()).run(words, &mut output);
        (code, String::from_utf8(output).unwrap())
    }
}

#[test]
fn each_function_is_a_test_with_a_result() {
    let scripts = Scripts::new(&[("a_test.rhai", SCRIPT)]);
    let (code, output) = scripts.run(&[]);
    assert_eq!(code, 101, "{output}");
    assert!(output.starts_with("\nrunning 3 tests\n"), "{output}");
    for line in [
        "test a_test.rhai::test_one ... ok\n",
        "test a_test.rhai::test_two ... FAILED\n",
        "test a_test.rhai::test_three ... ignored, not today\n",
        "a_test.rhai:4:9\n",
        "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out",
    ] {
        assert!(output.contains(line), "{line}: {output}");
    }
    assert!(!output.contains("hello"), "what passes keeps silent: {output}");
    assert!(scripts.run(&["--nocapture"]).1.contains("    hello\n"));
}

#[test]
fn tests_are_listed_and_selected_by_name() {
    let scripts = Scripts::new(&[("a_test.rhai", SCRIPT), ("sub/b_test.rhai", "fn test_one() {}")]);
    let (code, listed) = scripts.run(&["--list", "--format", "terse"]);
    let expected = "a_test.rhai::test_one: test\na_test.rhai::test_two: test\n\
                    a_test.rhai::test_three: test\nsub/b_test.rhai::test_one: test\n";
    assert_eq!((code, listed.as_str()), (0, expected));
    let (code, output) = scripts.run(&["test_one"]);
    assert_eq!(code, 0, "{output}");
    assert!(
        output.contains("2 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out"),
        "{output}"
    );
    let (code, output) = scripts.run(&["--exact", "sub/b_test.rhai::test_one"]);
    assert_eq!(code, 0);
    assert!(output.contains("1 passed;") && output.contains("3 filtered out"), "{output}");
    assert!(scripts.run(&["--ignored"]).1.contains("running 0 tests"));
}

#[test]
fn a_file_that_cannot_be_compiled_is_a_test_that_fails() {
    let scripts =
        Scripts::new(&[("a_test.rhai", "fn test_one() {}"), ("b_test.rhai", "fn test_(")]);
    assert_eq!(
        scripts.run(&["--list", "--format=terse"]).1,
        "a_test.rhai::test_one: test\nb_test.rhai: test\n"
    );
    let (code, output) = scripts.run(&[]);
    assert_eq!(code, 101, "{output}");
    assert!(output.contains("test b_test.rhai ... FAILED\n"), "{output}");
    assert!(output.contains("1 passed; 1 failed;"), "{output}");
    let (code, output) = scripts.run(&["b_test.rhai", "--exact"]);
    assert_eq!(code, 101, "{output}");
    assert!(output.contains("0 passed; 1 failed;"), "{output}");
    assert_eq!(scripts.run(&["test_one"]).0, 0);
}

#[test]
fn what_cannot_run_is_told() {
    let missing = Harness::new("/no/such/folder");
    let mut output = Vec::new();
    assert_eq!(missing.run([], &mut output), 101);
    assert!(String::from_utf8(output).unwrap().contains("/no/such/folder"));
    let (code, output) = Scripts::new(&[]).run(&["--fast"]);
    assert_eq!((code, output.as_str()), (101, "error: '--fast' is no option of a test program\n"));
    assert_eq!(Scripts::new(&[]).run(&[]).0, 0);
}
