//! Finds mistakes in a script without running it.
//!
//! * `calls`: what a script uses; `known`, `options`: what there is

mod calls;
mod known;
mod options;

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use rhai::{AST, ASTNode, Expr, FnAccess, Position, Scope, Stmt};

use super::diagnosis::{self, Known, nearest};
use super::error::{HostError, ScriptError};
use super::interpreter::Interpreter;
use super::{Host, script_text};
use crate::natives::NativeError;
use crate::natives::reference::constants;
use calls::{Call, Calls};
use known::{BUILT_IN, Functions, functions, natives, taken_by};

/// What an imported module offers.
struct Imported {
    alias: String,
    functions: Functions,
    variables: BTreeSet<String>,
}

/// Why it is not known what a module offers.
enum Unusable {
    /// It cannot be found or read.
    Import(NativeError),
    /// It is wrong itself.
    Module(Box<ScriptError>),
}

impl Host {
    /// Compiles a script file and reports all that can be known to be wrong: syntax, unknown
    /// variables, modules, functions, and options. Nothing is run, no connection is made.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn check_file(&self, path: impl AsRef<Path>) -> Result<Vec<ScriptError>, HostError> {
        let path = path.as_ref();
        let text = script_text::read(path)?;
        let name = path.to_string_lossy().into_owned();
        self.begin(Some(path), self.limit);
        self.on_big_stack(move |interpreter| interpreter.findings(&name, &text))
    }
}

impl Interpreter {
    fn findings(&self, script: &str, text: &str) -> Vec<ScriptError> {
        let ast = match self.compile(&Scope::new(), script, text) {
            Ok(ast) => ast,
            Err(error) => return vec![self.explained(&error, script)],
        };
        let mut calls = Calls::default();
        calls.collect(&ast);
        let mut findings = Vec::new();
        let mut modules = Vec::new();
        for (path, alias, position) in &calls.imports {
            match self.imported(script, path, alias) {
                Ok(module) => modules.push(module),
                Err(Unusable::Module(error)) => findings.push(*error),
                Err(Unusable::Import(error)) => {
                    findings.push(self.explained(&error.into_engine_error(*position), script));
                }
            }
        }
        findings.extend(self.circles(&ast, script));
        let known = self.known_functions();
        let natives = natives(&self.engine);
        let own = functions(&ast, |_| true);
        for call in &calls.calls {
            let full = call.full_name();
            let taken = match &call.module {
                None if BUILT_IN.contains(&call.name.as_str()) => continue,
                None if call.is_method && calls.names.contains(&call.name) => continue,
                None => taken_by(&own, &call.name, 0)
                    .chain(taken_by(&natives, &call.name, usize::from(call.is_method)))
                    .collect::<BTreeSet<usize>>(),
                Some(module) => match modules.iter().find(|one| one.alias == *module) {
                    Some(imported) => taken_by(&imported.functions, &call.name, 0).collect(),
                    // what an import with a computed path brings is not known here
                    None if !has_module(&known, module) => continue,
                    None => taken_by(&natives, &full, 0).collect(),
                },
            };
            if taken.is_empty() {
                findings.push(self.unknown(&full, &known, script, call.position));
            } else if !taken.contains(&call.arguments) {
                findings.push(self.miscalled(&full, call, &taken, script));
            }
        }
        findings.extend(self.unknown_options(&calls, script));
        findings.extend(self.unknown_variables(&calls, &modules, script));
        findings.sort_by_key(|finding| {
            finding.location.as_ref().map(|place| (place.line, place.column))
        });
        findings
    }

