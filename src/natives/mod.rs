//! The script-facing layer: convert, call the library, convert back.
//!
//! Each namespace is one file with one `#[export_module]`; [`NAMESPACES`] is the
//! only list of them. A native reaches the run it belongs to through the
//! engine's tag, so that two hosts in one process never meet.

mod argument;
mod context;
mod convert;
mod crypto;
mod digest;
mod dispatch;
pub mod env;
mod error;
mod files;
pub mod fs;
mod json;
mod jwt;
mod net;
mod options;
mod paths;
mod random;
pub mod reference;
mod time;

pub use context::{Gate, NativeContext, NativeContextBuilder, OutputSink};
pub use convert::{from_json, to_json};
pub use error::{ErrorName, NativeError, NativeResult, call};
pub use options::Options;

use std::sync::Arc;

use rhai::Engine;
use rhai::plugin::ModuleManifest;

/// Every namespace of natives: its name, and the functions and constants it holds.
pub static NAMESPACES: &[(&str, &ModuleManifest)] = &[
    ("crypto", &crypto::natives::RHAI_MANIFEST),
    ("env", &env::natives::RHAI_MANIFEST),
    ("fs", &fs::natives::RHAI_MANIFEST),
    ("json", &json::natives::RHAI_MANIFEST),
    ("jwt", &jwt::natives::RHAI_MANIFEST),
    ("net", &net::natives::RHAI_MANIFEST),
    ("random", &random::natives::RHAI_MANIFEST),
    ("time", &time::natives::RHAI_MANIFEST),
];

/// Registers all namespaces on `engine` and ties them to `context`.
pub fn register(engine: &mut Engine, context: Arc<NativeContext>) {
    for (name, manifest) in NAMESPACES {
        engine.register_static_module(*name, dispatch::module(name, manifest).into());
    }
    engine.set_default_tag(rhai::Dynamic::from(context));
}

/// What the function behind a native returns to the engine.
pub(crate) type Raw<T> = Result<T, Box<rhai::EvalAltResult>>;
