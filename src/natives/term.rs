//! `term`: printing, colours, and the terminal's input.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::plugin::*;
use rhai::{Array, Dynamic, FnPtr, INT, ImmutableString};

use super::printing::{cut, whole};
use super::{NativeContext, NativeError, NativeResult, Raw, call, terminal};

/// How this run prints; what the script has not set follows the context.
#[derive(Debug, Default)]
struct Look {
    pretty: Mutex<Option<bool>>,
    color: Mutex<Option<bool>>,
}

const COLORS: &[&str] = &["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn color(run: &NativeContext, name: &str) -> NativeResult<String> {
    let number =
        |name: &str| COLORS.iter().position(|known| *known == name).map(|number| number + 30);
    let code = match name {
        "reset" => "0".to_owned(),
        "bright" => "1".to_owned(),
        "blink" => "5".to_owned(),
        name => match (name.strip_prefix("bold_").and_then(number), number(name)) {
            (Some(number), _) => format!("1;{number}"),
            (_, Some(number)) => number.to_string(),
            _ => return Err(NativeError::bad_parameter(format!("unknown colour '{name}'"))),
        },
    };
    let enabled = lock(&run.extension::<Look>().color).unwrap_or(run.color);
    Ok(if enabled { format!("\x1b[{code}m") } else { String::new() })
}

fn size() -> Array {
    let (columns, rows) =
        terminal_size::terminal_size().map_or((80, 24), |(width, height)| (width.0, height.0));
    vec![INT::from(rows).into(), INT::from(columns).into()]
}

