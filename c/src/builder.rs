//! What a host is made of.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};

use agencysh_rs::HostError;
use agencysh_rs::host::{HostBuilder, HostSettings};

use crate::boundary::{behind, guarded, quietly};
use crate::callback::{HostId, User};
use crate::error::{Error, invalid};
use crate::host::Host;
use crate::native::{Native, NativeFunction};
use crate::sinks::{LogFunction, RecordSink, TextFunction, TextSink};
use crate::text::{json, required};

/// Collects what hosts are made of. agencysh_builder_free() frees it.
pub struct Builder(Mutex<Parts>);

pub(crate) struct Parts {
    settings: HostBuilder,
    output: Option<TextSink>,
    notes: Option<TextSink>,
    log: Option<RecordSink>,
    natives: Vec<Native>,
}

impl Parts {
    /// # Safety
    /// As for [`json`].
    pub(crate) unsafe fn new(settings_json: *const c_char) -> Result<Self, HostError> {
        // SAFETY: as the caller vouches
        let settings = unsafe { json(settings_json, "settings") }?;
        let settings = match settings {
            Some(object) => HostSettings::from_json(&object)?,
            None => HostSettings::default(),
        };
        let settings = settings.builder()?;
        Ok(Self { settings, output: None, notes: None, log: None, natives: Vec::new() })
    }

    pub(crate) fn build(&self) -> Result<Host, HostError> {
        let id = HostId::fresh();
        let mut builder = self.settings.clone();
        if let Some(sink) = self.output {
            builder = builder.output(move |text| id.during(|| sink.take(text)));
        }
        if let Some(sink) = self.notes {
            builder = builder.notes(move |text| id.during(|| sink.take(text)));
        }
        if let Some(sink) = self.log {
            builder = builder.log_sink(move |record| id.during(|| sink.take(record)));
        }
        for (name, module) in Native::modules(&self.natives, id) {
            builder = builder.module(name, module);
        }
        Ok(Host::new(builder.build()?, id))
    }
}

/// Does something with the parts of a builder; `true` when it succeeds.
///
/// # Safety
/// The builder is NULL or not freed yet, and `error` NULL or a place for an error.
unsafe fn change(
    builder: *mut Builder,
    error: *mut *mut Error,
    body: impl FnOnce(&mut Parts) -> Result<(), HostError>,
) -> bool {
    let body = || {
        // SAFETY: as the caller vouches; parts are changed behind a lock only
        let builder = unsafe { behind(builder, "builder") }?;
        body(&mut builder.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(true)
    };
    // SAFETY: as the caller vouches
    unsafe { guarded(error, false, body) }
}

/// A builder with these settings: a JSON object, or NULL for none.
///
/// Members, all of which may be left out (times in seconds): one of `embedded` (so many agents in this process),
/// `launch` (a cluster, described as for `cluster::launch`), `endpoints` (an array; `coordinator` may go with it) and
/// `topology` (a file); `jwt_secret`, `jwt_secret_file`, `jwt_token`, or `username` and `password`; `ca_file`, `insecure`;
/// `deadline` of each run, `timeout` of each operation, `connect_timeout`; `database`; `arguments`; `seed`; `log_levels`
/// such as "agency=debug"; `module_folders`, `modules` (scripts by name); `temp_dir`; `pretty`, `color`;
/// `permissions`: "all" (the default), "none", or an object of `files`, `network`, `environment` (true, or an array
/// each), `ports`, `processes`, `read_only`; `limits`: `operations`, `string_size`, `array_size`, `map_size`,
/// `call_depth`, `output`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_builder_new(
    settings_json: *const c_char,
    error: *mut *mut Error,
) -> *mut Builder {
    let body = || {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let parts = unsafe { Parts::new(settings_json) }?;
        Ok(Box::into_raw(Box::new(Builder(Mutex::new(parts)))))
    };
    // SAFETY: the caller gives NULL or a place for an error
    unsafe { guarded(error, null_mut(), body) }
}

/// What scripts print goes to this function, newlines included; nowhere unless said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_builder_output(
    builder: *mut Builder,
    function: TextFunction,
    user: *mut c_void,
    error: *mut *mut Error,
) -> bool {
    let body = |parts: &mut Parts| {
        let function = function.ok_or_else(no_function)?;
        parts.output = Some(TextSink { function, user: User(user) });
        Ok(())
    };
    // SAFETY: the caller gives NULL, or a builder that is not freed yet and a place for an error
    unsafe { change(builder, error, body) }
}

/// Lines for people that are no output go to this function, without newlines; nowhere unless said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_builder_notes(
    builder: *mut Builder,
    function: TextFunction,
    user: *mut c_void,
    error: *mut *mut Error,
) -> bool {
    let body = |parts: &mut Parts| {
        let function = function.ok_or_else(no_function)?;
        parts.notes = Some(TextSink { function, user: User(user) });
        Ok(())
    };
    // SAFETY: the caller gives NULL, or a builder that is not freed yet and a place for an error
    unsafe { change(builder, error, body) }
}

/// What scripts log goes to this function; nowhere unless said. The setting `log_levels` says what is logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_builder_log(
    builder: *mut Builder,
    function: LogFunction,
    user: *mut c_void,
    error: *mut *mut Error,
) -> bool {
    let body = |parts: &mut Parts| {
        let function = function.ok_or_else(no_function)?;
        parts.log = Some(RecordSink { function, user: User(user) });
        Ok(())
    };
    // SAFETY: the caller gives NULL, or a builder that is not freed yet and a place for an error
    unsafe { change(builder, error, body) }
}

/// Lets scripts call `function` as `namespace_name::name`, with `arity` arguments, at most 16. Functions of one name may
/// have several arities. Arguments that have no JSON form are an error in the script.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_builder_native(
    builder: *mut Builder,
    namespace_name: *const c_char,
    name: *const c_char,
    arity: usize,
    function: NativeFunction,
    user: *mut c_void,
    error: *mut *mut Error,
) -> bool {
    let body = |parts: &mut Parts| {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let namespace = unsafe { required(namespace_name, "namespace_name") }?;
        // SAFETY: as above
        let name = unsafe { required(name, "name") }?;
        let function = function.ok_or_else(no_function)?;
        let native = Native::new((namespace, name), arity, function, User(user))?;
        if parts.natives.iter().any(|other| other.is_same(&native)) {
            return Err(invalid(format!(
                "there is a function {namespace}::{name} with {arity} arguments already"
            )));
        }
        parts.natives.push(native);
        Ok(())
    };
    // SAFETY: the caller gives NULL, or a builder that is not freed yet and a place for an error
    unsafe { change(builder, error, body) }
}

/// A host as described so far. The builder stays, and can build more of them; it may be freed before the host.
///
/// Servers are started, and connections made, when they are first needed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_builder_build(
    builder: *const Builder,
    error: *mut *mut Error,
) -> *mut Host {
    let body = || {
        // SAFETY: the caller gives NULL or a builder that is not freed yet
        let builder = unsafe { behind(builder, "builder") }?;
        let parts = builder.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(parts.build()?.into_handle())
    };
    // SAFETY: the caller gives NULL or a place for an error
    unsafe { guarded(error, null_mut(), body) }
}

/// Frees a builder. NULL is passed over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_builder_free(builder: *mut Builder) {
    if !builder.is_null() {
        // SAFETY: it comes from `agencysh_builder_new`, and the caller has not freed it yet
        let builder = unsafe { Box::from_raw(builder) };
        quietly((), || drop(builder));
    }
}

fn no_function() -> HostError {
    invalid("function is NULL".to_owned())
}
