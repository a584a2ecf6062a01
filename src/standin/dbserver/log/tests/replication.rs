//! Entries on their way from the leader to followers.

use super::super::entry::Content;
use super::super::kept::Change;
use super::super::message::{Append, AppendResult, Snapshot};
use super::{Group, term};
use crate::agency::value::Value;
use crate::standin::model::log::ParticipantState::*;
use crate::standin::model::log::TermIndex;

fn insert(group: &mut Group, leader: &str, count: u64) {
    let now = group.now;
    let contents = (0..count).map(|n| Content::Payload(Value::from(n))).collect();
    group.at(leader).insert(contents, false, now).unwrap();
}

#[test]
fn a_snapshot_after_which_no_index_is_left_is_not_taken() {
    for index in [u64::MAX, u64::MAX - 1] {
        let mut group = Group::new(2, &["a", "b", "c"]);
        group.settle();
        let last = TermIndex { term: 1, index };
        let message = Append {
            leader: "a".into(),
            term: 1,
            incarnation: 1,
            sequence: 7,
            previous: TermIndex::default(),
            entries: Vec::new(),
            commit_index: u64::MAX,
            released: u64::MAX,
            sync: false,
            snapshot: Some(Snapshot { last, complete: true }),
        };
        for id in ["b", "c"] {
            assert_eq!(group.at(id).append(&message).result, AppendResult::NotFollowing);
        }
        group.term = term(2, Some(("b", 1)));
        group.settle();
        insert(&mut group, "b", 1);
        group.talk();
        assert_eq!(group.at("c").commit_index(), 3);
    }
}

#[test]
fn s58_an_insert_is_committed_by_those_who_run() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    group.suspended = vec!["b"];
    insert(&mut group, "a", 1);
    group.talk();
    let committed = group.at("a").committed().unwrap();
    assert_eq!(committed.commit_index, 2);
    assert_eq!(committed.quorum.quorum, ["a".into(), "c".into()]);
    group.suspended.clear();
    group.config.generation = 2;
    group.config.config.effective_write_concern = 3;
    group.pass(1);
    group.settle();
    insert(&mut group, "a", 1);
    group.talk();
    let committed = group.at("a").committed().unwrap();
    assert_eq!((committed.commit_index, committed.quorum.quorum.len()), (4, 3));
}

#[test]
fn s59_what_was_committed_is_there_after_an_election_and_what_was_not_gives_way() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    insert(&mut group, "a", 5);
    group.talk();
    let committed: Vec<_> = group.at("a").kept().from(0).cloned().collect();
    // nobody hears of these
    group.suspended = vec!["b", "c"];
    insert(&mut group, "a", 3);
    group.suspended = vec!["a"];
    group.term = term(2, Some(("b", 1)));
    group.settle();
    insert(&mut group, "b", 2);
    group.talk();
    group.suspended.clear();
    group.pass(1);
    group.settle();
    let logs: Vec<_> = group.servers.values().map(|p| p.kept().clone()).collect();
    assert!(logs.iter().all(|kept| *kept == logs[0]));
    assert_eq!(logs[0].from(0).take(6).cloned().collect::<Vec<_>>(), committed);
    assert_eq!(logs[0].last(), TermIndex { term: 2, index: 9 });
}

#[test]
fn c5_3_a_newcomer_gets_a_snapshot_only_if_entries_were_dropped_that_it_needs() {
    for drops in [false, true] {
        let mut group = Group::new(2, &["a", "b"]);
        group.settle();
        insert(&mut group, "a", 5);
        group.talk();
        if drops {
            group.at("a").release(4).unwrap();
            group.at("a").compact();
        }
        let flags = group.config.participants["b"];
        group.config.participants.insert("d".into(), flags);
        group.reboot_ids.insert("d".into(), 1);
        group.config.generation = 2;
        group.follow_plan();
        assert_eq!(group.at("d").spearhead(), TermIndex::default());
        let mut states = Vec::new();
        for _ in 0..20 {
            let now = group.now;
            for to in group.at("a").due(now) {
                let message = group.at("a").message_for(&to, now).unwrap();
                let answer = group.at(&to).append(&message);
                group.at("a").acknowledged(&to, answer, now);
                states.push((group.at("d").state(), group.at("d").kept().snapshot_available()));
            }
            group.at("a").recover();
        }
        states.dedup();
        assert_eq!(states.contains(&(AcquiringSnapshot, false)), drops, "{states:?}");
        assert_eq!(states.last(), Some(&(ServiceOperational, true)));
        assert_eq!(group.at("d").spearhead(), group.servers["a"].spearhead());
        assert_eq!(group.at("d").kept().base().index, if drops { 4 } else { 0 });
    }
}

