//! Functions of Python that scripts call as natives.

use std::any::TypeId;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rhai::{Dynamic, FuncRegistration, Module, NativeCallContext, Position, RhaiFunc, Shared};

use crate::callbacks::Callbacks;
use crate::values::{dynamic, from_dynamic};

/// With how many arguments a script may call a function of Python.
const MOST_ARGUMENTS: usize = 8;

/// The modules that scripts see, by name.
///
/// # Errors
/// `natives` is no dict of dicts of functions.
pub(crate) fn modules(
    natives: &Bound<'_, PyAny>,
    callbacks: &Arc<Callbacks>,
) -> PyResult<Vec<(String, Module)>> {
    let mut modules = Vec::new();
    for (name, functions) in members(natives, "natives")? {
        let mut module = Module::new();
        let described = format!("natives[{name:?}]");
        for (function_name, function) in members(&functions, &described)? {
            if !function.is_callable() {
                let problem = format!("{described}[{function_name:?}] cannot be called");
                return Err(PyTypeError::new_err(problem));
            }
            register(&mut module, &function_name, Arc::new(function.unbind()), callbacks);
        }
        modules.push((name, module));
    }
    Ok(modules)
}

fn members<'py>(
    mapping: &Bound<'py, PyAny>,
    name: &str,
) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let dict = PyDict::new(mapping.py());
    let unfit = |_| PyTypeError::new_err(format!("{name} is to be a dict with keys of type str"));
    dict.call_method1("update", (mapping,)).map_err(unfit)?;
    dict.into_iter().map(|(key, value)| Ok((key.extract().map_err(unfit)?, value))).collect()
}

fn register(module: &mut Module, name: &str, function: Arc<Py<PyAny>>, callbacks: &Arc<Callbacks>) {
    for count in 0..=MOST_ARGUMENTS {
        let (function, callbacks) = (Arc::clone(&function), Arc::clone(callbacks));
        let call = move |context: Option<NativeCallContext<'_>>, arguments: &mut [&mut Dynamic]| {
            let answer = callbacks.answer(|py| {
                let given = arguments.iter().map(|one| from_dynamic(py, one));
                let given = PyTuple::new(py, given.collect::<PyResult<Vec<_>>>()?)?;
                let result = function.bind(py).call1(given)?;
                dynamic(&result).map_err(|misfit| misfit.into_error("the result"))
            });
            let position = context.map_or(Position::NONE, |context| context.call_position());
            answer.map_err(|error| error.into_engine_error(position))
        };
        let types = vec![TypeId::of::<Dynamic>(); count];
        // volatile: the engine is not to call it in advance
        let (has_context, is_pure, is_volatile) = (true, true, true);
        let call = RhaiFunc::Method { func: Shared::new(call), has_context, is_pure, is_volatile };
        FuncRegistration::new(name).set_into_module_raw(module, types, call);
    }
}
