//! `|=` and its kin: a changed copy of a value; what is not touched is shared.

use std::ops::Range;
use std::rc::Rc;

use jaq_core::Exn;
use jaq_core::path::Opt;
use jaq_core::val::ValX;

use super::access::stretch;
use super::arithmetic::Error;
use super::item::{Item, ItemView};
use super::watch;

/// How far behind its end an array can be continued.
const FARTHEST: usize = 1 << 20;

type Result<'a> = ValX<'a, Item>;

fn iterable<'a>(item: Item) -> Exn<'a, Item> {
    Error::typ(item, "iterable (array or object)").into()
}

/// Every element or value becomes what `f` makes of it; without a result it is removed.
pub(super) fn values<'a, I: Iterator<Item = Result<'a>>>(
    item: Item,
    opt: Opt,
    f: impl Fn(Item) -> I,
) -> Result<'a> {
    let object = match item.into_list() {
        Ok(list) => {
            let items = Rc::unwrap_or_clone(list).items.into_iter();
            let items = items.take_while(|_| watch::tick()).flat_map(f);
            return items.collect::<std::result::Result<Vec<_>, _>>().map(Item::array);
        }
        Err(item) => item.into_members(),
    };
    match object {
        Ok(object) => {
            let members = Rc::unwrap_or_clone(object).members.into_iter();
            let members = members.take_while(|_| watch::tick());
            let changed = members.filter_map(|(key, old)| Some((key, f(old).next()?)));
            let changed = changed.map(|(key, new)| Ok((key, new?)));
            changed.collect::<std::result::Result<_, _>>().map(Item::object)
        }
        Err(item) => opt.fail(item, iterable),
    }
}

/// The part at `index` becomes what `f` makes of it; without a result it is removed.
pub(super) fn index<'a, I: Iterator<Item = Result<'a>>>(
    item: Item,
    index: &Item,
    opt: Opt,
    f: impl Fn(Item) -> I,
) -> Result<'a> {
    // nothing becomes an object or an array, as the index wants it
    let item = match (item.view(), index.type_name()) {
        (ItemView::Null, "string") => Item::object(Default::default()),
        (ItemView::Null, "number") => Item::array(Vec::new()),
        _ => item,
    };
    match (item.type_name(), index.as_text()) {
        ("object", Some(key)) => {
            let mut object = item.into_members().unwrap_or_default();
            let old = object.members.get(key).cloned().unwrap_or(Item::NULL);
            match f(old).next().transpose()? {
                Some(new) => object.insert(key.into(), new),
                None => drop(Rc::make_mut(&mut object).members.remove(key)),
            }
            Ok(object.into())
        }
        ("array", None) if index.as_float().is_some() => {
            let length = item.parts_len().unwrap_or_default();
            let place = index.as_place(length).filter(|place| *place < length + FARTHEST);
            let Some(place) = place else {
                let message = format!("index {index} is out of bounds");
                return opt.fail(item, |_| Error::str(message).into());
            };
            let list = item.into_list().unwrap_or_default();
            let old = list.items.get(place).cloned().unwrap_or(Item::NULL);
            let new = f(old).next().transpose()?;
            Ok(list.changed(|items| match new {
                Some(new) => {
                    items.resize(items.len().max(place + 1), Item::NULL);
                    items[place] = new;
                }
                None if place < items.len() => drop(items.remove(place)),
                None => {}
            }))
        }
        ("array", None) if index.type_name() == "object" => {
            let (start, end) = (index.member("start"), index.member("end"));
            range(item, &(start.as_ref()..end.as_ref()), opt, f)
        }
        _ => {
            let index = index.clone();
            opt.fail(item, |item| Error::index(item, index).into())
        }
    }
}

/// A stretch of an array becomes the elements of the array that `f` makes of it.
pub(super) fn range<'a, I: Iterator<Item = Result<'a>>>(
    item: Item,
    range: &Range<Option<&Item>>,
    opt: Opt,
    f: impl Fn(Item) -> I,
) -> Result<'a> {
    let item = if matches!(item.view(), ItemView::Null) { Item::array(Vec::new()) } else { item };
    let list = match item.into_list() {
        Ok(list) => list,
        Err(item) => return opt.fail(item, |item| Error::typ(item, "array").into()),
    };
    let stretch = stretch(range, list.items.len())?;
    let old = list.items[stretch.clone()].iter().cloned().collect();
    let new = match f(old).next().transpose()? {
        Some(new) => new.into_list().map_err(|item| Error::typ(item, "array"))?,
        None => Rc::default(),
    };
    Ok(list.changed(|items| drop(items.splice(stretch, new.items.iter().cloned()))))
}