#[test]
fn c4_12_compaction_keeps_what_is_not_released_or_not_everywhere() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    group.suspended = vec!["c"];
    insert(&mut group, "a", 5);
    group.talk();
    group.at("a").compact();
    assert_eq!(group.at("a").kept().base().index, 0, "nothing is released");
    group.at("a").release(4).unwrap();
    group.at("a").compact();
    assert_eq!(group.at("a").kept().base().index, 1, "c has nothing more");
    group.suspended.clear();
    group.pass(1);
    group.talk();
    for id in ["a", "b", "c"] {
        group.at(id).compact();
        assert_eq!(group.at(id).kept().base().index, 4, "{id}");
    }
}

#[test]
fn messages_that_were_long_under_way_take_nothing_back() {
    let mut group = Group::new(1, &["a", "b"]);
    group.settle();
    insert(&mut group, "a", 2);
    let now = group.now;
    let old = group.at("a").message_for("b", now).unwrap();
    group.at("a").lost("b", old.term, old.sequence, now);
    group.pass(1);
    insert(&mut group, "a", 2);
    group.talk();
    let before = group.at("b").clone();
    assert_eq!(before.spearhead().index, 5);
    assert_eq!(
        group.at("b").append(&old).result,
        AppendResult::Stored(TermIndex { term: 1, index: 3 })
    );
    for complete in [false, true] {
        let mut snapshot = old.clone();
        let last = TermIndex { term: 1, index: 2 };
        snapshot.snapshot = Some(Snapshot { last, complete });
        assert_eq!(group.at("b").append(&snapshot).result, AppendResult::Stored(last));
    }
    assert_eq!(group.at("b").kept(), before.kept());
    // an answer to such a message says nothing about now
    let stale = group.at("b").append(&old);
    let state = format!("{:?}", group.at("a").status());
    let now = group.now;
    group.at("a").acknowledged("b", stale, now);
    assert_eq!(format!("{:?}", group.at("a").status()), state);
}

#[test]
fn only_the_leader_of_the_term_is_followed_and_the_others_are_asked_again_later() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    let now = group.now;
    let message = group.at("a").message_for("b", now).unwrap();
    // b does not know of the term yet, or knows a later one
    for wrong in [0, 2] {
        let other = super::super::message::Append { term: wrong, ..message.clone() };
        assert_eq!(group.at("b").append(&other).result, AppendResult::NotFollowing);
    }
    let stranger = super::super::message::Append { leader: "c".into(), ..message.clone() };
    let refusal = group.at("b").append(&stranger);
    assert_eq!(refusal.result, AppendResult::NotFollowing);
    assert_eq!(group.at("a").append(&message).result, AppendResult::NotFollowing, "a leads");
    group.at("a").acknowledged("b", refusal, now);
    assert!(group.at("a").message_for("b", now).is_none(), "there is a pause");
    let retry = group.at("a").alarm(std::time::Duration::from_secs(20), now).unwrap();
    assert!(group.at("a").message_for("b", retry).is_some());
}

#[test]
fn a_leader_named_by_hand_that_lacks_what_was_dropped_elsewhere_is_followed_nevertheless() {
    let mut group = Group::new(1, &["a", "b"]);
    group.suspended = vec!["b"];
    insert(&mut group, "a", 5);
    group.suspended.clear();
    let kept = group.at("a").kept().clone();
    let participant = group.at("a");
    assert!(participant.change(Change::Compact(kept.last().index)));
    group.term = term(2, Some(("b", 1)));
    group.settle();
    group.pass(1);
    group.settle();
    assert_eq!(group.at("a").state(), ServiceOperational);
    assert_eq!(group.servers["a"].kept(), group.servers["b"].kept());
}

#[test]
fn s22_a_follower_becomes_operational_also_if_the_leader_learns_of_its_incarnation_first() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    group.reboot_ids.insert("b".into(), 2);
    group.suspended = vec!["b"];
    group.follow_plan();
    group.suspended.clear();
    group.talk();
    assert_eq!(group.servers["b"].reboot_id(), 1);
    group.pass(1);
    group.settle();
    assert_eq!((group.at("b").reboot_id(), group.at("b").state()), (2, ServiceOperational));
}
