//! The commit rule, and why something is not committed.

use serde_json::{Value as Json, json};

use super::super::commit::{Voter, Votes};
use crate::standin::model::log::{Flags, TermIndex};

const TERM: u64 = 3;

fn at(index: u64) -> TermIndex {
    TermIndex { term: TERM, index }
}

/// What voters are made of: flags, snapshot, last acknowledged entry.
#[derive(Clone, Copy)]
enum Is {
    Good(u64),
    OfTerm(u64, u64),
    Excluded(u64),
    Forced(u64),
    ForcedOfTerm(u64, u64),
    ForcedExcluded(u64),
    Bare(u64),
}

fn votes(write_concern: u64, voters: &[(&str, Is)]) -> Votes {
    let voter = |is: Is| {
        let flags = |forced, allowed_in_quorum| Flags {
            forced,
            allowed_in_quorum,
            allowed_as_leader: true,
        };
        let (flags, acknowledged, snapshot_available) = match is {
            Is::Good(index) => (flags(false, true), at(index), true),
            Is::OfTerm(term, index) => (flags(false, true), TermIndex { term, index }, true),
            Is::Excluded(index) => (flags(false, false), at(index), true),
            Is::Forced(index) => (flags(true, true), at(index), true),
            Is::ForcedOfTerm(term, index) => (flags(true, true), TermIndex { term, index }, true),
            Is::ForcedExcluded(index) => (flags(true, false), at(index), true),
            Is::Bare(index) => (flags(false, true), at(index), false),
        };
        Voter { flags, acknowledged, snapshot_available }
    };
    let voters = voters.iter().map(|(id, is)| ((*id).into(), voter(*is))).collect();
    Votes { term: TERM, write_concern, voters }
}

#[test]
fn c5_3_commit_rule() {
    use Is::*;
    for (write_concern, voters, committable) in [
        (2, vec![("a", Good(9)), ("b", Good(7)), ("c", Good(5))], Some(7)),
        (3, vec![("a", Good(9)), ("b", Good(7)), ("c", Good(5))], Some(5)),
        (1, vec![("a", Good(9)), ("b", Good(7)), ("c", Good(5))], Some(9)),
        (4, vec![("a", Good(9)), ("b", Good(7)), ("c", Good(5))], None),
        // nothing is committed by nobody
        (0, vec![("a", Good(9)), ("b", Good(7))], Some(9)),
        (2, vec![], None),
        // not allowed, of another term, or without what was dropped
        (2, vec![("a", Good(9)), ("b", Excluded(8)), ("c", Good(5))], Some(5)),
        (2, vec![("a", Good(9)), ("b", OfTerm(2, 8)), ("c", Good(5))], Some(5)),
        (2, vec![("a", Good(9)), ("b", Bare(8)), ("c", Good(5))], Some(5)),
        (2, vec![("a", Good(9)), ("b", OfTerm(2, 8)), ("c", Bare(9))], None),
        // the leader counts only if it is allowed to
        (2, vec![("a", Excluded(9)), ("b", Good(7)), ("c", Good(5))], Some(5)),
        // forced ones hold it, also outside the quorum
        (2, vec![("a", Good(9)), ("b", Good(7)), ("c", Forced(5))], Some(5)),
        (2, vec![("a", Good(9)), ("b", Good(7)), ("c", ForcedExcluded(4))], Some(4)),
        (2, vec![("a", Good(9)), ("b", Good(7)), ("c", Forced(8))], Some(8)),
        (2, vec![("a", Good(9)), ("b", Good(7)), ("c", ForcedOfTerm(2, 7))], None),
    ] {
        assert_eq!(votes(write_concern, &voters).committable(), committable);
    }
}

#[test]
fn s58_the_quorum_has_as_many_servers_as_the_write_concern_and_all_of_them_have_the_entry() {
    use Is::*;
    let voters = [("a", Good(9)), ("b", Good(9)), ("c", Good(5)), ("d", Good(9))];
    let quorum = |write_concern, index| votes(write_concern, &voters).quorum(index, &"d".into());
    assert_eq!(quorum(2, 9), ["a".into(), "d".into()]);
    assert_eq!(quorum(3, 9), ["a".into(), "b".into(), "d".into()]);
    let forced = votes(2, &[("a", Good(9)), ("b", Good(9)), ("c", Forced(9))]);
    assert_eq!(forced.quorum(9, &"a".into()), ["a".into(), "c".into()]);
}

#[test]
fn c5_3_choice_of_the_commit_status() {
    use Is::*;
    let missing = |allowed: bool, snapshot: bool, last: TermIndex| json!({"isAllowedInQuorum": allowed, "snapshotAvailable": snapshot, "lastAcknowledged": last});
    let zero = TermIndex::default();
    let non_eligible = |candidates: Json| json!({"reason": "NonEligibleServerRequiredForQuorum", "candidates": candidates});
    let forced = |who: &str| json!({"reason": "ForcedParticipantNotInQuorum", "who": who});
    let quorum =
        |who: Json| json!({"reason": "QuorumSizeNotReached", "who": who, "spearhead": at(9)});
    for (statement, write_concern, voters, status) in [
        (
            "S29: a suspended server that never acknowledged in this term",
            3,
            vec![("a", Good(9)), ("b", Good(9)), ("c", OfTerm(0, 0))],
            non_eligible(json!({"c": "wrongTerm"})),
        ),
        (
            "S29, S30: one that had acknowledged",
            3,
            vec![("a", Good(9)), ("b", Good(9)), ("c", Good(8))],
            quorum(json!({"c": missing(true, true, at(8))})),
        ),
        (
            "S30: both followers lag, one of them not even counted",
            2,
            vec![("a", Good(9)), ("b", Good(8)), ("c", OfTerm(0, 0))],
            quorum(json!({
                "b": missing(true, true, at(8)), "c": missing(true, true, zero),
            })),
        ),
        (
            "S38: more than there are",
            4,
            vec![("a", Good(9)), ("b", Good(9)), ("c", Good(9))],
            json!({"reason": "FewerParticipantsThanWriteConcern", "effectiveWriteConcern": 4,
                "numParticipants": 3}),
        ),
        (
            "S40: a forced server that lags behind what the others allow",
            2,
            vec![("a", Good(9)), ("b", Good(9)), ("c", Forced(7))],
            forced("c"),
        ),
        (
            "S40: a forced server without an entry of this term",
            2,
            vec![("a", Good(9)), ("b", Good(5)), ("c", ForcedOfTerm(2, 7))],
            forced("c"),
        ),
        (
            "a forced server that does not lag is not to blame",
            2,
            vec![("a", Good(9)), ("b", OfTerm(2, 7)), ("c", Forced(8))],
            quorum(json!({
                "b": missing(true, true, TermIndex { term: 2, index: 7 }),
                "c": missing(true, true, at(8)),
            })),
        ),
        (
            "all reasons not to be counted",
            2,
            vec![("a", Good(9)), ("b", Excluded(9)), ("c", OfTerm(2, 9)), ("d", Bare(9))],
            non_eligible(json!({
                "b": "notAllowedInQuorum", "c": "wrongTerm", "d": "snapshotMissing",
            })),
        ),
    ] {
        let obstacle = votes(write_concern, &voters).obstacle(at(9));
        assert_eq!(serde_json::to_value(obstacle).unwrap(), status, "{statement}");
    }
}
