//! Finds mistakes in a script without running it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rhai::{
    AST, ASTNode, Array, Dynamic, Engine, Expr, FnAccess, FnCallExpr, Map, Position, Scope, Stmt,
};

use super::error::{HostError, ScriptError};
use super::{Host, diagnosis, script_text};

/// Functions that the language itself gives meaning to.
const BUILT_IN: &[&str] = &[
    "call",
    "curry",
    "debug",
    "eval",
    "exit",
    "Fn",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "sleep",
    "this",
    "type_of",
];

/// How many arguments the functions of a name take.
type Functions = BTreeMap<String, BTreeSet<usize>>;

impl Host {
    /// Compiles a script file and reports all that can be known to be wrong: syntax, unknown
    /// variables, modules and functions. Nothing is run, no connection is made.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn check_file(&self, path: impl AsRef<Path>) -> Result<Vec<ScriptError>, HostError> {
        let path = path.as_ref();
        let text = script_text::read(path)?;
        let name = path.to_string_lossy().into_owned();
        self.begin(Some(path));
        self.on_big_stack(|engine| self.findings(engine, &name, &text))
    }

    fn findings(&self, engine: &Engine, name: &str, text: &str) -> Vec<ScriptError> {
        let ast = match self.compile(engine, &Scope::new(), name, text) {
            Ok(ast) => ast,
            Err(error) => return vec![self.explained(&error, name)],
        };
        let mut calls = Calls::default();
        calls.collect(&ast);
        let mut findings = Vec::new();
        let mut modules = Vec::new();
        for (path, alias, position) in &calls.imports {
            match self.functions_of_module(engine, name, path) {
                Ok(functions) => modules.push((alias.clone(), functions)),
                Err(error) => {
                    findings.push(self.explained(&error.into_engine_error(*position), name));
                }
            }
        }
        let names = function_names(engine);
        let natives = natives(engine);
        let own = functions(&ast, |_| true);
        for call in &calls.calls {
            let full = call.full_name();
            let taken = match &call.module {
                None if BUILT_IN.contains(&call.name.as_str()) => continue,
                None if call.is_method && calls.names.contains(&call.name) => continue,
                None => taken_by(&own, &call.name, 0)
                    .chain(taken_by(&natives, &call.name, usize::from(call.is_method)))
                    .collect::<BTreeSet<usize>>(),
                Some(module) => match modules.iter().find(|(alias, _)| alias == module) {
                    Some((_, functions)) => taken_by(functions, &call.name, 0).collect(),
                    // what an import with a computed path brings is not known here
                    None if !has_module(&names, module) => continue,
                    None => taken_by(&natives, &full, 0).collect(),
                },
            };
            if taken.is_empty() {
                findings.push(self.unknown(&full, &names, name, call.position));
            } else if !taken.contains(&call.arguments) {
                findings.push(self.miscalled(&full, call, &taken, name));
            }
        }
        findings
    }

    fn miscalled(
        &self,
        full: &str,
        call: &Call,
        taken: &BTreeSet<usize>,
        script: &str,
    ) -> ScriptError {
        let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
        ScriptError {
            kind: "script.unknown_function".to_owned(),
            message: format!(
                "'{full}' is called with {} argument{}, but takes {}",
                call.arguments,
                if call.arguments == 1 { "" } else { "s" },
                taken.join(" or ")
            ),
            location: self.sources.location(script, call.position),
            hint: call.module.as_ref().map(|_| format!("see `agencysh doc {full}`")),
            ..ScriptError::default()
        }
    }

    fn unknown(
        &self,
        full: &str,
        known: &[String],
        script: &str,
        position: Position,
    ) -> ScriptError {
        let hint = diagnosis::nearest(full, known).map(|near| format!("did you mean '{near}'?"));
        ScriptError {
            kind: "script.unknown_function".to_owned(),
            message: format!("no function '{full}'"),
            location: self.sources.location(script, position),
            hint,
            ..ScriptError::default()
        }
    }

    /// The functions that a module offers.
    fn functions_of_module(
        &self,
        engine: &Engine,
        importer: &str,
        path: &str,
    ) -> Result<Functions, crate::natives::NativeError> {
        let (name, text) = self.resolver.text(importer, path)?;
        let ast = self.compile(engine, &Scope::new(), &name, &text).map_err(|error| {
            let message = format!("the module '{path}' does not compile: {error}");
            crate::natives::NativeError::plain(
                "import.malformed",
                crate::natives::ErrorName::SyntaxError,
                message,
            )
        })?;
        Ok(functions(&ast, |access| access == FnAccess::Public))
    }
}

