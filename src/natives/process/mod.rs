//! `process`: programs that a script starts, signals, and words of command lines.
//!
//! * `launch`, `streams`, `start`: starting a program
//! * `table`, `watcher`, `children`: the children of a run
//! * `status`, `exchange`, `pipes`: waiting for them and talking to them
//! * `kill`, `signals`, `stranger`: signals, also to processes of others
//! * `statistics`, `argv`, `exit`: what needs no child

mod argv;
mod children;
mod exchange;
mod exit;
mod kill;
mod launch;
mod pipes;
mod signals;
mod start;
mod statistics;
mod status;
mod stranger;
mod streams;
mod table;
mod watcher;

use nix::sys::signal::Signal;
use rhai::plugin::*;
use rhai::{Array, Dynamic, INT, Map};

use super::argument::duration;
use super::{Gate, NativeContext, NativeError, NativeResult, Options, Raw, call};
use status::Patience;

pub use children::end_children;
pub use exit::{ExitRequest, exit};

/// Number 11 unless the run may start programs and send signals.
fn allowed(run: &NativeContext) -> NativeResult<()> {
    run.require(Gate::Processes)
}

/// Names the process in an error.
fn with_pid<E: Into<NativeError>>(pid: impl Into<INT>) -> impl FnOnce(E) -> NativeError {
    let pid = pid.into();
    move |error| error.into().with("pid", pid)
}

