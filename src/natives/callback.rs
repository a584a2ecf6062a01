//! Natives that call back into the script.

use rhai::{EvalAltResult, NativeCallContext};

use super::{NativeContext, NativeError};

/// Why a native that calls back into the script ended.
pub(super) enum Raised {
    /// The library or the native failed.
    Native(NativeError),
    /// The script's function raised this; it goes on unchanged.
    Script(Box<EvalAltResult>),
}

impl From<NativeError> for Raised {
    fn from(error: NativeError) -> Self {
        Self::Native(error)
    }
}

impl From<Box<EvalAltResult>> for Raised {
    fn from(error: Box<EvalAltResult>) -> Self {
        Self::Script(error)
    }
}

/// As `natives::call`, for bodies that call back into the script.
pub(super) fn call_back<T>(
    ctx: &NativeCallContext,
    func: &'static str,
    body: impl FnOnce(&NativeContext) -> Result<T, Raised>,
) -> Result<T, Box<EvalAltResult>> {
    let result = NativeContext::of(ctx).map_err(Raised::Native).and_then(|run| body(&run));
    result.map_err(|raised| match raised {
        Raised::Native(error) => error.with("func", func).into_engine_error(ctx.call_position()),
        Raised::Script(error) => error,
    })
}
