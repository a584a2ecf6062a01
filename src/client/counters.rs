//! Numbers that many count up at the same time.

use serde_json::Value;

use super::{AgencyClient, ClientError};
use crate::agency::path::absolute;

/// Where the numbers come from that are unique in a deployment.
const LATEST_ID: &str = "/arango/Sync/LatestID";

impl AgencyClient {
    /// Adds `delta` to the integer at a path and returns the one that was there; nothing counts as 0.
    ///
    /// It is tried until nobody else was faster, or the time of the operation is up. A write whose answer
    /// got lost is asked for before anything is written again.
    ///
    /// # Errors
    /// [`ClientError::NotAnInteger`], and nothing is written; [`ClientError::Exhausted`].
    pub fn cas_add(&self, path: &str, delta: i64) -> Result<i64, ClientError> {
        let path = absolute(path);
        self.count(&path, |found| {
            let old = found.map_or(Some(0), Value::as_i64)?;
            Some((old, old.checked_add(delta)?))
        })
    }

    /// Reserves `count` numbers that nobody else gets; returns the first, which is never 0.
    ///
    /// # Errors
    /// [`ClientError::NotAnInteger`] when something else is where the agency counts; [`ClientError::Exhausted`];
    /// [`ClientError::BadArgument`] when `count` is 0.
    pub fn unique_id(&self, count: u32) -> Result<u64, ClientError> {
        if count == 0 {
            return Err(ClientError::BadArgument {
                reason: "the number of ids must be at least 1".to_owned(),
            });
        }
        self.count(LATEST_ID, |found| {
            let next = match found {
                None | Some(Value::Null) => 1,
                Some(number) => number.as_u64()?.max(1),
            };
            Some((next, next.checked_add(count.into())?))
        })
    }

    /// Lets `step` tell from what is found what to return and what to set, until it is set.
    fn count<N: Into<Value>>(
        &self,
        path: &str,
        step: impl Fn(Option<&Value>) -> Option<(N, N)>,
    ) -> Result<N, ClientError> {
        let mut budget = self.budget();
        let mut tries = 0;
        loop {
            let found = self.get_within(path, &mut budget)?;
            let Some((old, new)) = step(found.as_ref()) else {
                return Err(ClientError::NotAnInteger { path: path.to_owned() });
            };
            let rest = self.clone().with_timeout(budget.left());
            let last = found.clone();
            if rest.swap(path, found, new.into())? {
                return Ok(old);
            }
            tries += 1;
            if !budget.pause()? {
                return Err(ClientError::Exhausted { path: path.to_owned(), tries, last });
            }
        }
    }
}