/// The status of a process, after the wait that the options ask for.
fn status_with(run: &NativeContext, pid: INT, options: &Map) -> NativeResult<Map> {
    allowed(run)?;
    let options = Options::new(options, &["wait", "timeout"])?;
    let patience = match options.number("timeout")? {
        Some(seconds) => Patience::For(duration(seconds)),
        None if options.bool("wait", false)? => Patience::Endless,
        None => Patience::None,
    };
    Ok(status::status(run, pid, patience)?.to_map())
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Ends a process in good order.
    pub const SIGTERM: INT = Signal::SIGTERM as INT;
    /// Ends a process at once; it cannot be ignored.
    pub const SIGKILL: INT = Signal::SIGKILL as INT;
    /// Ends a process as if it had crashed.
    pub const SIGABRT: INT = Signal::SIGABRT as INT;
    /// Suspends a process.
    pub const SIGSTOP: INT = Signal::SIGSTOP as INT;
    /// Lets a suspended process go on.
    pub const SIGCONT: INT = Signal::SIGCONT as INT;
    /// What Ctrl-C sends.
    pub const SIGINT: INT = Signal::SIGINT as INT;
    /// What tells many servers to read their configuration again.
    pub const SIGHUP: INT = Signal::SIGHUP as INT;

    /// Starts a program and returns at once.
    ///
    /// `process::start(program: string, args: array | string, options?: map) -> map`
    ///
    /// Arguments: `program`, looked for in `PATH` unless it has a slash; `args`, strings, numbers and booleans, or one string;
    /// `options` with `env` (a map, in which `()` removes a variable, or an array of `NAME=VALUE`, over the environment of the run),
    /// `cwd` (the child's working directory), `stdin` ("null"), `stdout` and `stderr` ("inherit"), each "inherit", "pipe", "null" or
    /// `#{ file: path, append: false }`, `new_group` (false). Errors that lead to a pipe share the one of the output.
    /// Returns `pid` and `status`. The child has default signal handlers and outlives the script; its pipes end with the host.
    /// Ctrl-C on a terminal interrupts the children as well, except those with `new_group`.
    /// Units: none.
    /// Errors: `process.not_found` (number 14) when there is no such program or `cwd`; `process.not_started` (Error) for what cannot be run;
    /// `fs.not_found` (14) and `fs.failed` (2) for a file of `stdin`, `stdout` or `stderr`, with which, as with `cwd`, `permission.files` (11) is needed too;
    /// `process.no_stream` (2); `process.no_thread` (4); `argument.invalid` and `argument.type` (10); `deadline.script` (36); `permission.processes` (11).
    /// Legacy: `SYS_EXECUTE_EXTERNAL`, `internal.executeExternal(program, args, usePipes, env)`; there a missing program had the pid 0.
    ///
    /// ```rhai
    /// let child = process::start("sh", ["-c", "exit 3"]);
    /// assert_eq(process::status(child.pid, #{ wait: true }).exit, 3);
    /// ```
    #[rhai_fn(name = "start", return_raw)]
    pub fn start_plain(ctx: NativeCallContext, program: &str, args: Dynamic) -> Raw<Map> {
        call(&ctx, "process::start", |run| start::start(run, program, &args, &Map::new()))
    }

    #[rhai_fn(name = "start", return_raw)]
    pub fn start_with(
        ctx: NativeCallContext,
        program: &str,
        args: Dynamic,
        options: Map,
    ) -> Raw<Map> {
        call(&ctx, "process::start", |run| start::start(run, program, &args, &options))
    }

    /// Starts a program and waits for its end.
    ///
    /// `process::run(program: string, args: array | string, options?: map) -> map`
    ///
    /// Arguments: as for `process::start`; `options` also with `timeout` (none), `capture` (false), `input` (a string or blob for the standard input).
    /// `capture` takes the output and the errors unless `stdout` or `stderr` lead them elsewhere. Returns a status as `process::status` does, with
    /// `capture` also `stdout` and `stderr`. After a timeout the child goes on, and `process::read_pipe` reads the rest of its output.
    /// What a child has started in its turn is not waited for.
    /// Units: `timeout` in seconds; at most 64 MiB are kept of each output; bytes that are no UTF-8 are replaced.
    /// Errors: as for `process::start`; `process.too_much_output` (number 3). The child goes on after an error; `context.pid` is its number.
    /// Legacy: `SYS_EXECUTE_EXTERNAL_AND_WAIT`, `internal.executeExternalAndWait(program, args, usePipes, timeout)`, in milliseconds.
    ///
    /// ```rhai
    /// let done = process::run("cat", [], #{ input: "hello", capture: true, timeout: 10 });
    /// assert_eq(done.status, "TERMINATED");
    /// assert_eq(done.stdout, "hello");
    /// ```
    #[rhai_fn(name = "run", return_raw)]
    pub fn run_plain(ctx: NativeCallContext, program: &str, args: Dynamic) -> Raw<Map> {
        call(&ctx, "process::run", |run| start::run_to_end(run, program, &args, &Map::new()))
    }

    #[rhai_fn(name = "run", return_raw)]
    pub fn run_with(
        ctx: NativeCallContext,
        program: &str,
        args: Dynamic,
        options: Map,
    ) -> Raw<Map> {
        call(&ctx, "process::run", |run| start::run_to_end(run, program, &args, &options))
    }

    /// Tells what a child does or how it ended.
    ///
    /// `process::status(pid: integer, options?: map) -> map`
    ///
    /// Arguments: `pid` of a child; `options` with `wait` (false) for its end, `timeout` (none), which implies `wait`.
    /// Returns `pid`, `status`, and one of `exit`, `signal`, `error_message`. `status` is `RUNNING`, `STOPPED`, `TERMINATED` (with `exit`),
    /// `ABORTED` (with `signal`), `TIMEOUT`, `NOT-FOUND`, or `UNKNOWN` when another part of the program has taken the child's end.
    /// Units: seconds, cut to what the deadline leaves. How a child ended is kept as long as the host.
    /// Errors: `deadline.script` (number 36), also when it passes during a wait without timeout; `permission.processes` (11); `argument.invalid`, `argument.type` (10).
    /// Legacy: `SYS_STATUS_EXTERNAL`, `internal.statusExternal(pid, wait, timeout)`, in milliseconds.
    ///
    /// ```rhai
    /// let child = process::start("sleep", [60]);
    /// assert_eq(process::status(child.pid, #{ timeout: 0.01 }).status, "TIMEOUT");
    /// assert_eq(process::status(child.pid).status, "RUNNING");
    /// process::kill(child.pid);
    /// assert_eq(process::status(child.pid).signal, process::SIGTERM);
    /// ```
    #[rhai_fn(name = "status", return_raw)]
    pub fn status_now(ctx: NativeCallContext, pid: INT) -> Raw<Map> {
        call(&ctx, "process::status", |run| status_with(run, pid, &Map::new()))
    }

    #[rhai_fn(name = "status", return_raw)]
    pub fn status_after(ctx: NativeCallContext, pid: INT, options: Map) -> Raw<Map> {
        call(&ctx, "process::status", |run| status_with(run, pid, &options))
    }

    /// Sends a signal to a process and, if it is a deadly one, waits for the end.
    ///
    /// `process::kill(pid: integer, signal?: integer, options?: map) -> map`
    ///
    /// Arguments: `pid`, of a child or not; `signal`, 15 unless given, 0 only asks; `options` with `wait` (true for signals that usually
    /// end a process; all but hangup, child, continue, the stopping ones, urgent and window change), `grace` (13) until SIGKILL, `timeout` (27) until the call gives up.
    /// Returns a status as `process::status` does. A process that is no child ends as `TERMINATED`; one that is gone, or whose end is known already, is `NOT-FOUND`.
    /// The script's own deadline does not count here, so that scripts can clean up after it.
    /// Units: seconds.
    /// Errors: `process.group` (number 11) for 0 and less; `process.forbidden` (11) when the system forbids it; `argument.invalid` (10) for
    /// signals without a name, real-time ones included; `permission.processes` (11).
    /// Legacy: `SYS_KILL_EXTERNAL`, `internal.killExternal(pid, signal)`.
    ///
    /// ```rhai
    /// let child = process::start("sleep", [60]);
    /// assert_eq(process::kill(child.pid, process::SIGKILL).signal, 9);
    /// assert_eq(process::kill(child.pid).status, "NOT-FOUND");
    /// ```
    #[rhai_fn(name = "kill", return_raw)]
    pub fn kill_softly(ctx: NativeCallContext, pid: INT) -> Raw<Map> {
        call(&ctx, "process::kill", |run| Ok(kill::kill(run, pid, SIGTERM, &Map::new())?.to_map()))
    }

    #[rhai_fn(name = "kill", return_raw)]
    pub fn kill_by(ctx: NativeCallContext, pid: INT, signal: INT) -> Raw<Map> {
        call(&ctx, "process::kill", |run| Ok(kill::kill(run, pid, signal, &Map::new())?.to_map()))
    }

    #[rhai_fn(name = "kill", return_raw)]
    pub fn kill_with(ctx: NativeCallContext, pid: INT, signal: INT, options: Map) -> Raw<Map> {
        call(&ctx, "process::kill", |run| Ok(kill::kill(run, pid, signal, &options)?.to_map()))
    }

    /// Suspends a process.
    ///
    /// `process::suspend(pid: integer) -> boolean`
    ///
    /// Arguments: `pid`, of a child or not. Returns whether there is such a process.
    /// Units: none.
    /// Errors: `process.group` and `process.forbidden` as for `process::kill`; `permission.processes` (all number 11).
    /// Legacy: `SYS_SUSPEND_EXTERNAL`, `internal.suspendExternal(pid)`.
    ///
    /// ```rhai
    /// let child = process::start("sleep", [60]);
    /// assert(process::suspend(child.pid));
    /// process::kill(child.pid, process::SIGKILL);
    /// assert_eq(process::suspend(child.pid), false);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn suspend(ctx: NativeCallContext, pid: INT) -> Raw<bool> {
        call(&ctx, "process::suspend", |run| kill::send_only(run, pid, Signal::SIGSTOP))
    }

    /// Lets a suspended process go on.
    ///
    /// `process::resume(pid: integer) -> boolean`
    ///
    /// Arguments: `pid`, of a child or not. Returns whether there is such a process.
    /// Units: none.
    /// Errors: as for `process::suspend`.
    /// Legacy: `SYS_CONTINUE_EXTERNAL`, `internal.continueExternal(pid)`.
    ///
    /// ```rhai
    /// let child = process::start("sleep", [60]);
    /// process::suspend(child.pid);
    /// assert(process::resume(child.pid));
    /// process::kill(child.pid);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn resume(ctx: NativeCallContext, pid: INT) -> Raw<bool> {
        call(&ctx, "process::resume", |run| kill::send_only(run, pid, Signal::SIGCONT))
    }

    /// Lists the children whose end no call has told yet.
    ///
    /// `process::children() -> array`
    ///
    /// Arguments: none. Each element is a status with `executable` and `arguments`, the program's name first.
    /// Units: none.
    /// Errors: `permission.processes` (number 11).
    /// Legacy: `SYS_GET_EXTERNAL_SPAWNED`, `internal.getExternalSpawned()`.
    ///
    /// ```rhai
    /// let child = process::start("sleep", [60]);
    /// assert_eq(process::children()[0].arguments, ["sleep", "60"]);
    /// process::kill(child.pid);
    /// assert_eq(process::children(), []);
    /// ```
    #[rhai_fn(name = "children", return_raw)]
    pub fn children_native(ctx: NativeCallContext) -> Raw<Array> {
        call(&ctx, "process::children", children::children)
    }

    /// Tells what the system counts for a process.
    ///
    /// `process::statistics(pid?: integer) -> map`
    ///
    /// Arguments: `pid`, this process unless given. Returns `minor_page_faults`, `major_page_faults`, `user_time`, `system_time`,
    /// `number_of_threads`, `resident_size`, `resident_size_percent`, `virtual_size`; all zero for an unknown process, and where there is no `/proc`.
    /// Units: seconds, bytes; `resident_size_percent` is a fraction of the memory, 0 to 1.
    /// Errors: `permission.processes` (number 11).
    /// Legacy: `SYS_PROCESS_STATISTICS_EXTERNAL`, `SYS_PROCESS_STATISTICS`, `internal.statisticsExternal(pid)`, `internal.thisProcessStatistics()`.
    ///
    /// ```rhai
    /// assert("resident_size" in process::statistics());
    /// assert_eq(process::statistics(2147483647).number_of_threads, 0);
    /// ```
    #[rhai_fn(name = "statistics", return_raw)]
    pub fn statistics_here(ctx: NativeCallContext) -> Raw<Map> {
        let pid = INT::from(std::process::id());
        call(&ctx, "process::statistics", |run| statistics::statistics(run, pid))
    }

    #[rhai_fn(name = "statistics", return_raw)]
    pub fn statistics_of(ctx: NativeCallContext, pid: INT) -> Raw<Map> {
        call(&ctx, "process::statistics", |run| statistics::statistics(run, pid))
    }

    /// Changes how much processor time a process gets next to others.
    ///
    /// `process::set_priority(pid: integer, nice: integer) -> ()`
    ///
    /// Arguments: `pid`, of a child or not; `nice`, -20 (first) to 19 (last).
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) for another `nice`; `process.unknown` (1203); `process.group` and `process.forbidden` (11), the latter
    /// mostly for a lower `nice` than before; `deadline.script` (36); `permission.processes` (11).
    /// Legacy: `SYS_SET_PRIORITY_EXTERNAL`, `internal.setPriorityExternal(pid, nice)`.
    ///
    /// ```rhai
    /// let child = process::start("sleep", [60]);
    /// process::set_priority(child.pid, 19);
    /// process::kill(child.pid);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_priority(ctx: NativeCallContext, pid: INT, nice: INT) -> Raw<()> {
        call(&ctx, "process::set_priority", |run| children::set_priority(run, pid, nice))
    }

    /// Lets the script's deadline pass when a child ends.
    ///
    /// `process::monitor(pid: integer) -> ()`
    ///
    /// Arguments: `pid` of a child. When it ends, what the script waits for ends too, the next checked call raises
    /// `deadline.script`, and the reason ends with the number of the child. One that has ended already counts.
    /// Units: the end is noticed within 0.1 s. Call `process::unmonitor` before a kill of your own.
    /// Errors: `process.unknown` (number 1203); `process.group` (11); `deadline.script` (36); `permission.processes` (11).
    /// Legacy: `SYS_ADD_TO_PID_MONITORING`, `internal.addPidToMonitor(pid)`.
    ///
    /// ```rhai
    /// let child = process::start("sh", ["-c", "exit 1"]);
    /// process::monitor(child.pid);
    /// // the pause ends early; when the child was faster, it is not even begun
    /// try { time::sleep(20); } catch {}
    /// assert(time::deadline_reason().ends_with(` - ${child.pid}`));
    /// time::clear_deadline();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn monitor(ctx: NativeCallContext, pid: INT) -> Raw<()> {
        call(&ctx, "process::monitor", |run| children::monitor(run, pid))
    }

    /// Undoes `process::monitor`; afterwards the end of that child changes nothing.
    ///
    /// `process::unmonitor(pid: integer) -> ()`
    ///
    /// Arguments: `pid`; one that is not monitored is no error.
    /// Units: none.
    /// Errors: `process.group` (number 11); `deadline.script` (36); `permission.processes` (11).
    /// Legacy: `SYS_REMOVE_FROM_PID_MONITORING`, `internal.removePidFromMonitor(pid)`.
    ///
    /// ```rhai
    /// let child = process::start("sleep", [60]);
    /// process::monitor(child.pid);
    /// process::unmonitor(child.pid);
    /// process::kill(child.pid);
    /// time::sleep(0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn unmonitor(ctx: NativeCallContext, pid: INT) -> Raw<()> {
        call(&ctx, "process::unmonitor", |run| children::unmonitor(run, pid))
    }

    /// Reads what a child writes.
    ///
    /// `process::read_pipe(pid: integer, max?: integer) -> string`
    ///
    /// Arguments: `pid` of a child with `stdout` or `stderr` "pipe"; `max`, 1023 unless given. Waits until so much is there or the
    /// child's output ends; then the rest, at last an empty string. A character is never cut.
    /// Units: bytes, up to 64 MiB; those that are no UTF-8 are replaced.
    /// Errors: `process.no_pipe` (number 1203); `argument.invalid` (10); `deadline.script` (36), after which the next call reads on; `permission.processes` (11).
    /// Legacy: `SYS_READPIPE`, `fs.readPipe(pid)`.
    ///
    /// ```rhai
    /// let child = process::start("sh", ["-c", "echo hello"], #{ stdout: "pipe" });
    /// assert_eq(process::read_pipe(child.pid, 4), "hell");
    /// assert_eq(process::read_pipe(child.pid), "o\n");
    /// assert_eq(process::read_pipe(child.pid), "");
    /// ```
    #[rhai_fn(name = "read_pipe", return_raw)]
    pub fn read_pipe(ctx: NativeCallContext, pid: INT) -> Raw<String> {
        call(&ctx, "process::read_pipe", |run| pipes::read(run, pid, pipes::DEFAULT_READ))
    }

    #[rhai_fn(name = "read_pipe", return_raw)]
    pub fn read_pipe_up_to(ctx: NativeCallContext, pid: INT, max: INT) -> Raw<String> {
        call(&ctx, "process::read_pipe", |run| pipes::read(run, pid, max))
    }

    /// Writes to a child.
    ///
    /// `process::write_pipe(pid: integer, text: string | blob) -> boolean`
    ///
    /// Arguments: `pid` of a child with `stdin` "pipe". Waits until all is written; false when the child reads no more.
    /// Units: none.
    /// Errors: `process.no_pipe` (number 1203); `deadline.script` (36), when a part may be written; `argument.type` (10); `permission.processes` (11).
    /// Legacy: `SYS_WRITEPIPE`, `fs.writePipe(pid, text)`.
    ///
    /// ```rhai
    /// let child = process::start("cat", [], #{ stdin: "pipe", stdout: "pipe" });
    /// assert(process::write_pipe(child.pid, "hello"));
    /// process::close_pipe(child.pid, "write");
    /// assert_eq(process::read_pipe(child.pid), "hello");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn write_pipe(ctx: NativeCallContext, pid: INT, text: Dynamic) -> Raw<bool> {
        call(&ctx, "process::write_pipe", |run| pipes::write(run, pid, &text))
    }

    /// Closes the pipe to or from a child.
    ///
    /// `process::close_pipe(pid: integer, side: string) -> ()`
    ///
    /// Arguments: `side`, "write" for the child's input, which ends then, or "read" for its output. One that is closed is no error.
    /// Units: none.
    /// Errors: `process.no_pipe` (number 1203) for an unknown child; `argument.invalid` (10) for another side; `permission.processes` (11).
    /// Legacy: `SYS_CLOSEPIPE`, `fs.closePipe(pid, read)`.
    ///
    /// ```rhai
    /// let child = process::start("cat", [], #{ stdin: "pipe" });
    /// process::close_pipe(child.pid, "write");
    /// assert_eq(process::status(child.pid, #{ wait: true }).exit, 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn close_pipe(ctx: NativeCallContext, pid: INT, side: &str) -> Raw<()> {
        call(&ctx, "process::close_pipe", |run| pipes::close(run, pid, side))
    }

    /// Gives the number of this process.
    ///
    /// `process::id() -> integer`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `SYS_GET_PID`, `internal.getPid()`.
    ///
    /// ```rhai
    /// assert(process::id() > 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn id(ctx: NativeCallContext) -> Raw<INT> {
        call(&ctx, "process::id", |_| Ok(INT::from(std::process::id())))
    }

    /// Ends the run, as the global `exit` does; `try` does not catch it.
    ///
    /// `process::exit(code?: integer) -> ()`
    ///
    /// Arguments: `code`, 0 unless given.
    /// Units: the system keeps the low byte. Children go on.
    /// Errors: `argument.type` for anything but an integer.
    /// Legacy: `SYS_EXIT`, `process.exit(code)`, `internal.exit(code)`.
    ///
    /// ```rhai
    /// try { process::exit(0); } catch { throw "caught"; }
    /// ```
    #[rhai_fn(name = "exit", return_raw)]
    pub fn exit_well(ctx: NativeCallContext) -> Raw<Dynamic> {
        exit::exit(&ctx, 0)
    }

    #[rhai_fn(name = "exit", return_raw)]
    pub fn exit_with(ctx: NativeCallContext, code: INT) -> Raw<Dynamic> {
        exit::exit(&ctx, code)
    }

    /// Turns a map into the words of a command line.
    ///
    /// `process::to_argv(map: map, equals?: boolean) -> array`
    ///
    /// Arguments: `map`, whose keys come in their order: each becomes `--key` and its value, `()` the key alone, an array one pair for each value.
    /// The arrays `flatCommands` and `commandSwitches` hold words without a key, the latter's single letters joined. With `equals` pairs are one word `--key=value`.
    /// Units: none.
    /// Errors: `argument.type` (number 10) for values that are no string, number, boolean, array or `()`.
    /// Legacy: `internal.toArgv(map, equals)`.
    ///
    /// ```rhai
    /// assert_eq(process::to_argv(#{ a: true, b: ["x", 5] }), ["--a", "true", "--b", "x", "--b", "5"]);
    /// assert_eq(process::to_argv(#{ a: 1 }, true), ["--a=1"]);
    /// ```
    #[rhai_fn(name = "to_argv", return_raw)]
    pub fn to_argv_pairs(ctx: NativeCallContext, map: Map) -> Raw<Array> {
        call(&ctx, "process::to_argv", |_| argv::to_argv(&map, false))
    }

    #[rhai_fn(name = "to_argv", return_raw)]
    pub fn to_argv_equals(ctx: NativeCallContext, map: Map, equals: bool) -> Raw<Array> {
        call(&ctx, "process::to_argv", |_| argv::to_argv(&map, equals))
    }

    /// Turns the words of a command line into a map.
    ///
    /// `process::parse_argv(args: array) -> map`
    ///
    /// Arguments: `args`, of which `--name value` becomes a member, several of one name an array, `--a:b value` a map in a map.
    /// Booleans and integers are converted. `--name` without a value and the letters of `-xyz` go to the array `commandSwitches`,
    /// all else, and all after `--`, to `flatCommands`; without words these are absent.
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) when `--a:b` follows a value of `--a`; `argument.type` (10).
    /// Legacy: `internal.parseArgv(args, start)`; there a name at the end was an error.
    ///
    /// ```rhai
    /// assert_eq(process::parse_argv(["s", "--n", "5", "-v"]), #{ n: 5, commandSwitches: ["v"], flatCommands: ["s"] });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse_argv(ctx: NativeCallContext, args: Array) -> Raw<Map> {
        call(&ctx, "process::parse_argv", |_| argv::parse_argv(&args))
    }

    /// Names a signal.
    ///
    /// `process::signal_name(number: integer) -> string`
    ///
    /// Arguments: `number`, 1 to 64.
    /// Units: none.
    /// Errors: `argument.invalid` (number 10) for another number; `permission.processes` (11).
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(process::signal_name(9), "SIGKILL");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn signal_name(ctx: NativeCallContext, number: INT) -> Raw<String> {
        call(&ctx, "process::signal_name", |run| {
            allowed(run)?;
            signals::name(number)
        })
    }
}
