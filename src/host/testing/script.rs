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
        let wrong = |function: &Function, what: &str| {
            misshapen(path, &text, function, &format!("{} takes {what}", function.name))
        };
        let mut needs = Needs::default();
        let mut unchecked = Vec::new();
        let (mut tests, mut hooks) = (Vec::new(), Vec::new());
        for function in functions {
            match (function.name.as_str(), function.parameters) {
                (name, 0) if name.starts_with(TEST) => tests.push(function.name),
                (name, _) if name.starts_with(TEST) => return Err(wrong(&function, "no argument")),
                ("set_up" | "tear_down", 0 | 1) | ("set_up_all" | "tear_down_all", 0) => {
                    hooks.push(function);
                }
                ("set_up" | "tear_down", _) => {
                    return Err(wrong(&function, "the name of the test, or nothing"));
                }
                ("set_up_all" | "tear_down_all", _) => return Err(wrong(&function, "no argument")),
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
