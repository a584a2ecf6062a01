//! One argument or option of a declared command line.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use rhai::{Dynamic, Map};

use crate::natives::{NativeError, NativeResult, Options};

/// What an argument or an option is.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// Its name in what was given.
    pub(super) name: String,
    help: String,
    place: Place,
    kind: Kind,
    required: bool,
    repeated: bool,
    default: Option<String>,
    values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Positional,
    /// After `--`.
    Trailing,
    /// Without a value it is a flag.
    Option {
        short: Option<char>,
        value: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Number,
}

impl Parameter {
    pub(super) fn argument(map: &Map) -> NativeResult<Self> {
        let options =
            Options::new(map, &["name", "help", "required", "repeated", "trailing", "kind"])?;
        let trailing = options.bool("trailing", false)?;
        Ok(Self {
            name: name(&options)?,
            help: options.string("help")?.unwrap_or_default(),
            place: if trailing { Place::Trailing } else { Place::Positional },
            kind: kind(&options)?,
            required: options.bool("required", false)?,
            repeated: trailing || options.bool("repeated", false)?,
            default: None,
            values: Vec::new(),
        })
    }

    pub(super) fn option(map: &Map) -> NativeResult<Self> {
        let known = ["name", "short", "help", "value", "default", "values", "kind", "repeated"];
        let options = Options::new(map, &known)?;
        let name = name(&options)?;
        let short = options.string("short")?;
        let short = short.map(|text| letter(&name, &text)).transpose()?;
        let parameter = Self {
            help: options.string("help")?.unwrap_or_default(),
            place: Place::Option { short, value: options.string("value")? },
            kind: kind(&options)?,
            required: false,
            repeated: options.bool("repeated", false)?,
            default: options.value("default").map(ToString::to_string),
            values: options.strings("values")?.unwrap_or_default(),
            name,
        };
        parameter.check()?;
        Ok(parameter)
    }

    fn is_flag(&self) -> bool {
        matches!(self.place, Place::Option { value: None, .. })
    }

    fn check(&self) -> NativeResult<()> {
        let Self { name, default, values, .. } = self;
        let takes_value = self.repeated || default.is_some() || !values.is_empty();
        if self.is_flag() && (takes_value || self.kind != Kind::Text) {
            return Err(invalid(format!(
                "option '{name}' needs `value`: what its value is called"
            )));
        }
        let Some(default) = default else { return Ok(()) };
        let fits = match self.kind {
            Kind::Text => values.is_empty() || values.contains(default),
            Kind::Integer => default.parse::<i64>().is_ok(),
            Kind::Number => default.parse::<f64>().is_ok(),
        };
        match fits {
            true => Ok(()),
            false => Err(invalid(format!("option '{name}' cannot have the default '{default}'"))),
        }
    }

    /// What clap calls it; options of the program itself have names without a colon.
    fn id(&self) -> String {
        format!("script:{}", self.name)
    }

    /// The parameter at `place` of all.
    pub(super) fn as_clap(&self, place: usize) -> Arg {
        let argument = Arg::new(self.id()).help(self.help.clone()).display_order(place);
        let argument = match &self.place {
            Place::Positional => self
                .taking_values(argument)
                .value_name(self.name.to_uppercase())
                .allow_negative_numbers(true),
            Place::Trailing => {
                self.taking_values(argument).value_name(self.name.to_uppercase()).last(true)
            }
            Place::Option { short, value } => {
                let argument = argument.long(self.name.replace('_', "-")).short(*short);
                match value {
                    None => return argument.action(ArgAction::SetTrue),
                    Some(value) => self.taking_values(argument).value_name(value.clone()),
                }
            }
        };
        argument.required(self.required)
    }

    fn taking_values(&self, argument: Arg) -> Arg {
        let is_option = matches!(self.place, Place::Option { .. });
        let argument = match self.kind {
            Kind::Text if self.values.is_empty() => argument,
            Kind::Text => argument.value_parser(PossibleValuesParser::new(self.values.clone())),
            Kind::Integer => argument.value_parser(value_parser!(i64)).allow_negative_numbers(true),
            Kind::Number => argument.value_parser(value_parser!(f64)).allow_negative_numbers(true),
        };
        let argument = match (self.repeated, is_option) {
            (true, true) => argument.action(ArgAction::Append),
            (true, false) => argument.action(ArgAction::Append).num_args(1..),
            (false, _) => argument,
        };
        match &self.default {
            Some(default) => argument.default_value(default.clone()),
            None => argument,
        }
    }

    /// What was given for it.
    pub(super) fn given(&self, matches: &ArgMatches) -> Dynamic {
        let id = self.id();
        if self.is_flag() {
            return matches.get_flag(&id).into();
        }
        let mut values: Vec<Dynamic> = match self.kind {
            Kind::Text => all::<String>(matches, &id),
            Kind::Integer => all::<i64>(matches, &id),
            Kind::Number => all::<f64>(matches, &id),
        };
        match self.repeated {
            true => values.into(),
            false => values.pop().unwrap_or(Dynamic::UNIT),
        }
    }
}

fn all<T: Clone + Send + Sync + 'static + Into<Dynamic>>(
    matches: &ArgMatches,
    id: &str,
) -> Vec<Dynamic> {
    matches.get_many::<T>(id).into_iter().flatten().map(|value| value.clone().into()).collect()
}

/// Whether these can stand together on one command line.
pub(super) fn check_all(parameters: &[Parameter]) -> NativeResult<()> {
    let mut names = BTreeSet::from(["help", "version"]);
    let mut letters = BTreeSet::from(['h', 'V']);
    let mut before: Option<&Parameter> = None;
    for one in parameters {
        let name = one.name.as_str();
        if !names.insert(name) {
            return Err(invalid(format!("the name '{name}' is taken")));
        }
        match &one.place {
            Place::Option { short: Some(letter), .. } if !letters.insert(*letter) => {
                return Err(invalid(format!("the letter '{letter}' of '{name}' is taken")));
            }
            Place::Option { .. } => {}
            Place::Positional | Place::Trailing => {
                let place = &one.place;
                let out_of_turn = before.is_some_and(|before| {
                    let last = before.place == Place::Trailing
                        || before.repeated && *place == Place::Positional;
                    last || one.required && !before.required
                });
                if out_of_turn {
                    let message = format!(
                        "the argument '{name}' cannot come here: required ones come first, repeated and trailing ones last"
                    );
                    return Err(invalid(message));
                }
                before = Some(one);
            }
        }
    }
    Ok(())
}

fn name(options: &Options<'_>) -> NativeResult<String> {
    let name = options.string("name")?.unwrap_or_default();
    let good = name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    match good {
        true => Ok(name),
        false => Err(invalid(format!(
            "'{name}' names no argument: small letters, digits and _ make a name"
        ))),
    }
}

fn kind(options: &Options<'_>) -> NativeResult<Kind> {
    match options.string("kind")?.as_deref() {
        None | Some("text") => Ok(Kind::Text),
        Some("integer") => Ok(Kind::Integer),
        Some("number") => Ok(Kind::Number),
        Some(other) => {
            Err(invalid(format!("'{other}' is none of the kinds text, integer and number")))
        }
    }
}

fn letter(name: &str, text: &str) -> NativeResult<char> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_alphanumeric() => Ok(letter),
        _ => Err(invalid(format!("'{text}' of option '{name}' is no letter"))),
    }
}

fn invalid(message: String) -> NativeError {
    NativeError::bad_parameter(message)
}
