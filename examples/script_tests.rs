//! The test scripts in `examples/scripts` as a test program of Cargo: this is all there is to it.
//!
//! ```sh
//! cargo test --example script_tests                       # all
//! cargo test --example script_tests -- is_locked --exact  # as for any other test program
//! ```

use std::process::ExitCode;

use agencysh::host::testing::Harness;

fn main() -> ExitCode {
    Harness::new("examples/scripts").main()
}
