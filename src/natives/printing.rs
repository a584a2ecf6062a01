//! Values as people read them (host-natives §2.14).

use std::borrow::{Borrow, Cow};

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};

use super::cluster::{Cluster, Instance};
use super::{NativeContext, NativeResult, document, errors};
use crate::deadline::Deadline;
use crate::document::{Document, View};

/// How deep values are printed; what lies deeper is left out.
const DEEPEST: usize = 64;

/// How much is printed of a text inside a value, in characters.
const LONGEST: usize = 256;

/// `value` on one line.
pub fn compact(value: &Dynamic) -> String {
    Printer { indent: None, longest: None, deadline: None }.text(value)
}

/// `value` with a line for each element.
pub fn pretty(value: &Dynamic) -> String {
    Printer { indent: Some("  "), longest: None, deadline: None }.text(value)
}

/// `value` as `print` writes it: long texts inside it are cut.
///
/// # Errors
/// When the run has to end meanwhile.
pub(super) fn cut(run: &NativeContext, value: &Dynamic, over_lines: bool) -> NativeResult<String> {
    within(run, value, over_lines, Some(LONGEST))
}

/// All of `value`.
///
/// # Errors
/// When the run has to end meanwhile.
pub(super) fn whole(
    run: &NativeContext,
    value: &Dynamic,
    over_lines: bool,
) -> NativeResult<String> {
    within(run, value, over_lines, None)
}

fn within(
    run: &NativeContext,
    value: &Dynamic,
    over_lines: bool,
    longest: Option<usize>,
) -> NativeResult<String> {
    let indent = over_lines.then_some("  ");
    let text = Printer { indent, longest, deadline: Some(&run.deadline) }.text(value);
    // what is not whole is not printed
    run.deadline.check_run()?;
    Ok(text)
}

/// So many elements are printed between two looks at the deadline.
const ELEMENTS_BETWEEN_CHECKS: usize = 512;

/// How values are written.
struct Printer<'d> {
    /// What stands before each level of a line of its own; `None` writes one line.
    indent: Option<&'static str>,
    longest: Option<usize>,
    /// Ends the printing of documents, which can be very large.
    deadline: Option<&'d Deadline>,
}

impl Printer<'_> {
    fn text(&self, value: &Dynamic) -> String {
        let mut text = String::new();
        self.write(value, 0, &mut text);
        text
    }

    fn write(&self, value: &Dynamic, depth: usize, out: &mut String) {
        if depth > DEEPEST {
            out.push_str("...");
        } else if value.is_unit() {
            out.push_str("null");
        } else if let Some(text) = value.read_lock::<ImmutableString>() {
            out.push_str(&quoted(&self.shortened(&text)));
        } else if let Ok(number) = value.as_float()
            && !number.is_finite()
        {
            out.push_str("null");
        } else if let Some(function) = value.read_lock::<FnPtr>() {
            out.push_str(&format!("[function {}]", function.fn_name()));
        } else if let Some(items) = value.read_lock::<Array>() {
            self.list(items.iter().map(|item| (None, item)), ['[', ']'], depth, out);
        } else if let Some(bytes) = value.read_lock::<Blob>() {
            out.push_str(&format!("[blob of {} bytes]", bytes.len()));
        } else if let Some(map) = value.read_lock::<Map>() {
            if errors::is_host_error(&map) {
                out.push_str(&format!("[{}]", errors::text(&map)));
                return;
            }
            let items = map.iter().map(|(key, item)| (Some(key.as_str()), item));
            self.list(items, ['{', '}'], depth, out);
        } else if let Some(document) = value.read_lock::<Document>() {
            self.document(&document, depth, out);
        } else if let Some(cluster) = value.read_lock::<Cluster>() {
            out.push_str(&format!("[{cluster:?}]"));
        } else if let Some(instance) = value.read_lock::<Instance>() {
            out.push_str(&format!("[{}]", instance.name()));
        } else {
            out.push_str(&value.to_string());
        }
    }

    fn document(&self, document: &Document, depth: usize, out: &mut String) {
        let parts = document.parts().enumerate();
        let items = parts.map(|(place, part)| (document.key_at(place), document::part(&part)));
        let brackets = if document.view() == View::Object { ['{', '}'] } else { ['[', ']'] };
        self.list(items, brackets, depth, out);
    }

    /// Whether there is time for the element at `place`.
    fn has_time(&self, place: usize) -> bool {
        !place.is_multiple_of(ELEMENTS_BETWEEN_CHECKS)
            || self.deadline.is_none_or(|deadline| deadline.check_run().is_ok())
    }

    fn list<'a>(
        &self,
        items: impl ExactSizeIterator<Item = (Option<&'a str>, impl Borrow<Dynamic>)>,
        [open, close]: [char; 2],
        depth: usize,
        out: &mut String,
    ) {
        out.push(open);
        out.push(' ');
        let empty = items.len() == 0;
        let line = |out: &mut String, depth: usize| {
            if let Some(indent) = self.indent {
                out.push('\n');
                out.push_str(&indent.repeat(depth));
            }
        };
        for (place, (key, item)) in items.enumerate() {
            if !self.has_time(place) {
                out.push_str("...");
                break;
            }
            if place > 0 {
                out.push_str(", ");
            }
            line(out, depth + 1);
            if let Some(key) = key {
                out.push_str(&quoted(key));
                out.push_str(" : ");
            }
            self.write(item.borrow(), depth + 1, out);
        }
        if !empty {
            out.push(' ');
            line(out, depth);
        }
        out.push(close);
    }

    fn shortened<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let end = self.longest.and_then(|longest| text.char_indices().nth(longest));
        end.map_or(Cow::Borrowed(text), |(end, _)| format!("{}...", &text[..end]).into())
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
