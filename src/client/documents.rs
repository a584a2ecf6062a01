//! Reads whose answer stays text: it can be tens of megabytes, of which little is looked at.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::answer::{Answer, excerpt};
use super::operations::NOT_ONE_RESULT;
use super::{AgencyClient, ClientError};
use crate::agency::path::{absolute, segments};
use crate::document::{Document, DocumentError, View};

impl AgencyClient {
    /// Reads several paths at once: one tree with all that was found, at full paths.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn read_document(&self, paths: &[&str]) -> Result<Document, ClientError> {
        let paths: Vec<String> = paths.iter().map(|path| absolute(path)).collect();
        self.read_absolute_document(&json!([paths]))
    }

    /// The value at a path; `None` when nothing is there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get_document(&self, path: &str) -> Result<Option<Document>, ClientError> {
        let path = absolute(path);
        let mut found = Some(self.read_absolute_document(&json!([[path]]))?);
        // elements of arrays are no nodes of the tree
        for segment in segments(&path) {
            found = found.and_then(|node| node.member(segment));
        }
        Ok(found)
    }

    /// Tree and log as the given agent has them, or the leader.
    ///
    /// # Errors
    /// [`ClientError::UnknownAgent`] and others.
    pub fn state_document(&self, agent: Option<&str>) -> Result<Document, ClientError> {
        self.document(self.state_answer(agent)?)
    }

    fn read_absolute_document(&self, queries: &Value) -> Result<Document, ClientError> {
        let mut budget = self.budget();
        let answer = self.read_answer(queries, &mut budget)?;
        let (status, endpoint) = (answer.status, answer.endpoint.clone());
        let answers = self.document(answer)?;
        match (answers.view(), answers.len(), answers.item(0)) {
            (View::Array, Some(1), Some(tree)) => Ok(tree),
            _ => {
                let body = answers.to_value();
                let (headers, message) = (Vec::new(), String::new());
                let text = body.to_string().into_bytes();
                let answer = Answer { status, endpoint, headers, message, body: text };
                Err(answer.refused_or_bad(&body, NOT_ONE_RESULT))
            }
        }
    }

    /// The body of an answer, without a copy.
    fn document(&self, answer: Answer) -> Result<Document, ClientError> {
        let deadline = &self.shared.deadline;
        let go_on = || match deadline.check() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        let beginning = excerpt(&answer.body);
        Document::from_bytes(answer.body, &go_on).map_err(|error| {
            match (&error, deadline.check()) {
                (DocumentError::Stopped, Err(stop)) => stop.into(),
                _ => ClientError::BadAnswer {
                    endpoint: answer.endpoint.url(),
                    reason: format!("{error} in {beginning}"),
                },
            }
        })
    }
}
