//! jq programs over documents, for scripts.

use std::ops::ControlFlow;

use rhai::{Array, Dynamic, ImmutableString, Map};

use super::convert::{stopped, value};
use crate::document::Document;
use crate::natives::{NativeContext, NativeError, NativeResult};
use crate::query::{self, Item, ItemView, QueryError};

/// All results of a program, as ordinary values.
pub(in crate::natives) fn query(
    run: &NativeContext,
    document: &Document,
    program: &str,
) -> NativeResult<Array> {
    let (mut results, mut failed) = (Array::new(), None);
    let mut take = |item: &Item| match plain(run, item) {
        Ok(result) => {
            results.push(result);
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    };
    let ended = query::query(document, program, &run.deadline, &mut take);
    if let Some(error) = failed {
        return Err(error);
    }
    ended.map(|()| results).map_err(|error| {
        let text = error.to_string();
        match error {
            QueryError::Syntax { .. } => NativeError::arango("query.syntax", 10, text),
            QueryError::Failed { .. } => NativeError::arango("query.failed", 10, text),
            QueryError::Stopped => stopped(run),
        }
    })
}

fn plain(run: &NativeContext, item: &Item) -> NativeResult<Dynamic> {
    Ok(match item.view() {
        ItemView::Null => Dynamic::UNIT,
        ItemView::Bool(flag) => flag.into(),
        ItemView::Integer(number) => number.into(),
        ItemView::Float(number) => number.into(),
        ItemView::Text(text) => ImmutableString::from(text).into(),
        ItemView::Part(part) => value(run, part)?,
        ItemView::Array(items) => {
            run.deadline.check_run()?;
            let items: NativeResult<Array> = items.iter().map(|item| plain(run, item)).collect();
            items?.into()
        }
        ItemView::Object(members) => {
            run.deadline.check_run()?;
            let members =
                members.iter().map(|(key, item)| Ok(((&**key).into(), plain(run, item)?)));
            members.collect::<NativeResult<Map>>()?.into()
        }
    })
}