/// The functions of a script that are wanted by their access.
fn functions(ast: &AST, wanted: impl Fn(FnAccess) -> bool) -> Functions {
    let mut functions = Functions::new();
    for one in ast.iter_functions().filter(|one| wanted(one.access)) {
        functions.entry(one.name.to_owned()).or_default().insert(one.params.len());
    }
    functions
}

/// How many arguments stand in parentheses, when `before` stand before the dot.
fn taken_by<'a>(
    functions: &'a Functions,
    name: &str,
    before: usize,
) -> impl Iterator<Item = usize> + use<'a> {
    functions.get(name).into_iter().flatten().filter_map(move |count| count.checked_sub(before))
}

/// The functions that scripts can call without defining or importing them.
fn natives(engine: &Engine) -> Functions {
    let named = |info: rhai::FuncInfo| {
        let count = info.metadata.num_params;
        Some((name_of(&info), count))
    };
    let mut functions = Functions::new();
    for (name, count) in engine.collect_fn_metadata(None, named, true) {
        functions.entry(name).or_default().insert(count);
    }
    functions
}

/// The name by which a function is called.
fn name_of(info: &rhai::FuncInfo) -> String {
    let global = info.metadata.namespace == rhai::FnNamespace::Global;
    match info.namespace.as_str() {
        "" => info.metadata.name.to_string(),
        _ if global => info.metadata.name.to_string(),
        namespace => format!("{namespace}::{}", info.metadata.name),
    }
}

/// The names of all functions that scripts can call, those in namespaces with `namespace::`.
pub(super) fn function_names(engine: &Engine) -> Vec<String> {
    let mut names = engine.collect_fn_metadata(None, |info| Some(name_of(&info)), true);
    names.extend(BUILT_IN.iter().map(|&name| name.to_owned()));
    names.sort();
    names.dedup();
    names
}

fn has_module(known: &[String], module: &str) -> bool {
    known.iter().any(|name| name.strip_prefix(module).is_some_and(|rest| rest.starts_with("::")))
}

/// What a script calls and imports.
#[derive(Default)]
struct Calls {
    calls: Vec<Call>,
    imports: Vec<(String, String, Position)>,
    /// Keys and properties: what is called like a method may be a closure in a map.
    names: BTreeSet<String>,
}

struct Call {
    module: Option<String>,
    name: String,
    is_method: bool,
    arguments: usize,
    position: Position,
}

impl Call {
    fn full_name(&self) -> String {
        match &self.module {
            Some(module) => format!("{module}::{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Calls {
    fn collect(&mut self, ast: &AST) {
        ast.walk(&mut |nodes| {
            match nodes.last() {
                Some(ASTNode::Stmt(Stmt::Import(import, _))) => self.import(&import.0, &import.1),
                Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => {
                    self.call(call, false, *position);
                }
                Some(ASTNode::Expr(Expr::FnCall(call, position))) => {
                    self.call(call, false, *position);
                }
                Some(ASTNode::Expr(Expr::MethodCall(call, position))) => {
                    self.call(call, true, *position);
                }
                Some(ASTNode::Expr(Expr::Property(property, _))) => {
                    self.names.insert(property.2.to_string());
                }
                Some(ASTNode::Expr(Expr::Map(map, _))) => {
                    self.names.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
                }
                Some(ASTNode::Expr(Expr::StringConstant(text, _))) => {
                    self.names.insert(text.to_string());
                }
                Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => self.keys(value),
                _ => {}
            }
            true
        });
    }

    /// The keys of a map that the compiler has made already.
    fn keys(&mut self, value: &Dynamic) {
        if let Some(map) = value.read_lock::<Map>() {
            self.names.extend(map.keys().map(ToString::to_string));
            map.values().for_each(|value| self.keys(value));
        } else if let Some(items) = value.read_lock::<Array>() {
            items.iter().for_each(|item| self.keys(item));
        }
    }

    fn import(&mut self, path: &Expr, alias: &rhai::Ident) {
        if let Expr::StringConstant(text, position) = path {
            self.imports.push((text.to_string(), alias.name.to_string(), *position));
        }
    }

    fn call(&mut self, call: &FnCallExpr, is_method: bool, position: Position) {
        if call.is_operator_call() || call.name.starts_with("anon$") {
            return;
        }
        let module = call.namespace.path.first().map(|root| root.name.to_string());
        let arguments = call.args.len();
        self.calls.push(Call {
            module,
            name: call.name.to_string(),
            is_method,
            arguments,
            position,
        });
    }
}
