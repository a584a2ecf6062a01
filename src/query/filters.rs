//! The filters that jaq leaves to its values, and `range`, which may never end.

use std::ops::ControlFlow;

use jaq_core::box_iter::box_once;
use jaq_core::native::{Filter, Fun, bome, run, unary, v};
use jaq_core::{DataT, Exn, Native, RunPtr};

use super::arithmetic::{Error, Value};
use super::item::{Item, ItemView, Kind};
use super::{regex, watch};
use crate::document::Document;

/// jaq's filters that are not there: they read the environment, or compute for hours at once.
const LEFT_OUT: [&str; 4] = ["env", "range", "jn", "yn"];

/// The name of the filter that looks at the deadline; no program can have it.
pub(super) const TICK: &str = "!tick";

/// jq definitions over [`all`].
pub(super) const DEFINITIONS: &str = r#"
def tonumber: if isnumber then . else
    (if isstring then (try fromjson catch null) else null end)
    | if isnumber then . else error("cannot be parsed as a number") end end;
def toboolean: if isboolean then . elif . == "true" then true elif . == "false" then false
    else error("cannot be parsed as a boolean") end;
def transpose: [range(map(length) | max // 0) as $i | map(.[$i])];
def in(xs): . as $key | xs | has($key);
def inside(xs): . as $part | xs | contains($part);
def index($i): indices($i)[0];
def rindex($i): indices($i)[-1];
def @json: tojson;
"#;

/// All filters that programs can call.
pub(super) fn all<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Item>,
{
    let theirs = jaq_core::funs().chain(jaq_std::funs());
    let theirs =
        theirs.filter(|(name, ..)| !LEFT_OUT.contains(name) && !regex::NAMES.contains(name));
    let ours = own().into_vec().into_iter().chain(regex::filters().into_vec());
    theirs.chain(ours.map(run)).chain([tick()])
}

/// Passes its input on, or ends the program in a way that it cannot catch.
fn tick<D: for<'a> DataT<V<'a> = Item>>() -> Fun<D> {
    fn ended<'a>() -> Exn<'a, Item> {
        Exn::halt(1)
    }
    let filter = Native::new(|cv| match watch::tick() {
        true => box_once(Ok(cv.1)),
        false => box_once(Err(ended())),
    });
    let filter = filter.with_paths(|cv| match watch::tick() {
        true => box_once(Ok(cv.1)),
        false => box_once(Err(ended())),
    });
    let filter = filter.with_update(|cv, f| match watch::tick() {
        true => f(cv.1),
        false => box_once(Err(ended())),
    });
    (TICK, v(0), filter)
}

fn own<D: for<'a> DataT<V<'a> = Item>>() -> Box<[Filter<RunPtr<D>>]> {
    Box::new([
        ("tojson", v(0), |cv| bome(Ok(cv.1.to_json().into()))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("length", v(0), |cv| bome(length(cv.1))),
        ("has", v(1), |cv| unary(cv, |item, key| has(item, &key))),
        ("contains", v(1), |cv| unary(cv, |item, part| Ok(contains(&item, &part).into()))),
        ("indices", v(1), |cv| unary(cv, |item, part| indices(&item, &part))),
        ("bsearch", v(1), |cv| unary(cv, |item, wanted| search(item, &wanted))),
        ("range", v(3), |mut cv| {
            let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
            Box::new(range(from, to, by).map(|item| item.map_err(Exn::from)))
        }),
    ])
}

fn range(from: Item, to: Item, by: Item) -> impl Iterator<Item = Value> {
    let direction = by.cmp(&Item(Kind::Integer(0)));
    let mut next = Some(from);
    std::iter::from_fn(move || {
        let now = next.take().filter(|_| watch::tick())?;
        let goes_on = match direction {
            std::cmp::Ordering::Greater => now < to,
            std::cmp::Ordering::Less => now > to,
            std::cmp::Ordering::Equal => now != to,
        };
        if !goes_on {
            return None;
        }
        match now.clone() + by.clone() {
            Ok(sum) => next = Some(sum),
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(now))
    })
}

fn from_json(item: &Item) -> Value {
    let Some(text) = item.as_text() else { return Err(Error::typ(item.clone(), "string")) };
    let go_on = || match watch::tick() {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    let parsed = Document::parse(text.to_owned(), &go_on).map(Item::of);
    parsed.map_err(|error| Error::str(format!("cannot parse {item} as JSON: {error}")))
}

fn length(item: Item) -> Value {
    if let Some(length) = item.parts_len() {
        return Ok(Item::integer(length));
    }
    match item.view() {
        ItemView::Null => Ok(Item::integer(0)),
        ItemView::Text(text) => Ok(Item::integer(text.chars().count())),
        ItemView::Integer(number) if number < 0 => -item,
        ItemView::Float(number) => Ok(number.abs().into()),
        ItemView::Integer(_) => Ok(item),
        _ => Err(Error::str(format!("{item} has no length"))),
    }
}

fn has(item: Item, key: &Item) -> Value {
    let found = match (item.type_name(), key.as_text()) {
        ("object", Some(key)) => item.member(key).is_some(),
        ("array", None) if key.as_float().is_some() => {
            let length = item.parts_len().unwrap_or_default();
            key.as_place(length).is_some_and(|place| place < length)
        }
        _ => return Err(Error::index(item, key.clone())),
    };
    Ok(found.into())
}

fn contains(item: &Item, part: &Item) -> bool {
    if !watch::tick() {
        return false;
    }
    let elements = |item: &Item| {
        let item = item.clone();
        let length = item.parts_len().unwrap_or_default();
        (0..length).filter_map(move |place| item.element(place))
    };
    match (item.type_name(), part.type_name()) {
        ("string", "string") => {
            item.as_text().zip(part.as_text()).is_some_and(|(text, part)| text.contains(part))
        }
        ("array", "array") => {
            elements(part).all(|wanted| elements(item).any(|one| contains(&one, &wanted)))
        }
        ("object", "object") => part.keys().all(|key| {
            let both = item.member(key).zip(part.member(key));
            both.is_some_and(|(one, wanted)| contains(&one, &wanted))
        }),
        _ => item == part,
    }
}

/// Where `part` begins in a text or an array, or stands in an array.
pub(super) fn indices(item: &Item, part: &Item) -> Value {
    if matches!(item.view(), ItemView::Null) {
        return Ok(Item::NULL);
    }
    if let (Some(text), Some(part)) = (item.as_text(), part.as_text()) {
        let starts = text.char_indices().enumerate();
        let found = starts.filter(|(_, (at, _))| !part.is_empty() && text[*at..].starts_with(part));
        return Ok(found.map(|(place, _)| Item::integer(place)).collect());
    }
    let Ok(list) = item.clone().into_list() else {
        return Err(Error::index(item.clone(), part.clone()));
    };
    let items = &list.items;
    let places = 0..items.len();
    match part.clone().into_list() {
        Ok(part) if part.items.is_empty() => Ok(Item::NULL),
        Ok(part) => {
            let begins = |place: &usize| watch::tick() && items[*place..].starts_with(&part.items);
            Ok(places.filter(begins).map(Item::integer).collect())
        }
        Err(part) => {
            let is_there = |place: &usize| watch::tick() && items[*place] == part;
            Ok(places.filter(is_there).map(Item::integer).collect())
        }
    }
}

/// The place of a value in a sorted array, or -1 minus the place where it belongs.
fn search(item: Item, wanted: &Item) -> Value {
    let list = item.into_list().map_err(|item| Error::typ(item, "array"))?;
    match list.items.binary_search(wanted) {
        Ok(place) => Ok(Item::integer(place)),
        Err(place) => Item(Kind::Integer(-1)) - Item::integer(place),
    }
}
