//! Functions of the program that scripts call.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null;
use std::sync::{Mutex, PoisonError};

use agencysh_rs::HostError;
use agencysh_rs::deadline::Deadline;
use agencysh_rs::natives::{
    ErrorName, NativeContext, NativeError, NativeResult, from_json, to_json,
};
use rhai::{Dynamic, Engine, FuncRegistration, Module, NativeCallContext, Position, RhaiFunc};
use serde_json::Value;

use crate::boundary::quietly;
use crate::callback::{HostId, User};
use crate::error::invalid;
use crate::text::{json, to_c};

/// How many arguments such a function can have.
const MOST_ARGUMENTS: usize = 16;

/// A function that scripts call. It answers with agencysh_native_return() or agencysh_native_fail(); the script gets ()
/// when it does neither, and the last answer when it answers again. No C++ exception and no longjmp may leave it.
pub type NativeFunction = Option<unsafe extern "C" fn(call: *mut NativeCall, user: *mut c_void)>;

/// One call of an agencysh_native_function. It belongs to agencysh, and ends when the function returns.
pub struct NativeCall {
    name: String,
    arguments: CString,
    deadline: Deadline,
    answer: Mutex<NativeResult<Value>>,
}

/// A function as it was registered.
#[derive(Debug, Clone)]
pub(crate) struct Native {
    namespace: String,
    name: String,
    arity: usize,
    function: unsafe extern "C" fn(*mut NativeCall, *mut c_void),
    user: User,
}

impl Native {
    /// # Errors
    /// Scripts could not call it.
    pub(crate) fn new(
        (namespace, name): (&str, &str),
        arity: usize,
        function: unsafe extern "C" fn(*mut NativeCall, *mut c_void),
        user: User,
    ) -> Result<Self, HostError> {
        if arity > MOST_ARGUMENTS {
            return Err(invalid(format!(
                "arity is {arity}, and at most {MOST_ARGUMENTS} is possible"
            )));
        }
        for (what, word) in [("namespace", namespace), ("name", name)] {
            let is_word =
                word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            if !is_word || Engine::new_raw().compile(format!("{word}::{word}()")).is_err() {
                return Err(invalid(format!("'{word}' is no {what} that scripts can write")));
            }
        }
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Ok(Self { namespace, name, arity, function, user })
    }

    /// Whether scripts could not tell the two apart.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.namespace, &self.name, self.arity) == (&other.namespace, &other.name, other.arity)
    }

    /// The modules that hold these functions, by namespace, for the host with this id.
    pub(crate) fn modules(natives: &[Self], host: HostId) -> BTreeMap<String, Module> {
        let mut modules = BTreeMap::<String, Module>::new();
        for native in natives {
            let module = modules.entry(native.namespace.clone()).or_default();
            native.clone().put_into(module, host);
        }
        modules
    }

    fn put_into(self, module: &mut Module, host: HostId) {
        let registration = FuncRegistration::new(self.name.as_str());
        let types = vec![std::any::TypeId::of::<Dynamic>(); self.arity];
        let call = move |context: Option<NativeCallContext>, arguments: &mut [&mut Dynamic]| {
            let position =
                context.as_ref().map_or(Position::NONE, |context| context.call_position());
            self.call(context.as_ref(), arguments, host).map_err(|error| {
                let name = format!("{}::{}", self.namespace, self.name);
                error.with("func", name).into_engine_error(position)
            })
        };
        registration.set_into_module_raw(
            module,
            types,
            RhaiFunc::Pure {
                func: rhai::Shared::new(call),
                has_context: true,
                is_pure: true,
                is_volatile: true,
            },
        );
    }

    fn call(
        &self,
        context: Option<&NativeCallContext>,
        arguments: &[&mut Dynamic],
        host: HostId,
    ) -> NativeResult<Dynamic> {
        let deadline = match context {
            Some(context) => NativeContext::of(context)?.deadline.clone(),
            None => Deadline::default(),
        };
        let arguments = arguments.iter().enumerate().map(|(at, argument)| {
            to_json(argument).map_err(|error| {
                NativeError::wrong_type(format!("argument {}: {}", at + 1, error.message()))
            })
        });
        let arguments = Value::Array(arguments.collect::<NativeResult<_>>()?);
        let call = NativeCall {
            name: format!("{}::{}", self.namespace, self.name),
            arguments: to_c(&arguments.to_string()),
            deadline,
            answer: Mutex::new(Ok(Value::Null)),
        };
        host.during(|| {
            // SAFETY: the program has given the function for such arguments, and the call stays until it returns; nothing
            // is changed through the pointer but behind the lock
            unsafe { (self.function)((&raw const call).cast_mut(), self.user.pointer()) }
        });
        call.answer.into_inner().unwrap_or_else(PoisonError::into_inner).map(from_json)
    }
}

impl NativeCall {
    fn answer(&self, answer: NativeResult<Value>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }
}

/// The arguments: the text of a JSON array. It belongs to the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_native_arguments(call: *const NativeCall) -> *const c_char {
    // SAFETY: the caller gives NULL or a call that has not ended
    unsafe { call.as_ref() }.map_or(null(), |call| call.arguments.as_ptr())
}

/// Whether the function should give up, because the run is interrupted or its deadline has passed. One that takes long
/// looks at this from time to time; the run ends when it has returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_native_should_stop(call: *const NativeCall) -> bool {
    // SAFETY: the caller gives NULL or a call that has not ended
    let call = unsafe { call.as_ref() };
    quietly(true, || call.is_none_or(|call| call.deadline.check().is_err()))
}

/// Answers with the value that this JSON text stands for; NULL stands for (). The text is copied.
///
/// It is false when the text is no JSON: the script gets the error "argument.invalid" then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_native_return(
    call: *mut NativeCall,
    value_json: *const c_char,
) -> bool {
    // SAFETY: the caller gives NULL or a call that has not ended
    let Some(call) = (unsafe { call.as_ref() }) else { return false };
    quietly(false, || {
        // SAFETY: the caller gives NULL or a text that stays during the call
        match unsafe { json(value_json, "the answer") } {
            Ok(value) => {
                call.answer(Ok(value.unwrap_or_default()));
                true
            }
            Err(error) => {
                call.answer(Err(NativeError::bad_parameter(format!("{}: {error}", call.name))));
                false
            }
        }
    })
}

/// Answers with an error, which the script can catch: a map with this `kind`, a dotted name such as "bank.no_account",
/// and this `message`. NULL stands for "native.failed" and for no message. The texts are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_native_fail(
    call: *mut NativeCall,
    kind: *const c_char,
    message: *const c_char,
) {
    // SAFETY: the caller gives NULL or a call that has not ended
    let Some(call) = (unsafe { call.as_ref() }) else { return };
    quietly((), || {
        let text = |pointer: *const c_char, otherwise: &str| match pointer.is_null() {
            true => otherwise.to_owned(),
            // SAFETY: the caller gives texts that stay during the call
            false => unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned(),
        };
        let (kind, message) = (text(kind, "native.failed"), text(message, ""));
        call.answer(Err(NativeError::plain(kind, ErrorName::Error, message)));
    });
}
