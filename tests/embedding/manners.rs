//! What belongs to the whole process stays as it is.

use agencysh::host::{HostSettings, Permissions};
use agencysh::{Host, Target};

/// What is caught and ignored of signals, where the system tells that.
fn signals() -> Vec<String> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let told = |line: &&str| line.starts_with("SigCgt") || line.starts_with("SigIgn");
    status.lines().filter(told).map(str::to_owned).collect()
}

#[test]
fn a_run_leaves_signals_logger_folder_and_environment_of_the_process_alone() {
    let state = || {
        let environment: Vec<_> = std::env::vars_os().collect();
        (signals(), std::env::current_dir().unwrap(), environment)
    };
    let before = state();
    let host = Host::builder()
        .permissions(Permissions::all())
        .target(Target::embedded(1))
        .build()
        .unwrap();
    let script = "
        env::set(\"AGENCYSH_TEST_OF_MANNERS\", \"x\");
        log::set_level(\"all=trace\");
        agency::current().set(\"Test/X\", 1);
        process::run(\"true\", []);
    ";
    host.eval(script).unwrap();
    assert_eq!(state(), before);
    drop(host);
    assert_eq!(state(), before);
    assert!(!tracing::dispatcher::has_been_set());
}

#[test]
fn secrets_of_settings_are_not_shown() {
    let settings = serde_json::json!({"endpoints": ["tcp://h:1"], "jwt_secret": "sesame"});
    let settings = HostSettings::from_json(&settings).unwrap();
    assert!(!format!("{settings:?}").contains("sesame"));
}
