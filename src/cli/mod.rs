//! The command line of agencysh: options, commands, and all that is shown to people.

#[cfg(feature = "standin")]
mod arangod;
mod arangosh;
mod check;
#[cfg(feature = "standin")]
mod cluster;
mod completions;
mod definitions;
mod doc;
mod dump;
mod embedded;
mod everyday;
mod exit;
mod interrupt;
mod natives_page;
mod options;
mod output;
mod repl;
#[cfg(feature = "standin")]
mod replay;
mod report;
mod restrictions;
mod run;
mod shown_target;
mod test;
mod words;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use exit::ExitCode;
use options::{OptionError, Options};

/// Runs Rhai scripts against ArangoDB's agency, or against an agency of its own.
///
/// `agencysh FILE` runs a script, `agencysh` alone opens a shell.
#[derive(Debug, Parser)]
#[command(name = "agencysh", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    shell: repl::ShellOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a script; `run FILE` may be shortened to `FILE`
    Run {
        /// The script, or `-` for the standard input
        file: PathBuf,
        /// Words for the script: all that comes after FILE
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run a text and print its value; `-e CODE` for short
    ///
    /// The exit code is 0 for `()` and true, 1 for false, and the low byte of an integer.
    Eval {
        /// The text of a script
        code: String,
        /// Words for the script
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the tests of test scripts, `*_test.rhai`
    ///
    /// The exit code is 0 when all passed, 1 when something failed, 7 when there was no test.
    Test(Box<test::TestOptions>),
    /// Find mistakes in scripts without running them
    Check {
        /// The scripts
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Write what every agent has into one archive, without secrets, or show what is in such a dump
    ///
    /// The exit code is 0 when some agent gave something, 3 when none did, 4 when none lets us in, 124 when the deadline has passed.
    Dump(dump::Dump),
    /// Apply the log of an agency's dump again and compare the outcome with the recorded tree
    ///
    /// The exit code is 0 when they are equal, 5 when they differ, 2 when the dump cannot be read.
    #[cfg(feature = "standin")]
    Replay(replay::Replay),
    /// Servers as processes of their own: start, watch, kill, pause, resume, restart
    #[cfg(feature = "standin")]
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Serve as one server of a cluster, with arangod's options: `agencysh arangod --help` lists them
    #[cfg(feature = "standin")]
    #[command(disable_help_flag = true)]
    Arangod,
    /// Show the reference of the natives and the standard library
    Doc {
        /// A function, a namespace, or a name of arangosh such as SYS_DOWNLOAD
        name: Option<String>,
        /// All of it as one page of Markdown
        #[arg(long, conflicts_with = "name")]
        markdown: bool,
        /// The text of a command or a module of the standard library
        #[arg(long, requires = "name", conflicts_with = "markdown")]
        source: bool,
    },
    /// Write `.d.rhai` files for editors: what scripts can call
    Definitions {
        /// The folder for the files; made when it is missing
        dir: PathBuf,
    },
    /// Print the script that lets a shell complete command lines of agencysh
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command line; `words` begin with the program's name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> std::process::ExitCode {
    exit_code(words).into()
}

/// As `run`, for those who end the process themselves.
pub fn exit_code(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    #[cfg(feature = "standin")]
    if words.get(1).is_some_and(|word| word == "arangod") {
        // its options are arangod's, and some of them are spelled like ours
        return arangod::run(words[2..].to_vec()).0;
    }
    let mut command = without_empty_variables(everyday::add_wanted(Cli::command(), &words));
    let arangosh::Translated { words, steps, arguments } = arangosh::translate(words, &command);
    let words = words::with_command(words, &command);
    let matches = command.try_get_matches_from_mut(words);
    let done = matches.and_then(|matches| match everyday::chosen(&matches) {
        Some((name, given)) => {
            Options::from_arg_matches(&matches).map(|options| everyday(&options, name, given))
        }
        None => Cli::from_arg_matches(&matches).map(|cli| match steps.is_empty() {
            true => dispatch(cli),
            false => run_steps(&cli.options, &steps, &arguments),
        }),
    });
    let code = match done.map_err(|error| error.format(&mut command)) {
        Ok(code) => code,
        Err(error) => {
            let code = ExitCode(u8::try_from(error.exit_code()).unwrap_or(ExitCode::USAGE.0));
            match error.print() {
                // help that was asked for and got lost
                Err(lost) if code == ExitCode::OK && lost.kind() != ErrorKind::BrokenPipe => {
                    ExitCode::FAILED
                }
                _ => code,
            }
        }
    };
    code.0
}

/// All that the command line can be.
fn whole_command() -> clap::Command {
    everyday::add_all(Cli::command())
}

fn everyday(options: &Options, name: &str, given: &clap::ArgMatches) -> ExitCode {
    or_usage(options, everyday::run(options, name, given))
}

/// An environment variable that is set to nothing says nothing.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| {
        let variable = argument.get_env().and_then(std::env::var_os);
        match variable.is_some_and(|value| value.is_empty()) {
            true => argument.env(clap::builder::Resettable::Reset),
            false => argument,
        }
    })
}

/// Runs scripts in order, until one fails.
fn run_steps(options: &Options, steps: &[arangosh::Step], arguments: &[String]) -> ExitCode {
    for step in steps {
        let outcome = match step {
            arangosh::Step::File(file) => run::file(options, file, arguments),
            arangosh::Step::Code(code) => run::quietly(options, code, arguments),
            arangosh::Step::Check(file) => check::files(options, std::slice::from_ref(file)),
        };
        match or_usage(options, outcome) {
            ExitCode::OK => {}
            failed => return failed,
        }
    }
    ExitCode::OK
}

fn dispatch(cli: Cli) -> ExitCode {
    let Cli { options, shell, command } = cli;
    let outcome = match command {
        Some(Command::Run { file, arguments }) => run::file(&options, &file, &arguments),
        Some(Command::Eval { code, arguments }) => run::code(&options, &code, &arguments),
        Some(Command::Test(wanted)) => test::run(&options, &wanted),
        Some(Command::Check { files }) => check::files(&options, &files),
        Some(Command::Dump(dump)) => dump::run(&options, &dump),
        #[cfg(feature = "standin")]
        Some(Command::Replay(replay)) => Ok(replay::run(&options, &replay)),
        #[cfg(feature = "standin")]
        Some(Command::Cluster(command)) => Ok(cluster::run(&options, &command)),
        #[cfg(feature = "standin")]
        Some(Command::Arangod) => {
            let message = "`arangod` comes first on the command line, before all options";
            options.reporter().plain(message, None);
            Ok(ExitCode::USAGE)
        }
        Some(Command::Doc { markdown: true, .. }) => {
            output::write(&natives_page::page());
            Ok(ExitCode::OK)
        }
        Some(Command::Doc { name: Some(name), source: true, .. }) => doc::show_source(&name),
        Some(Command::Doc { name, .. }) => doc::show(name.as_deref()),
        Some(Command::Definitions { dir }) => definitions::write(&options, &dir),
        Some(Command::Completions { shell }) => Ok(completions::show(shell)),
        None if output::is_interactive() => repl::run(&options, &shell),
        None => run::stdin(&options, &[]),
    };
    or_usage(&options, outcome)
}

fn or_usage(options: &Options, outcome: Result<ExitCode, OptionError>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        options.reporter().usage(&error);
        ExitCode::USAGE
    })
}
