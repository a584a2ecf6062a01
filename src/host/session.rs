//! One line after the other, as in a shell: variables, functions and imports stay.

use rhai::{AST, ASTNode, Dynamic, Expr, LexError, ParseError, ParseErrorType, Scope, Stmt};

use super::{Host, HostError, InterruptHandle, Outcome};

/// What errors call the text that was entered.
const NAME: &str = "<input>";

/// The variable that holds the last value.
const LAST: &str = "_last";

/// A host that is fed line by line.
pub struct Session {
    host: Host,
    scope: Scope<'static>,
    functions: AST,
}

/// Whether a text can be run, as the parser sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// It is whole, or wrong in a way that more text does not mend.
    Whole,
    /// Something is still open.
    Incomplete,
}

impl Session {
    /// A session without variables.
    pub fn new(host: Host) -> Self {
        let mut scope = Scope::new();
        scope.push_dynamic(LAST, Dynamic::UNIT);
        Self { host, scope, functions: AST::empty() }
    }

    /// What interrupts the line that runs.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.host.interrupt_handle()
    }

    /// The host's look at a text before it is run.
    pub fn entered(&self, text: &str) -> Entered {
        self.host.begin(None);
        let parsed =
            self.host.on_big_stack(|engine| engine.compile_with_scope(&self.scope, text).map(drop));
        match parsed {
            Ok(Err(error)) if is_incomplete(text, &error) => Entered::Incomplete,
            _ => Entered::Whole,
        }
    }

    /// Runs what was entered and keeps what it defines; a value that is not `()` is kept as
    /// `_last` too.
    ///
    /// # Errors
    /// It ends with an error; what it had defined before stays.
    pub fn enter(&mut self, text: &str) -> Result<Outcome, HostError> {
        let Self { host, scope, functions } = self;
        host.begin(None);
        let (kept, result) = host.on_big_stack(|engine| {
            let line = match host.compile(engine, scope, NAME, text) {
                Ok(line) => line,
                Err(error) => return (None, Err(error)),
            };
            let mut whole = functions.merge(&line);
            whole.set_source(NAME);
            let result = engine.eval_ast_with_scope::<Dynamic>(scope, &whole);
            (Some((whole.clone_functions_only(), imports(&line))), result)
        })?;
        let outcome = host.finish(NAME, result);
        if let Some((functions, imports)) = kept {
            self.functions = functions;
            self.keep_modules(imports);
        }
        if let Ok(outcome) = &outcome
            && !outcome.value.is_unit()
        {
            self.scope.set_value(LAST, outcome.value.clone());
        }
        outcome
    }

    /// Makes modules known to all later lines.
    fn keep_modules(&mut self, imports: Vec<(String, String)>) {
        for (path, alias) in imports {
            if let Some(module) = self.host.resolver.loaded(NAME, &path) {
                self.host.engine.register_static_module(alias, module);
            }
        }
    }
}

/// Whether the parser stumbled over the end of the text, so that more text may mend it.
fn is_incomplete(text: &str, error: &ParseError) -> bool {
    if *error.err_type() == ParseErrorType::BadInput(LexError::UnterminatedString) {
        // only texts in back-quotes go over several lines
        return text.matches('`').count() % 2 == 1;
    }
    let text = text.trim_end();
    let last_line = text.lines().last().unwrap_or_default().chars().count();
    let (lines, position) = (text.lines().count(), error.position());
    let line = position.line().unwrap_or(usize::MAX);
    line > lines || line == lines && position.position().unwrap_or_default() > last_line
}

/// The imports at the top of a script: path and name.
fn imports(ast: &AST) -> Vec<(String, String)> {
    let mut found = Vec::new();
    ast.walk(&mut |nodes| {
        if let [ASTNode::Stmt(Stmt::Import(import, _))] = nodes
            && let (Expr::StringConstant(path, _), name) = &**import
            && !name.name.is_empty()
        {
            found.push((path.to_string(), name.name.to_string()));
        }
        true
    });
    found
}

/// The text of the imports at the top of a script.
pub(super) fn imports_of(ast: &AST) -> String {
    let lines =
        imports(ast).into_iter().map(|(path, name)| format!("import {path:?} as {name};\n"));
    lines.collect()
}
