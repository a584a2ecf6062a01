//! Runs of scripts, and calls of their functions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rhai::{AST, CallFnOptions, Dynamic, EvalAltResult, Scope};
use serde_json::Value;

use super::interpreter::{Interpreter, callable};
use super::{Host, HostError, ScriptError, diagnosis, script_text};
use crate::deadline::Stop;
use crate::natives::{Invocation, NativeError, from_json, to_json};

/// What a script came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The value of its last expression; `()` when it called `exit`.
    pub value: Dynamic,
    /// What it gave to `exit`.
    pub exit_code: Option<i64>,
}

impl Outcome {
    /// The value as JSON: `()` becomes null, a blob an array of its bytes.
    ///
    /// # Errors
    /// Functions and custom types have no JSON form.
    pub fn to_json(&self) -> Result<Value, NativeError> {
        to_json(&self.value)
    }
}

/// A script that has been compiled, or why it cannot be.
pub(super) type Compiled = Result<AST, Box<EvalAltResult>>;

impl Host {
    /// Runs a script file with the words after its name; those of [`HostBuilder::arguments`](super::HostBuilder::arguments) if there are none.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let script = folder.path().join("twice.rhai");
    /// std::fs::write(&script, "let n = parse_int(env::args()[0]); if n > 9 { exit(2) } n * 2")?;
    ///
    /// let host = agencysh::Host::builder().build()?;
    /// assert_eq!(host.run_file(&script, &["4"])?.value.as_int(), Ok(8));
    /// assert_eq!(host.run_file(&script, &["10"])?.exit_code, Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be read, or the script ends with an error.
    pub fn run_file(
        &self,
        path: impl AsRef<Path>,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let text = script_text::read(path.as_ref())?;
        self.run_script(path, &text, arguments)
    }

    /// Runs the text of a script file that has been read already, by [`read_script`](super::read_script).
    ///
    /// # Errors
    /// The script ends with an error.
    pub fn run_script(
        &self,
        path: impl AsRef<Path>,
        text: &str,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let path = path.as_ref();
        self.run(&path.to_string_lossy(), text, Some(path), arguments)
    }

    /// Runs the text of a script; errors call it `name`. Words are those of [`Self::run_file`].
    ///
    /// # Errors
    /// The script ends with an error.
    pub fn run_str(
        &self,
        name: &str,
        text: &str,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let text = script_text::without_marks(text.to_owned());
        self.run(name, &text, None, arguments)
    }

    /// Runs a line of code and gives its value. Nothing of it is known to the next one.
    ///
    /// ```
    /// let host = agencysh::Host::builder().build()?;
    /// assert_eq!(host.eval("[1, 2, 3].filter(|n| n > 1)")?.to_json()?, serde_json::json!([2, 3]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It ends with an error.
    pub fn eval(&self, code: &str) -> Result<Outcome, HostError> {
        self.run_str("<eval>", code, &[] as &[&str])
    }

    /// Calls a function of the script that ran last. An array holds its arguments; any other
    /// value is the only argument. Modules that the script imports are at hand, its variables
    /// and constants are not. A function that calls `exit` gives null.
    ///
    /// ```
    /// use serde_json::json;
    /// let host = agencysh::Host::builder().build()?;
    /// host.run_str("shards.rhai", "fn plan(db, n) { #{ db: db, shards: n } }", &[] as &[&str])?;
    /// assert_eq!(host.call("plan", json!(["shop", 2]))?, json!({"db": "shop", "shards": 2}));
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    ///
    /// # Errors
    /// There is no such function, it ends with an error, or what it returns has no JSON form.
    pub fn call(&self, function: &str, arguments: Value) -> Result<Value, HostError> {
        let arguments = match arguments {
            Value::Array(arguments) => arguments.into_iter().map(from_json).collect(),
            one => vec![from_json(one)],
        };
        let outcome = self.call_function(function, arguments)?;
        outcome.to_json().map_err(|error| {
            let name = self.lock_run().as_ref().and_then(|ast| ast.source().map(str::to_owned));
            let name = name.unwrap_or_default();
            self.explained(&error.into_engine_error(rhai::Position::NONE), &name).into()
        })
    }

