//! What a script calls, imports and reads of modules.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Array, Dynamic, Expr, FnCallExpr, Map, Position, Stmt};

/// What a script uses.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) calls: Vec<Call>,
    /// Path, name and place of each import.
    pub(super) imports: Vec<(String, String, Position)>,
    /// Module, name and place of each variable of a module.
    pub(super) variables: Vec<(String, String, Position)>,
    /// Keys and properties: what is called like a method may be a closure in a map.
    pub(super) names: BTreeSet<String>,
}

pub(super) struct Call {
    pub(super) module: Option<String>,
    pub(super) name: String,
    pub(super) is_method: bool,
    pub(super) arguments: usize,
    /// The keys of those arguments that are maps as they stand there: which argument, key, place.
    pub(super) keys: Vec<(usize, String, Position)>,
    pub(super) position: Position,
}

impl Call {
    pub(super) fn full_name(&self) -> String {
        match &self.module {
            Some(module) => format!("{module}::{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Calls {
    pub(super) fn collect(&mut self, ast: &AST) {
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
                Some(ASTNode::Expr(Expr::Variable(variable, _, position))) => {
                    if let [module] = variable.2.path.as_slice() {
                        let (module, name) = (module.name.to_string(), variable.1.to_string());
                        self.variables.push((module, name, *position));
                    }
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
        let keys = call.args.iter().enumerate().flat_map(|(at, argument)| {
            literal_keys(argument).into_iter().map(move |(key, place)| (at, key, place))
        });
        self.calls.push(Call {
            module,
            name: call.name.to_string(),
            is_method,
            arguments: call.args.len(),
            keys: keys.collect(),
            position,
        });
    }
}

/// The keys of a map that stands in the script.
fn literal_keys(expression: &Expr) -> Vec<(String, Position)> {
    match expression {
        Expr::Map(map, _) => map.0.iter().map(|(key, _)| (key.name.to_string(), key.pos)).collect(),
        // the compiler has made it already, and forgotten where the keys stood
        Expr::DynamicConstant(value, position) => match value.read_lock::<Map>() {
            Some(map) => map.keys().map(|key| (key.to_string(), *position)).collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}
