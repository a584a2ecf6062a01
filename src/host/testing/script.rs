//! What a test file defines.

use std::path::Path;

use rhai::{AST, Dynamic, FnAccess};

use super::cancel::Cancel;
use super::isolation;
use super::needs::Needs;
use super::settings::TestSettings;
use super::stage::{as_script_error, ended_by};
use crate::host::{Host, HostBuilder, Location, ScriptError, Target, script_text};

/// How the names of tests begin.
const TEST: &str = "test_";

/// The functions that are called around tests.
const HOOKS: [&str; 4] = ["set_up_all", "set_up", "tear_down", "tear_down_all"];

/// The function that tells which cluster a file needs.
const CLUSTER: &str = "cluster";

/// The function that tells which checks of what it leaves behind a file does without.
const UNCHECKED: &str = "unchecked";

/// A function of a test file that the runner calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: usize,
    line: usize,
}

/// The tests that a file defines, in their order, each with the line where it begins, counted from 1. Nothing of the
/// file runs.
///
/// # Errors
/// It cannot be read or compiled, or its functions do not have the form of tests.
pub fn tests_of(path: &Path) -> Result<Vec<(String, usize)>, Box<ScriptError>> {
    let text = script_text::read(path).map_err(|error| as_script_error(error.into()))?;
    let host = Host::builder().build().map_err(as_script_error)?;
    let ast = host.load(path, &text).map_err(as_script_error)?;
    let mut functions = functions_of(&ast);
    functions.sort_by_key(|function| function.line);
    let tests = functions.iter().filter(|function| function.name.starts_with(TEST));
    functions.iter().try_for_each(|function| function.check(path, &text))?;
    Ok(tests.map(|test| (test.name.clone(), test.line.max(1))).collect())
}

impl Function {
    /// `Err` when it has the name of a test or of a hook, and takes other arguments.
    fn check(&self, path: &Path, text: &str) -> Result<(), Box<ScriptError>> {
        let (most, what) = match self.name.as_str() {
            "set_up" | "tear_down" => (1, "the name of the test, or nothing"),
            name if name.starts_with(TEST) || HOOKS.contains(&name) => (0, "no argument"),
            _ => return Ok(()),
        };
        match self.parameters <= most {
            true => Ok(()),
            false => Err(misshapen(path, text, self, &format!("{} takes {what}", self.name))),
        }
    }
}

/// A test file that has been read and compiled.
#[derive(Debug, Clone)]
pub(super) struct TestScript {
    pub(super) text: String,
    /// Its tests, in their order in the file.
    pub(super) tests: Vec<String>,
    pub(super) needs: Needs,
    /// The checks of what it leaves behind that it does without.
    pub(super) unchecked: Vec<String>,
    hooks: Vec<Function>,
}

impl TestScript {
    /// Reads and compiles a file, and asks it for the cluster that it needs. Nothing else of it runs.
    ///
    /// # Errors
    /// It cannot be read or compiled, its functions do not have the form of tests, or they do not end.
    pub(super) fn read(
        path: &Path,
        builder: &HostBuilder,
        settings: &TestSettings,
        cancel: &Cancel,
    ) -> Result<Self, Box<ScriptError>> {
        let text = script_text::read(path).map_err(|error| as_script_error(error.into()))?;
        let host = builder.clone().target(Target::None).build().map_err(as_script_error)?;
        let _watched = cancel.watch(host.interrupt_handle());
        let ask = |function: &str| {
            let limit = settings.limit_or_none();
            let cancelled = || cancel.is_set();
            host.call_within(function, Vec::new(), Some(limit.time), &cancelled)
                .map(|outcome| outcome.value)
                .map_err(|error| ended_by(error, function, limit))
        };
        Self::of(path, text, &host, &ask)
    }

    fn of(
        path: &Path,
        text: String,
        host: &Host,
        ask: &dyn Fn(&str) -> Result<Dynamic, Box<ScriptError>>,
    ) -> Result<Self, Box<ScriptError>> {
        let ast = host.load(path, &text).map_err(as_script_error)?;
        let mut functions = functions_of(&ast);
        functions.sort_by_key(|function| function.line);
        let mut needs = Needs::default();
        let mut unchecked = Vec::new();
        let (mut tests, mut hooks) = (Vec::new(), Vec::new());
        for function in functions {
            function.check(path, &text)?;
            match (function.name.as_str(), function.parameters) {
                (name, _) if name.starts_with(TEST) => tests.push(function.name),
                (name, _) if HOOKS.contains(&name) => hooks.push(function),
                (CLUSTER, 0) => {
                    let value = ask(CLUSTER)?;
                    needs = Needs::read(&value)
                        .map_err(|error| misshapen(path, &text, &function, error.message()))?;
                }
                (UNCHECKED, 0) => {
                    let value = ask(UNCHECKED)?;
                    unchecked = isolation::names(&value)
                        .map_err(|problem| misshapen(path, &text, &function, &problem))?;
                }
                _ => {}
            }
        }
        Ok(Self { text, tests, needs, unchecked, hooks })
    }

    /// The hook of this name, if the file defines it.
    pub(super) fn hook(&self, name: &str) -> Option<&Function> {
        self.hooks.iter().find(|hook| hook.name == name)
    }
}

/// The public functions of a script, closures left out.
fn functions_of(ast: &AST) -> Vec<Function> {
    let all = ast.shared_lib().iter_script_fn_info();
    let public =
        all.filter(|(_, access, name, ..)| *access == FnAccess::Public && !name.contains('$'));
    public
        .map(|(_, _, name, parameters, definition)| Function {
            name: name.to_owned(),
            parameters,
            line: definition.body.start_position().line().unwrap_or_default(),
        })
        .collect()
}

/// The error of a function that does not have the form of its name.
fn misshapen(path: &Path, text: &str, function: &Function, message: &str) -> Box<ScriptError> {
    let line = function.line.max(1);
    let location = Location {
        source: path.to_string_lossy().into_owned(),
        line,
        column: None,
        text: text.lines().nth(line - 1).map(str::to_owned),
    };
    Box::new(ScriptError {
        kind: "test.bad_function".to_owned(),
        message: message.to_owned(),
        location: Some(location),
        ..ScriptError::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Result<Vec<(String, usize)>, Box<ScriptError>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a_test.rhai");
        std::fs::write(&file, text).unwrap();
        tests_of(&file)
    }

    #[test]
    fn tests_are_listed_with_their_lines_and_nothing_runs() {
        let text = "throw 1;\n// fn test_x() {}\nfn test_b() { throw 2; }\n\nprivate fn test_c() {}\n\
                    fn cluster() { throw 3; }\nfn set_up(name) {}\nfn test_a() {}\n";
        assert_eq!(listed(text).unwrap(), [("test_b".to_owned(), 3), ("test_a".to_owned(), 8)]);
        assert_eq!(listed("fn other() {}").unwrap(), []);
    }

    #[test]
    fn a_list_of_what_cannot_be_run_is_refused_with_the_place() {
        for (text, kind, line) in [
            ("fn test_a() {}\nfn test_b(x) {}", "test.bad_function", 2),
            ("\nfn tear_down_all(x) {}", "test.bad_function", 2),
            ("\n\nfn test_a() { let }", "script.syntax", 3),
        ] {
            let error = listed(text).unwrap_err();
            assert_eq!((error.kind.as_str(), error.location.unwrap().line), (kind, line), "{text}");
        }
    }
}
