//! Equality of documents: 1 equals 1.0, as for scripts; members count by key.

use std::ops::ControlFlow;

use super::{Document, DocumentError, GoOn, View};

/// So many values are compared between two questions whether to go on.
const VALUES_BETWEEN_QUESTIONS: u32 = 4096;

impl Document {
    /// Whether both have the same value.
    ///
    /// # Errors
    /// [`DocumentError::Stopped`] when `go_on` says so.
    pub fn equals(&self, other: &Self, go_on: GoOn<'_>) -> Result<bool, DocumentError> {
        let mut until_question = VALUES_BETWEEN_QUESTIONS;
        let mut ask = || {
            until_question -= 1;
            if until_question > 0 {
                return ControlFlow::Continue(());
            }
            until_question = VALUES_BETWEEN_QUESTIONS;
            go_on()
        };
        match same(self, other, &mut ask) {
            ControlFlow::Continue(equal) => Ok(equal),
            ControlFlow::Break(()) => Err(DocumentError::Stopped),
        }
    }
}

fn same(
    a: &Document,
    b: &Document,
    ask: &mut dyn FnMut() -> ControlFlow<()>,
) -> ControlFlow<(), bool> {
    ask()?;
    #[allow(clippy::cast_precision_loss, reason = "as scripts compare integers with floats")]
    ControlFlow::Continue(match (a.view(), b.view()) {
        (View::Integer(x), View::Float(y)) | (View::Float(y), View::Integer(x)) => x as f64 == y,
        (View::Array, View::Array) => {
            if a.len() != b.len() {
                return ControlFlow::Continue(false);
            }
            for place in 0..a.len().unwrap_or_default() {
                if !parts_same(a, b, place, ask)? {
                    return ControlFlow::Continue(false);
                }
            }
            true
        }
        (View::Object, View::Object) => {
            if a.len() != b.len() || !a.keys().eq(b.keys()) {
                return ControlFlow::Continue(false);
            }
            for place in 0..a.len().unwrap_or_default() {
                if !parts_same(a, b, place, ask)? {
                    return ControlFlow::Continue(false);
                }
            }
            true
        }
        (x, y) => x == y,
    })
}

fn parts_same(
    a: &Document,
    b: &Document,
    place: usize,
    ask: &mut dyn FnMut() -> ControlFlow<()>,
) -> ControlFlow<(), bool> {
    match (a.part_at(place), b.part_at(place)) {
        (Some(a), Some(b)) => same(&a, &b, ask),
        (a, b) => ControlFlow::Continue(a.is_none() && b.is_none()),
    }
}
