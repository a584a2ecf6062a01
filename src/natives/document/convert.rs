//! Documents and their parts as values of a script.

use std::ops::ControlFlow;

use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::deadline::Deadline;
use crate::document::{Document, DocumentError, View};
use crate::natives::{ErrorName, NativeContext, NativeError, NativeResult};

/// So many parts are converted between two looks at the deadline.
const PARTS_BETWEEN_CHECKS: usize = 1024;

/// Ends long work when the run has to end.
pub(in crate::natives) fn go_on(deadline: &Deadline) -> impl Fn() -> ControlFlow<()> {
    || match deadline.check_run() {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Why a text could not be read, as scripts see it.
pub(in crate::natives) fn refused(run: &NativeContext, error: DocumentError) -> NativeError {
    let text = error.to_string();
    match error {
        DocumentError::Stopped => stopped(run),
        DocumentError::TooLarge { .. } => NativeError::arango("json.too_large", 32, text),
        _ => NativeError::arango("json.malformed", 37, text),
    }
}

/// What ended the run, for work that was told to stop.
pub(in crate::natives) fn stopped(run: &NativeContext) -> NativeError {
    match run.deadline.check() {
        Err(stop) => stop.into(),
        Ok(()) => NativeError::plain("run.stopped", ErrorName::Error, "stopped"),
    }
}

/// Reads a text as a document.
pub(in crate::natives) fn read(run: &NativeContext, text: Vec<u8>) -> NativeResult<Document> {
    Document::from_bytes(text, &go_on(&run.deadline)).map_err(|error| refused(run, error))
}

/// A part of a document: what has no parts is an ordinary value.
pub(in crate::natives) fn part(document: &Document) -> Dynamic {
    match document.view() {
        View::Null => Dynamic::UNIT,
        View::Bool(flag) => flag.into(),
        View::Integer(number) => number.into(),
        View::Float(number) => number.into(),
        View::Text(text) => ImmutableString::from(text).into(),
        View::Array | View::Object => Dynamic::from(document.clone()),
    }
}

/// The elements of an array, or the values of an object.
///
/// # Errors
/// When the run has to end meanwhile.
pub(super) fn parts(run: &NativeContext, document: &Document) -> NativeResult<Array> {
    let checked = document.parts().enumerate().map(|(place, found)| {
        check_at(run, place)?;
        Ok(part(&found))
    });
    checked.collect()
}

/// The keys of an object.
///
/// # Errors
/// When the run has to end meanwhile.
pub(super) fn keys(run: &NativeContext, document: &Document) -> NativeResult<Array> {
    let checked = document.keys().enumerate().map(|(place, key)| {
        check_at(run, place)?;
        Ok(ImmutableString::from(key).into())
    });
    checked.collect()
}

/// Looks at the deadline at every so many parts.
pub(super) fn check_at(run: &NativeContext, place: usize) -> NativeResult<()> {
    match place % PARTS_BETWEEN_CHECKS {
        0 => Ok(run.deadline.check_run()?),
        _ => Ok(()),
    }
}

/// Whether two documents have the same value.
///
/// # Errors
/// When the run has to end meanwhile.
pub(in crate::natives) fn same(
    run: &NativeContext,
    a: &Document,
    b: &Document,
) -> NativeResult<bool> {
    let equal = a.is_same(b).then_some(Ok(true));
    equal.unwrap_or_else(|| a.equals(b, &go_on(&run.deadline))).map_err(|error| refused(run, error))
}

/// The ordinary value of a document with everything in it.
///
/// # Errors
/// When the run has to end meanwhile.
pub(in crate::natives) fn value(run: &NativeContext, document: &Document) -> NativeResult<Dynamic> {
    Converter { run, until_check: PARTS_BETWEEN_CHECKS }.value(document)
}

struct Converter<'a> {
    run: &'a NativeContext,
    until_check: usize,
}

impl Converter<'_> {
    fn value(&mut self, document: &Document) -> NativeResult<Dynamic> {
        self.until_check -= 1;
        if self.until_check == 0 {
            self.run.deadline.check_run()?;
            self.until_check = PARTS_BETWEEN_CHECKS;
        }
        Ok(match document.view() {
            View::Array => {
                let items: NativeResult<Array> =
                    document.parts().map(|part| self.value(&part)).collect();
                items?.into()
            }
            View::Object => {
                let members: NativeResult<Map> = document
                    .keys()
                    .zip(document.parts())
                    .map(|(key, part)| Ok((key.into(), self.value(&part)?)))
                    .collect();
                members?.into()
            }
            _ => part(document),
        })
    }
}

/// Whether a document has the same value as what a script has; 1 equals 1.0.
pub(in crate::natives) fn equals(document: &Document, other: &Dynamic) -> bool {
    #[allow(clippy::cast_precision_loss, reason = "as the language compares the two")]
    match document.view() {
        View::Null => other.is_unit(),
        View::Bool(flag) => other.as_bool() == Ok(flag),
        View::Integer(number) => {
            other.as_int() == Ok(number) || other.as_float() == Ok(number as f64)
        }
        View::Float(number) => {
            other.as_float() == Ok(number)
                || other.as_int().is_ok_and(|other| other as f64 == number)
        }
        View::Text(text) => {
            other.read_lock::<ImmutableString>().is_some_and(|other| other.as_str() == text)
        }
        View::Array => other.read_lock::<Array>().is_some_and(|items| {
            document.len() == Some(items.len())
                && document.parts().zip(items.iter()).all(|(part, item)| equals(&part, item))
        }),
        View::Object => other.read_lock::<Map>().is_some_and(|members| {
            document.len() == Some(members.len())
                && members.iter().all(|(key, value)| {
                    document.member(key).is_some_and(|part| equals(&part, value))
                })
        }),
    }
}
