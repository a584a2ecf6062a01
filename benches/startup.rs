//! Whole-process time and peak memory: a trivial evaluation, and one that has to wait for the embedded agency.
//!
//! `cargo bench --bench startup [-- ROUNDS]` runs the programs in turn (A B C, A B C, …), drops the first round and prints
//! medians and the ratio to node. Programs that are not installed are left out.
//!
//! A process starts with the peak memory of the process that forked it, so each program is started by a copy of this small one.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its figures, and ends when it has to"
)]

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

const AGENCYSH: &str = env!("CARGO_BIN_EXE_agencysh");
const PROGRAMS: &[(&str, &[&str])] = &[
    ("agencysh eval 1", &[AGENCYSH, "eval", "1"]),
    ("agencysh eval, three agents led", &[AGENCYSH, "eval", "agency::current().leader(); 0"]),
    ("node -e 1", &["node", "-e", "1"]),
    ("python3 -c 1", &["python3", "-c", "1"]),
];

struct Figure {
    milliseconds: f64,
    megabytes: f64,
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if arguments.first().is_some_and(|word| word == "--one") {
        return measure_one(&arguments[1..]);
    }
    let rounds = arguments.first().and_then(|word| word.parse().ok()).unwrap_or(15);
    let mut figures: Vec<Option<Vec<Figure>>> = PROGRAMS.iter().map(|_| Some(Vec::new())).collect();
    for round in 0..=rounds {
        for ((_, command), figures) in PROGRAMS.iter().zip(&mut figures) {
            match (measure(command), figures.as_mut()) {
                (Some(figure), Some(figures)) if round > 0 => figures.push(figure),
                (Some(_), _) => {}
                (None, _) => *figures = None,
            }
        }
    }
    report(&figures);
}

/// Runs the words as a command and prints its wall time in milliseconds and its peak memory in kilobytes.
fn measure_one(command: &[String]) {
    let start = Instant::now();
    let status = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    // the exit code is part of what a program says: `eval 1` ends with 1
    if status.is_err() {
        std::process::exit(1);
    }
    let usage =
        getrusage(UsageWho::RUSAGE_CHILDREN).expect("this process may ask for its own usage");
    println!("{milliseconds} {}", usage.max_rss());
}

fn measure(command: &[&str]) -> Option<Figure> {
    let this = std::env::current_exe().expect("a running program has a path");
    let output =
        Command::new(this).arg("--one").args(command).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (milliseconds, kilobytes) = text.trim().split_once(' ')?;
    Some(Figure {
        milliseconds: milliseconds.parse().ok()?,
        megabytes: kilobytes.parse::<f64>().ok()? / 1024.0,
    })
}

fn report(figures: &[Option<Vec<Figure>>]) {
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let medians: Vec<Option<(f64, f64, f64, f64)>> = figures
        .iter()
        .map(|figures| {
            let figures = figures.as_ref()?;
            let mut times: Vec<f64> = figures.iter().map(|figure| figure.milliseconds).collect();
            let mut sizes: Vec<f64> = figures.iter().map(|figure| figure.megabytes).collect();
            Some((median(&mut times), times[0], times[times.len() - 1], median(&mut sizes)))
        })
        .collect();
    let node = medians[PROGRAMS.iter().position(|(name, _)| name.starts_with("node")).unwrap_or(0)];
    println!(
        "{:34}{:>8}{:>18}{:>8}{:>11}{:>13}",
        "program", "ms", "[min-max]", "MB", "time/node", "memory/node"
    );
    for ((name, _), medians) in PROGRAMS.iter().zip(&medians) {
        let Some((time, least, most, size)) = medians else {
            println!("{name:34}not installed, or failed");
            continue;
        };
        let range = format!("[{least:.1}-{most:.1}]");
        let ratios = node
            .map_or(String::new(), |(t, _, _, s)| format!("{:>11.3}{:>13.3}", time / t, size / s));
        println!("{name:34}{time:8.1}{range:>18}{size:8.1}{ratios}");
    }
}
