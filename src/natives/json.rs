//! `json`: text to values and back, and parts of values by path.

use rhai::plugin::*;
use rhai::{Array, Dynamic, INT, ImmutableString, Map};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::argument::{count, wrong_type};
use super::{
    NativeContext, NativeError, NativeResult, Raw, call, document, from_json, fs, to_json,
};
use crate::document::Document;

/// How many levels of arrays and maps a text may nest.
const DEEPEST: usize = 200;

/// How many steps lead to a part that is replaced.
const LONGEST_PATH: usize = 256;

pub(super) fn parse(text: &str) -> NativeResult<Dynamic> {
    let malformed = |message: String| NativeError::arango("json.malformed", 37, message);
    if let Some((line, column)) = too_deep(text) {
        return Err(malformed(format!(
            "nested deeper than {DEEPEST} levels at line {line} column {column}"
        )));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = Value::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map(from_json).map_err(|error| malformed(error.to_string()))
}

/// Where the text opens more levels than allowed, as line and column.
fn too_deep(text: &str) -> Option<(usize, usize)> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let (mut line, mut column) = (1, 0);
    for byte in text.bytes() {
        column += 1;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'\n' => (line, column) = (line + 1, 0),
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some((line, column));
        }
    }
    None
}

fn query(run: &NativeContext, value: &Dynamic, program: &str) -> NativeResult<Array> {
    if let Some(found) = value.read_lock::<Document>() {
        return document::query(run, &found, program);
    }
    let text = to_json(value)?.to_string();
    document::query(run, &document::read(run, text.into_bytes())?, program)
}

fn stringify(run: &NativeContext, value: &Dynamic, indent: INT) -> NativeResult<String> {
    let blanks = " ".repeat(count(indent, 0, 16, "indent")?);
    match value.read_lock::<Document>() {
        Some(document) => written(run, &*document, &blanks),
        None => written(run, &to_json(value)?, &blanks),
    }
}

/// `value` as YAML.
pub fn to_yaml(value: &Dynamic) -> NativeResult<String> {
    serde_saphyr::to_string(&to_json(value)?)
        .map_err(|error| NativeError::internal("json.not_written", error.to_string()))
}

fn written(run: &NativeContext, value: &impl Serialize, blanks: &str) -> NativeResult<String> {
    let mut text = Growing { run, text: Vec::new(), checked: 0 };
    let written = if blanks.is_empty() {
        serde_json::to_writer(&mut text, value)
    } else {
        let format = serde_json::ser::PrettyFormatter::with_indent(blanks.as_bytes());
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, format))
    };
    written.map_err(|error| match error.is_io() {
        true => document::stopped(run),
        false => NativeError::internal("json.not_written", error.to_string()),
    })?;
    Ok(String::from_utf8_lossy(&text.text).into_owned())
}

/// A text that grows until the run has to end.
struct Growing<'a> {
    run: &'a NativeContext,
    text: Vec<u8>,
    checked: usize,
}

/// So many bytes are written between two looks at the deadline.
const BYTES_BETWEEN_CHECKS: usize = 1 << 16;

