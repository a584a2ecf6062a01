//! Runs a script with words of its own, on an agency in this process; tells what is wrong if it fails.
//!
//! ```sh
//! cargo run --example run_script -- examples/scripts/shards.rhai shop 3
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to people")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use agencysh::host::HostError;
use agencysh::{Host, Permissions, Target};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let script = words.next().unwrap_or_else(|| "examples/scripts/shards.rhai".to_owned());
    let words: Vec<String> = words.collect();
    match run(Path::new(&script), &words, |text| print!("{text}")) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{}", error.report());
            ExitCode::from(if error.is_deadline() { 124 } else { 1 })
        }
    }
}

/// Runs the script; gives what it passed to `exit`, or 0.
fn run(
    script: &Path,
    words: &[String],
    output: impl Fn(&str) + Send + Sync + 'static,
) -> Result<u8, HostError> {
    let host = Host::builder()
        .target(Target::embedded(1))
        .permissions(Permissions::none())
        .deadline(Duration::from_secs(60))
        .output(output)
        .build()?;
    let outcome = host.run_file(script, words)?;
    Ok(u8::try_from(outcome.exit_code.unwrap_or(0)).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn shards(words: &[&str]) -> (Result<u8, HostError>, String) {
        let printed = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&printed);
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let result = run(Path::new("examples/scripts/shards.rhai"), &words, move |text| {
            sink.lock().unwrap().push_str(text);
        });
        let printed = printed.lock().unwrap().clone();
        (result, printed)
    }

    #[test]
    fn a_script_gets_its_words_and_prints() {
        let (result, printed) = shards(&["shop", "3"]);
        assert_eq!(result.unwrap(), 0);
        assert_eq!(printed, "shop has 3 shards\n");
    }

    #[test]
    fn a_script_decides_about_the_exit_code() {
        let (result, printed) = shards(&[]);
        assert_eq!((result.unwrap(), printed.as_str()), (2, "usage: shards NAME NUMBER\n"));
    }

    #[test]
    fn a_report_tells_where_it_failed() {
        let error = shards(&["shop", "many"]).0.unwrap_err();
        assert_eq!(error.line(), Some(9));
        assert!(error.report().contains("examples/scripts/shards.rhai:9"), "{}", error.report());
    }
}
