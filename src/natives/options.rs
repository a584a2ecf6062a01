//! Option maps: named keys, checked types, unknown keys refused with the near miss.

use rhai::{Blob, Dynamic, FLOAT, INT, ImmutableString, Map};

use super::argument::{whole, wrong_type};
use super::dispatch::type_word;
use super::error::{NativeError, NativeResult};

/// The option map of one call.
pub struct Options<'a> {
    map: &'a Map,
}

impl<'a> Options<'a> {
    /// Checks that `map` holds only keys of `known`.
    ///
    /// # Errors
    /// Number 10 naming the unknown key and the nearest known one.
    pub fn new(map: &'a Map, known: &[&str]) -> NativeResult<Self> {
        for key in map.keys() {
            if known.contains(&key.as_str()) {
                continue;
            }
            let near = known
                .iter()
                .map(|candidate| (strsim::damerau_levenshtein(candidate, key), candidate))
                .min()
                .filter(|(distance, _)| *distance <= 3);
            let hint = match near {
                Some((_, candidate)) => format!("did you mean '{candidate}'?"),
                None => format!("known options: {}", known.join(", ")),
            };
            return Err(NativeError::bad_parameter(format!("unknown option '{key}': {hint}"))
                .with("option", key.to_string()));
        }
        Ok(Self { map })
    }

    /// The value of `key`; `()` counts as absent.
    pub fn value(&self, key: &str) -> Option<&'a Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit())
    }

    /// A boolean, or `default` when absent.
    pub fn bool(&self, key: &str, default: bool) -> NativeResult<bool> {
        self.typed(key, "a boolean", |value| value.as_bool().ok())
            .map(|value| value.unwrap_or(default))
    }

    /// An integer, also given as a float without a fraction.
    pub fn int(&self, key: &str) -> NativeResult<Option<INT>> {
        self.typed(key, "an integer", whole)
    }

    /// A number: seconds and the like, given as integer or float.
    pub fn number(&self, key: &str) -> NativeResult<Option<FLOAT>> {
        self.typed(key, "a number", number)
    }

    /// A string.
    pub fn string(&self, key: &str) -> NativeResult<Option<String>> {
        self.typed(key, "a string", |value| {
            value.clone().into_immutable_string().ok().map(|text| text.to_string())
        })
    }

    /// A map.
    pub fn map(&self, key: &str) -> NativeResult<Option<Map>> {
        self.typed(key, "a map", |value| value.clone().try_cast::<Map>())
    }

    /// An array of strings.
    pub fn strings(&self, key: &str) -> NativeResult<Option<Vec<String>>> {
        self.typed(key, "an array that holds only strings", |value| {
            let items = value.clone().into_array().ok()?;
            items.into_iter().map(|item| item.into_string().ok()).collect()
        })
    }

    fn typed<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Dynamic) -> Option<T>,
    ) -> NativeResult<Option<T>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| {
            let found = type_word(value);
            NativeError::wrong_type(format!("option '{key}' must be {wanted}, not {found}"))
                .with("option", key.to_owned())
        })
    }
}

/// `value` as a number, from integer or float.
pub(crate) fn number(value: &Dynamic) -> Option<FLOAT> {
    #[allow(clippy::cast_precision_loss, reason = "seconds and sizes far below 2^53")]
    value.as_float().ok().or_else(|| value.as_int().ok().map(|int| int as FLOAT))
}

/// The bytes of a string or blob argument.
///
/// # Errors
/// Number 10 naming `what` for any other type.
pub(crate) fn bytes(value: &Dynamic, what: &str) -> NativeResult<Vec<u8>> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(blob) = value.read_lock::<Blob>() {
        return Ok(blob.clone());
    }
    Err(wrong_type(what, "a string or a blob", value))
}
