//! The engine of a host: natives, limits, and what ends a run.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, Engine, EvalAltResult, INT, LexError, NativeCallContext, Token};

use super::MAX_CALL_LEVELS;
use super::resolver::{Resolver, ResolverHandle};
use crate::natives::{self, NativeContext, NativeError};

/// How deep expressions may nest.
const MAX_EXPRESSION_DEPTH: usize = 256;

/// The deadline is looked at each time a script has made so many steps.
const STEPS_BETWEEN_CHECKS: u32 = 1024;

/// The deadline is looked at each time the compiler has read so many words.
const TOKENS_BETWEEN_CHECKS: u32 = 256;

/// The code that a script gave to `exit`, until the run has ended.
///
/// The engine's own errors can be caught on their way through functions; this cannot.
#[derive(Debug, Clone, Default)]
pub(super) struct ExitRequest(Arc<(AtomicBool, Mutex<Option<i64>>)>);

impl ExitRequest {
    fn request(&self, code: i64) {
        let mut request = self.0.1.lock().unwrap_or_else(PoisonError::into_inner);
        request.get_or_insert(code);
        self.0.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    pub(super) fn requested(&self) -> Option<i64> {
        *self.0.1.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clear(&self) {
        *self.0.1.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.0.store(false, Ordering::Relaxed);
    }
}

pub(super) fn build(
    context: &Arc<NativeContext>,
    resolver: Arc<Resolver>,
    exit: &ExitRequest,
) -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_call_levels(MAX_CALL_LEVELS)
        .set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH)
        // the interner costs more than it saves
        .set_max_strings_interned(0)
        .set_strict_variables(true)
        .set_module_resolver(ResolverHandle(resolver));
    natives::register(&mut engine, Arc::clone(context));
    register_exit(&mut engine, exit);
    end_when_told(&mut engine, context, exit);
    end_compiling_when_told(&mut engine, context);
    let output = Arc::clone(context);
    engine.on_debug(move |text, source, position| {
        let place = source.map_or_else(String::new, |source| format!("{source}:"));
        let line = position.line().unwrap_or_default();
        output.write(&format!("[{place}{line}] {text}\n"));
    });
    engine
}

fn register_exit(engine: &mut Engine, exit: &ExitRequest) {
    let end = |exit: ExitRequest| {
        move |context: &NativeCallContext, code: i64| -> Result<Dynamic, Box<EvalAltResult>> {
            exit.request(code);
            let position = context.call_position();
            Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, position).into())
        }
    };
    let plain = end(exit.clone());
    engine.register_fn("exit", move |context: NativeCallContext| plain(&context, 0));
    let with_code = end(exit.clone());
    engine.register_fn("exit", move |context: NativeCallContext, code: INT| {
        with_code(&context, code)
    });
    // the language's own `exit` takes anything, and ends the run as if all had gone well
    engine.register_fn("exit", |context: NativeCallContext, code: Dynamic| {
        let message = format!("the exit code must be an integer, not {}", code.type_name());
        Err::<Dynamic, _>(
            NativeError::bad_parameter(message).into_engine_error(context.call_position()),
        )
    });
}

/// A long text is compiled no longer than the run may last.
fn end_compiling_when_told(engine: &mut Engine, context: &Arc<NativeContext>) {
    let deadline = context.deadline.clone();
    let tokens = AtomicU32::new(0);
    #[allow(deprecated, reason = "marked so because it may change with the engine")]
    engine.on_parse_token(move |token, _, _| {
        let number = tokens.fetch_add(1, Ordering::Relaxed);
        let look = deadline.is_over() || number.is_multiple_of(TOKENS_BETWEEN_CHECKS);
        match look && deadline.check_run().is_err() {
            true => Token::LexError(LexError::Runtime("the run has ended".to_owned()).into()),
            false => token,
        }
    });
}

/// Looks at each step whether the run goes on. What has ended it once ends every later step
/// too: an error on its way out of a function can be caught.
fn end_when_told(engine: &mut Engine, context: &Arc<NativeContext>, exit: &ExitRequest) {
    let deadline = context.deadline.clone();
    let exit = exit.clone();
    // the engine's own count begins anew in each function that a native calls
    let steps = AtomicU32::new(0);
    engine.on_progress(move |_| {
        if exit.is_set() {
            return Some(Dynamic::UNIT);
        }
        // cheaper than to add at once; a step that gets lost does no harm
        let step = steps.load(Ordering::Relaxed).wrapping_add(1);
        steps.store(step, Ordering::Relaxed);
        if deadline.is_over() || step.is_multiple_of(STEPS_BETWEEN_CHECKS) {
            return deadline.check_run().err().map(Dynamic::from);
        }
        None
    });
}
