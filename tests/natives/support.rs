//! Runs scripts against natives.

use std::sync::{Arc, Mutex};

use agencysh::natives::{NativeContext, NativeContextBuilder, register};
use rhai::{Dynamic, Engine, EvalAltResult, Map, Scope};

/// An engine with a context of its own, a temporary directory `dir`, and what was printed.
pub(crate) struct Run {
    pub(crate) engine: Engine,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) printed: Arc<Mutex<String>>,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(change: impl FnOnce(NativeContextBuilder) -> NativeContextBuilder) -> Self {
        let printed = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&printed);
        let builder = NativeContext::builder()
            .output(Arc::new(move |text: &str| sink.lock().unwrap().push_str(text)));
        let mut engine = Engine::new();
        register(&mut engine, change(builder).build());
        Self { engine, directory: tempfile::tempdir().unwrap(), printed }
    }

    pub(crate) fn try_eval(&self, script: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut scope = Scope::new();
        scope.push("dir", self.directory.path().to_string_lossy().into_owned());
        self.engine.eval_with_scope(&mut scope, script)
    }

    pub(crate) fn eval(&self, script: &str) -> Dynamic {
        self.try_eval(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs the script for what it does.
    pub(crate) fn exec(&self, script: &str) {
        drop(self.eval(script));
    }

    /// The map of the error that the script ends with.
    pub(crate) fn error(&self, script: &str) -> Map {
        match *self.try_eval(script).expect_err(script) {
            EvalAltResult::ErrorRuntime(value, position) => {
                assert!(!position.is_none(), "{script}: no position");
                value.try_cast().expect("an error map")
            }
            other => panic!("{script}: {other}"),
        }
    }

    pub(crate) fn number(&self, script: &str) -> i64 {
        self.error(script)["error_num"].as_int().unwrap_or(-1)
    }

    pub(crate) fn is_true(&self, script: &str) {
        assert!(self.eval(script).as_bool().unwrap(), "{script}");
    }

    pub(crate) fn text(&self, script: &str) -> String {
        self.eval(script).into_string().unwrap()
    }
}
