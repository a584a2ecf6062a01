//! The order of jq: null, false, true, numbers, strings, arrays, objects.

use std::cmp::Ordering;

use super::item::{Item, ItemView};
use super::watch;

impl Item {
    fn rank(&self) -> u8 {
        match self.view() {
            ItemView::Null => 0,
            ItemView::Bool(false) => 1,
            ItemView::Bool(true) => 2,
            ItemView::Integer(_) | ItemView::Float(_) => 3,
            ItemView::Text(_) => 4,
            _ if self.type_name() == "array" => 5,
            _ => 6,
        }
    }

    fn is_nan(&self) -> bool {
        matches!(self.view(), ItemView::Float(number) if number.is_nan())
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self.view(), other.view()) {
            (ItemView::Integer(a), ItemView::Integer(b)) => a.cmp(&b),
            (ItemView::Float(a), ItemView::Float(b)) => floats(a, b),
            (ItemView::Integer(a), ItemView::Float(b)) => integer_with_float(a, b),
            (ItemView::Float(a), ItemView::Integer(b)) => integer_with_float(b, a).reverse(),
            (ItemView::Text(a), ItemView::Text(b)) => a.cmp(b),
            (ItemView::Part(a), ItemView::Part(b)) if a.is_same(b) => Ordering::Equal,
            _ => self.rank().cmp(&other.rank()).then_with(|| match self.rank() {
                5 => arrays(self, other),
                6 => objects(self, other),
                _ => Ordering::Equal,
            }),
        }
    }
}

/// Not a number comes before all numbers.
fn floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Exact, so that sorting is: large integers have no float of their own.
fn integer_with_float(a: i64, b: f64) -> Ordering {
    /// 2^63, the first float that is greater than every integer.
    const END: f64 = 9_223_372_036_854_775_808.0;
    if b.is_nan() || b < -END {
        return Ordering::Greater;
    }
    if b >= END {
        return Ordering::Less;
    }
    #[allow(clippy::cast_possible_truncation, reason = "within the bounds")]
    let whole = b.trunc() as i64;
    a.cmp(&whole).then_with(|| floats(0.0, b.fract()))
}

fn arrays(a: &Item, b: &Item) -> Ordering {
    let (a_len, b_len) = (a.parts_len().unwrap_or_default(), b.parts_len().unwrap_or_default());
    for place in 0..a_len.min(b_len) {
        // what the query comes to does not matter any more when it has to end
        if !watch::tick() {
            break;
        }
        if let (Some(x), Some(y)) = (a.element(place), b.element(place)) {
            match x.compare(&y) {
                Ordering::Equal => {}
                other => return other,
            }
        }
    }
    a_len.cmp(&b_len)
}

/// First all keys, then the values in their order.
fn objects(a: &Item, b: &Item) -> Ordering {
    a.keys().cmp(b.keys()).then_with(|| {
        for key in a.keys() {
            if !watch::tick() {
                break;
            }
            if let (Some(x), Some(y)) = (a.member(key), b.member(key)) {
                match x.compare(&y) {
                    Ordering::Equal => {}
                    other => return other,
                }
            }
        }
        Ordering::Equal
    })
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        !self.is_nan() && self.compare(other).is_eq()
    }
}

impl Eq for Item {}

#[allow(clippy::non_canonical_partial_ord_impl, reason = "for jq, nan < nan; sorting needs equal")]
impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.is_nan() && other.is_nan() {
            true => Some(Ordering::Less),
            false => Some(self.compare(other)),
        }
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}
