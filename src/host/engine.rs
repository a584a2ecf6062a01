//! The engine of a host: natives, limits, and what ends a run.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, INT, LexError, Module, NativeCallContext, Position, Shared, Token};

use super::Limits;
use super::resolver::{Resolver, ResolverHandle};
use crate::deadline::Stop;
use crate::natives::{self, ExitRequest, NativeContext, NativeError};

/// How deep expressions may nest.
const MAX_EXPRESSION_DEPTH: usize = 256;

/// The deadline is looked at each time a script has made so many steps.
const STEPS_BETWEEN_CHECKS: u64 = 1024;

/// The deadline is looked at each time the compiler has read so many words.
const TOKENS_BETWEEN_CHECKS: u32 = 256;

/// How many steps a run has made, those of functions that natives call back included: for them the
/// engine itself counts anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps(Arc<AtomicU64>);

impl Steps {
    fn next(&self) -> u64 {
        // one run at a time: no need to lock the bus
        let step = self.0.load(Ordering::Relaxed) + 1;
        self.0.store(step, Ordering::Relaxed);
        step
    }

    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The name under which a shell keeps the last value; `_` is no name of the language.
pub(super) const LAST_VALUE: &str = "_last";

/// The text that a shell compiles, while it does so: there `_` means the last value.
#[derive(Debug, Clone, Default)]
pub(super) struct EnteredText(Arc<Mutex<Option<String>>>);

impl EnteredText {
    /// Compiles with `compile` what was entered.
    pub(super) fn while_compiling<T>(&self, text: &str, compile: impl FnOnce() -> T) -> T {
        *self.text() = Some(text.to_owned());
        let compiled = compile();
        *self.text() = None;
        compiled
    }

    /// Whether the `_` there is the last value; before `=>` it is all other cases of a `switch`.
    fn means_last_value(&self, position: Position) -> bool {
        let text = self.text();
        let (Some(text), Some(line)) = (&*text, position.line()) else { return false };
        let from_line = text.split_inclusive('\n').skip(line - 1).flat_map(str::chars);
        let after = from_line.skip(position.position().unwrap_or_default());
        let next: String = after.skip_while(|letter| letter.is_whitespace()).take(2).collect();
        next != "=>"
    }

    fn text(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn build(
    context: &Arc<NativeContext>,
    resolver: Arc<Resolver>,
    exit: &ExitRequest,
    steps: &Steps,
    limits: &Limits,
    entered: EnteredText,
) -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(language());
    limits.apply(&mut engine);
    engine
        .set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH)
        // the interner costs more than it saves
        .set_max_strings_interned(0)
        .set_strict_variables(true)
        .set_module_resolver(ResolverHandle(resolver));
    natives::register(&mut engine, Arc::clone(context));
    register_exit(&mut engine);
    end_when_told(&mut engine, context, exit, steps, limits.operations);
    read_tokens(&mut engine, context, entered);
    let output = Arc::clone(context);
    engine.on_debug(move |text, source, position| {
        let place = source.map_or_else(String::new, |source| format!("{source}:"));
        let line = position.line().unwrap_or_default();
        output.write(&format!("[{place}{line}] {text}\n"));
    });
    engine
}

/// The functions of the language itself, which are made once for all engines of the process.
fn language() -> Shared<Module> {
    static LANGUAGE: OnceLock<Shared<Module>> = OnceLock::new();
    Shared::clone(LANGUAGE.get_or_init(|| StandardPackage::new().as_shared_module()))
}

fn register_exit(engine: &mut Engine) {
    engine.register_fn("exit", |context: NativeCallContext| natives::exit(&context, 0));
    engine
        .register_fn("exit", |context: NativeCallContext, code: INT| natives::exit(&context, code));
    // the language's own `exit` takes anything, and ends the run as if all had gone well
    engine.register_fn("exit", |context: NativeCallContext, code: Dynamic| {
        let message = format!("the exit code must be an integer, not {}", code.type_name());
        Err::<Dynamic, _>(
            NativeError::bad_parameter(message).into_engine_error(context.call_position()),
        )
    });
}

/// A long text is compiled no longer than the run may last; `_` is the last value of a shell.
fn read_tokens(engine: &mut Engine, context: &Arc<NativeContext>, entered: EnteredText) {
    let deadline = context.deadline.clone();
    let tokens = AtomicU32::new(0);
    #[allow(deprecated, reason = "marked so because it may change with the engine")]
    engine.on_parse_token(move |token, position, _| {
        let number = tokens.fetch_add(1, Ordering::Relaxed);
        let look = deadline.is_over() || number.is_multiple_of(TOKENS_BETWEEN_CHECKS);
        match look && deadline.check_run().is_err() {
            true => Token::LexError(LexError::Runtime("the run has ended".to_owned()).into()),
            false if token == Token::Underscore && entered.means_last_value(position) => {
                Token::Identifier(Box::new(LAST_VALUE.into()))
            }
            false => token,
        }
    });
}

/// Looks at each step whether the run goes on. What has ended it once ends every later step
/// too: an error on its way out of a function can be caught.
fn end_when_told(
    engine: &mut Engine,
    context: &Arc<NativeContext>,
    exit: &ExitRequest,
    steps: &Steps,
    most: Option<u64>,
) {
    let most = most.unwrap_or(u64::MAX);
    let deadline = context.deadline.clone();
    let exit = exit.clone();
    let steps = steps.clone();
    engine.on_progress(move |_| {
        if exit.is_set() {
            return Some(Dynamic::UNIT);
        }
        let step = steps.next();
        if step > most {
            deadline.end(Stop::TooManyOperations { most });
        }
        if deadline.is_over() || step.is_multiple_of(STEPS_BETWEEN_CHECKS) {
            return deadline.check_run().err().map(Dynamic::from);
        }
        None
    });
}
