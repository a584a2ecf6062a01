//! The tour runs against the embedded agency and tells all it does.

use crate::support::agencysh;

#[test]
fn the_tour_goes_through() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/tour.rhai");
    let said = agencysh(&["run", script]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    for part in [
        "Who leads",
        "  1 + 10 - 3 = 8",
        "5 tickets",
        "  doubled to 30",
        "  applied: false, status 412",
        "  the light is off",
        "  Plan/Version 1 -> 2",
        "leads now",
        "That was the tour.",
    ] {
        assert!(said.stdout.contains(part), "{part:?} is missing:\n{}", said.stdout);
    }
}
