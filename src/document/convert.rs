//! Documents to other forms of JSON.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Document, View};

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.view() {
            View::Null => serializer.serialize_unit(),
            View::Bool(flag) => serializer.serialize_bool(flag),
            View::Integer(number) => serializer.serialize_i64(number),
            View::Float(number) => serializer.serialize_f64(number),
            View::Text(text) => serializer.serialize_str(text),
            View::Array => {
                let mut array = serializer.serialize_seq(self.len())?;
                for part in self.parts() {
                    array.serialize_element(&part)?;
                }
                array.end()
            }
            View::Object => {
                let mut object = serializer.serialize_map(self.len())?;
                for (key, part) in self.keys().zip(self.parts()) {
                    object.serialize_entry(key, &part)?;
                }
                object.end()
            }
        }
    }
}

impl Document {
    /// The elements of an array, or the values of an object in the order of its keys.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = Document> {
        let range = 0..self.len().unwrap_or_default();
        range.map(|place| self.part_at(place).unwrap_or_else(|| self.clone()))
    }

    /// The value as serde_json has it.
    pub fn to_value(&self) -> serde_json::Value {
        match self.view() {
            View::Null => serde_json::Value::Null,
            View::Bool(flag) => flag.into(),
            View::Integer(number) => number.into(),
            View::Float(number) => number.into(),
            View::Text(text) => text.into(),
            View::Array => self.parts().map(|part| part.to_value()).collect(),
            View::Object => self
                .keys()
                .zip(self.parts())
                .map(|(key, part)| (key.to_owned(), part.to_value()))
                .collect(),
        }
    }
}
