//! What clients want of a new database, checked.

use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};

use crate::standin::coordinator::collections::Copies;
use crate::standin::coordinator::reply::{Body, bad};
use crate::standin::web::error::ApiError;

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Its name.
    pub(super) name: String,
    sharding: &'static str,
    copies: Copies,
    write_concern: u64,
    replication_version: &'static str,
}

impl Wish {
    pub(super) fn of(body: &Body) -> Result<Self, ApiError> {
        let name = body.text("name")?.unwrap_or_default();
        check_name(name)?;
        if let Some(users) = body.get("users")
            && !users.as_array().is_some_and(|users| users.iter().all(Json::is_object))
        {
            return Err(bad("'users' must be an array of objects"));
        }
        let options = body.object("options")?.unwrap_or_default();
        let sharding = match options.text("sharding")? {
            None | Some("" | "flexible") => "",
            Some("single") => "single",
            Some(other) => return Err(bad(format!("'{other}' is no way of sharding"))),
        };
        let copies = options.get("replicationFactor").map(Copies::of).transpose()?;
        let copies = copies.unwrap_or(Copies::Number(1));
        let write_concern = options.number("writeConcern")?.unwrap_or(1);
        let most = match copies {
            Copies::Number(number) => number,
            Copies::Everywhere => u64::MAX,
        };
        if !(1..=most).contains(&write_concern) {
            return Err(bad("'writeConcern' must be from 1 to 'replicationFactor'"));
        }
        let replication_version = match options.text("replicationVersion")? {
            None | Some("1") => "1",
            Some("2") => "2",
            Some(other) => return Err(bad(format!("'{other}' is no version of replication"))),
        };
        let name = name.to_owned();
        Ok(Self { name, sharding, copies, write_concern, replication_version })
    }

    /// The entry of the Plan.
    pub(super) fn entry(&self, id: u64) -> Map<String, Json> {
        let entry = json!({
            "id": id.to_string(),
            "name": self.name,
            "isSystem": false,
            "sharding": self.sharding,
            "replicationFactor": self.copies.json(),
            "writeConcern": self.write_concern,
            "replicationVersion": self.replication_version,
        });
        match entry {
            Json::Object(entry) => entry,
            _ => Map::new(),
        }
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let good = (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if good {
        return Ok(());
    }
    let message = format!("database name invalid: '{name}'");
    Err(ApiError::numbered(StatusCode::BAD_REQUEST, 1229, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: Json) -> Result<Wish, ApiError> {
        let Json::Object(members) = json else { panic!("not an object") };
        Wish::of(&Body::from(members))
    }

    #[test]
    fn c6_1_a_wish_becomes_an_entry() {
        let plain = json!({"id": "5", "name": "d", "isSystem": false, "sharding": "",
            "replicationFactor": 1, "writeConcern": 1, "replicationVersion": "1"});
        let entry = |body: Json| Json::Object(wish(body).unwrap().entry(5));
        assert_eq!(entry(json!({"name": "d"})), plain);
        assert_eq!(
            entry(json!({"name": "d", "users": [{"username": "root"}], "options": {}})),
            plain
        );
        let full = entry(json!({"name": "D_-1", "options": {"sharding": "single",
            "replicationFactor": 3, "writeConcern": 2, "replicationVersion": "2"}}));
        assert_eq!(
            full,
            json!({"id": "5", "name": "D_-1", "isSystem": false, "sharding": "single",
                "replicationFactor": 3, "writeConcern": 2, "replicationVersion": "2"})
        );
        let satellite = entry(json!({"name": "d", "options": {"replicationFactor": "satellite"}}));
        assert_eq!(satellite["replicationFactor"], "satellite");
    }

    #[test]
    fn c6_1_wishes_that_make_no_sense_are_refused() {
        for json in [
            json!({}),
            json!({"name": ""}),
            json!({"name": 1}),
            json!({"name": "1d"}),
            json!({"name": "_d"}),
            json!({"name": "a/b"}),
            json!({"name": "d".repeat(65)}),
            json!({"name": "d", "users": "root"}),
            json!({"name": "d", "users": [1]}),
            json!({"name": "d", "options": []}),
            json!({"name": "d", "options": {"sharding": "x"}}),
            json!({"name": "d", "options": {"replicationFactor": 11}}),
            json!({"name": "d", "options": {"writeConcern": 2}}),
            json!({"name": "d", "options": {"writeConcern": 0}}),
            json!({"name": "d", "options": {"replicationVersion": 2}}),
            json!({"name": "d", "options": {"replicationVersion": "3"}}),
        ] {
            assert!(wish(json.clone()).is_err(), "{json}");
        }
    }
}
