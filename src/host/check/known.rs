//! What scripts can call without defining or importing it.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, Engine, FnAccess};

use super::super::diagnosis::Known;
use super::super::interpreter::Interpreter;

/// Functions that the language itself gives meaning to.
pub(super) const BUILT_IN: &[&str] = &[
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
pub(super) type Functions = BTreeMap<String, BTreeSet<usize>>;

impl Interpreter {
    /// What can be called: natives, functions of the language, and those of all scripts compiled so far.
    pub(in crate::host) fn known_functions(&self) -> Vec<Known> {
        let of_host = |info: rhai::FuncInfo| {
            let parameters = info.metadata.params_info.iter().map(ToString::to_string).collect();
            Some(Known { name: name_of(&info), parameters, scripted: false })
        };
        let mut known = self.engine.collect_fn_metadata(None, of_host, true);
        known.extend(BUILT_IN.iter().map(|&name| Known {
            name: name.to_owned(),
            parameters: Vec::new(),
            scripted: false,
        }));
        let scripts = self.sources.functions().into_iter();
        known.extend(scripts.map(|(name, parameters)| Known { name, parameters, scripted: true }));
        known.sort();
        known.dedup();
        known
    }
}

/// The functions of a script that are wanted by their access.
pub(super) fn functions(ast: &AST, wanted: impl Fn(FnAccess) -> bool) -> Functions {
    let mut functions = Functions::new();
    for one in ast.iter_functions().filter(|one| wanted(one.access)) {
        functions.entry(one.name.to_owned()).or_default().insert(one.params.len());
    }
    functions
}

/// How many arguments stand in parentheses, when `before` stand before the dot.
pub(super) fn taken_by<'a>(
    functions: &'a Functions,
    name: &str,
    before: usize,
) -> impl Iterator<Item = usize> + use<'a> {
    functions.get(name).into_iter().flatten().filter_map(move |count| count.checked_sub(before))
}

/// The functions of the host and the language.
pub(super) fn natives(engine: &Engine) -> Functions {
    let named = |info: rhai::FuncInfo| {
        let qualified = match info.namespace.as_str() {
            "" => None,
            // methods of a namespace can be called as its functions, too
            namespace => Some(format!("{namespace}::{}", info.metadata.name)),
        };
        Some((name_of(&info), qualified, info.metadata.num_params))
    };
    let mut functions = Functions::new();
    for (name, qualified, count) in engine.collect_fn_metadata(None, named, true) {
        for name in std::iter::once(name).chain(qualified) {
            functions.entry(name).or_default().insert(count);
        }
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
