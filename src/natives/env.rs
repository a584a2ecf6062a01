//! `env`: environment variables, arguments and facts about the host.
//!
//! The process keeps its environment: what a script sets lies over it, for this
//! run and the programs it starts.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rhai::plugin::*;
use rhai::{Array, Dynamic, Map};

use super::argument::wrong_type;
use super::{Gate, NativeContext, NativeError, NativeResult, Raw, call, from_json};

/// The environment of one run: the process's own and what the script changed.
#[derive(Debug, Default)]
pub struct Environment {
    changes: Mutex<BTreeMap<String, Option<String>>>,
}

impl Environment {
    /// The value of one variable.
    pub fn get(&self, name: &str) -> Option<String> {
        if let Some(change) = self.changes().get(name) {
            return change.clone();
        }
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// Sets a variable, or removes it.
    pub fn set(&self, name: &str, value: Option<String>) {
        self.changes().insert(name.to_owned(), value);
    }

    /// All variables, as the script sees them: bytes that are no UTF-8 are replaced.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let lossy = |text: OsString| text.to_string_lossy().into_owned();
        self.for_children().into_iter().map(|(name, value)| (lossy(name), lossy(value))).collect()
    }

    /// All variables, for programs that the script starts.
    pub fn for_children(&self) -> BTreeMap<OsString, OsString> {
        let mut all: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        for (name, change) in self.changes().iter() {
            match change {
                Some(value) => all.insert(name.into(), value.into()),
                None => all.remove(OsStr::new(name)),
            };
        }
        all
    }

    fn changes(&self) -> MutexGuard<'_, BTreeMap<String, Option<String>>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The options that the host was started with, as `env::options` shows them.
#[derive(Debug, Default)]
pub struct RunOptions(pub serde_json::Map<String, serde_json::Value>);

impl RunOptions {
    fn shown(&self) -> Map {
        let secret =
            |name: &str| ["passwd", "password", "secret"].iter().any(|word| name.contains(word));
        let shown = self.0.iter().filter(|(name, _)| !secret(name));
        shown.map(|(name, value)| (name.as_str().into(), from_json(value.clone()))).collect()
    }
}

fn get(run: &NativeContext, name: &str, default: Dynamic) -> NativeResult<Dynamic> {
    run.may_use_variable(name)?;
    if name.contains('\0') {
        return Ok(default);
    }
    Ok(run.extension::<Environment>().get(name).map_or(default, Into::into))
}

fn set(run: &NativeContext, name: &str, value: &Dynamic) -> NativeResult<()> {
    run.may_use_variable(name)?;
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(NativeError::bad_parameter(format!(
            "{name:?} cannot name an environment variable"
        )));
    }
    let text = match value {
        value if value.is_unit() => None,
        value if value.is_string() || value.is_int() || value.is_float() || value.is_bool() => {
            Some(value.to_string())
        }
        value => return Err(wrong_type("value", "a string, a number, a boolean or ()", value)),
    };
    if text.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(NativeError::bad_parameter(
            "an environment variable cannot hold a NUL character",
        ));
    }
    run.extension::<Environment>().set(name, text);
    Ok(())
}

fn script(run: &NativeContext) -> PathBuf {
    run.invocation().script.unwrap_or_default()
}

