//! Verbs: check what is to be sent, ask, convert the answer.

use rhai::{Blob, Dynamic, ImmutableString, Map};

use super::error::failed;
use super::results::{plain, plain_failure, raw, raw_failure};
use super::target::ArangoTarget;
use crate::connection::{Answer, Body, ConnectionError, Question};
use crate::natives::{NativeContext, NativeResult, fs, to_json};

/// One call of a verb.
pub(super) struct Verb<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Dynamic>,
    pub(super) headers: &'a Map,
}

impl Verb<'_> {
    fn question(&self) -> NativeResult<Question> {
        let body = self.body.map_or(Ok(Body::None), body)?;
        let question = Question::new(self.method, self.path).body(body);
        Ok(self
            .headers
            .iter()
            .fold(question, |question, (name, value)| question.header(name, value.to_string())))
    }
}

fn body(value: &Dynamic) -> NativeResult<Body> {
    if value.is_unit() {
        return Ok(Body::None);
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Body::Text(text.to_string()));
    }
    if let Some(blob) = value.read_lock::<Blob>() {
        return Ok(Body::Bytes(blob.clone()));
    }
    to_json(value).map(Body::Value)
}

fn ask(run: &NativeContext, question: Question) -> NativeResult<Result<Answer, ConnectionError>> {
    run.may_send(question.method(), question.path())?;
    run.deadline.check()?;
    let target = run.extension::<ArangoTarget>();
    let connection = target.current(&run.deadline)?;
    Ok(connection.ask(question, target.connections.settings(), &run.deadline))
}

/// A verb that gives the body.
pub(super) fn body_of(run: &NativeContext, verb: &Verb<'_>) -> NativeResult<Dynamic> {
    match ask(run, verb.question()?)? {
        Ok(answer) if answer.is_large() => Ok(run.deadline.aside(|| plain(answer))?),
        Ok(answer) => Ok(plain(answer)),
        Err(error) => Ok(plain_failure(failed(error, verb.path)?).into()),
    }
}

/// A verb that gives all of the answer.
pub(super) fn answer_of(run: &NativeContext, verb: &Verb<'_>) -> NativeResult<Map> {
    match ask(run, verb.question()?)? {
        Ok(answer) if answer.is_large() => Ok(run.deadline.aside(|| raw(answer))?),
        Ok(answer) => Ok(raw(answer)),
        Err(error) => Ok(raw_failure(failed(error, verb.path)?)),
    }
}

/// `POST` with the bytes of a file.
pub(super) fn send_file(
    run: &NativeContext,
    path: &str,
    file: &str,
    headers: &Map,
) -> NativeResult<Dynamic> {
    run.deadline.check()?;
    let bytes = Dynamic::from_blob(fs::read(run, file)?);
    body_of(run, &Verb { method: "POST", path, body: Some(&bytes), headers })
}
