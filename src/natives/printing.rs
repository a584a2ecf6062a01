//! Values as people read them (host-natives §2.14).

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};

use super::errors;

/// How deep values are printed; what lies deeper is left out.
const DEEPEST: usize = 64;

/// `value` on one line.
pub fn compact(value: &Dynamic) -> String {
    let mut text = String::new();
    write(value, None, 0, &mut text);
    text
}

/// `value` with a line for each element.
pub fn pretty(value: &Dynamic) -> String {
    let mut text = String::new();
    write(value, Some("  "), 0, &mut text);
    text
}

fn write(value: &Dynamic, indent: Option<&str>, depth: usize, out: &mut String) {
    if depth > DEEPEST {
        out.push_str("...");
    } else if value.is_unit() {
        out.push_str("null");
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        out.push_str(&quoted(&text));
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        out.push_str(&format!("[function {}]", function.fn_name()));
    } else if let Some(items) = value.read_lock::<Array>() {
        list(items.iter().map(|item| (None, item)), ['[', ']'], indent, depth, out);
    } else if let Some(bytes) = value.read_lock::<Blob>() {
        out.push_str(&format!("[blob of {} bytes]", bytes.len()));
    } else if let Some(map) = value.read_lock::<Map>() {
        if ["kind", "name", "error_num", "message", "context"]
            .iter()
            .all(|key| map.contains_key(*key))
        {
            out.push_str(&format!("[{}]", errors::text(&map)));
            return;
        }
        list(
            map.iter().map(|(key, item)| (Some(key.as_str()), item)),
            ['{', '}'],
            indent,
            depth,
            out,
        );
    } else {
        out.push_str(&value.to_string());
    }
}

fn list<'a>(
    items: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Dynamic)>,
    [open, close]: [char; 2],
    indent: Option<&str>,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    out.push(' ');
    let empty = items.len() == 0;
    let line = |out: &mut String, depth: usize| {
        if let Some(indent) = indent {
            out.push('\n');
            out.push_str(&indent.repeat(depth));
        }
    };
    for (place, (key, item)) in items.enumerate() {
        if place > 0 {
            out.push_str(", ");
        }
        line(out, depth + 1);
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(" : ");
        }
        write(item, indent, depth + 1, out);
    }
    if !empty {
        out.push(' ');
        line(out, depth);
    }
    out.push(close);
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
