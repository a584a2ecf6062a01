//! Large files, a row or line at a time.

mod bounded;
mod csv_rows;
mod json_lines;

use rhai::plugin::*;
use rhai::{Dynamic, FnPtr, INT, Map};

use crate::natives::Raw;
use crate::natives::callback::call_back;

/// A script's function that takes a value and, if it has a second parameter, the value's number.
struct Taker<'a> {
    ctx: &'a NativeCallContext<'a>,
    function: &'a FnPtr,
    takes_number: bool,
    given: INT,
}

impl<'a> Taker<'a> {
    fn new(ctx: &'a NativeCallContext<'a>, function: &'a FnPtr) -> Self {
        Self { ctx, function, takes_number: true, given: 0 }
    }

    /// Hands over the next value; what the function returns is of no account.
    fn give(&mut self, value: Dynamic) -> Result<(), Box<EvalAltResult>> {
        let number = self.given;
        self.given += 1;
        if self.takes_number {
            match self.function.call_raw(self.ctx, None, [value.clone(), number.into()]) {
                Err(error) if number == 0 && self.is_missing(&error) => self.takes_number = false,
                done => return done.map(|_| ()),
            }
        }
        self.function.call_raw(self.ctx, None, [value]).map(|_| ())
    }

    /// Whether there is no such function with this number of parameters.
    fn is_missing(&self, error: &EvalAltResult) -> bool {
        matches!(error, EvalAltResult::ErrorFunctionNotFound(signature, _)
            if signature.starts_with(self.function.fn_name()))
    }
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Calls a function with each row of a CSV file, which may be larger than the memory.
    ///
    /// `fs::each_csv_row(path: string, f: function, options?: map) -> ()`
    ///
    /// Arguments: `f`, called with an array of strings and the number of the row from 0, or with the array alone;
    /// what it returns is of no account. Option `separator` (","); option `quote` ("\""), "" for none. Quoted fields
    /// may hold separators and line breaks, a doubled quote stands for one; empty lines are left out, and the first row
    /// is one as any other.
    /// Units: rows of at most 1073741824 bytes.
    /// Errors: what `f` raises; `fs.bad_separator` (TypeError) for an option that is not one ASCII character;
    /// `fs.not_found` (number 14); `fs.failed` (2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `SYS_PROCESS_CSV_FILE`, `internal.processCsvFile(path, f, options)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/c", "a;\"b;c\"\n1;2\n");
    /// let seen = [];
    /// fs::each_csv_row(fixture_dir + "/c", |row, n| seen.push([n, row]), #{ separator: ";" });
    /// assert_eq(seen, [[0, ["a", "b;c"]], [1, ["1", "2"]]]);
    /// ```
    #[rhai_fn(name = "each_csv_row", return_raw)]
    pub fn each_csv_row_plain(ctx: NativeCallContext, path: &str, f: FnPtr) -> Raw<()> {
        call_back(&ctx, "fs::each_csv_row", |run| {
            csv_rows::each(run, path, &Map::new(), Taker::new(&ctx, &f))
        })
    }

    #[rhai_fn(name = "each_csv_row", return_raw)]
    pub fn each_csv_row_with(
        ctx: NativeCallContext,
        path: &str,
        f: FnPtr,
        options: Map,
    ) -> Raw<()> {
        call_back(&ctx, "fs::each_csv_row", |run| {
            csv_rows::each(run, path, &options, Taker::new(&ctx, &f))
        })
    }

    /// Calls a function with each value of a file that has one JSON value a line; the file may be larger than the memory.
    ///
    /// `fs::each_json_line(path: string, f: function) -> ()`
    ///
    /// Arguments: `f`, called with the value and its number from 0, or with the value alone; what it returns is of no
    /// account. Blank lines are left out.
    /// Units: lines of at most 1073741824 bytes.
    /// Errors: what `f` raises; `json.malformed` (number 37) with the `line` in its context; `fs.not_found` (14);
    /// `fs.failed` (2); `permission.files` (number 11) when the run may not use files.
    /// Legacy: `SYS_PROCESS_JSON_FILE`, `internal.processJsonFile(path, f)`.
    ///
    /// ```rhai
    /// fs::write(fixture_dir + "/l", "{\"a\": 1}\n\n[2]\n");
    /// let seen = [];
    /// fs::each_json_line(fixture_dir + "/l", |value, n| seen.push([n, value]));
    /// assert_eq(seen, [[0, #{ a: 1 }], [1, [2]]]);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn each_json_line(ctx: NativeCallContext, path: &str, f: FnPtr) -> Raw<()> {
        call_back(&ctx, "fs::each_json_line", |run| {
            json_lines::each(run, path, Taker::new(&ctx, &f))
        })
    }
}
