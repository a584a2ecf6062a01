//! Values as text, and what jaq's library asks of values.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::item::{Item, ItemView, Kind};
use super::watch;

/// What is shown of a value in a message, in characters.
const SHOWN: usize = 100;

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !watch::tick() {
            return Err(serde::ser::Error::custom("stopped"));
        }
        match self.view() {
            ItemView::Null => serializer.serialize_unit(),
            ItemView::Bool(flag) => serializer.serialize_bool(flag),
            ItemView::Integer(number) => serializer.serialize_i64(number),
            ItemView::Float(number) => serializer.serialize_f64(number),
            ItemView::Text(text) => serializer.serialize_str(text),
            ItemView::Array(items) => serializer.collect_seq(items),
            ItemView::Object(members) => {
                serializer.collect_map(members.iter().map(|(key, item)| (&**key, item)))
            }
            ItemView::Part(_) => match self.type_name() {
                "array" => serializer.collect_seq(
                    (0..self.parts_len().unwrap_or_default()).filter_map(|at| self.element(at)),
                ),
                _ => serializer.collect_map(
                    self.keys().filter_map(|key| Some((key.to_owned(), self.member(key)?))),
                ),
            },
        }
    }
}

impl Item {
    /// The value as JSON.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The beginning of the value as JSON: for messages.
impl fmt::Display for Item {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Beginning(Vec<u8>);
        impl std::io::Write for Beginning {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                // a character takes up to four bytes
                if self.0.len() > SHOWN * 4 {
                    return Err(std::io::ErrorKind::WriteZero.into());
                }
                self.0.extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut beginning = Beginning(Vec::new());
        let whole = serde_json::to_writer(&mut beginning, self).is_ok();
        let text = String::from_utf8_lossy(&beginning.0);
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(out, "{}...", &text[..end]),
            None if whole => out.write_str(&text),
            None => write!(out, "{text}..."),
        }
    }
}

impl jaq_std::ValT for Item {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        let list = self.into_list()?;
        Ok(std::rc::Rc::unwrap_or_clone(list).items.into_iter().collect())
    }

    fn is_int(&self) -> bool {
        matches!(self.0, Kind::Integer(_))
    }

    fn as_isize(&self) -> Option<isize> {
        match self.view() {
            ItemView::Integer(number) => isize::try_from(number).ok(),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        self.as_float()
    }

    fn is_utf8_str(&self) -> bool {
        self.as_text().is_some()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.as_text().map(str::as_bytes)
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Self::text(&String::from_utf8_lossy(sub))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(&String::from_utf8_lossy(bytes.as_ref()))
    }
}
