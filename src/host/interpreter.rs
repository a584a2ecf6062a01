//! The engine of a host with what it takes to compile texts and to explain errors.

use std::sync::Arc;

use rhai::{AST, Engine, EvalAltResult, Expr, Scope, Stmt};

use super::engine::EnteredText;
use super::error::ScriptError;
use super::resolver::Resolver;
use super::sources::Sources;
use super::{Compiled, diagnosis};
use crate::natives::NativeContext;

/// What a host shares with the thread that runs its scripts.
pub(super) struct Interpreter {
    pub(super) engine: Engine,
    pub(super) context: Arc<NativeContext>,
    pub(super) entered: EnteredText,
    pub(super) sources: Arc<Sources>,
    pub(super) resolver: Arc<Resolver>,
}

impl Interpreter {
    /// Compiles a text and keeps what errors need to know of it.
    pub(super) fn compile(&self, scope: &Scope<'_>, name: &str, text: &str) -> Compiled {
        self.sources.keep_text(name, text);
        let mut ast = self.engine.compile_with_scope(scope, text)?;
        ast.set_source(name);
        self.sources.keep_functions(name, &ast);
        Ok(ast)
    }

    pub(super) fn explained(&self, error: &EvalAltResult, name: &str) -> ScriptError {
        let deepest = self.engine.max_call_levels();
        let explained =
            diagnosis::explain(error, name, &self.sources, deepest, || self.known_functions());
        match self.context.deadline.check_run() {
            // whatever the script made of it: the run has ended because it had to
            Err(stop) => ScriptError {
                location: explained.location,
                trace: explained.trace,
                ..diagnosis::stopped(stop)
            },
            Ok(()) => explained,
        }
    }
}

/// What is called when a function of a script is: its functions, and its imports, so that they find their modules.
pub(super) fn callable(ast: &AST) -> AST {
    let imports = ast.statements().iter().filter(|one| match one {
        // other paths may need variables, which are not there
        Stmt::Import(import, _) => {
            matches!(import.0, Expr::StringConstant(..)) && !import.1.name.is_empty()
        }
        _ => false,
    });
    let mut callable = AST::new(imports.cloned(), Arc::clone(ast.shared_lib()));
    // imports of files are looked for beside the script
    if let Some(name) = ast.source() {
        callable.set_source(name);
    }
    callable
}
