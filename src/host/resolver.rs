//! Finds what `import` names: the standard library, files beside the importing script, module folders.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rhai::{
    AST, Engine, EvalAltResult, FnNamespace, GlobalRuntimeState, Module, ModuleResolver, Position,
    Scope, Shared,
};

use super::sources::Sources;
use super::{script_text, stdlib};
use crate::natives::{ErrorName, Last, NAMESPACES, NativeContext, NativeError, with_causes};

/// How the engine's names of closures begin.
const CLOSURE: &str = "anon$";

/// Modules of one host, compiled and run when first imported.
///
/// A file that has changed since is loaded anew.
pub(super) struct Resolver {
    sources: Arc<Sources>,
    given: HashMap<String, Arc<str>>,
    folders: Vec<PathBuf>,
    context: Arc<NativeContext>,
    loaded: Mutex<HashMap<String, Loaded>>,
    /// The scripts that are being loaded, the outermost first.
    loading: Mutex<Vec<Place>>,
}

struct Loaded {
    module: Shared<Module>,
    version: Option<SystemTime>,
}

/// Where the text of a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// What errors call it.
    name: String,
    /// What tells it from others.
    identity: String,
    origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Embedded(&'static str),
    /// A text that the host was built with.
    Given(Arc<str>),
    File(PathBuf),
}

impl Place {
    fn embedded(name: &str, text: &'static str) -> Self {
        let file = name.strip_suffix(".rhai").unwrap_or(name);
        let name = format!("{}{file}.rhai", stdlib::PREFIX);
        Self { identity: name.clone(), name, origin: Origin::Embedded(text) }
    }

    fn given(name: &str, text: &Arc<str>) -> Self {
        let name = format!("<{name}>");
        Self { identity: name.clone(), name, origin: Origin::Given(Arc::clone(text)) }
    }

    fn file(path: PathBuf) -> Self {
        let canonical = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        Self {
            name: path.to_string_lossy().into_owned(),
            identity: canonical.to_string_lossy().into_owned(),
            origin: Origin::File(path),
        }
    }

    fn version(&self) -> Option<SystemTime> {
        match &self.origin {
            Origin::Embedded(_) | Origin::Given(_) => None,
            Origin::File(path) => std::fs::metadata(path).and_then(|data| data.modified()).ok(),
        }
    }
}

impl Resolver {
    pub(super) fn new(
        sources: Arc<Sources>,
        given: HashMap<String, Arc<str>>,
        folders: Vec<PathBuf>,
        context: Arc<NativeContext>,
    ) -> Self {
        let (loaded, loading) = (Mutex::default(), Mutex::default());
        Self { sources, given, folders, context, loaded, loading }
    }

    /// Begins a run: the script counts as being loaded, so that importing it is a cycle.
    pub(super) fn begin(&self, script: Option<&Path>) {
        let mut loading = lock(&self.loading);
        loading.clear();
        loading.extend(script.map(|path| Place::file(path.to_owned())));
    }

    /// The module that `path` means to the script called `importer`, if it has been loaded.
    pub(super) fn loaded(&self, importer: &str, path: &str) -> Option<Shared<Module>> {
        let place = self.locate(Some(importer), path).ok()?;
        lock(&self.loaded).get(&place.identity).map(|loaded| Arc::clone(&loaded.module))
    }

    /// The text that `path` means to the script called `importer`, and the name it goes by.
    ///
    /// # Errors
    /// It is not found, or cannot be read.
    pub(super) fn text(&self, importer: &str, path: &str) -> Result<(String, String), NativeError> {
        let place = self.locate(Some(importer), path)?;
        let text = Self::read(&place)?;
        Ok((place.name, text))
    }

    /// `Err` when what `path` means to the script called `importer` is being loaded, or imports something that is, and so on.
    /// `imports` tells what a text imports when it is loaded.
    ///
    /// What cannot be found or read is no circle.
    pub(super) fn check_circle(
        &self,
        importer: &str,
        path: &str,
        imports: &dyn Fn(&str) -> Vec<String>,
        seen: &mut HashSet<String>,
    ) -> Result<(), NativeError> {
        let Ok(place) = self.locate(Some(importer), path) else { return Ok(()) };
        self.check_cycle(&place)?;
        if !seen.insert(place.identity.clone()) {
            return Ok(());
        }
        let Ok(text) = Self::read(&place) else { return Ok(()) };
        let name = place.name.clone();
        lock(&self.loading).push(place);
        let inner = imports(&text);
        let checked =
            inner.iter().try_for_each(|path| self.check_circle(&name, path, imports, seen));
        lock(&self.loading).pop();
        checked
    }

