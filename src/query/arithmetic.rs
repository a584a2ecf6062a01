//! `+`, `-`, `*`, `/`, `%` of jq.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::ops::Math;

use super::item::{Item, ItemView, Kind};
use super::watch;

pub(super) type Error = jaq_core::Error<Item>;
pub(super) type Value = Result<Item, Error>;

/// The longest text that is put together, in bytes.
const LONGEST: usize = 64 << 20;
/// The longest array that `+` makes.
const MOST_ELEMENTS: usize = 16 << 20;

/// Two numbers, as integers if both are.
enum Numbers {
    Integers(i64, i64),
    Floats(f64, f64),
}

impl Item {
    #[allow(clippy::cast_precision_loss, reason = "as jq computes with both")]
    pub(super) fn as_float(&self) -> Option<f64> {
        match self.view() {
            ItemView::Integer(number) => Some(number as f64),
            ItemView::Float(number) => Some(number),
            _ => None,
        }
    }
}

fn numbers(a: &Item, b: &Item) -> Option<Numbers> {
    match (a.view(), b.view()) {
        (ItemView::Integer(a), ItemView::Integer(b)) => Some(Numbers::Integers(a, b)),
        _ => Some(Numbers::Floats(a.as_float()?, b.as_float()?)),
    }
}

/// The integer, or the float if it is too large for one.
fn exact(integer: Option<i64>, float: impl FnOnce() -> f64) -> Value {
    Ok(Item(integer.map_or_else(|| Kind::Float(float()), Kind::Integer)))
}

#[allow(clippy::cast_precision_loss, reason = "what is too large becomes a float")]
fn compute(
    numbers: &Numbers,
    integers: fn(i64, i64) -> Option<i64>,
    floats: fn(f64, f64) -> f64,
) -> Value {
    match *numbers {
        Numbers::Integers(a, b) => exact(integers(a, b), || floats(a as f64, b as f64)),
        Numbers::Floats(a, b) => Ok(Item(Kind::Float(floats(a, b)))),
    }
}

/// A text of `parts`, unless it is too long.
fn joined(parts: &[&str]) -> Value {
    if parts.iter().map(|part| part.len()).sum::<usize>() > LONGEST {
        return Err(Error::str("a string would be longer than 67108864 bytes"));
    }
    Ok(Item::text(&parts.concat()))
}

impl Add for Item {
    type Output = Value;

    fn add(self, other: Self) -> Value {
        if let Some(numbers) = numbers(&self, &other) {
            return compute(&numbers, i64::checked_add, |a, b| a + b);
        }
        match (self.view(), other.view()) {
            (ItemView::Null, _) => return Ok(other),
            (_, ItemView::Null) => return Ok(self),
            (ItemView::Text(a), ItemView::Text(b)) => return joined(&[a, b]),
            _ => {}
        }
        let a = match (self.into_list(), &other) {
            (Ok(mut list), other) if other.type_name() == "array" => {
                let more = other.clone().into_list().unwrap_or_default();
                if list.items.len().saturating_add(more.items.len()) > MOST_ELEMENTS {
                    return Err(Error::str("an array would have more than 16777216 elements"));
                }
                list.extend(&more);
                return Ok(Item(Kind::Array(list)));
            }
            (Ok(list), _) => Item(Kind::Array(list)),
            (Err(item), _) => item,
        };
        match (a.type_name(), other.type_name()) {
            ("object", "object") => merge(a, other, |_, new| Ok(new)),
            _ => Err(Error::math(a, Math::Add, other)),
        }
    }
}

/// One object of both; `both` decides about members that both have.
fn merge(a: Item, b: Item, both: fn(Item, Item) -> Value) -> Value {
    let (Ok(mut object), Ok(more)) = (a.into_members(), b.into_members()) else {
        return Ok(Item::NULL);
    };
    for (key, new) in &more.members {
        watch::tick();
        let new = match object.members.get(key) {
            Some(old) => both(old.clone(), new.clone())?,
            None => new.clone(),
        };
        object.insert(Rc::clone(key), new);
    }
    Ok(object.into())
}