/// The line of `print`: strings as they are, everything else through the printer.
pub(super) fn printed(run: &NativeContext, values: &[&mut Dynamic]) -> NativeResult<String> {
    let over_lines = lock(&run.extension::<Look>().pretty).unwrap_or(run.pretty);
    let words = values.iter().map(|value| match value.read_lock::<ImmutableString>() {
        Some(text) => Ok(text.to_string()),
        None => cut(run, value, over_lines),
    });
    Ok(words.collect::<NativeResult<Vec<_>>>()?.join(" "))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Writes text to the output, without a newline.
    ///
    /// `term::write(text: string) -> ()`
    ///
    /// Arguments: `text`.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `SYS_OUTPUT`, `internal.output(text)`.
    ///
    /// ```rhai
    /// assert_eq(term::capture(|| term::write("x")), "x");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn write(ctx: NativeCallContext, text: &str) -> Raw<()> {
        call(&ctx, "term::write", |run| {
            run.write(text);
            Ok(())
        })
    }

    /// Writes a line for people, apart from the output: to the standard error of a command line.
    ///
    /// `term::note(text: string) -> ()`
    ///
    /// Arguments: `text`, without a newline.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `internal.printErr(text)`, `console.error(text)`.
    ///
    /// ```rhai
    /// assert_eq(term::capture(|| term::note("nothing there")), "");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn note(ctx: NativeCallContext, text: &str) -> Raw<()> {
        call(&ctx, "term::note", |run| {
            run.note(text);
            Ok(())
        })
    }

    /// Lays rows out as a table.
    ///
    /// `term::table(rows: array, columns?: array) -> string`
    ///
    /// Arguments: `rows`, an array of maps; `columns`, the members to show, in this order; those of the first row unless given.
    /// Units: a line for the titles and one for each row, no newline at the end. Texts stand as they are, other values as `term::compact` writes them.
    /// Errors: `argument.type` (number 10) when a row is no map.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let rows = [#{ id: "a", size: 5 }, #{ id: "bcd", size: 12 }];
    /// assert_eq(term::table(rows, ["id", "size"]), "ID   SIZE\na       5\nbcd    12");
    /// ```
    #[rhai_fn(name = "table", return_raw)]
    pub fn table_of_all(ctx: NativeCallContext, rows: Array) -> Raw<String> {
        call(&ctx, "term::table", |_| super::super::table(&rows, None))
    }

    #[rhai_fn(name = "table", return_raw)]
    pub fn table_of_some(ctx: NativeCallContext, rows: Array, columns: Array) -> Raw<String> {
        call(&ctx, "term::table", |_| {
            super::super::table(&rows, Some(columns.iter().map(ToString::to_string).collect()))
        })
    }

    /// Writes a value over several lines, two blanks for each level.
    ///
    /// `term::pretty(value: any) -> string`
    ///
    /// Arguments: `value` of any type.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `internal.inspect(value)`.
    ///
    /// ```rhai
    /// assert_eq(term::pretty([1]), "[ \n  1 \n]");
    /// ```
    #[rhai_fn(name = "pretty", return_raw)]
    pub fn pretty_native(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        call(&ctx, "term::pretty", |run| whole(run, &value, true))
    }

    /// Writes a value on one line.
    ///
    /// `term::compact(value: any) -> string`
    ///
    /// Arguments: `value` of any type.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `internal.inspect(value, {prettyPrint: false})`.
    ///
    /// ```rhai
    /// assert_eq(term::compact(#{ a: 1, b: [1, "x"] }), `{ "a" : 1, "b" : [ 1, "x" ] }`);
    /// ```
    #[rhai_fn(name = "compact", return_raw)]
    pub fn compact_native(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        call(&ctx, "term::compact", |run| whole(run, &value, false))
    }

    /// Gives the escape sequence of a colour.
    ///
    /// `term::color(name: string) -> string`
    ///
    /// Arguments: `name`: `red`, `green`, `yellow`, `blue`, `magenta`, `cyan`, `white`, `black`, each with `bold_` too, `bright`, `blink`, `reset`.
    /// Units: `""` unless colours are on.
    /// Errors: `argument.invalid` for another name.
    /// Legacy: `COLORS`, `internal.COLORS.COLOR_RED`.
    ///
    /// ```rhai
    /// assert_eq(term::color("red"), "");
    /// term::set_color(true);
    /// assert_eq(term::color("red"), "\x1b[31m");
    /// ```
    #[rhai_fn(name = "color", return_raw)]
    pub fn color_native(ctx: NativeCallContext, name: &str) -> Raw<String> {
        call(&ctx, "term::color", |run| color(run, name))
    }

    /// Tells whether the standard output is a terminal.
    ///
    /// `term::is_tty() -> boolean`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `SYS_IS_A_TTY`, `internal.isATTy()`.
    ///
    /// ```rhai
    /// assert(term::is_tty() in [true, false]);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn is_tty(ctx: NativeCallContext) -> Raw<bool> {
        call(&ctx, "term::is_tty", |_| Ok(std::io::stdout().is_terminal()))
    }

    /// Tells the size of the terminal.
    ///
    /// `term::size() -> array`
    ///
    /// Arguments: none.
    /// Units: rows and columns of characters; 24 and 80 without a terminal.
    /// Errors: none.
    /// Legacy: `SYS_TERMINAL_SIZE`, `internal.terminalSize()`.
    ///
    /// ```rhai
    /// assert_eq(term::size().len, 2);
    /// ```
    #[rhai_fn(name = "size", return_raw)]
    pub fn size_native(ctx: NativeCallContext) -> Raw<Array> {
        call(&ctx, "term::size", |_| Ok(size()))
    }

    /// Reads one line of the standard input.
    ///
    /// `term::read_line(prompt?: string) -> string | ()`
    ///
    /// Arguments: `prompt`, written to the output first.
    /// Units: without newline; `()` at the end of the input.
    /// Errors: `deadline.script` (number 36); `term.unreadable` (number 2).
    /// Legacy: `SYS_GETLINE`, `console.getline()`.
    ///
    /// ```rhai
    /// // waits for a line unless the input has ended
    /// if false { term::read_line("name: "); }
    /// ```
    #[rhai_fn(name = "read_line", return_raw)]
    pub fn read_line_plain(ctx: NativeCallContext) -> Raw<Dynamic> {
        call(&ctx, "term::read_line", |run| terminal::read_line(run, ""))
    }

    #[rhai_fn(name = "read_line", return_raw)]
    pub fn read_line_prompt(ctx: NativeCallContext, prompt: &str) -> Raw<Dynamic> {
        call(&ctx, "term::read_line", |run| terminal::read_line(run, prompt))
    }

    /// Reads one line of the standard input without showing it.
    ///
    /// `term::read_password(prompt: string) -> string`
    ///
    /// Arguments: `prompt`, written to the output first.
    /// Units: without newline; `""` at the end of the input.
    /// Errors: `deadline.script` (number 36); `term.unreadable` (number 2).
    /// Legacy: none.
    ///
    /// ```rhai
    /// // waits for a line unless the input has ended
    /// if false { term::read_password("password: "); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_password(ctx: NativeCallContext, prompt: &str) -> Raw<String> {
        call(&ctx, "term::read_password", |run| terminal::read_password(run, prompt))
    }

    /// Gives input that waits, without waiting for more.
    ///
    /// `term::poll_input() -> string`
    ///
    /// Arguments: none.
    /// Units: at most 1023 bytes; `""` when nothing waits.
    /// Errors: `term.unreadable` (number 2).
    /// Legacy: `SYS_POLLSTDIN`, `internal.pollStdin()`, which gave 0 for nothing.
    ///
    /// ```rhai
    /// // reads the terminal
    /// if false { term::poll_input(); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn poll_input(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "term::poll_input", |_| terminal::poll_input())
    }

    /// Lets `print` write values over several lines, or on one.
    ///
    /// `term::set_pretty(enabled: boolean) -> ()`
    ///
    /// Arguments: `enabled`.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `start_pretty_print()`, `stop_pretty_print()`.
    ///
    /// ```rhai
    /// term::set_pretty(true);
    /// assert_eq(term::capture(|| print([1])), "[ \n  1 \n]\n");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_pretty(ctx: NativeCallContext, enabled: bool) -> Raw<()> {
        call(&ctx, "term::set_pretty", |run| {
            *lock(&run.extension::<Look>().pretty) = Some(enabled);
            Ok(())
        })
    }

    /// Switches colours on or off.
    ///
    /// `term::set_color(enabled: boolean) -> ()`
    ///
    /// Arguments: `enabled`.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `start_color_print()`, `stop_color_print()`.
    ///
    /// ```rhai
    /// term::set_color(false);
    /// assert_eq(term::color("red"), "");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_color(ctx: NativeCallContext, enabled: bool) -> Raw<()> {
        call(&ctx, "term::set_color", |run| {
            *lock(&run.extension::<Look>().color) = Some(enabled);
            Ok(())
        })
    }

    /// Runs a function and gives what it wrote to the output.
    ///
    /// `term::capture(f: function) -> string`
    ///
    /// Arguments: `f`, called without arguments.
    /// Units: none; the output is restored even after an error.
    /// Errors: what `f` raises.
    /// Legacy: `internal.startCaptureMode()`, `internal.stopCaptureMode()`.
    ///
    /// ```rhai
    /// assert_eq(term::capture(|| print("a", 1)), "a 1\n");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn capture(ctx: NativeCallContext, f: FnPtr) -> Raw<String> {
        let run = call(&ctx, "term::capture", |_| NativeContext::of(&ctx))?;
        let text = Arc::new(Mutex::new(String::new()));
        let collect = Arc::clone(&text);
        let before = run.replace_output(Arc::new(move |part: &str| lock(&collect).push_str(part)));
        let outcome = f.call_within_context::<Dynamic>(&ctx, ());
        run.replace_output(before);
        drop(outcome?);
        let text = lock(&text).clone();
        Ok(text)
    }
}
