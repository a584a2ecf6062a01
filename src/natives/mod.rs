//! The script-facing layer: convert, call the library, convert back.
//!
//! Each namespace is one file with one `#[export_module]`; [`NAMESPACES`] is the
//! only list of them. A native reaches the run it belongs to through the
//! engine's tag, so that two hosts in one process never meet.

pub mod agency;
pub mod arango;
mod argument;
mod bounds;
mod callback;
mod check;
pub mod cluster;
pub mod command_line;
mod context;
mod convert;
mod crypto;
mod digest;
mod dispatch;
pub mod document;
mod dump;
pub mod env;
mod error;
mod errors;
pub mod fs;
mod http;
mod json;
mod jwt;
pub mod legacy;
pub mod log;
pub mod log_levels;
mod net;
mod options;
mod permissions;
mod printing;
mod process;
mod random;
pub mod reference;
mod table;
mod term;
mod terminal;
pub mod test;
mod time;
mod transport;
mod vpack;

pub use context::{Invocation, NativeContext, NativeContextBuilder, OutputSink};
pub use convert::{from_json, to_json};
pub(crate) use dump::dump_cluster;
pub(crate) use error::causes;
pub use error::{ErrorName, NativeError, NativeResult, call, with_causes};
pub use json::to_yaml;
pub use options::Options;
use options::number as options_number;
pub(crate) use permissions::check_variable;
pub use permissions::{Gate, Last, PermissionError, Permissions};
pub use printing::{compact, pretty};
pub use process::{ExitRequest, end_children, exit};
pub use table::table;

use std::sync::{Arc, OnceLock};

use std::any::TypeId;

use rhai::plugin::ModuleManifest;
use rhai::{Dynamic, Engine, FLOAT, INT, ImmutableString, Module, NativeCallContext, Shared};

/// Every namespace of natives: its name, and the functions and constants it holds. One that is
/// made of several files has an entry for each.
pub static NAMESPACES: &[(&str, &ModuleManifest)] = &[
    ("agency", &agency::natives::RHAI_MANIFEST),
    ("agency", &agency::changes::natives::RHAI_MANIFEST),
    ("agency", &agency::requests::natives::RHAI_MANIFEST),
    ("arango", &arango::choice::natives::RHAI_MANIFEST),
    ("arango", &arango::details::natives::RHAI_MANIFEST),
    ("arango", &arango::plain::natives::RHAI_MANIFEST),
    ("arango", &arango::whole::natives::RHAI_MANIFEST),
    ("check", &check::natives::RHAI_MANIFEST),
    ("cluster", &cluster::natives::RHAI_MANIFEST),
    ("cluster", &cluster::methods::natives::RHAI_MANIFEST),
    ("crypto", &crypto::natives::RHAI_MANIFEST),
    ("document", &document::natives::RHAI_MANIFEST),
    ("dump", &dump::natives::RHAI_MANIFEST),
    ("env", &command_line::natives::RHAI_MANIFEST),
    ("env", &env::natives::RHAI_MANIFEST),
    ("errors", &errors::natives::RHAI_MANIFEST),
    ("fs", &fs::archives::natives::RHAI_MANIFEST),
    ("fs", &fs::directories::natives::RHAI_MANIFEST),
    ("fs", &fs::entries::natives::RHAI_MANIFEST),
    ("fs", &fs::looking::natives::RHAI_MANIFEST),
    ("fs", &fs::path_parts::natives::RHAI_MANIFEST),
    ("fs", &fs::reading::natives::RHAI_MANIFEST),
    ("fs", &fs::rows::natives::RHAI_MANIFEST),
    ("fs", &fs::temporary::natives::RHAI_MANIFEST),
    ("fs", &fs::writing::natives::RHAI_MANIFEST),
    ("http", &http::natives::RHAI_MANIFEST),
    ("instance", &cluster::instance::natives::RHAI_MANIFEST),
    ("json", &json::natives::RHAI_MANIFEST),
    ("jwt", &jwt::natives::RHAI_MANIFEST),
    ("log", &log::natives::RHAI_MANIFEST),
    ("net", &net::natives::RHAI_MANIFEST),
    ("process", &process::natives::RHAI_MANIFEST),
    ("random", &random::natives::RHAI_MANIFEST),
    ("term", &term::natives::RHAI_MANIFEST),
    ("test", &test::natives::RHAI_MANIFEST),
    ("time", &time::natives::RHAI_MANIFEST),
    ("vpack", &vpack::natives::RHAI_MANIFEST),
];

/// Registers all namespaces on `engine` and ties them to `context`.
pub fn register(engine: &mut Engine, context: Arc<NativeContext>) {
    for (name, module) in modules() {
        engine.register_static_module(name, Shared::clone(module));
    }
    register_globals(engine);
    bounds::register(engine);
    cluster::register(engine);
    document::register(engine);
    let output = Arc::clone(&context);
    engine.on_print(move |line| output.write(&format!("{line}\n")));
    engine.set_default_tag(Dynamic::from(context));
}

/// The namespaces as modules. They know of no run, and are made once for all engines of the process.
fn modules() -> &'static [(&'static str, Shared<Module>)] {
    static MODULES: OnceLock<Vec<(&str, Shared<Module>)>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let namespaces = NAMESPACES.chunk_by(|(one, _), (other, _)| one == other);
        let module = |parts: &[(&'static str, &'static ModuleManifest)]| {
            let (name, _) = *parts.first()?;
            let manifests = parts.iter().map(|(_, manifest)| *manifest);
            Some((name, dispatch::module(name, manifests).into()))
        };
        namespaces.filter_map(module).collect()
    })
}

/// The most values that one `print` takes.
const MOST_PRINTED: usize = 8;

/// Replaces Rhai's own `sleep`, which knows no deadline, and `print`, which takes one value.
fn register_globals(engine: &mut Engine) {
    let sleep = |ctx: NativeCallContext, seconds: Dynamic| {
        call(&ctx, "sleep", |run| time::sleep(run, &seconds))
    };
    engine.register_fn("sleep", sleep);
    engine.register_fn("sleep", move |ctx: NativeCallContext, seconds: INT| {
        sleep(ctx, seconds.into())
    });
    engine.register_fn("sleep", move |ctx: NativeCallContext, seconds: FLOAT| {
        sleep(ctx, seconds.into())
    });
    let any = TypeId::of::<Dynamic>();
    let own = [
        // Rhai prints these itself unless an overload has exactly their type
        TypeId::of::<()>(),
        TypeId::of::<bool>(),
        TypeId::of::<char>(),
        TypeId::of::<INT>(),
        TypeId::of::<FLOAT>(),
        TypeId::of::<ImmutableString>(),
        TypeId::of::<rhai::Array>(),
        TypeId::of::<rhai::Blob>(),
        TypeId::of::<rhai::Map>(),
        TypeId::of::<rhai::FnPtr>(),
    ];
    let shapes = own
        .into_iter()
        .map(|one| vec![one])
        .chain((0..=MOST_PRINTED).map(|arity| vec![any; arity]));
    for types in shapes {
        engine.register_raw_fn("print", types, |ctx, values| {
            call(&ctx, "print", |run| Ok(ImmutableString::from(term::printed(run, values)?)))
        });
    }
}

/// What the function behind a native returns to the engine.
pub(crate) type Raw<T> = Result<T, Box<rhai::EvalAltResult>>;
