//! Compares what clients were told with the agents' own logs.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::history::{Event, Outcome};

/// An entry of the agency's log.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    index: u64,
    term: u64,
    client_id: String,
    request: Value,
}

/// The log in a state that an agent shows.
fn log_in(state: &Value) -> Vec<Entry> {
    let entry = |entry: &Value| Entry {
        index: entry["_key"].as_str().unwrap().parse().unwrap(),
        term: entry["term"].as_u64().unwrap(),
        client_id: entry["clientId"].as_str().unwrap().to_owned(),
        request: entry["request"].clone(),
    };
    state["log"].as_array().unwrap().iter().map(entry).collect()
}

/// What the states that the agents show in the end contradict.
pub fn violations(states: &[Value], events: &[Event]) -> Vec<String> {
    let logs: Vec<Vec<Entry>> = states.iter().map(log_in).collect();
    let longest = logs.iter().max_by_key(|log| log.len()).cloned().unwrap_or_default();
    let mut found = disagreements(&logs);
    found.extend(terms_back(&longest));
    found.extend(leaders_of_one_term(&longest));
    found.extend(wrong_counts(&longest, events));
    found.extend(wrong_order(events));
    found
}

/// Agents that have different entries at one index.
fn disagreements(logs: &[Vec<Entry>]) -> Vec<String> {
    let mut known: BTreeMap<u64, &Entry> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in logs.iter().flatten() {
        let first = *known.entry(entry.index).or_insert(entry);
        if first != entry {
            found.push(format!("two agents have committed {first:?} and {entry:?}"));
        }
    }
    found
}

fn terms_back(log: &[Entry]) -> Vec<String> {
    let back = log.windows(2).filter(|pair| pair[1].term < pair[0].term);
    back.map(|pair| format!("terms go back from {:?} to {:?}", pair[0], pair[1])).collect()
}

/// Each leadership is one entry; a term has at most one.
fn leaders_of_one_term(log: &[Entry]) -> Vec<String> {
    let mut leaders: BTreeMap<u64, &Value> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in log {
        let Some(leadership) = entry.request.get(".agency") else { continue };
        if let Some(other) = leaders.insert(entry.term, leadership) {
            found.push(format!("term {} has two leaders: {other} and {leadership}", entry.term));
        }
    }
    found
}

/// Transactions that are in the log more or less often than their clients were told. Entries that
/// were dropped by compaction are not missed.
fn wrong_counts(log: &[Entry], events: &[Event]) -> Vec<String> {
    let first = log.iter().map(|entry| entry.index).find(|index| *index > 0).unwrap_or(0);
    let mut logged: HashMap<&str, Vec<u64>> = HashMap::new();
    for entry in log {
        logged.entry(&entry.client_id).or_default().push(entry.index);
    }
    let mut found = Vec::new();
    for event in events {
        let Some(id) = event.id.as_deref() else { continue };
        let at = logged.get(id).map_or(&[][..], Vec::as_slice);
        let good = match (&event.outcome, event.index) {
            (Outcome::Done(_), Some(index)) => at == [index] || (at.is_empty() && index < first),
            (Outcome::Done(_), None) => at.len() == 1 || (at.is_empty() && first > 1),
            (Outcome::Unknown, _) => at.len() <= 1,
            (Outcome::Refused | Outcome::Nothing, _) => at.is_empty(),
        };
        if !good {
            found.push(format!("logged at {at:?}, but\n  {event}"));
        }
    }
    found
}

/// What began after something else was acknowledged has to be logged behind it.
fn wrong_order(events: &[Event]) -> Vec<String> {
    let mut moments: Vec<(u64, bool, &Event)> = Vec::new();
    for event in events.iter().filter(|event| event.index.is_some()) {
        moments.push((event.begin, true, event));
        moments.push((event.end, false, event));
    }
    moments.sort_by_key(|(at, ..)| *at);
    let mut newest: Option<&Event> = None;
    let mut found = Vec::new();
    for (_, begins, event) in moments {
        match newest {
            Some(before) if begins && event.index <= before.index => {
                found.push(format!("logged the wrong way round:\n  {before}\n  {event}"));
            }
            Some(before) if begins || event.index <= before.index => {}
            _ if begins => {}
            _ => newest = Some(event),
        }
    }
    found
}
