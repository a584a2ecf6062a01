//! How programs take values apart and put them together.

use std::collections::BTreeMap;
use std::ops::Range;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::ValX;

use super::arithmetic::{Error, Value};
use super::item::{Item, ItemView, Kind};
use super::update;
use super::watch;

impl From<bool> for Item {
    fn from(flag: bool) -> Self {
        Self(Kind::Bool(flag))
    }
}

impl From<isize> for Item {
    fn from(number: isize) -> Self {
        Self(Kind::Integer(number as i64))
    }
}

impl From<usize> for Item {
    fn from(number: usize) -> Self {
        Self::integer(number)
    }
}

impl From<f64> for Item {
    fn from(number: f64) -> Self {
        Self(Kind::Float(number))
    }
}

impl From<String> for Item {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

/// How a program sees a slice that it takes the path of.
impl From<Range<Option<Item>>> for Item {
    fn from(range: Range<Option<Item>>) -> Self {
        let ends = [("start", range.start), ("end", range.end)];
        let ends = ends.into_iter().filter_map(|(key, end)| Some((key.into(), end?)));
        Self::object(ends.collect())
    }
}

impl FromIterator<Item> for Item {
    fn from_iter<T: IntoIterator<Item = Item>>(items: T) -> Self {
        Self::array(items.into_iter().collect())
    }
}

impl Item {
    /// The keys of an object, sorted.
    pub(super) fn keys(&self) -> BoxIter<'_, &str> {
        match self.view() {
            ItemView::Object(members) => Box::new(members.keys().map(|key| &**key)),
            ItemView::Part(part) => Box::new(part.keys()),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Elements or values by their place.
    fn part_at(&self, place: usize) -> Option<Item> {
        match self.view() {
            ItemView::Part(part) => part.part_at(place).map(Item::of),
            _ => self.element(place),
        }
    }

    /// A place in an array of `length` elements; `None` when it lies outside.
    pub(super) fn as_place(&self, length: usize) -> Option<usize> {
        let place = self.as_float()?.floor();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "too large floats become the largest integers, which lie outside"
        )]
        match place < 0.0 {
            true => length.checked_sub((-place) as usize),
            false => Some(place as usize),
        }
    }
}

/// The stretch of `length` elements or characters that a slice names.
pub(super) fn stretch(range: &Range<Option<&Item>>, length: usize) -> Result<Range<usize>, Error> {
    let end = |end: Option<&Item>, default: usize| match end {
        None => Ok(default),
        Some(item) if matches!(item.view(), ItemView::Null) => Ok(default),
        Some(item) if item.as_float().is_none() => Err(Error::typ(item.clone(), "number")),
        Some(item) => Ok(item.as_place(length).unwrap_or(0).min(length)),
    };
    let start = end(range.start, 0)?;
    Ok(start..end(range.end, length)?.max(start))
}

fn iterable(item: Item) -> Error {
    Error::typ(item, "iterable (array or object)")
}

/// What an iterator over parts gives until the query has to end.
fn while_running<T: 'static>(
    parts: impl Iterator<Item = T> + 'static,
) -> BoxIter<'static, Result<T, Error>> {
    Box::new(parts.take_while(|_| watch::tick()).map(Ok))
}

impl jaq_core::ValT for Item {
    fn from_num(text: &str) -> Value {
        if let Ok(number) = text.parse() {
            return Ok(Self(Kind::Integer(number)));
        }
        let number = text.parse().map(|number| Self(Kind::Float(number)));
        number.map_err(|_| Error::str(format!("{text} is no number")))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(members: I) -> Value {
        let members: Result<BTreeMap<_, _>, _> = members
            .into_iter()
            .map(|(key, item)| match key.as_text() {
                Some(text) => Ok((text.into(), item)),
                None => Err(Error::typ(key, "key of an object")),
            })
            .collect();
        members.map(Self::object)
    }

    fn key_values(self) -> BoxIter<'static, Result<(Self, Self), Error>> {
        if let Kind::Object(object) = &self.0 {
            let members: Vec<_> =
                object.members.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            return while_running(
                members.into_iter().map(|(key, item)| (Self(Kind::Text(key)), item)),
            );
        }
        let Some(length) = self.parts_len() else { return box_once(Err(iterable(self))) };
        let is_array = self.type_name() == "array";
        while_running((0..length).filter_map(move |place| {
            let key = match (&self.0, is_array) {
                (Kind::Part(part), false) => Self::text(part.key_at(place)?),
                _ => Self::integer(place),
            };
            Some((key, self.part_at(place)?))
        }))
    }

    fn values(self) -> BoxIter<'static, Value> {
        if let Kind::Object(object) = &self.0 {
            let values: Vec<_> = object.members.values().cloned().collect();
            return while_running(values.into_iter());
        }
        let Some(length) = self.parts_len() else { return box_once(Err(iterable(self))) };
        while_running((0..length).filter_map(move |place| self.part_at(place)))
    }

    fn index(self, index: &Self) -> Value {
        let found = match (self.type_name(), index.type_name()) {
            ("null", "string" | "number" | "null") => None,
            ("object", "string") => index.as_text().and_then(|key| self.member(key)),
            ("array", "number") => {
                let length = self.parts_len().unwrap_or_default();
                index.as_place(length).and_then(|place| self.element(place))
            }
            ("array", "array") => return super::filters::indices(&self, index),
            _ => return Err(Error::index(self, index.clone())),
        };
        Ok(found.unwrap_or(Self::NULL))
    }

    fn range(self, range: Range<Option<&Self>>) -> Value {
        match (self.view(), self.as_text()) {
            (ItemView::Null, _) => Ok(Self::NULL),
            (_, Some(text)) => {
                let stretch = stretch(&range, text.chars().count())?;
                let found: String = text.chars().skip(stretch.start).take(stretch.len()).collect();
                Ok(found.into())
            }
            _ if self.type_name() == "array" => {
                let stretch = stretch(&range, self.parts_len().unwrap_or_default())?;
                Ok(stretch.filter_map(|place| self.element(place)).collect())
            }
            _ => Err(Error::typ(self, "array or string")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::values(self, opt, f)
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::index(self, index, opt, f)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<Option<&Self>>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::range(self, &range, opt, f)
    }

    fn as_bool(&self) -> bool {
        !matches!(self.view(), ItemView::Null | ItemView::Bool(false))
    }

    fn into_string(self) -> Self {
        match self.as_text() {
            Some(_) => self,
            None => self.to_json().into(),
        }
    }
}
