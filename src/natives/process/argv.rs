//! Maps to the words of a command line and back.

use rhai::{Array, Dynamic, INT, Map};

use super::super::argument::wrong_type;
use super::super::{NativeError, NativeResult};
use super::start::scalar;

/// The keys that hold words without a name.
const SWITCHES: &str = "commandSwitches";
const FLAT: &str = "flatCommands";
/// How many maps a name with colons may nest.
const DEEPEST: usize = 32;

/// The words that stand for a map, in the order of its keys.
pub(super) fn to_argv(map: &Map, equals: bool) -> NativeResult<Array> {
    let mut words = Vec::new();
    for (key, value) in map {
        match (key.as_str(), value.read_lock::<Array>()) {
            (FLAT, Some(flat)) => {
                for word in flat.iter() {
                    words.push(scalar(word, "each flat command")?);
                }
            }
            (SWITCHES, Some(switches)) => {
                let mut letters = String::new();
                for switch in switches.iter() {
                    let switch = scalar(switch, "each command switch")?;
                    match switch.chars().count() {
                        1 => letters.push_str(&switch),
                        _ => words.push(switch),
                    }
                }
                if !letters.is_empty() {
                    words.push(letters);
                }
            }
            (FLAT | SWITCHES, None) => return Err(wrong_type(key, "an array", value)),
            (_, Some(values)) => {
                for value in values.iter() {
                    push_pair(&mut words, key, value, equals)?;
                }
            }
            (_, None) => push_pair(&mut words, key, value, equals)?,
        }
    }
    Ok(words.into_iter().map(Dynamic::from).collect())
}

fn push_pair(
    words: &mut Vec<String>,
    key: &str,
    value: &Dynamic,
    equals: bool,
) -> NativeResult<()> {
    if value.is_unit() {
        words.push(format!("--{key}"));
        return Ok(());
    }
    let value = scalar(value, &format!("the value of '{key}'"))?;
    match equals {
        true => words.push(format!("--{key}={value}")),
        false => words.extend([format!("--{key}"), value]),
    }
    Ok(())
}

/// The map that words of a command line stand for.
pub(super) fn parse_argv(words: &Array) -> NativeResult<Map> {
    let words: Vec<String> =
        words.iter().map(|word| scalar(word, "each argument")).collect::<NativeResult<_>>()?;
    let mut map = Map::new();
    let (mut switches, mut flat) = (Array::new(), Array::new());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            flat.extend(words.by_ref().map(Dynamic::from));
        } else if let Some(name) = word.strip_prefix("--") {
            match words.next_if(|next| !next.starts_with('-')) {
                Some(value) => insert(&mut map, name, &value)?,
                None => switches.push(name.into()),
            }
        } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            switches.extend(letters.chars().map(|letter| Dynamic::from(letter.to_string())));
        } else {
            flat.push(word.into());
        }
    }
    for (key, words) in [(SWITCHES, switches), (FLAT, flat)] {
        if !words.is_empty() {
            map.insert(key.into(), words.into());
        }
    }
    Ok(map)
}

/// Puts a value under a name, in which colons separate the keys of nested maps.
fn insert(map: &mut Map, name: &str, value: &str) -> NativeResult<()> {
    if name.matches(':').count() >= DEEPEST {
        return Err(NativeError::bad_parameter(format!(
            "a name nests at most {DEEPEST} maps, not as many as {name:.40}..."
        )));
    }
    insert_below(map, name, name, value)
}

fn insert_below(map: &mut Map, keys: &str, name: &str, value: &str) -> NativeResult<()> {
    let Some((key, below)) = keys.split_once(':') else {
        collect(map, keys, typed(value));
        return Ok(());
    };
    let inner = map.entry(key.into()).or_insert_with(|| Map::new().into());
    let mut inner = inner.as_map_mut().map_err(|_| clash(name))?;
    insert_below(&mut inner, below, name, value)
}

/// Several values of one name become an array.
fn collect(map: &mut Map, name: &str, value: Dynamic) {
    match map.get_mut(name) {
        None => {
            map.insert(name.into(), value);
        }
        Some(before) => {
            let mut values = match before.take() {
                several if several.is_array() => several.into_array().unwrap_or_default(),
                one => vec![one],
            };
            values.push(value);
            *before = values.into();
        }
    }
}

fn clash(name: &str) -> NativeError {
    NativeError::bad_parameter(format!("--{name} needs a map where another argument has a value"))
}

fn typed(value: &str) -> Dynamic {
    match value {
        "true" => true.into(),
        "false" => false.into(),
        text => text.parse::<INT>().map_or_else(|_| text.to_owned().into(), Dynamic::from),
    }
}