    fn locate(&self, importer: Option<&str>, path: &str) -> Result<Place, NativeError> {
        // `stdlib/assert` is the library's for certain, `assert` as well
        let name = path.strip_prefix("stdlib/").unwrap_or(path);
        if is_library_name(name)
            && let Some(text) = stdlib::module(name)
        {
            return Ok(Place::embedded(name, text));
        }
        if let Some((name, text)) =
            self.given.get_key_value(path.strip_suffix(".rhai").unwrap_or(path))
        {
            return Ok(Place::given(name, text));
        }
        let file = if path.ends_with(".rhai") { path.to_owned() } else { format!("{path}.rhai") };
        let beside = importer
            .filter(|importer| !importer.starts_with('<'))
            .and_then(|importer| Path::new(importer).parent())
            .unwrap_or_else(|| Path::new(""));
        let folders = std::iter::once(beside).chain(self.folders.iter().map(PathBuf::as_path));
        let candidates: Vec<PathBuf> = folders.map(|folder| folder.join(&file)).collect();
        if let Some(found) = candidates.iter().find(|candidate| candidate.is_file()) {
            self.check_readable(found)?;
            return Ok(Place::file(found.clone()));
        }
        if NAMESPACES.iter().any(|(namespace, _)| *namespace == name) {
            let message = format!("'{name}' needs no import: {name}::… can be called as it is");
            return Err(NativeError::plain("import.not_needed", ErrorName::Error, message)
                .with("module", path.to_owned()));
        }
        let mut tried: Vec<String> =
            candidates.iter().map(|path| format!("'{}'", path.display())).collect();
        tried.dedup();
        let message = format!(
            "no module '{path}': it is none of the standard library ({}), and there is no file {}",
            stdlib::names().join(", "),
            tried.join(" or "),
        );
        Err(NativeError::plain("import.not_found", ErrorName::Error, message)
            .with("module", path.to_owned()))
    }

    /// Modules come from the folder of the script that runs, from module folders, and from where the run may
    /// use files.
    fn check_readable(&self, file: &Path) -> Result<(), NativeError> {
        let script = self.context.invocation().script;
        let beside = script.as_deref().map(|script| match script.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        });
        let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let holds =
            |folder: &Path| folder.canonicalize().is_ok_and(|folder| real.starts_with(folder));
        if beside.into_iter().chain(self.folders.iter().map(PathBuf::as_path)).any(holds) {
            return Ok(());
        }
        self.context.usable_path(file, Last::Followed).map(drop)
    }

    fn read(place: &Place) -> Result<String, NativeError> {
        match &place.origin {
            Origin::Embedded(text) => Ok((*text).to_owned()),
            Origin::Given(text) => Ok(text.to_string()),
            Origin::File(path) => script_text::read(path).map_err(|error| {
                NativeError::plain(error.kind(), ErrorName::Error, with_causes(&error))
                    .with("path", path.to_string_lossy().into_owned())
            }),
        }
    }

    /// `Err` when `place` is being loaded already.
    fn check_cycle(&self, place: &Place) -> Result<(), NativeError> {
        let loading = lock(&self.loading);
        let Some(first) = loading.iter().position(|one| one.identity == place.identity) else {
            return Ok(());
        };
        let mut chain: Vec<&str> = loading[first..].iter().map(|one| one.name.as_str()).collect();
        chain.push(&place.name);
        let message = format!("modules import each other in a circle: {}", chain.join(" -> "));
        Err(NativeError::plain("import.cycle", ErrorName::Error, message))
    }

    fn load(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        scope: &mut Scope<'_>,
        place: &Place,
    ) -> Result<Module, Box<EvalAltResult>> {
        let text = Self::read(place).map_err(|error| error.into_engine_error(Position::NONE))?;
        self.sources.keep_text(&place.name, &text);
        let mut ast = engine.compile(&text)?;
        ast.set_source(place.name.as_str());
        self.sources.keep_functions(&place.name, &ast);
        lock(&self.loading).push(place.clone());
        let module = Module::eval_ast_as_new_raw(engine, scope, global, &ast);
        lock(&self.loading).pop();
        module.map(|mut module| {
            expose_closures(&mut module, &ast);
            module
        })
    }
}

/// Lets whoever gets a closure from a module call it: the engine looks for its function by name, which is unique,
/// and outside its module finds only what is in the global namespace.
#[allow(deprecated, reason = "there is no other way to change functions of a script")]
fn expose_closures(module: &mut Module, ast: &AST) {
    for closure in ast.iter_fn_def().filter(|one| one.name.starts_with(CLOSURE)) {
        // the hash is the same in any module
        let hash = Module::new().set_script_fn(Shared::clone(closure));
        module.update_fn_namespace(hash, FnNamespace::Global);
    }
    module.build_index();
}

/// Whether a path can name a module of the standard library: it does not begin like a file path.
fn is_library_name(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
        && !path.starts_with("./")
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the engine holds of the host's resolver.
pub(super) struct ResolverHandle(pub(super) Arc<Resolver>);

impl ModuleResolver for ResolverHandle {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let mut global = engine.new_global_runtime_state();
        global.source = source.map(Into::into);
        self.resolve_raw(engine, &mut global, &mut Scope::new(), path, position)
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        _scope: &mut Scope<'_>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let resolver = &self.0;
        let at_import = |error: NativeError| error.into_engine_error(position);
        let place = resolver.locate(global.source(), path).map_err(at_import)?;
        resolver.check_cycle(&place).map_err(at_import)?;
        let version = place.version();
        if let Some(loaded) = lock(&resolver.loaded).get(&place.identity)
            && loaded.version == version
        {
            return Ok(Arc::clone(&loaded.module));
        }
        // a module sees none of the importing script's variables
        let module = resolver
            .load(engine, global, &mut Scope::new(), &place)
            .map_err(|error| EvalAltResult::ErrorInModule(place.name.clone(), error, position))?;
        let module: Shared<Module> = module.into();
        let loaded = Loaded { module: Arc::clone(&module), version };
        lock(&resolver.loaded).insert(place.identity, loaded);
        Ok(module)
    }
}
