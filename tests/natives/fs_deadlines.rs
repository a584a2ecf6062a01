//! D4 for `fs`: no native outlasts a deadline or an interrupt by more than 50 ms.

use std::io::Write as _;

use agencysh::deadline::Deadline;

use crate::late::End;
use crate::support::Run;

/// Natives that wait for the other side of a pipe.
const WAITING: &[&str] = &[
    "fs::read(PIPE)",
    "fs::read_blob(PIPE)",
    "fs::read_lines(PIPE)",
    "fs::read_gzip(PIPE)",
    "fs::adler32(PIPE)",
    "fs::each_csv_row(PIPE, |row| ())",
    "fs::each_json_line(PIPE, |value| ())",
    "fs::write(PIPE, \"x\")",
    "fs::append(PIPE, \"x\")",
];

/// Natives that work through much; `BIG` and `LARGE` are files without blocks, `GZIP` unpacks to gigabytes.
const WORKING: &[&str] = &[
    "fs::read(LARGE)",
    "fs::read_gzip(GZIP)",
    "fs::adler32(BIG)",
    "fs::each_csv_row(BIG, |row| ())",
    "fs::each_json_line(BIG, |value| ())",
    "fs::copy_file(BIG, dir + \"/copy\")",
    "fs::zip(dir + \"/archive\", dir, [\"big\"])",
];

fn run_with(deadline: &Deadline) -> Run {
    Run::with(|builder| builder.deadline(deadline.clone()))
}

/// Runs a call that has to end because of the deadline.
fn ended(run: &Run, call: &str) {
    let call = ["PIPE", "BIG", "LARGE", "GZIP"].iter().fold(call.to_owned(), |call, word| {
        call.replace(word, &format!("dir + \"/{}\"", word.to_lowercase()))
    });
    let error = run.try_eval(&call).expect_err(&call);
    let by_run = matches!(*error, rhai::EvalAltResult::ErrorTerminated(..));
    assert!(by_run || error.to_string().contains("36"), "{call}: {error}");
}

#[test]
fn d4_a_pipe_is_left_at_every_deadline_and_interrupt() {
    let deadline = Deadline::default();
    let run = run_with(&deadline);
    let pipe = run.directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for call in WAITING {
        for end in End::ALL {
            end.ends(call, &deadline, || ended(&run, call));
        }
    }
    // a writer that holds the pipe and writes nothing
    let writer = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    for end in End::ALL {
        end.ends("a silent writer", &deadline, || ended(&run, "fs::read(PIPE)"));
    }
    drop(writer);
}

#[test]
fn d4_pipes_are_neither_copied_nor_packed_nor_unpacked_nor_waited_for() {
    let run = Run::new();
    let pipe = run.directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for call in [
        "fs::copy_file(dir + \"/pipe\", dir + \"/x\")",
        "fs::copy_dir(dir + \"/pipe\", dir + \"/x\")",
        "fs::zip(dir + \"/x\", dir, [\"pipe\"])",
        "fs::unzip(dir + \"/pipe\", dir + \"/x\")",
        "http::get(\"http://127.0.0.1:1\", #{ ca_file: dir + \"/pipe\" })",
    ] {
        assert_eq!(run.number(call), 10, "{call}");
    }
    run.is_true("fs::list(dir) == [\"pipe\"]");
}

#[test]
fn d4_much_work_ends_with_the_run_and_leaves_no_part() {
    let deadline = Deadline::default();
    let run = run_with(&deadline);
    for (name, size) in [("big", 1 << 40), ("large", 1 << 30)] {
        let file = std::fs::File::create(run.directory.path().join(name)).unwrap();
        file.set_len(size).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&[0; 1 << 20]).unwrap();
    let gzip = gzip.finish().unwrap().repeat(4096);
    std::fs::write(run.directory.path().join("gzip"), gzip).unwrap();
    for call in WORKING {
        for end in [End::Run, End::Interrupt] {
            end.ends(call, &deadline, || ended(&run, call));
        }
        run.is_true("fs::list(dir) == [\"big\", \"gzip\", \"large\"]");
    }
}

#[test]
fn d4_trees_are_left_when_the_run_has_to_end() {
    let deadline = Deadline::default();
    let run = run_with(&deadline);
    run.exec("fs::create_dir_all(dir + \"/t/a/b\"); fs::write(dir + \"/t/a/b/x\", \"\"); fs::zip(dir + \"/y\", dir, [\"t/a\"])");
    deadline.interrupt();
    for call in [
        "fs::list(dir + \"/t\")",
        "fs::list_tree(dir + \"/t\")",
        "fs::copy_dir(dir + \"/t\", dir + \"/u\")",
        "fs::remove_dir_all(dir + \"/t\", true)",
        "fs::zip(dir + \"/z\", dir + \"/t\", [\"a\"])",
        "fs::unzip(dir + \"/y\", dir + \"/u\")",
    ] {
        ended(&run, call);
    }
    deadline.clear_interrupt();
    run.is_true("fs::list_tree(dir) == [\"t\", \"t/a\", \"t/a/b\", \"t/a/b/x\", \"y\"]");
}

#[test]
fn d4_files_that_wait_for_nobody_work_after_the_scripts_deadline() {
    Run::new().is_true(
        "time::set_deadline(0.001); sleep(1); fs::create_dir(dir + \"/d\"); fs::write(dir + \"/d/x\", \"a,b\", #{ \"sync\": true, atomic: true });
         fs::copy_dir(dir + \"/d\", dir + \"/e\"); fs::zip(dir + \"/z\", dir, [\"d/x\"]); fs::unzip(dir + \"/z\", dir + \"/f\");
         let seen = 0; fs::each_csv_row(dir + \"/d/x\", |row| seen += 1); fs::rename(dir + \"/e\", dir + \"/g\");
         fs::remove_dir_all(dir + \"/d\", true); seen == 1 && fs::read(dir + \"/f/d/x\") == \"a,b\" && fs::list(dir) == [\"f\", \"g\", \"z\"]",
    );
}