    /// As [`Self::call`], with values of the language.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn call_function(
        &self,
        function: &str,
        arguments: Vec<Dynamic>,
    ) -> Result<Outcome, HostError> {
        self.call_within(function, arguments, self.limit, &|| false)
    }

    /// Calls a function of a script whose text errors call `name`, and runs nothing else of it.
    ///
    /// # Errors
    /// There is no such function, or it ends with an error.
    pub fn call_in(
        &self,
        name: &str,
        text: &str,
        function: &str,
        arguments: Vec<Dynamic>,
    ) -> Result<Outcome, HostError> {
        self.load(Path::new(name), text)?;
        self.call_function(function, arguments)
    }

    /// Compiles the text of a script file, so that its functions can be called; none of its statements runs.
    pub(super) fn load(&self, path: &Path, text: &str) -> Result<AST, HostError> {
        let mut last = self.lock_run();
        let name = path.to_string_lossy();
        self.context
            .set_invocation(Invocation { script: Some(path.to_owned()), arguments: Vec::new() });
        self.begin(Some(path), self.limit);
        let ast = self.compile(&name, text)?.map_err(|error| self.explained(&error, &name))?;
        *last = Some(Arc::new(callable(&ast)));
        Ok(ast)
    }

    /// As [`Self::call_function`], with a deadline of its own; it ends at once when `cancelled` says so.
    pub(super) fn call_within(
        &self,
        function: &str,
        arguments: Vec<Dynamic>,
        limit: Option<Duration>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, HostError> {
        let last = self.lock_run();
        let Some(script) = &*last else {
            return Err(HostError::NothingToCall { function: function.to_owned() });
        };
        self.begin(None, limit);
        self.interrupt_if(cancelled);
        let (ast, function) = (Arc::clone(script), function.to_owned());
        let result = self.on_big_stack(move |Interpreter { engine, .. }| {
            let options = CallFnOptions::new().eval_ast(true).in_all_namespaces(false);
            engine.call_fn_with_options(options, &mut Scope::new(), &ast, function, arguments)
        })?;
        self.finish(script.source().unwrap_or_default(), result)
    }

    fn run(
        &self,
        name: &str,
        text: &str,
        script: Option<&Path>,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let arguments = match arguments {
            [] => self.builder.default_arguments().to_vec(),
            words => words.iter().map(|word| word.as_ref().to_owned()).collect(),
        };
        self.run_within(name, text, script, arguments, self.limit, &|| false)
    }

    pub(super) fn run_within(
        &self,
        name: &str,
        text: &str,
        script: Option<&Path>,
        arguments: Vec<String>,
        limit: Option<Duration>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, HostError> {
        let mut last = self.lock_run();
        self.context.set_invocation(Invocation { script: script.map(Path::to_owned), arguments });
        self.begin(script, limit);
        self.interrupt_if(cancelled);
        let result = match self.compile(name, text)? {
            Ok(ast) => {
                *last = Some(Arc::new(callable(&ast)));
                self.on_big_stack(move |Interpreter { engine, .. }| engine.eval_ast(&ast))?
            }
            Err(error) => Err(error),
        };
        self.finish(name, result)
    }

    pub(super) fn compile(&self, name: &str, text: &str) -> Result<Compiled, HostError> {
        let (name, text) = (name.to_owned(), text.to_owned());
        self.on_big_stack(move |interpreter| interpreter.compile(&Scope::new(), &name, &text))
    }

    /// What a run came to, be it by its last expression, by `exit` or by an error.
    pub(super) fn finish(
        &self,
        name: &str,
        result: Result<Dynamic, Box<EvalAltResult>>,
    ) -> Result<Outcome, HostError> {
        // the last thing that a script does, and what it does before it calls `exit`, may be too much as well
        if self.context.deadline.is_over()
            && (result.is_ok() || self.exit.requested().is_some())
            && let Err(stop @ Stop::TooMuchOutput { .. }) = self.context.deadline.check_run()
        {
            return Err(diagnosis::stopped(stop).into());
        }
        if let Some(code) = self.exit.requested() {
            return Ok(Outcome { value: Dynamic::UNIT, exit_code: Some(code) });
        }
        match result {
            Ok(value) => Ok(Outcome { value: value.flatten(), exit_code: None }),
            Err(error) => Err(self.explained(&error, name).into()),
        }
    }

    pub(super) fn explained(&self, error: &EvalAltResult, name: &str) -> ScriptError {
        self.interpreter.explained(error, name)
    }

    /// Interrupts what begins now. Whoever cancels says so first, and interrupts then: one of both is noticed.
    pub(super) fn interrupt_if(&self, cancelled: &dyn Fn() -> bool) {
        if cancelled() {
            self.context.deadline.interrupt();
        }
    }
}