    /// Imports that lead back to the script, or to one of those on the way: such a script cannot be loaded.
    fn circles(&self, ast: &AST, script: &str) -> Vec<ScriptError> {
        let inner = |text: &str| match self.engine.compile(text) {
            Ok(ast) => imports_when_loaded(&ast).into_iter().map(|(path, _)| path).collect(),
            Err(_) => Vec::new(),
        };
        let mut seen = HashSet::new();
        let mut findings = Vec::new();
        for (path, position) in imports_when_loaded(ast) {
            if let Err(error) = self.resolver.check_circle(script, &path, &inner, &mut seen) {
                findings.push(self.explained(&error.into_engine_error(position), script));
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
        known: &[Known],
        script: &str,
        position: Position,
    ) -> ScriptError {
        ScriptError {
            kind: "script.unknown_function".to_owned(),
            message: format!("no function '{full}'"),
            location: self.sources.location(script, position),
            hint: diagnosis::likely(full, known),
            ..ScriptError::default()
        }
    }

    /// Keys of option maps that the natives do not know.
    fn unknown_options(&self, calls: &Calls, script: &str) -> Vec<ScriptError> {
        let natives = options::of_natives();
        let mut findings = Vec::new();
        for call in calls.calls.iter().filter(|call| call.module.is_some()) {
            let full = call.full_name();
            let Some(options) = natives.get(&full) else { continue };
            for (argument, key, position) in &call.keys {
                if *argument != options.argument || options.keys.contains(key) {
                    continue;
                }
                let hint = nearest(key, &options.keys).map_or_else(
                    || format!("see `agencysh doc {full}`"),
                    |near| format!("did you mean '{near}'?"),
                );
                findings.push(ScriptError {
                    kind: "script.unknown_option".to_owned(),
                    message: format!("'{full}' has no option '{key}'"),
                    location: self.sources.location(script, *position),
                    hint: Some(hint),
                    ..ScriptError::default()
                });
            }
        }
        findings
    }

    /// Variables that modules do not export.
    fn unknown_variables(
        &self,
        calls: &Calls,
        modules: &[Imported],
        script: &str,
    ) -> Vec<ScriptError> {
        let mut findings = Vec::new();
        for (module, name, position) in &calls.variables {
            let exported = match modules.iter().find(|one| one.alias == *module) {
                Some(imported) => imported.variables.clone(),
                None => match constants(module) {
                    Some(constants) => constants.into_iter().collect(),
                    None => continue,
                },
            };
            if exported.contains(name) {
                continue;
            }
            let hint = nearest(name, &exported).map_or_else(
                || format!("'{module}' exports: {}", shown(&exported)),
                |near| format!("did you mean '{module}::{near}'?"),
            );
            findings.push(ScriptError {
                kind: "script.unknown_variable".to_owned(),
                message: format!("no variable '{module}::{name}'"),
                location: self.sources.location(script, *position),
                hint: Some(hint),
                ..ScriptError::default()
            });
        }
        findings
    }

    /// What a module offers.
    fn imported(&self, importer: &str, path: &str, alias: &str) -> Result<Imported, Unusable> {
        let (name, text) = self.resolver.text(importer, path).map_err(Unusable::Import)?;
        let ast = self
            .compile(&Scope::new(), &name, &text)
            .map_err(|error| Unusable::Module(Box::new(self.explained(&error, &name))))?;
        Ok(Imported {
            alias: alias.to_owned(),
            functions: functions(&ast, |access| access == FnAccess::Public),
            variables: exports(&ast),
        })
    }
}

/// Path and place of the imports that a script does in any case; those in a function wait for its call.
fn imports_when_loaded(ast: &AST) -> Vec<(String, Position)> {
    let path = |statement: &Stmt| match statement {
        Stmt::Import(import, _) => match &import.0 {
            Expr::StringConstant(path, position) => Some((path.to_string(), *position)),
            _ => None,
        },
        _ => None,
    };
    ast.statements().iter().filter_map(path).collect()
}

/// The variables that a script exports.
fn exports(ast: &AST) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    ast.walk(&mut |nodes| {
        match nodes {
            [ASTNode::Stmt(Stmt::Export(export, _))] => {
                let (variable, alias) = &**export;
                let name = if alias.name.is_empty() { variable } else { alias };
                found.insert(name.name.to_string());
            }
            [ASTNode::Stmt(Stmt::Var(variable, flags, _))]
                if flags.intersects(rhai::ASTFlags::EXPORTED) =>
            {
                found.insert(variable.0.name.to_string());
            }
            _ => {}
        }
        true
    });
    found
}

fn shown(names: &BTreeSet<String>) -> String {
    match names.is_empty() {
        true => "no variables".to_owned(),
        false => names.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn has_module(known: &[Known], module: &str) -> bool {
    known.iter().any(|one| one.name.strip_prefix(module).is_some_and(|rest| rest.starts_with("::")))
}
