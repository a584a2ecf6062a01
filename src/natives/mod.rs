//! The script-facing layer: convert, call the library, convert back.
//!
//! Each namespace is one file with one `#[export_module]`; [`NAMESPACES`] is the
//! only list of them. A native reaches the run it belongs to through the
//! engine's tag, so that two hosts in one process never meet.

mod context;
mod convert;
mod error;
mod options;

pub use context::{Gate, NativeContext, NativeContextBuilder, OutputSink};
pub use convert::{from_json, to_json};
pub use error::{ErrorName, NativeError, NativeResult, call};
pub use options::Options;

use std::sync::Arc;

use rhai::{Engine, Module, Shared};

/// Makes the module that scripts see under a namespace's name.
pub type MakeModule = fn() -> Module;

/// Every namespace of natives: its name and what makes its module.
pub const NAMESPACES: &[(&str, MakeModule)] = &[];

/// Registers all namespaces on `engine` and ties them to `context`.
pub fn register(engine: &mut Engine, context: Arc<NativeContext>) {
    for (name, make) in NAMESPACES {
        engine.register_static_module(*name, Shared::new(make()));
    }
    engine.set_default_tag(rhai::Dynamic::from(context));
}
