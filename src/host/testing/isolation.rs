//! What a test file leaves behind, and must not.

use std::collections::BTreeMap;

use rhai::Dynamic;
use serde_json::{Value, json};

use super::results::{Failure, Phase};
use crate::client::{AgencyClient, ClientError};
use crate::host::ScriptError;

/// What is looked at before a file and after it, by the names of the checks.
pub const CHECKS: [&str; 7] =
    ["agency", "collections", "databases", "failurepoints", "marks", "processes", "servers"];

/// How many things a sentence names.
const MOST_NAMED: usize = 5;

/// The kind of what is found.
pub(super) const LEFT_BEHIND: &str = "test.left_behind";

/// The texts in an array of names of checks.
pub(super) fn names(value: &Dynamic) -> Result<Vec<String>, String> {
    let problem = || "unchecked() must return an array of names".to_owned();
    let items = value.clone().into_array().map_err(|_| problem())?;
    let names: Option<Vec<String>> =
        items.into_iter().map(|item| item.into_string().ok()).collect();
    let names = names.ok_or_else(problem)?;
    names.iter().try_for_each(|name| check_name(name))?;
    Ok(names)
}

/// `Err` unless there is a check of this name.
///
/// # Errors
/// All that there are.
pub fn check_name(name: &str) -> Result<(), String> {
    match CHECKS.contains(&name) {
        true => Ok(()),
        false => Err(format!("there is no check '{name}', only {}", CHECKS.join(", "))),
    }
}

/// What is there at one moment: for each thing its check, and what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    things: BTreeMap<String, &'static str>,
}

impl Snapshot {
    /// Looks at the agency.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) fn of_agency(client: &AgencyClient) -> Result<Self, ClientError> {
        let tree = client.read(&[
            "Target/ReplicatedLogs",
            "Target/ToDo",
            "Target/Pending",
            "Plan/Databases",
            "Plan/Collections",
            "Supervision/Health",
            "Testing",
        ])?;
        let mut snapshot = Self::default();
        let at = |path: &str| tree.pointer(&format!("/arango/{path}")).unwrap_or(&Value::Null);
        for (database, logs) in members(at("Target/ReplicatedLogs")) {
            snapshot.add_all("agency", logs, |log| format!("the replicated log {database}/{log}"));
        }
        snapshot.add_all("agency", at("Target/ToDo"), |job| format!("the job {job} in ToDo"));
        snapshot.add_all("agency", at("Target/Pending"), |job| format!("the job {job} in Pending"));
        snapshot.add_all("databases", at("Plan/Databases"), |name| format!("the database {name}"));
        for (database, collections) in members(at("Plan/Collections")) {
            for (id, collection) in members(collections) {
                let name = collection["name"].as_str().unwrap_or(id);
                if !name.starts_with('_') {
                    snapshot.add("collections", format!("the collection {database}/{name}"));
                }
            }
        }
        for (id, health) in members(at("Supervision/Health")) {
            let status = health["Status"].as_str().unwrap_or_default();
            if !status.is_empty() && status != "GOOD" {
                let name = health["ShortName"].as_str().unwrap_or(id);
                snapshot.add("servers", format!("the server {name}, which is {status}"));
            }
        }
        snapshot.add_all("marks", at("Testing"), |name| format!("the key Testing/{name}"));
        Ok(snapshot)
    }

    /// Adds one thing.
    pub(super) fn add(&mut self, check: &'static str, thing: String) {
        self.things.insert(thing, check);
    }

    fn add_all(&mut self, check: &'static str, map: &Value, thing: impl Fn(&str) -> String) {
        members(map).for_each(|(key, _)| self.add(check, thing(key)));
    }

    /// Leaves out the things of some checks.
    pub(super) fn without(mut self, checks: &[&[String]]) -> Self {
        self.things
            .retain(|_, check| !checks.iter().any(|names| names.iter().any(|name| name == check)));
        self
    }

    /// What is here and was not there before.
    pub(super) fn beyond(&self, before: &Self) -> Self {
        let new = self.things.iter().filter(|(thing, _)| !before.things.contains_key(*thing));
        Self { things: new.map(|(thing, check)| (thing.clone(), *check)).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// The things.
    pub(super) fn things(&self) -> impl Iterator<Item = &String> {
        self.things.keys()
    }

    /// Takes out what a check of this name found.
    pub(super) fn take(&mut self, name: &str) -> Self {
        let all = std::mem::take(&mut self.things);
        let (taken, rest) = all.into_iter().partition(|(_, check)| *check == name);
        self.things = rest;
        Self { things: taken }
    }

    /// All in one sentence, if there is anything.
    pub(super) fn sentence(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let named: Vec<&str> = self.things().take(MOST_NAMED).map(String::as_str).collect();
        let more = self.things.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("left behind: {}{more}", named.join(", ")))
    }

    /// A failure for each check that found something; `culprits` are the tests after which each thing was there first.
    pub(super) fn failures(&self, culprits: &BTreeMap<String, String>) -> Vec<Failure> {
        let mut by_check: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        for (thing, check) in &self.things {
            by_check.entry(*check).or_default().push(thing);
        }
        let failure = |(check, things): (&str, Vec<&String>)| {
            let told: Vec<String> = things
                .iter()
                .map(|thing| match culprits.get(*thing) {
                    Some(test) => format!("{thing} (since {test})"),
                    None => (*thing).clone(),
                })
                .collect();
            let error = ScriptError {
                kind: LEFT_BEHIND.to_owned(),
                message: format!("left behind: {}", told.join(", ")),
                context: [("check".to_owned(), json!(check))].into_iter().collect(),
                hint: Some(format!(
                    "undo it in tear_down, or let fn unchecked() return [\"{check}\"]"
                )),
                ..ScriptError::default()
            };
            Failure { phase: Phase::Isolation, error }
        };
        by_check.into_iter().map(failure).collect()
    }
}

/// The members of an object.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(things: &[(&'static str, &str)]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        things.iter().for_each(|(check, thing)| snapshot.add(check, (*thing).to_owned()));
        snapshot
    }

    #[test]
    fn m88_only_what_is_new_and_looked_for_is_left_behind() {
        let before = snapshot(&[("agency", "a")]);
        let after = snapshot(&[("agency", "a"), ("agency", "b"), ("servers", "c")]);
        let new = after.beyond(&before);
        assert_eq!(new, snapshot(&[("agency", "b"), ("servers", "c")]));
        let skipped = ["servers".to_owned()];
        let left = new.without(&[&skipped, &[]]);
        let culprits = [("b".to_owned(), "test_x".to_owned())].into_iter().collect();
        let failures = left.failures(&culprits);
        let messages: Vec<&str> =
            failures.iter().map(|failure| failure.error.message.as_str()).collect();
        assert_eq!(messages, ["left behind: b (since test_x)"]);
        assert!(before.beyond(&after).is_empty());
    }
}