impl std::io::Write for Growing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.text.len() - self.checked >= BYTES_BETWEEN_CHECKS {
            self.checked = self.text.len();
            self.run.deadline.check_run().map_err(std::io::Error::other)?;
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The steps of a path: texts and integers.
pub(super) fn steps(path: &Dynamic) -> NativeResult<Vec<ImmutableString>> {
    if let Some(text) = path.read_lock::<ImmutableString>() {
        return Ok(text.split('/').filter(|step| !step.is_empty()).map(Into::into).collect());
    }
    let Some(items) = path.read_lock::<Array>() else {
        return Err(wrong_type("path", "a string or an array", path));
    };
    let step = |item: &Dynamic| match (item.as_int(), item.clone().into_immutable_string()) {
        (Ok(index), _) => Ok(index.to_string().into()),
        (_, Ok(key)) => Ok(key),
        _ => Err(wrong_type("an element of the path", "a string or an integer", item)),
    };
    items.iter().map(step).collect()
}

fn get(value: &Dynamic, path: &Dynamic) -> NativeResult<Dynamic> {
    let mut value = value.clone();
    for step in steps(path)? {
        let part = if let Some(map) = value.read_lock::<Map>() {
            map.get(step.as_str()).cloned()
        } else if let Some(document) = value.read_lock::<Document>() {
            document.at([step.as_str()]).as_ref().map(document::part)
        } else if let Some(items) = value.read_lock::<Array>() {
            step.parse::<usize>().ok().and_then(|index| items.get(index).cloned())
        } else {
            None
        };
        match part {
            Some(part) => value = part,
            None => return Ok(Dynamic::UNIT),
        }
    }
    Ok(value)
}

fn set_at(value: Dynamic, path: &Dynamic, part: Dynamic) -> NativeResult<Dynamic> {
    let steps = steps(path)?;
    if steps.len() > LONGEST_PATH {
        return Err(NativeError::bad_parameter(format!(
            "a path has at most {LONGEST_PATH} steps, not {}",
            steps.len()
        )));
    }
    set(value, &steps, part)
}

fn set(value: Dynamic, steps: &[ImmutableString], part: Dynamic) -> NativeResult<Dynamic> {
    let Some((step, rest)) = steps.split_first() else { return Ok(part) };
    if value.is_array() {
        let mut items = value.cast::<Array>();
        let index =
            step.parse::<usize>().ok().filter(|index| *index <= items.len()).ok_or_else(|| {
                NativeError::bad_parameter(format!(
                    "'{step}' is no index of an array with {} elements",
                    items.len()
                ))
            })?;
        let old = items.get(index).cloned().unwrap_or_default();
        let new = set(old, rest, part)?;
        if index == items.len() {
            items.push(new)
        } else {
            items[index] = new
        }
        return Ok(items.into());
    }
    let mut map = value.try_cast::<Map>().unwrap_or_default();
    let old = map.get(step.as_str()).cloned().unwrap_or_default();
    map.insert(step.as_str().into(), set(old, rest, part)?);
    Ok(map.into())
}

fn equal_values(run: &NativeContext, a: &Dynamic, b: &Dynamic) -> NativeResult<bool> {
    match (a.read_lock::<Document>(), b.read_lock::<Document>()) {
        (Some(a), Some(b)) => document::same(run, &a, &b),
        (Some(a), None) => Ok(document::equals(&a, b)),
        (None, Some(b)) => Ok(document::equals(&b, a)),
        (None, None) => Ok(equal(&to_json(a)?, &to_json(b)?)),
    }
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            x == y || (x.is_f64() != y.is_f64() && x.as_f64() == y.as_f64())
        }
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y))
        }
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| equal(x, y)))
        }
        _ => a == b,
    }
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Reads a value from JSON text.
    ///
    /// `json::parse(text: string) -> any`
    ///
    /// Arguments: `text`, with any value at the top.
    /// Units: integers stay exact up to 9223372036854775807, greater ones become floats; null becomes `()`.
    /// Errors: `json.malformed` (number 37) with line and column; deeper than 200 levels counts as malformed.
    /// Legacy: `JSON.parse(text)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse(`{"a": [1, null]}`).a[0], 1);
    /// assert_eq(json::parse("3"), 3);
    /// ```
    #[rhai_fn(name = "parse", return_raw)]
    pub fn parse_native(ctx: NativeCallContext, text: &str) -> Raw<Dynamic> {
        call(&ctx, "json::parse", |_| parse(text))
    }

    /// Reads a text as a document, which is not converted until something of it is asked for.
    ///
    /// `json::parse_doc(text: string) -> any`
    ///
    /// Arguments: `text`; an array or an object at the top gives a `Document`, all else the value itself.
    /// Units: takes about twice the memory of the text; numbers are as with `json::parse`.
    /// Errors: `json.malformed` (number 37) with line and column; deeper than 500 levels counts as malformed;
    /// `json.too_large` (32) above 2147483647 bytes.
    /// Legacy: `JSON.parse(text)`.
    ///
    /// ```rhai
    /// let doc = json::parse_doc(`{"a": {"b": [1, 2]}}`);
    /// assert_eq(type_of(doc.a), "Document");
    /// assert_eq(doc.a.b[1], 2);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse_doc(ctx: NativeCallContext, text: ImmutableString) -> Raw<Dynamic> {
        call(&ctx, "json::parse_doc", |run| {
            let text = text.into_owned().into_bytes();
            document::read(run, text).map(|found| document::part(&found))
        })
    }

    /// Reads a file as a document, as `json::parse_doc` reads a text.
    ///
    /// `json::read_doc(path: string) -> any`
    ///
    /// Arguments: `path`, relative to the working directory.
    /// Units: takes about twice the memory of the file.
    /// Errors: as `json::parse_doc` and `fs::read`.
    /// Legacy: `JSON.parse(fs.read(path))`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/a.json", `{"a": 1}`);
    /// assert_eq(json::read_doc(fixture_dir + "/a.json").a, 1);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_doc(ctx: NativeCallContext, path: &str) -> Raw<Dynamic> {
        call(&ctx, "json::read_doc", |run| {
            document::read(run, fs::read(run, path)?).map(|found| document::part(&found))
        })
    }

    /// All results of a jq program on a value.
    ///
    /// `json::query(value: any, program: string) -> array`
    ///
    /// Arguments: `value`, of any JSON type; a `Document` is not converted for it. `program` as for `document.query`.
    /// Units: the results are ordinary values.
    /// Errors: `query.syntax`, `query.failed`; `argument.invalid` for functions and other values without a JSON form
    /// (all number 10).
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(json::query(#{ a: [1, 2, 3] }, ".a | map(. * 2) | add"), [12]);
    /// ```
    #[rhai_fn(name = "query", return_raw)]
    pub fn query_native(ctx: NativeCallContext, value: Dynamic, program: &str) -> Raw<Array> {
        call(&ctx, "json::query", |run| query(run, &value, program))
    }

    /// Writes a value as JSON text.
    ///
    /// `json::stringify(value: any, indent?: integer) -> string`
    ///
    /// Arguments: `indent`, blanks for each level, 0 to 16; one line unless given.
    /// Units: whole floats keep their `.0`; NaN and infinities become null; members are sorted by key.
    /// Errors: `argument.invalid` for functions and other values without a JSON form.
    /// Legacy: `JSON.stringify(value, null, indent)`.
    ///
    /// ```rhai
    /// assert_eq(json::stringify(#{ a: [1, 2.0, ()] }), `{"a":[1,2.0,null]}`);
    /// assert_eq(json::stringify([1], 2), "[\n  1\n]");
    /// ```
    #[rhai_fn(name = "stringify", return_raw)]
    pub fn stringify_line(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        call(&ctx, "json::stringify", |run| stringify(run, &value, 0))
    }

    #[rhai_fn(name = "stringify", return_raw)]
    pub fn stringify_native(ctx: NativeCallContext, value: Dynamic, indent: INT) -> Raw<String> {
        call(&ctx, "json::stringify", |run| stringify(run, &value, indent))
    }

    /// Writes a value as YAML text.
    ///
    /// `json::to_yaml(value: any) -> string`
    ///
    /// Arguments: `value`, anything that JSON can express.
    /// Units: ends with a newline; members are sorted by key.
    /// Errors: `argument.invalid` for functions and other values without a JSON form.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(json::to_yaml(#{ a: [1, "x"], b: "1" }), "a:\n- 1\n- x\nb: \"1\"\n");
    /// ```
    #[rhai_fn(name = "to_yaml", return_raw)]
    pub fn to_yaml_native(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        call(&ctx, "json::to_yaml", |_| to_yaml(&value))
    }

    /// Reads a part of a value by its path.
    ///
    /// `json::get(value: any, path: array | string) -> any`
    ///
    /// Arguments: `path`, an array of keys and indexes, or a text such as `/a/0/b`.
    /// Units: indexes count from 0; `()` when there is nothing at the path.
    /// Errors: `argument.type` for a path of another type.
    /// Legacy: none; `_.get(value, path)`.
    ///
    /// ```rhai
    /// assert_eq(json::get(#{ a: [#{ b: 7 }] }, "/a/0/b"), 7);
    /// assert_eq(json::get(#{}, ["x", "y"]), ());
    /// ```
    #[rhai_fn(name = "get", return_raw)]
    pub fn get_native(ctx: NativeCallContext, value: Dynamic, path: Dynamic) -> Raw<Dynamic> {
        call(&ctx, "json::get", |_| get(&value, &path))
    }

    /// Gives a copy of a value with one part replaced.
    ///
    /// `json::set(value: any, path: array | string, part: any) -> any`
    ///
    /// Arguments: `path` as for `json::get`; maps that are missing on the way are made.
    /// Units: an index may be at most the length of the array.
    /// Errors: `argument.invalid` for an index outside the array or more than 256 steps; `argument.type` for a path of another type.
    /// Legacy: none; `_.set(value, path, part)`.
    ///
    /// ```rhai
    /// assert_eq(json::set(#{}, "/a/b", 1).a.b, 1);
    /// ```
    #[rhai_fn(name = "set", return_raw)]
    pub fn set_native(
        ctx: NativeCallContext,
        value: Dynamic,
        path: Dynamic,
        part: Dynamic,
    ) -> Raw<Dynamic> {
        call(&ctx, "json::set", |_| set_at(value, &path, part))
    }

    /// Joins two maps; the second wins.
    ///
    /// `json::merge(a: map, b: map) -> map`
    ///
    /// Arguments: `a` and `b` stay as they are; only their top level is joined.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `_.defaults(b, a)`, `Object.assign({}, a, b)`.
    ///
    /// ```rhai
    /// assert_eq(json::merge(#{ a: 1, b: 1 }, #{ b: 2 }).b, 2);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn merge(ctx: NativeCallContext, mut a: Map, b: Map) -> Raw<Map> {
        call(&ctx, "json::merge", |_| {
            a.extend(b);
            Ok(a)
        })
    }

    /// Compares two values with everything in them.
    ///
    /// `json::equal(a: any, b: any) -> boolean`
    ///
    /// Arguments: `a` and `b` of any JSON type; 1 equals 1.0.
    /// Units: none.
    /// Errors: `argument.invalid` for functions and other values without a JSON form.
    /// Legacy: `assertEqual(a, b)` as a question.
    ///
    /// ```rhai
    /// assert(json::equal(#{ a: [1] }, #{ a: [1.0] }));
    /// assert(!json::equal([1], [2]));
    /// ```
    #[rhai_fn(name = "equal", return_raw)]
    pub fn equal_native(ctx: NativeCallContext, a: Dynamic, b: Dynamic) -> Raw<bool> {
        call(&ctx, "json::equal", |run| equal_values(run, &a, &b))
    }
}
