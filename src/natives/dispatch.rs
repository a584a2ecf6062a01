//! From a namespace's manifest to the module that an engine calls.
//!
//! Rhai answers a call with a wrong argument type by "function not found". Each
//! name and arity therefore gets one more overload, which takes anything: it
//! takes a whole float where an integer is wanted, and raises number 10 for
//! everything else, naming the argument and the type it must have.

use std::any::TypeId;

use rhai::plugin::{ModuleManifest, PluginFunc};
use rhai::{
    Dynamic, FnNamespace, FuncRegistration, ImmutableString, Module, NativeCallContext, RhaiFunc,
    Shared,
};

use super::argument::whole;
use super::error::NativeError;

/// One function behind a name.
#[derive(Clone)]
struct Overload {
    types: Vec<TypeId>,
    function: &'static (dyn PluginFunc + Send + Sync),
}

/// All functions of one name and number of parameters.
struct Native {
    namespace: &'static str,
    name: &'static str,
    /// Called on a value, which is the first parameter.
    is_method: bool,
    overloads: Vec<Overload>,
}

/// The module of `manifests`, without documentation texts: [`super::reference()`] reads those.
pub(super) fn module(
    namespace: &'static str,
    manifests: impl Iterator<Item = &'static ModuleManifest>,
) -> Module {
    let mut module = Module::new();
    module.set_id(namespace);
    let mut natives: Vec<Native> = Vec::new();
    let manifests: Vec<_> = manifests.collect();
    for manifest in &manifests {
        manifest.init_eager(&mut module);
    }
    for native in manifests.iter().flat_map(|manifest| manifest.functions()) {
        native.with_param_types(&mut |types| {
            FuncRegistration::new(native.name())
                .with_namespace(native.namespace())
                .set_into_module_raw(
                    &mut module,
                    types,
                    RhaiFunc::StaticPlugin { func: native.func() },
                );
            let overload = Overload { types: types.to_vec(), function: native.func() };
            let known = natives
                .iter_mut()
                .find(|one| one.name == native.name() && one.arity() == types.len());
            match known {
                Some(known) => known.overloads.push(overload),
                None => natives.push(Native {
                    namespace,
                    name: native.name(),
                    is_method: native.namespace() == FnNamespace::Global,
                    overloads: vec![overload],
                }),
            }
        });
    }
    for native in natives {
        native.add_fallback(&mut module);
    }
    module.build_index();
    module
}

impl Native {
    fn arity(&self) -> usize {
        self.overloads.first().map_or(0, |overload| overload.types.len())
    }

    /// Adds the overload that takes anything, unless there is one.
    fn add_fallback(self, module: &mut Module) {
        let mut types = vec![TypeId::of::<Dynamic>(); self.arity()];
        if self.is_method
            && let (Some(first), Some(overload)) = (types.first_mut(), self.overloads.first())
        {
            *first = overload.types[0];
        }
        if self.overloads.iter().any(|overload| overload.types == types) {
            return;
        }
        let scope = if self.is_method { FnNamespace::Global } else { FnNamespace::Internal };
        let registration = FuncRegistration::new(self.name).with_namespace(scope);
        let fall_back = move |call: Option<NativeCallContext>, arguments: &mut [&mut Dynamic]| {
            // a copy: the caller's variables stay as they are
            let mut given: Vec<Dynamic> =
                arguments.iter().map(|argument| argument.flatten_clone()).collect();
            let position = call.as_ref().map_or(rhai::Position::NONE, |call| call.call_position());
            match self.overloads.iter().find(|overload| overload.takes(&given)) {
                Some(overload) => overload.call(call, &mut given),
                None => Err(self.mismatch(&given).into_engine_error(position)),
            }
        };
        registration.set_into_module_raw(
            module,
            types,
            RhaiFunc::Pure {
                func: Shared::new(fall_back),
                has_context: true,
                is_pure: true,
                is_volatile: true,
            },
        );
    }

    /// Number 10 for the first argument that no overload takes.
    fn mismatch(&self, given: &[Dynamic]) -> NativeError {
        let first_misfit = |overload: &Overload| {
            let pairs = overload.types.iter().zip(given);
            pairs.take_while(|(wanted, value)| fits(**wanted, value)).count()
        };
        let at = self.overloads.iter().map(first_misfit).max().unwrap_or_default();
        let at = at.min(given.len().saturating_sub(1));
        let mut wanted: Vec<&str> = self
            .overloads
            .iter()
            .filter(|overload| first_misfit(overload) == at)
            .map(|overload| script_type(overload.types[at]))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let full_name = format!("{}::{}", self.namespace, self.name);
        let number = if self.is_method { at } else { at + 1 };
        let message = format!(
            "argument {number} of {full_name} must be {}, not {}",
            wanted.join(" or "),
            given.get(at).map_or("nothing", type_word)
        );
        NativeError::wrong_type(message)
            .with("func", full_name)
            .with("argument", i64::try_from(number).unwrap_or_default())
    }
}

impl Overload {
    fn takes(&self, given: &[Dynamic]) -> bool {
        self.types.len() == given.len()
            && self.types.iter().zip(given).all(|(wanted, value)| fits(*wanted, value))
    }

    /// Calls the function with whole floats turned into the integers that it wants.
    fn call(
        &self,
        call: Option<NativeCallContext>,
        given: &mut [Dynamic],
    ) -> Result<Dynamic, Box<rhai::EvalAltResult>> {
        for (wanted, value) in self.types.iter().zip(given.iter_mut()) {
            if *wanted == TypeId::of::<i64>()
                && let Some(number) = whole(value)
            {
                *value = number.into();
            }
        }
        let mut arguments: Vec<&mut Dynamic> = given.iter_mut().collect();
        self.function.call(call, &mut arguments)
    }
}

/// Whether a parameter of type `wanted` takes `value`.
fn fits(wanted: TypeId, value: &Dynamic) -> bool {
    wanted == TypeId::of::<Dynamic>()
        || wanted == value.type_id()
        || (value.is_string() && script_type(wanted) == "a string")
        || (wanted == TypeId::of::<i64>() && whole(value).is_some())
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
