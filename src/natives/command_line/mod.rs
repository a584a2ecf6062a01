//! Command lines that scripts declare: a map says which words there may be, clap reads them.
//!
//! * `parameter`: one argument or option
//! * here: all of them, and what was given

mod parameter;

use clap::{ArgMatches, Command};
use rhai::plugin::*;
use rhai::{Array, Dynamic, Map};

use super::{NativeContext, NativeError, NativeResult, Options, Raw, exit};
use parameter::Parameter;

const KEYS: [&str; 6] = ["about", "details", "arguments", "options", "examples", "exit_codes"];

/// What a script takes from its command line.
#[derive(Debug, Clone, Default)]
pub struct CommandLine {
    about: Option<String>,
    details: Option<String>,
    parameters: Vec<Parameter>,
    examples: Vec<String>,
    exit_codes: Vec<(String, String)>,
}

impl CommandLine {
    /// Reads a declaration.
    ///
    /// # Errors
    /// `argument.invalid` or `argument.type` (number 10) naming what is wrong with it.
    pub fn declared(declaration: &Map) -> NativeResult<Self> {
        let options = Options::new(declaration, &KEYS)?;
        let mut parameters = Vec::new();
        for map in maps(&options, "arguments")? {
            parameters.push(Parameter::argument(&map)?);
        }
        for map in maps(&options, "options")? {
            parameters.push(Parameter::option(&map)?);
        }
        parameter::check_all(&parameters)?;
        let exit_codes = options.map("exit_codes")?.unwrap_or_default();
        let mut exit_codes: Vec<(String, String)> = exit_codes
            .into_iter()
            .map(|(code, meaning)| (code.to_string(), meaning.to_string()))
            .collect();
        exit_codes.sort_by_key(|(code, _)| code.parse::<u16>().unwrap_or(u16::MAX));
        Ok(Self {
            about: options.string("about")?,
            details: options.string("details")?,
            parameters,
            examples: options.strings("examples")?.unwrap_or_default(),
            exit_codes,
        })
    }

    /// Adds what is declared to a command; `calling` is how people call it.
    pub fn add_to(&self, command: Command, calling: &str) -> Command {
        let mut command = command.after_help(self.after_help(calling));
        if let Some(about) = &self.about {
            command = command.about(about);
            if let Some(details) = &self.details {
                command = command.long_about(format!("{about}\n\n{details}"));
            }
        }
        let arguments = self.parameters.iter().enumerate();
        command.args(arguments.map(|(place, parameter)| parameter.as_clap(place)))
    }

    /// What was given: a member for each parameter.
    pub fn given(&self, matches: &ArgMatches) -> Map {
        self.parameters.iter().map(|one| (one.name.as_str().into(), one.given(matches))).collect()
    }

    fn after_help(&self, calling: &str) -> String {
        let mut parts = Vec::new();
        if !self.examples.is_empty() {
            let lines = self.examples.iter().map(|example| format!("\n  {calling} {example}"));
            parts.push(format!("Examples:{}", lines.collect::<String>()));
        }
        if !self.exit_codes.is_empty() {
            let lines =
                self.exit_codes.iter().map(|(code, meaning)| format!("\n  {code:>3}  {meaning}"));
            parts.push(format!("Exit codes:{}", lines.collect::<String>()));
        }
        parts.join("\n\n")
    }
}

fn maps(options: &Options<'_>, key: &str) -> NativeResult<Vec<Map>> {
    let Some(value) = options.value(key) else { return Ok(Vec::new()) };
    let wrong = || NativeError::wrong_type(format!("'{key}' must be an array of maps"));
    let items = value.read_lock::<Array>().ok_or_else(wrong)?;
    items.iter().map(|item| item.clone().try_cast::<Map>().ok_or_else(wrong)).collect()
}

/// What the words of a script came to.
enum Parsed {
    Given(Map),
    /// Somebody asked for help: this is it.
    Help(String),
}

fn parse(run: &NativeContext, declaration: &Map, words: &[String]) -> NativeResult<Parsed> {
    let line = CommandLine::declared(declaration)?;
    let script = run.invocation().script.unwrap_or_default();
    let name = script.file_name().map_or("script".into(), |name| name.to_string_lossy());
    let calling = format!("agencysh run {name}");
    let command = Command::new(calling.clone()).bin_name(&calling).disable_help_subcommand(true);
    let command = line.add_to(command.no_binary_name(true), &calling);
    match command.try_get_matches_from(words) {
        Ok(matches) => Ok(Parsed::Given(line.given(&matches))),
        Err(error) if !error.use_stderr() => Ok(Parsed::Help(error.render().to_string())),
        Err(error) => {
            let text = error.render().to_string();
            let message = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
            Err(NativeError::arango("usage.arguments", 10, message))
        }
    }
}

fn given(ctx: &NativeCallContext, declaration: &Map, words: Option<Vec<String>>) -> Raw<Dynamic> {
    let parsed = super::call(ctx, "env::parse", |run| {
        parse(run, declaration, &words.unwrap_or_else(|| run.invocation().arguments))
    })?;
    match parsed {
        Parsed::Given(map) => Ok(map.into()),
        Parsed::Help(text) => {
            super::call(ctx, "env::parse", |run| {
                run.write(&text);
                Ok(())
            })?;
            exit(ctx, 0)
        }
    }
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Reads the words after the script's name as a declaration says.
    ///
    /// `env::parse(declaration: map, words?: array) -> map`
    ///
    /// Arguments: `declaration` with `about`, `details`, `arguments`, `options`, `examples` (what stands after the command), `exit_codes`
    /// (code to meaning). Each of `arguments` has `name`, `help`, `required` (false), `repeated` (false), `trailing` (false: all that comes after `--`).
    /// Each of `options` has `name`, `short`, `help`, `value` (what the value is called; without it the option is a flag), `default`, `values` (the
    /// possible ones), `kind` (`text`, `integer`, `number`), `repeated`. `words`: `env::args()` unless given. Returns a member for each name: a
    /// text, a number or `()`, an array for what is repeated, a boolean for a flag.
    /// Units: an option called `sort_by` is typed `--sort-by`. `--help` prints help and ends the run.
    /// Errors: `usage.arguments` (number 10) for words that do not fit; `argument.invalid` for a declaration that is none.
    /// Legacy: none; `internal.parseArgv`.
    ///
    /// ```rhai
    /// let given = env::parse(#{
    ///     arguments: [#{ name: "path", help: "where", required: true }],
    ///     options: [#{ name: "limit", help: "at most", value: "N", kind: "integer", "default": "10" }],
    /// }, ["Plan/Version"]);
    /// assert_eq(given, #{ path: "Plan/Version", limit: 10 });
    /// ```
    #[rhai_fn(name = "parse", return_raw)]
    pub fn parse_arguments(ctx: NativeCallContext, declaration: Map) -> Raw<Dynamic> {
        given(&ctx, &declaration, None)
    }

    #[rhai_fn(name = "parse", return_raw)]
    pub fn parse_words(ctx: NativeCallContext, declaration: Map, words: Array) -> Raw<Dynamic> {
        given(&ctx, &declaration, Some(words.iter().map(ToString::to_string).collect()))
    }
}

#[cfg(test)]
mod tests;
