//! The code that a script gives to `exit`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::super::{NativeContext, Raw};

/// The code that a script gave to `exit`, until the run has ended; clones share it.
///
/// The engine's own errors can be caught on their way through functions; this cannot.
#[derive(Debug, Clone, Default)]
pub struct ExitRequest(Arc<(AtomicBool, Mutex<Option<i64>>)>);

impl ExitRequest {
    /// Asks for the end of the run; the first code counts.
    pub fn request(&self, code: i64) {
        self.code().get_or_insert(code);
        self.0.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run has to end; cheap enough to ask at each step of a script.
    pub fn is_set(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    /// The code, if a script gave one.
    pub fn requested(&self) -> Option<i64> {
        *self.code()
    }

    /// Forgets the code, for the next run.
    pub fn clear(&self) {
        *self.code() = None;
        self.0.0.store(false, Ordering::Relaxed);
    }

    fn code(&self) -> MutexGuard<'_, Option<i64>> {
        self.0.1.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the run with `code`, as `exit` and `process::exit` do.
///
/// # Errors
/// Always: what `try` does not catch.
pub fn exit(call: &NativeCallContext, code: i64) -> Raw<Dynamic> {
    if let Ok(run) = NativeContext::of(call) {
        run.extension::<ExitRequest>().request(code);
    }
    Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, call.call_position()).into())
}
