//! Runs scripts.

use std::ffi::c_char;
use std::ptr::null_mut;

use agencysh_rs::HostError;
use agencysh_rs::host::{InterruptHandle, Outcome};
use serde_json::Value;

use crate::boundary::{behind, guarded, quietly};
use crate::builder::Parts;
use crate::callback::HostId;
use crate::error::{Error, invalid};
use crate::tests_options::TestsOptions;
use crate::text::{give, json, required, words};

/// Runs scripts, one after the other. agencysh_host_free() frees it.
pub struct Host {
    host: agencysh_rs::Host,
    id: HostId,
}

impl Host {
    pub(crate) fn new(host: agencysh_rs::Host, id: HostId) -> Self {
        Self { host, id }
    }

    pub(crate) fn into_handle(self) -> *mut Self {
        Box::into_raw(Box::new(self))
    }

    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.host.interrupt_handle()
    }
}

/// Hosts are used from any thread.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Host>();
};

/// A text that a host gives, or NULL with an error.
///
/// # Safety
/// The host is NULL or not freed during the call, and `error` NULL or a place for an error.
unsafe fn ask(
    host: *const Host,
    error: *mut *mut Error,
    body: impl FnOnce(&agencysh_rs::Host) -> Result<Value, HostError>,
) -> *mut c_char {
    let body = || {
        // SAFETY: as the caller vouches
        let host = unsafe { behind(host, "host") }?;
        host.id.check()?;
        Ok(give(&body(&host.host)?))
    };
    // SAFETY: as the caller vouches
    unsafe { guarded(error, null_mut(), body) }
}

/// The value of a run, whose exit code goes to `*exit_code`.
///
/// # Safety
/// `exit_code` is NULL or a place for a number.
unsafe fn outcome(outcome: &Outcome, exit_code: *mut i64) -> Result<Value, HostError> {
    if !exit_code.is_null() {
        // SAFETY: it is not NULL, so the caller vouches that it is a place for a number
        unsafe { exit_code.write(outcome.exit_code.unwrap_or_default()) };
    }
    Ok(outcome.to_json()?)
}

/// A host with these settings, as for agencysh_builder_new(), and nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_host_new(
    settings_json: *const c_char,
    error: *mut *mut Error,
) -> *mut Host {
    let body = || {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let parts = unsafe { Parts::new(settings_json) }?;
        Ok(parts.build()?.into_handle())
    };
    // SAFETY: the caller gives NULL or a place for an error
    unsafe { guarded(error, null_mut(), body) }
}

/// Runs a line of code and gives the JSON text of its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_eval(
    host: *const Host,
    code: *const c_char,
    error: *mut *mut Error,
) -> *mut c_char {
    let body = |host: &agencysh_rs::Host| {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let code = unsafe { required(code, "code") }?;
        Ok(host.eval(code)?.to_json()?)
    };
    // SAFETY: the caller gives NULL, or a host that is not freed during the call and a place for an error
    unsafe { ask(host, error, body) }
}

/// Runs a script file and gives the JSON text of its value. `arguments_json` is an array of strings, or NULL for none;
/// without any, the setting `arguments` holds. What the script gives to `exit` goes to `*exit_code`, 0 if it does not
/// call it; NULL is possible.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_run_file(
    host: *const Host,
    path: *const c_char,
    arguments_json: *const c_char,
    exit_code: *mut i64,
    error: *mut *mut Error,
) -> *mut c_char {
    let body = |host: &agencysh_rs::Host| {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let path = unsafe { required(path, "path") }?;
        // SAFETY: as above
        let arguments = unsafe { words(arguments_json, "arguments") }?;
        // SAFETY: the caller gives NULL or a place for a number
        unsafe { outcome(&host.run_file(path, &arguments)?, exit_code) }
    };
    // SAFETY: the caller gives NULL, or a host that is not freed during the call and a place for an error
    unsafe { ask(host, error, body) }
}

