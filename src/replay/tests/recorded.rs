//! Dumps of real agencies. They are not part of the repository.

use std::path::PathBuf;

use crate::replay::{DifferenceKind, Dump};

/// Where recorded dumps are, if they are at hand.
fn recorded(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("AGENCYSH_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let file = folder.join(name);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: there is no {}", file.display());
    None
}

fn replays_exactly(name: &str, entries: usize) {
    let Some(file) = recorded(name) else { return };
    let dump = Dump::read(file).unwrap();
    let replayed = dump.replay(None).unwrap();
    assert_eq!(replayed.differences(&dump).unwrap(), []);
    assert_eq!(Some(replayed.store().root()), dump.tree());
    assert_eq!(replayed.entries(), entries);
    assert_eq!(Some(replayed.index()), dump.index());
    assert_eq!(replayed.failed(), []);
}

#[test]
fn the_log_of_a_3_6_agency_makes_its_tree() {
    replays_exactly("agency_dump.3.6.json", 188);
}

#[test]
fn the_log_of_a_3_9_agency_makes_its_tree() {
    replays_exactly("agency_dump.3.9.json", 133);
}

#[test]
fn the_log_of_a_synchronised_agency_makes_its_tree() {
    replays_exactly("sync.source.json", 1507);
}

#[test]
fn the_snapshot_of_an_agency_is_the_tree_at_its_index() {
    let Some(file) = recorded("sync.source.json") else { return };
    let dump = Dump::read(file).unwrap();
    let snapshot = dump.snapshot().unwrap();
    let replayed = dump.replay(Some(snapshot.index)).unwrap();
    assert_eq!(replayed.store().root(), &snapshot.tree);
}

#[test]
fn a_tree_that_was_edited_differs_in_the_edited_places() {
    let Some(file) = recorded("agency_dump.3.9.jobs.json") else { return };
    let dump = Dump::read(file).unwrap();
    let differences = dump.replay(None).unwrap().differences(&dump).unwrap();
    let places: Vec<_> = differences.iter().map(|d| (d.path.as_str(), d.kind)).collect();
    let mut expected = vec![(
        "/arango/Plan/Collections/_system/10011/replicationFactor",
        DifferenceKind::Different,
    )];
    expected.extend(
        [
            "/arango/Target/Failed/955410",
            "/arango/Target/Failed/955411",
            "/arango/Target/Failed/955412",
            "/arango/Target/Finished/955440",
            "/arango/Target/Finished/955441",
            "/arango/Target/Finished/955442",
            "/arango/Target/Finished/955443",
            "/arango/Target/Pending/955420",
            "/arango/Target/ToDo/955430",
            "/arango/Target/ToDo/955431",
        ]
        .map(|path| (path, DifferenceKind::Missing)),
    );
    assert_eq!(places, expected);
}

#[test]
fn a_recorded_tree_without_log_cannot_be_replayed() {
    let Some(file) = recorded("agency_dump.3.10.json") else { return };
    assert_eq!(Dump::read(file).unwrap_err().kind(), "replay.no_log");
}

#[test]
fn a_recorded_configuration_is_no_dump() {
    let Some(file) = recorded("config.json") else { return };
    assert_eq!(Dump::read(file).unwrap_err().kind(), "replay.not_a_dump");
}