fn script_dir(run: &NativeContext) -> String {
    let script = script(run);
    match script.parent() {
        Some(parent) if parent != Path::new("") => parent.to_string_lossy().into_owned(),
        _ if script == Path::new("") => String::new(),
        _ => ".".to_owned(),
    }
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Reads an environment variable.
    ///
    /// `env::get(name: string, default?: any) -> string | ()`
    ///
    /// Arguments: `name`; `default` is given back when there is none, `()` unless given.
    /// Units: none.
    /// Errors: `permission.environment` (number 11) when the run may not look.
    /// Legacy: `ENV`, `process.env.NAME`.
    ///
    /// ```rhai
    /// assert_eq(env::get("NO_SUCH_NAME"), ());
    /// assert_eq(env::get("NO_SUCH_NAME", "x"), "x");
    /// ```
    #[rhai_fn(name = "get", return_raw)]
    pub fn get_native(ctx: NativeCallContext, name: &str) -> Raw<Dynamic> {
        call(&ctx, "env::get", |run| get(run, name, Dynamic::UNIT))
    }

    #[rhai_fn(name = "get", return_raw)]
    pub fn get_or(ctx: NativeCallContext, name: &str, default: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "env::get", |run| get(run, name, default))
    }

    /// Sets an environment variable of this run and the programs it starts.
    ///
    /// `env::set(name: string, value: any) -> ()`
    ///
    /// Arguments: `value`, a string, number or boolean; `()` removes.
    /// Units: none; the process itself keeps its environment.
    /// Errors: `argument.invalid` for a bad name or a NUL in the value; `argument.type` for a value of another type; `permission.environment`.
    /// Legacy: `process.env.NAME = value`.
    ///
    /// ```rhai
    /// env::set("ANSWER", 42);
    /// assert_eq(env::get("ANSWER"), "42");
    /// env::set("ANSWER", ());
    /// assert_eq(env::has("ANSWER"), false);
    /// ```
    #[rhai_fn(name = "set", return_raw)]
    pub fn set_native(ctx: NativeCallContext, name: &str, value: Dynamic) -> Raw<()> {
        call(&ctx, "env::set", |run| set(run, name, &value))
    }

    /// Removes an environment variable from this run and the programs it starts.
    ///
    /// `env::remove(name: string) -> ()`
    ///
    /// Arguments: `name`; one that does not exist is no error.
    /// Units: none.
    /// Errors: `argument.invalid` for a bad name; `permission.environment`.
    /// Legacy: `delete process.env.NAME`.
    ///
    /// ```rhai
    /// env::set("GONE", "x");
    /// env::remove("GONE");
    /// assert_eq(env::get("GONE"), ());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn remove(ctx: NativeCallContext, name: &str) -> Raw<()> {
        call(&ctx, "env::remove", |run| set(run, name, &Dynamic::UNIT))
    }

    /// Tells whether an environment variable exists.
    ///
    /// `env::has(name: string) -> boolean`
    ///
    /// Arguments: `name`.
    /// Units: none.
    /// Errors: `permission.environment` (number 11) when the run may not look.
    /// Legacy: `process.env.hasOwnProperty(name)`.
    ///
    /// ```rhai
    /// assert_eq(env::has("NO_SUCH_NAME"), false);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn has(ctx: NativeCallContext, name: &str) -> Raw<bool> {
        call(&ctx, "env::has", |run| Ok(!get(run, name, Dynamic::UNIT)?.is_unit()))
    }

    /// Gives all environment variables.
    ///
    /// `env::all() -> map`
    ///
    /// Arguments: none.
    /// Units: none; bytes that are no UTF-8 are replaced.
    /// Errors: `permission.environment` (number 11) when the run may not look.
    /// Legacy: `process.env`.
    ///
    /// ```rhai
    /// env::set("ANSWER", "42");
    /// assert_eq(env::all().ANSWER, "42");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn all(ctx: NativeCallContext) -> Raw<Map> {
        call(&ctx, "env::all", |run| {
            run.require(Gate::Environment)?;
            Ok(run
                .extension::<Environment>()
                .variables()
                .into_iter()
                .filter(|(name, _)| run.sees_variable(name))
                .map(|(name, value)| (name.into(), value.into()))
                .collect())
        })
    }

    /// Gives the words after the script's name.
    ///
    /// `env::args() -> array`
    ///
    /// Arguments: none.
    /// Units: strings, dashes included.
    /// Errors: none.
    /// Legacy: `ARGUMENTS`.
    ///
    /// ```rhai
    /// assert_eq(env::args().len, 0);
    /// ```
    #[rhai_fn(name = "args", return_raw)]
    pub fn args_native(ctx: NativeCallContext) -> Raw<Array> {
        call(&ctx, "env::args", |run| {
            Ok(run.invocation().arguments.into_iter().map(Dynamic::from).collect())
        })
    }

    /// Gives the path of the script that runs.
    ///
    /// `env::script() -> string`
    ///
    /// Arguments: none.
    /// Units: `""` when the script is no file.
    /// Errors: none.
    /// Legacy: `__filename`.
    ///
    /// ```rhai
    /// assert_eq(env::script(), "");
    /// ```
    #[rhai_fn(name = "script", return_raw)]
    pub fn script_native(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "env::script", |run| Ok(script(run).to_string_lossy().into_owned()))
    }

    /// Gives the directory of the script that runs.
    ///
    /// `env::script_dir() -> string`
    ///
    /// Arguments: none.
    /// Units: `""` when the script is no file; `.` for a file named without directory.
    /// Errors: none.
    /// Legacy: `__dirname`.
    ///
    /// ```rhai
    /// assert_eq(env::script_dir(), "");
    /// ```
    #[rhai_fn(name = "script_dir", return_raw)]
    pub fn script_dir_native(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "env::script_dir", |run| Ok(script_dir(run)))
    }

    /// Gives the options the host was started with.
    ///
    /// `env::options() -> map`
    ///
    /// Arguments: none.
    /// Units: option name to value; names with `password`, `passwd` or `secret` are left out.
    /// Errors: none.
    /// Legacy: `SYS_OPTIONS`, `internal.options()`.
    ///
    /// ```rhai
    /// assert_eq(env::options().len(), 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn options(ctx: NativeCallContext) -> Raw<Map> {
        call(&ctx, "env::options", |run| Ok(run.extension::<RunOptions>().shown()))
    }

    /// Gives the version of the host.
    ///
    /// `env::host_version() -> string`
    ///
    /// Arguments: none.
    /// Units: `major.minor.patch`.
    /// Errors: none.
    /// Legacy: `VERSION`, `internal.version`.
    ///
    /// ```rhai
    /// assert_eq(env::host_version().split(".").len, 3);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn host_version(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "env::host_version", |_| Ok(env!("CARGO_PKG_VERSION").to_owned()))
    }

    /// Names the operating system.
    ///
    /// `env::platform() -> string`
    ///
    /// Arguments: none.
    /// Units: `linux`, `darwin`, `windows`, ….
    /// Errors: none.
    /// Legacy: `SYS_PLATFORM`, `internal.platform`.
    ///
    /// ```rhai
    /// assert(env::platform().len > 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn platform(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "env::platform", |_| {
            Ok(match std::env::consts::OS {
                "macos" => "darwin",
                other => other,
            }
            .to_owned())
        })
    }

    /// Names the processor architecture.
    ///
    /// `env::arch() -> string`
    ///
    /// Arguments: none.
    /// Units: `x86_64`, `aarch64`, ….
    /// Errors: none.
    /// Legacy: `ARANGODB_CLIENT_VERSION`, `versionHas("arm")`.
    ///
    /// ```rhai
    /// assert(env::arch().len > 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn arch(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "env::arch", |_| Ok(std::env::consts::ARCH.to_owned()))
    }
}
