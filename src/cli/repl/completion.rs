//! What can be typed at the cursor; finds it without running code.

use rhai::{Dynamic, Map};

use super::cursor::{Chain, Place};
use super::paths::{self, Paths};
use super::{command, syntax};
use crate::cli::doc;
use crate::client::AgencyClient;
use crate::host::{Onlooker, Session, stdlib};
use crate::natives::reference::{self, NativeDoc};

/// The namespace whose functions are methods of agencies.
const AGENCY: &str = "agency";

/// One thing that can be typed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Offer {
    /// What is listed.
    pub(super) shown: String,
    /// What is put in the place of what was typed.
    pub(super) typed: String,
}

impl Offer {
    fn plain(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { shown: name.clone(), typed: name }
    }

    fn call(name: &str) -> Self {
        Self { shown: format!("{name}("), typed: format!("{name}(") }
    }
}

/// Where offers come from.
pub(super) struct Sources<'a> {
    pub(super) session: &'a Session,
    pub(super) onlooker: &'a Onlooker,
    pub(super) paths: &'a Paths,
}

impl Sources<'_> {
    /// What fits at a place, where `typed` stands already; `begins` says that nothing stands before.
    pub(super) fn offers(&self, place: &Place<'_>, typed: &str, begins: bool) -> Vec<Offer> {
        let mut offers = match place {
            Place::Item { module } => self.items(module),
            Place::Member { of } => self.members(of),
            Place::Argument { of: Some(of), function, .. } => match takes_path(function) {
                true => self.agency_paths(of, typed),
                false => Vec::new(),
            },
            Place::Argument { .. } => Vec::new(),
            Place::Import => stdlib::names().into_iter().map(Offer::plain).collect(),
            Place::Word => self.words(begins),
        };
        offers.retain(|offer| offer.typed.starts_with(typed));
        offers.sort();
        offers.dedup();
        offers
    }

    /// The members of a module.
    fn items(&self, module: &str) -> Vec<Offer> {
        let callables = self.session.callables();
        let imported = callables.iter().filter(|one| one.module.as_deref() == Some(module));
        let mut offers: Vec<Offer> = imported.map(|one| Offer::call(&one.name)).collect();
        if offers.is_empty() {
            let natives = doc::natives().iter();
            let own = natives.filter(|doc| doc.namespace == module && !doc.is_method);
            offers.extend(own.map(|doc| Offer::call(&doc.name)));
            offers.extend(reference::constants(module).into_iter().flatten().map(Offer::plain));
        }
        offers
    }

    /// What can stand after the dot behind a value.
    fn members(&self, of: &Chain<'_>) -> Vec<Offer> {
        if *of == Chain::CurrentAgency {
            return agency_methods();
        }
        let Some(value) = value(self.session, of) else { return Vec::new() };
        if value.is::<AgencyClient>() {
            return agency_methods();
        }
        let mut offers: Vec<Offer> =
            self.session.methods_of(&value).iter().map(|name| Offer::call(name)).collect();
        if let Some(map) = value.read_lock::<Map>() {
            let names = map.keys().filter(|key| is_name(key));
            offers.extend(names.map(|key| Offer::plain(key.to_string())));
        }
        offers
    }

    /// Paths of the agency that a method is called on.
    fn agency_paths(&self, of: &Chain<'_>, typed: &str) -> Vec<Offer> {
        let client = match of {
            Chain::CurrentAgency => self.onlooker.client(paths::LIMIT),
            other => value(self.session, other)
                .and_then(|value| value.try_cast::<AgencyClient>())
                .map(|client| client.glancing(paths::LIMIT)),
        };
        let Some(client) = client else { return Vec::new() };
        let folder = typed.rfind('/').map_or("", |slash| &typed[..=slash]);
        let children = self.paths.children(&client, &unescaped(folder));
        let offer = |(name, more): (String, bool)| {
            let shown = if more { format!("{name}/") } else { name };
            Offer { typed: format!("{folder}{}", escaped(&shown)), shown }
        };
        children.into_iter().map(offer).collect()
    }

    /// Words on their own.
    fn words(&self, begins: bool) -> Vec<Offer> {
        let variables = self.session.variables().into_iter().map(|(name, _)| Offer::plain(name));
        let callables = self.session.callables();
        let entered = callables.iter().filter(|one| one.module.is_none());
        let modules = doc::namespaces()
            .iter()
            .copied()
            .chain(self.session.modules())
            .map(|name| Offer::plain(format!("{name}::")));
        let keywords = syntax::keywords().iter().copied().map(Offer::plain);
        let globals = ["print", "sleep", "exit", "type_of"].into_iter().map(Offer::call);
        let mut offers: Vec<Offer> = variables
            .chain(entered.map(|one| Offer::call(&one.name)))
            .chain(modules)
            .chain(keywords)
            .chain(globals)
            .collect();
        if begins {
            offers.extend(command::plain_words().map(Offer::plain));
        }
        offers
    }
}

/// The value that a chain of names leads to, as the session holds it.
pub(super) fn value(session: &Session, chain: &Chain<'_>) -> Option<Dynamic> {
    match chain {
        Chain::Text => Some("".into()),
        Chain::Value { variable, keys } => {
            let root = session.variable(variable)?;
            keys.iter().try_fold(root, |value, key| {
                let map = value.read_lock::<Map>()?;
                map.get(*key).map(Dynamic::flatten_clone)
            })
        }
        Chain::CurrentAgency | Chain::Unknown => None,
    }
}

/// The names that `help` knows, where `typed` stands already.
pub(super) fn help_topics(typed: &str) -> Vec<Offer> {
    let topics: Vec<String> = match typed.contains("::") {
        true => doc::natives().iter().map(NativeDoc::full_name).collect(),
        false => doc::namespaces().iter().map(|name| (*name).to_owned()).collect(),
    };
    topics.into_iter().filter(|topic| topic.starts_with(typed)).map(Offer::plain).collect()
}

/// The methods of agencies.
fn agency_methods() -> Vec<Offer> {
    let natives = doc::natives().iter();
    let methods = natives.filter(|doc| doc.namespace == AGENCY && doc.is_method);
    methods.map(|doc| Offer::call(&doc.name)).collect()
}

/// A name as it stands in a text of the language.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

/// What [`escaped`] came from.
fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}

/// Whether a method of agencies takes a path first.
fn takes_path(function: &str) -> bool {
    doc::natives().iter().any(|doc| {
        doc.namespace == AGENCY
            && doc.is_method
            && doc.name == function
            && doc.signature.contains("(path")
    })
}

/// Whether a key can stand after a dot.
fn is_name(key: &str) -> bool {
    let mut letters = key.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
        && !syntax::keywords().contains(&key)
}
