//! One line after the other, as in a shell: variables, functions and imports stay.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{
    AST, ASTNode, Dynamic, Expr, LexError, Module, ParseError, ParseErrorType, Scope, Shared, Stmt,
};

use super::engine::LAST_VALUE;
use super::interpreter::Interpreter;
use super::{Host, HostError, InterruptHandle, Onlooker, Outcome, script_text};

/// A host that is fed line by line.
pub struct Session {
    host: Host,
    /// Shared with the thread that a line runs on.
    scope: Arc<Mutex<Scope<'static>>>,
    functions: AST,
    modules: BTreeMap<String, Shared<Module>>,
    entries: usize,
}

/// Whether a text can be run, as the parser sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// It is whole, or wrong in a way that more text does not mend.
    Whole,
    /// Something is still open.
    Incomplete,
}

/// A function that was entered or imported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Callable {
    /// The name under which its module was imported; `None` for one that was entered.
    pub module: Option<String>,
    /// Its name.
    pub name: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
}

impl Session {
    /// A session without variables.
    pub fn new(host: Host) -> Self {
        let mut scope = Scope::new();
        scope.push_dynamic(LAST_VALUE, Dynamic::UNIT);
        let scope = Arc::new(Mutex::new(scope));
        Self { host, scope, functions: AST::empty(), modules: BTreeMap::new(), entries: 0 }
    }

