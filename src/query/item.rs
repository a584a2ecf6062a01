//! The values of a program: parts of the document, and what it made itself.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::watch;
use crate::document::{Document, View};

/// How deep a program may nest what it makes.
const DEEPEST: usize = 400;

/// A value of a program.
#[derive(Debug, Clone)]
pub struct Item(pub(super) Kind);

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Rc<str>),
    Array(Rc<List>),
    Object(Rc<Members>),
    /// An array, an object or a string of the document.
    Part(Document),
}

/// What a program made, with the levels of nesting in it.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    pub(super) items: Vec<Item>,
    levels: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Members {
    pub(super) members: BTreeMap<Rc<str>, Item>,
    levels: usize,
}

/// What an [`Item`] is.
#[derive(Debug, Clone, Copy)]
pub enum ItemView<'a> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(&'a str),
    /// An array that the program made.
    Array(&'a [Item]),
    /// An object that the program made.
    Object(&'a BTreeMap<Rc<str>, Item>),
    /// An array or an object of the document, as it is there.
    Part(&'a Document),
}

impl Item {
    /// What it is.
    pub fn view(&self) -> ItemView<'_> {
        match &self.0 {
            Kind::Null => ItemView::Null,
            Kind::Bool(flag) => ItemView::Bool(*flag),
            Kind::Integer(number) => ItemView::Integer(*number),
            Kind::Float(number) => ItemView::Float(*number),
            Kind::Text(text) => ItemView::Text(text),
            Kind::Array(list) => ItemView::Array(&list.items),
            Kind::Object(object) => ItemView::Object(&object.members),
            Kind::Part(part) => match part.view() {
                View::Text(text) => ItemView::Text(text),
                _ => ItemView::Part(part),
            },
        }
    }

    pub(super) const NULL: Self = Self(Kind::Null);

    pub(super) fn of(part: Document) -> Self {
        Self(match part.view() {
            View::Null => Kind::Null,
            View::Bool(flag) => Kind::Bool(flag),
            View::Integer(number) => Kind::Integer(number),
            View::Float(number) => Kind::Float(number),
            View::Text(_) | View::Array | View::Object => Kind::Part(part),
        })
    }

    pub(super) fn text(text: &str) -> Self {
        Self(Kind::Text(text.into()))
    }

    pub(super) fn integer(number: usize) -> Self {
        i64::try_from(number).map_or(Self::NULL, |number| Self(Kind::Integer(number)))
    }

    pub(super) fn array(items: Vec<Item>) -> Self {
        let levels = below(items.iter().map(Self::levels).max().unwrap_or_default());
        Self(Kind::Array(Rc::new(List { items, levels })))
    }

    pub(super) fn object(members: BTreeMap<Rc<str>, Item>) -> Self {
        let levels = below(members.values().map(Self::levels).max().unwrap_or_default());
        Self(Kind::Object(Rc::new(Members { members, levels })))
    }

    /// Levels that the program put one into the other.
    fn levels(&self) -> usize {
        match &self.0 {
            Kind::Array(list) => list.levels,
            Kind::Object(object) => object.levels,
            _ => 0,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self.view() {
            ItemView::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self.view() {
            ItemView::Null => "null",
            ItemView::Bool(_) => "boolean",
            ItemView::Integer(_) | ItemView::Float(_) => "number",
            ItemView::Text(_) => "string",
            ItemView::Array(_) => "array",
            ItemView::Object(_) => "object",
            ItemView::Part(part) if part.view() == View::Array => "array",
            ItemView::Part(_) => "object",
        }
    }

    /// The number of its parts; `None` for what has none.
    pub(super) fn parts_len(&self) -> Option<usize> {
        match self.view() {
            ItemView::Array(items) => Some(items.len()),
            ItemView::Object(members) => Some(members.len()),
            ItemView::Part(part) => part.len(),
            _ => None,
        }
    }

    pub(super) fn element(&self, place: usize) -> Option<Self> {
        match self.view() {
            ItemView::Array(items) => items.get(place).cloned(),
            ItemView::Part(part) => part.item(place).map(Self::of),
            _ => None,
        }
    }

    pub(super) fn member(&self, key: &str) -> Option<Self> {
        match self.view() {
            ItemView::Object(members) => members.get(key).cloned(),
            ItemView::Part(part) => part.member(key).map(Self::of),
            _ => None,
        }
    }

    /// The elements, as the program's own; the value itself when it is no array.
    pub(super) fn into_list(self) -> Result<Rc<List>, Self> {
        match self.0 {
            Kind::Array(list) => Ok(list),
            Kind::Part(part) if part.view() == View::Array => {
                let items = part.parts().map(Self::of).collect();
                Ok(Rc::new(List { items, levels: 1 }))
            }
            other => Err(Self(other)),
        }
    }

    /// The members, as the program's own; the value itself when it is no object.
    pub(super) fn into_members(self) -> Result<Rc<Members>, Self> {
        match self.0 {
            Kind::Object(object) => Ok(object),
            Kind::Part(part) if part.view() == View::Object => {
                let members = part.keys().map(Rc::from).zip(part.parts().map(Self::of)).collect();
                Ok(Rc::new(Members { members, levels: 1 }))
            }
            other => Err(Self(other)),
        }
    }
}

impl List {
    /// Appends, without a look at what is there.
    pub(super) fn extend(self: &mut Rc<Self>, more: &Self) {
        let list = Rc::make_mut(self);
        list.levels = list.levels.max(more.levels);
        list.items.extend_from_slice(&more.items);
    }

    /// Puts the same elements back after some were changed.
    pub(super) fn changed(self: Rc<Self>, change: impl FnOnce(&mut Vec<Item>)) -> Item {
        let mut items = Rc::unwrap_or_clone(self).items;
        change(&mut items);
        Item::array(items)
    }
}

impl Members {
    pub(super) fn insert(self: &mut Rc<Self>, key: Rc<str>, item: Item) {
        let object = Rc::make_mut(self);
        object.levels = object.levels.max(below(item.levels()));
        object.members.insert(key, item);
    }
}

impl From<Rc<Members>> for Item {
    fn from(object: Rc<Members>) -> Self {
        Self(Kind::Object(object))
    }
}

/// One level more; too many end the query.
fn below(levels: usize) -> usize {
    if levels >= DEEPEST {
        watch::fail("the program nests values deeper than 400 levels");
    }
    levels + 1
}
