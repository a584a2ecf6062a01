//! Finds test scripts, runs them, and gives what they came to as data.
//!
//! A test script is a file `*_test.rhai` with functions `test_…`. Each file has a host of its own, and a cluster
//! of its own unless one is given. Nothing is printed here: an [`Observer`] sees what happens while it happens.
//!
//! * `discovery`, `selection`, `markers`: which files and which tests
//! * `script`, `needs`, `world`: what a file defines, the cluster that it needs, and which one it gets
//! * `settings`, `cancel`: how the tests are run, and what ends them early
//! * `runner`, `stage`, `file_run`, `test_run`: several files at a time, one host, one file, one test
//! * `surroundings`, `isolation`, `marks`, `dumping`: the servers of a test, and what it leaves behind
//! * `results`: what it came to; `results_json`: the same as JSON
//! * `harness`, `harness_words`: all of it as a test program of Cargo

mod cancel;
mod discovery;
mod dumping;
mod file_run;
mod harness;
mod harness_words;
mod isolation;
mod markers;
mod marks;
mod needs;
mod results;
mod results_json;
mod runner;
mod script;
mod selection;
mod settings;
mod stage;
mod surroundings;
mod test_run;
mod world;

pub use cancel::Cancel;
pub use discovery::{DiscoveryError, find_files};
pub use harness::Harness;
pub use isolation::{CHECKS, check_name};
pub use markers::Markers;
pub use needs::Needs;
pub use results::{
    Event, Failure, FileResult, Observer, Phase, Stopped, TestResult, TestRun, Verdict,
};
pub use runner::TestRunner;
pub use script::tests_of;
pub use selection::{Glob, Selection, Shard};
pub use settings::TestSettings;
#[cfg(feature = "standin")]
pub use world::Launched;
pub use world::World;