    /// What interrupts the line that runs.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.host.interrupt_handle()
    }

    /// Looks at the session's agency; `connects` says whether it may make the first connection.
    pub fn onlooker(&self, connects: bool) -> Onlooker {
        Onlooker::new(self.host.context.extension(), connects)
    }

    /// The host's look at a text before it is run.
    pub fn entered(&self, text: &str) -> Entered {
        self.host.begin(None, self.host.limit);
        let (scope, whole) = (Arc::clone(&self.scope), text.to_owned());
        let parsed = self.host.on_big_stack(move |Interpreter { engine, entered, .. }| {
            let compile = || engine.compile_with_scope(&lock(&scope), &whole).map(drop);
            entered.while_compiling(&whole, compile)
        });
        match parsed {
            Ok(Err(error)) if is_incomplete(text, &error) => Entered::Incomplete,
            _ => Entered::Whole,
        }
    }

    /// Runs what was entered and keeps what it defines; a value that is not `()` is kept as
    /// `_last` too, which may be written `_`.
    ///
    /// # Errors
    /// It ends with an error; what it had defined before stays.
    pub fn enter(&mut self, text: &str) -> Result<Outcome, HostError> {
        self.entries += 1;
        let name = format!("<input {}>", self.entries);
        self.run(&name, text, None)
    }

    /// Runs a script file as if it had been entered.
    ///
    /// # Errors
    /// The file cannot be read, or it ends with an error; what it had defined before stays.
    pub fn enter_file(&mut self, path: &Path) -> Result<Outcome, HostError> {
        let text = script_text::read(path)?;
        self.run(&path.to_string_lossy(), &text, Some(path))
    }

    fn run(&mut self, name: &str, text: &str, file: Option<&Path>) -> Result<Outcome, HostError> {
        self.host.begin(file, self.host.limit);
        let (scope, functions) = (Arc::clone(&self.scope), self.functions.clone());
        let (its_name, text, is_file) = (name.to_owned(), text.to_owned(), file.is_some());
        let (kept, result) = self.host.on_big_stack(move |interpreter| {
            let scope = &mut *lock(&scope);
            let compile = || interpreter.compile(scope, &its_name, &text);
            let compiled = match is_file {
                false => interpreter.entered.while_compiling(&text, compile),
                // a file is a script, where `_` is no name
                true => compile(),
            };
            let line = match compiled {
                Ok(line) => line,
                Err(error) => return (None, Err(error)),
            };
            interpreter.sources.keep_entered(&its_name);
            let mut whole = functions.merge(&line);
            whole.set_source(its_name);
            let result = interpreter.engine.eval_ast_with_scope::<Dynamic>(scope, &whole);
            (Some((whole.clone_functions_only(), imports(&line))), result)
        })?;
        let outcome = self.host.finish(name, result);
        if let Some((functions, imports)) = kept {
            self.functions = functions;
            self.keep_modules(name, imports);
        }
        if let Ok(outcome) = &outcome
            && !outcome.value.is_unit()
        {
            lock(&self.scope).set_value(LAST_VALUE, outcome.value.clone());
        }
        outcome
    }

    /// Makes modules known to all later lines.
    fn keep_modules(&mut self, importer: &str, imports: Vec<(String, String)>) {
        let interpreter = Arc::get_mut(&mut self.host.interpreter)
            .expect("a thread that has run a line keeps nothing of it");
        for (path, alias) in imports {
            if let Some(module) = interpreter.resolver.loaded(importer, &path) {
                interpreter.engine.register_static_module(alias.as_str(), Shared::clone(&module));
                self.modules.insert(alias, module);
            }
        }
    }

    /// The variables and their values, by name.
    pub fn variables(&self) -> Vec<(String, Dynamic)> {
        // a later variable hides an earlier one of its name
        let scope = lock(&self.scope);
        let visible: BTreeMap<&str, Dynamic> =
            scope.iter().map(|(name, _, value)| (name, value)).collect();
        visible.into_iter().map(|(name, value)| (name.to_owned(), value.flatten())).collect()
    }

    /// The value of a variable.
    pub fn variable(&self, name: &str) -> Option<Dynamic> {
        let name = if name == "_" { LAST_VALUE } else { name };
        lock(&self.scope).get(name).map(Dynamic::flatten_clone)
    }

    /// The functions that were entered, and those of imported modules.
    pub fn callables(&self) -> Vec<Callable> {
        let entered = self.functions.iter_functions().map(|one| Callable {
            module: None,
            name: one.name.to_owned(),
            parameters: one.params.iter().map(|&name| name.to_owned()).collect(),
        });
        let of_module = |info: rhai::FuncInfo| {
            let module = Some(info.namespace.to_string());
            let public = info.metadata.access.is_public();
            let imported = module.as_ref().is_some_and(|name| self.modules.contains_key(name));
            (public && imported).then(|| Callable {
                module,
                name: info.metadata.name.to_string(),
                parameters: info.metadata.params_info.iter().map(ToString::to_string).collect(),
            })
        };
        let imported = self.host.interpreter.engine.collect_fn_metadata(None, of_module, false);
        let mut all: Vec<Callable> =
            entered.chain(imported).filter(|one| !one.name.contains('$')).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The names under which modules were imported.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// What scripts call the type of a value.
    pub fn type_name<'a>(&'a self, value: &'a Dynamic) -> &'a str {
        self.host.interpreter.engine.map_type_name(value.type_name())
    }

    /// The functions of the language that can be called on a value, with a dot before their names.
    pub fn methods_of(&self, value: &Dynamic) -> Vec<String> {
        let wanted = self.type_name(value).to_owned();
        let named = |info: rhai::FuncInfo| {
            let first = info.metadata.params_info.first()?;
            let (_, of) = first.split_once(": ")?;
            let word = info.metadata.name.starts_with(|letter: char| letter.is_alphabetic());
            let fits = method_types(&wanted).contains(&of.trim_start_matches("&mut "));
            (word && fits && !info.metadata.name.contains('$'))
                .then(|| info.metadata.name.to_string())
        };
        let mut names = self.host.interpreter.engine.collect_fn_metadata(None, named, true);
        names.sort();
        names.dedup();
        names
    }
}

/// How the language's own functions write a type.
fn method_types(script_type: &str) -> &'static [&'static str] {
    match script_type {
        "string" => &["ImmutableString", "&str", "string"],
        "array" => &["Array", "array"],
        "map" => &["Map", "map"],
        "blob" => &["Blob", "blob"],
        "i64" => &["INT", "i64", "int"],
        "f64" => &["FLOAT", "f64", "float"],
        "timestamp" => &["Instant", "timestamp"],
        _ => &[],
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

fn lock<'a>(scope: &'a Mutex<Scope<'static>>) -> MutexGuard<'a, Scope<'static>> {
    scope.lock().unwrap_or_else(PoisonError::into_inner)
}
