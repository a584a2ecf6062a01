//! Regular expressions: the filters from which jq's `test`, `match`, `sub` and their like are made.
//!
//! jaq's own fail where a group that comes later lies further left, and look at no deadline.

use std::rc::Rc;

use jaq_core::native::{Filter, bome};
use jaq_core::{Cv, DataT, RunPtr};
use regex_bites::{Captures, Regex, RegexBuilder};

use super::arithmetic::{Error, Value};
use super::item::Item;
use super::watch;

/// The names of jaq's filters that these replace.
pub(super) const NAMES: [&str; 3] = ["matches", "split_matches", "split_"];

/// What a filter gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Matches,
    Between,
    Both,
}

pub(super) fn filters<D>() -> Box<[Filter<RunPtr<D>>]>
where
    D: for<'a> DataT<V<'a> = Item>,
{
    let two = || [jaq_core::Bind::Var(()), jaq_core::Bind::Var(())].into();
    Box::new([
        ("matches", two(), |cv| bome(found(cv, Wanted::Matches))),
        ("split_matches", two(), |cv| bome(found(cv, Wanted::Both))),
        ("split_", two(), |cv| bome(found(cv, Wanted::Between))),
    ])
}

/// An expression, and how it is applied.
struct Search {
    regex: Regex,
    all: bool,
    leaves_out_empty: bool,
}

impl Search {
    fn new(regex: &str, flags: &str) -> Result<Self, Error> {
        let mut builder = RegexBuilder::new(regex);
        let (mut all, mut leaves_out_empty) = (false, false);
        for flag in flags.chars() {
            match flag {
                'g' => all = true,
                'n' => leaves_out_empty = true,
                'i' => drop(builder.case_insensitive(true)),
                'm' => drop(builder.multi_line(true)),
                's' => drop(builder.dot_matches_new_line(true)),
                'l' => drop(builder.swap_greed(true)),
                'x' => drop(builder.ignore_whitespace(true)),
                'p' => drop(builder.multi_line(true).dot_matches_new_line(true)),
                other => return Err(Error::str(format!("invalid regex flag: {other}"))),
            }
        }
        let regex = builder.build();
        let regex = regex.map_err(|error| Error::str(format!("invalid regex: {error}")))?;
        Ok(Self { regex, all, leaves_out_empty })
    }
}

fn found<D>(mut cv: Cv<'_, D>, wanted: Wanted) -> Value
where
    D: for<'a> DataT<V<'a> = Item>,
{
    let (flags, regex) = (cv.0.pop_var(), cv.0.pop_var());
    let text = |item: &Item| match item.as_text() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::typ(item.clone(), "string")),
    };
    let search = Search::new(&text(&regex)?, &text(&flags)?)?;
    Ok(parts(&search, &text(&cv.1)?, wanted))
}

fn parts(search: &Search, text: &str, wanted: Wanted) -> Item {
    let mut parts = Vec::new();
    let (mut end, mut counted, mut characters) = (0, 0, 0);
    for captures in search.regex.captures_iter(text) {
        let Some(whole) = captures.get(0).filter(|_| watch::tick()) else { break };
        if search.leaves_out_empty && whole.is_empty() {
            continue;
        }
        // matches come one behind the other: each character is counted once
        characters += text[counted..whole.start()].chars().count();
        counted = whole.start();
        if wanted != Wanted::Matches {
            parts.push(Item::text(&text[end..whole.start()]));
            end = whole.end();
        }
        if wanted != Wanted::Between {
            parts.push(groups(&search.regex, &captures, text, (counted, characters)));
        }
        if !search.all {
            break;
        }
    }
    if wanted != Wanted::Matches {
        parts.push(Item::text(&text[end..]));
    }
    Item::array(parts)
}

/// A match and its groups, of which none begins before it: `start` in bytes and in characters.
fn groups(
    regex: &Regex,
    captures: &Captures<'_>,
    text: &str,
    (start, characters): (usize, usize),
) -> Item {
    let groups = captures.iter().zip(regex.capture_names()).filter_map(|(group, name)| {
        let group = group?;
        let offset = characters + text[start..group.start()].chars().count();
        let length = group.as_str().chars().count();
        let members = [
            ("offset", Item::integer(offset)),
            ("length", Item::integer(length)),
            ("string", Item::text(group.as_str())),
        ];
        let name = name.map(|name| ("name", Item::text(name)));
        let members = members.into_iter().chain(name);
        Some(Item::object(members.map(|(key, item)| (Rc::from(key), item)).collect()))
    });
    Item::array(groups.collect())
}
