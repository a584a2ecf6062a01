//! From a namespace's manifest to the module that an engine calls.
//!
//! Rhai answers a call with a wrong argument type by "function not found". Each
//! name and arity therefore gets one more overload, which takes anything and
//! raises number 10, naming the argument and the type it must have.

use std::any::TypeId;

use rhai::plugin::ModuleManifest;
use rhai::{
    Dynamic, FuncRegistration, ImmutableString, Module, NativeCallContext, RhaiFunc, Shared,
};

use super::error::NativeError;

/// The module of `manifest`, without documentation texts: [`super::reference()`] reads those.
pub(super) fn module(namespace: &'static str, manifest: &'static ModuleManifest) -> Module {
    let mut module = Module::new();
    module.set_id(namespace);
    manifest.init_eager(&mut module);
    let mut shapes: Vec<(&'static str, usize)> = Vec::new();
    for native in manifest.functions() {
        native.with_param_types(&mut |types| {
            FuncRegistration::new(native.name())
                .with_namespace(native.namespace())
                .set_into_module_raw(
                    &mut module,
                    types,
                    RhaiFunc::StaticPlugin { func: native.func() },
                );
            let shape = (native.name(), types.len());
            if !types.is_empty() && !shapes.contains(&shape) {
                shapes.push(shape);
            }
        });
    }
    for (name, arity) in shapes {
        let overloads = overloads(manifest, name, arity);
        if overloads.iter().any(|types| types.iter().all(|one| *one == TypeId::of::<Dynamic>())) {
            continue;
        }
        let refuse = move |call: Option<NativeCallContext>, arguments: &mut [&mut Dynamic]| {
            let given: Vec<&Dynamic> = arguments.iter().map(|argument| &**argument).collect();
            let position = call.map_or(rhai::Position::NONE, |call| call.call_position());
            Err(mismatch(namespace, name, &overloads, &given).into_engine_error(position))
        };
        FuncRegistration::new(name).set_into_module_raw(
            &mut module,
            vec![TypeId::of::<Dynamic>(); arity],
            RhaiFunc::Pure {
                func: Shared::new(refuse),
                has_context: true,
                is_pure: true,
                is_volatile: false,
            },
        );
    }
    module.build_index();
    module
}

/// The parameter types of all overloads of `name` with `arity` parameters.
fn overloads(manifest: &'static ModuleManifest, name: &str, arity: usize) -> Vec<Vec<TypeId>> {
    let mut found = Vec::new();
    for native in manifest.functions().iter().filter(|native| native.name() == name) {
        native.with_param_types(&mut |types| {
            if types.len() == arity {
                found.push(types.to_vec());
            }
        });
    }
    found
}

/// Number 10 for the first argument that no overload takes.
fn mismatch(
    namespace: &str,
    name: &str,
    overloads: &[Vec<TypeId>],
    given: &[&Dynamic],
) -> NativeError {
    let fits = |wanted: TypeId, value: &Dynamic| {
        wanted == TypeId::of::<Dynamic>() || script_type(wanted) == script_type(value.type_id())
    };
    let first_misfit = |types: &Vec<TypeId>| {
        types.iter().zip(given).take_while(|(wanted, value)| fits(**wanted, value)).count()
    };
    let at = overloads.iter().map(first_misfit).max().unwrap_or_default().min(given.len() - 1);
    let mut wanted: Vec<&str> = overloads
        .iter()
        .filter(|types| first_misfit(types) == at)
        .map(|types| script_type(types[at]))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let message = format!(
        "argument {} of {namespace}::{name} must be {}, not {}",
        at + 1,
        wanted.join(" or "),
        type_word(given[at])
    );
    NativeError::arango("argument.type", 10, message)
        .with("func", format!("{namespace}::{name}"))
        .with("argument", i64::try_from(at + 1).unwrap_or_default())
}

/// The word for the type of a script value, with its article.
pub(super) fn type_word(value: &Dynamic) -> &'static str {
    script_type(value.type_id())
}

fn script_type(id: TypeId) -> &'static str {
    match id {
        id if id == TypeId::of::<i64>() => "an integer",
        id if id == TypeId::of::<f64>() => "a float",
        id if id == TypeId::of::<bool>() => "a boolean",
        id if id == TypeId::of::<&str>() => "a string",
        id if id == TypeId::of::<String>() => "a string",
        id if id == TypeId::of::<ImmutableString>() => "a string",
        id if id == TypeId::of::<char>() => "a character",
        id if id == TypeId::of::<()>() => "()",
        id if id == TypeId::of::<rhai::Array>() => "an array",
        id if id == TypeId::of::<rhai::Map>() => "a map",
        id if id == TypeId::of::<rhai::Blob>() => "a blob",
        id if id == TypeId::of::<rhai::FnPtr>() => "a function",
        _ => "a value of another type",
    }
}