/// As agencysh_run_file(), with the text of a script that errors call `name`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_run_str(
    host: *const Host,
    name: *const c_char,
    text: *const c_char,
    arguments_json: *const c_char,
    exit_code: *mut i64,
    error: *mut *mut Error,
) -> *mut c_char {
    let body = |host: &agencysh_rs::Host| {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let name = unsafe { required(name, "name") }?;
        // SAFETY: as above
        let text = unsafe { required(text, "text") }?;
        // SAFETY: as above
        let arguments = unsafe { words(arguments_json, "arguments") }?;
        // SAFETY: the caller gives NULL or a place for a number
        unsafe { outcome(&host.run_str(name, text, &arguments)?, exit_code) }
    };
    // SAFETY: the caller gives NULL, or a host that is not freed during the call and a place for an error
    unsafe { ask(host, error, body) }
}

/// Calls a function of the script that ran last and gives the JSON text of its value. An array holds its arguments; any
/// other JSON value is its only argument; NULL stands for none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_call(
    host: *const Host,
    function: *const c_char,
    arguments_json: *const c_char,
    error: *mut *mut Error,
) -> *mut c_char {
    let body = |host: &agencysh_rs::Host| {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let function = unsafe { required(function, "function") }?;
        // SAFETY: as above
        let arguments = unsafe { json(arguments_json, "arguments") }?;
        host.call(function, arguments.unwrap_or_else(|| Value::Array(Vec::new())))
    };
    // SAFETY: the caller gives NULL, or a host that is not freed during the call and a place for an error
    unsafe { ask(host, error, body) }
}

/// Runs the tests of scripts and gives what they came to; tests that fail are results, no errors.
///
/// The options are a JSON object: `paths` of files and folders, which must be there; and, where wanted, `filters`
/// (patterns such as "test_a*"), `only` (tests as "file::test"), `shard` ("1/3"), `skip_markers`, `only_markers`, `jobs`,
/// `timeout` of each test and `deadline` of all (in seconds), `retries`, `rounds`, `marks`, `strict`, `skipped_checks`,
/// `dumps` (a folder).
///
/// The result is an object: `passed`, `flaky`, `failed`, `skipped`, `failures` (numbers), `success`, `duration`, `stopped`
/// (null, "interrupted" or "deadline"), and `files`: each with `file`, `round`, `success`, `duration`, `failures`,
/// `skip_reason`, `output`, `notes` and `tests`; those with `test` (the name), `verdict` ("passed", "flaky", "failed",
/// "skipped"), `attempts`, `duration`, `set_up`, `tear_down`, `failures` (errors, as agencysh_error_json() has them, with
/// `phase`), `skip_reason`, `output`, `notes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_tests(
    host: *const Host,
    options_json: *const c_char,
    error: *mut *mut Error,
) -> *mut c_char {
    let body = |host: &agencysh_rs::Host| {
        // SAFETY: the caller gives NULL or a text that stays during the call
        let options = unsafe { json(options_json, "options") }?;
        let options = options.ok_or_else(|| invalid("options is NULL".to_owned()))?;
        let options = TestsOptions::from_json(options)?;
        let run = host.tests(options.paths(), options.settings()?, &options.selection()?, &())?;
        Ok(run.to_json())
    };
    // SAFETY: the caller gives NULL, or a host that is not freed during the call and a place for an error
    unsafe { ask(host, error, body) }
}

/// Ends what the host runs at this moment, with an error whose `stop` is "interrupted"; runs that begin later go on. From
/// any thread, also from a callback, but not from a signal handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_interrupt(host: *const Host) {
    // SAFETY: the caller gives NULL or a host that is not freed during the call
    if let Some(host) = unsafe { host.as_ref() } {
        quietly((), || host.host.interrupt_handle().interrupt());
    }
}

/// Frees a host and ends its servers. Nothing else may be going on with it; within one of its own callbacks it stays as
/// it is. NULL is passed over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agencysh_host_free(host: *mut Host) {
    // SAFETY: the caller gives NULL or a host that is not freed yet
    let is_idle = unsafe { host.as_ref() }.is_some_and(|host| !host.id.is_calling());
    if is_idle {
        // SAFETY: it comes from `into_handle`, the caller has not freed it yet, and no run waits for this thread
        let host = unsafe { Box::from_raw(host) };
        quietly((), || drop(host));
    }
}