impl Sub for Item {
    type Output = Value;

    fn sub(self, other: Self) -> Value {
        if let Some(numbers) = numbers(&self, &other) {
            return compute(&numbers, i64::checked_sub, |a, b| a - b);
        }
        match (self.type_name(), other.type_name()) {
            ("array", "array") => {
                let (list, mut gone) = (self.into_list(), other.into_list().unwrap_or_default());
                Rc::make_mut(&mut gone).items.sort();
                let list = list.unwrap_or_default();
                Ok(list.changed(|items| {
                    items.retain(|item| gone.items.binary_search(item).is_err() && watch::tick());
                }))
            }
            _ => Err(Error::math(self, Math::Sub, other)),
        }
    }
}

impl Mul for Item {
    type Output = Value;

    fn mul(self, other: Self) -> Value {
        if let Some(numbers) = numbers(&self, &other) {
            return compute(&numbers, i64::checked_mul, |a, b| a * b);
        }
        let (text, times) = match (self.as_text(), other.as_text()) {
            (Some(text), None) => (text, other.as_float()),
            (None, Some(text)) => (text, self.as_float()),
            _ => ("", None),
        };
        if let Some(times) = times {
            return repeated(text, times);
        }
        match (self.type_name(), other.type_name()) {
            ("object", "object") => {
                merge(self, other, |old, new| match (old.type_name(), new.type_name()) {
                    ("object", "object") => old * new,
                    _ => Ok(new),
                })
            }
            _ => Err(Error::math(self, Math::Mul, other)),
        }
    }
}

fn repeated(text: &str, times: f64) -> Value {
    if times.is_nan() || times <= 0.0 {
        return Ok(Item::NULL);
    }
    #[allow(clippy::cast_precision_loss, reason = "only the order of size counts")]
    if text.len() as f64 * times > LONGEST as f64 {
        return Err(Error::str("a string would be longer than 67108864 bytes"));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the greatest length, unless the text is empty"
    )]
    Ok(Item::text(&text.repeat(if text.is_empty() { 0 } else { times.ceil() as usize })))
}

impl Div for Item {
    type Output = Value;

    fn div(self, other: Self) -> Value {
        if let Some(numbers) = numbers(&self, &other) {
            let whole = |a: i64, b: i64| {
                a.checked_rem(b).filter(|rest| *rest == 0).and_then(|_| a.checked_div(b))
            };
            return compute(&numbers, whole, |a, b| a / b);
        }
        match (self.as_text(), other.as_text()) {
            (Some(""), Some(_)) => Ok(Item::array(Vec::new())),
            (Some(text), Some("")) => Ok(text.chars().map(|one| one.to_string().into()).collect()),
            (Some(text), Some(between)) => Ok(text.split(between).map(Item::text).collect()),
            _ => Err(Error::math(self, Math::Div, other)),
        }
    }
}

impl Rem for Item {
    type Output = Value;

    fn rem(self, other: Self) -> Value {
        match numbers(&self, &other) {
            Some(Numbers::Integers(_, 0)) | None => Err(Error::math(self, Math::Rem, other)),
            Some(numbers) => compute(&numbers, |a, b| Some(a.wrapping_rem(b)), |a, b| a % b),
        }
    }
}

impl Neg for Item {
    type Output = Value;

    fn neg(self) -> Value {
        match self.view() {
            ItemView::Integer(number) => match number.checked_neg() {
                Some(number) => Ok(Item(Kind::Integer(number))),
                None => Ok(Item(Kind::Float(9_223_372_036_854_775_808.0))),
            },
            ItemView::Float(number) => Ok(Item(Kind::Float(-number))),
            _ => Err(Error::typ(self, "number")),
        }
    }
}
