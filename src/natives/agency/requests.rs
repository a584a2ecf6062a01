//! Requests as a script puts them, and how long they may take.

use rhai::plugin::*;
use rhai::{Array, Dynamic, INT, Map};

use crate::client::{AgencyClient, ClientError, Question, Reply};
use crate::natives::{NativeError, NativeResult, Options, Raw, argument, call, from_json, to_json};

const KEYS: [&str; 5] = ["method", "path", "body", "agent", "timeout"];

fn request(agency: &AgencyClient, question: &Map) -> NativeResult<Map> {
    let options = Options::new(question, &KEYS)?;
    let method = options.string("method")?.unwrap_or_else(|| "GET".to_owned()).to_uppercase();
    let target = options
        .string("path")?
        .ok_or_else(|| NativeError::bad_parameter("option 'path' is needed"))?;
    let body = options.value("body").map(to_json).transpose()?;
    let body = body.map(|body| serde_json::to_vec(&body)).transpose();
    let body = body.map_err(|error| ClientError::BadArgument { reason: error.to_string() })?;
    let limit = options.number("timeout")?.map(argument::duration);
    let agency = limit.map_or_else(|| agency.clone(), |limit| agency.clone().with_timeout(limit));
    let question = Question { method: &method, target: &target, body: body.as_deref() };
    Ok(reply_map(match options.string("agent")? {
        Some(agent) => agency.ask_agent(&agent, &question)?,
        None => agency.ask(&question)?,
    }))
}

fn reply_map(reply: Reply) -> Map {
    let body = match serde_json::from_slice(&reply.body) {
        Ok(body) => from_json(body),
        Err(_) => String::from_utf8_lossy(&reply.body).into_owned().into(),
    };
    let headers: Map = reply
        .headers
        .into_iter()
        .map(|(name, value)| (name.into(), Dynamic::from(value)))
        .collect();
    let mut map = Map::new();
    map.insert("code".into(), i64::from(reply.status).into());
    map.insert("message".into(), reply.message.into());
    map.insert("headers".into(), headers.into());
    map.insert("body".into(), body);
    map.insert("endpoint".into(), reply.endpoint.into());
    map
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(in crate::natives) mod natives {
    /// Sends any request to the leading agent, or to a given one; the answer is given whatever its status.
    ///
    /// `agency.request(question: map) -> map`
    ///
    /// Arguments: `method` ("GET"), `path` (needed), `body` (any value that JSON can express; a POST needs one, a GET has none),
    /// `timeout`, `agent` (id or endpoint of the one to ask, once, whose redirects are answers as any other). Without an agent
    /// redirects are followed, and it is tried again while there is no leader.
    /// Returns `code`, `message`, `headers`, `body` (what its JSON says, or else its text), `endpoint` (who answered).
    /// Units: seconds.
    /// Errors: `argument.invalid` (10); `agency.unknown_agent` (10); `agency.no_leader` (503), `agency.redirect_loop` (503), `agency.redirect_unknown` (600),
    /// `agency.timeout` (408), `agency.unreachable` (2001), `agency.reset` (2003).
    /// Legacy: `agencyMgr.getAgency`, `agencyMgr.getAnyAgent`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// let answer = a.request(#{ method: "POST", path: "/_api/agency/read", body: [["/arango/none"]] });
    /// assert_eq(answer.code, 200);
    /// assert_eq(a.request(#{ path: "/_api/agency/config", agent: a.leader() }).body.leaderId, a.leader());
    /// ```
    #[rhai_fn(global, name = "request", return_raw)]
    pub fn request_native(
        ctx: NativeCallContext,
        agency: &mut AgencyClient,
        question: Map,
    ) -> Raw<Map> {
        call(&ctx, "agency::request", |_| request(agency, &question))
    }

    /// Gives a handle of the same agency whose operations may take so long, with all their repetitions.
    ///
    /// `agency.with_timeout(seconds: integer | float) -> Agency`
    ///
    /// Arguments: `seconds`.
    /// Units: seconds, fractions count.
    /// Errors: `argument.invalid` (number 10) unless `seconds` is more than 0.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let hasty = agency::current().with_timeout(5);
    /// assert_eq(hasty.get("Test/none"), ());
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn with_timeout(
        ctx: NativeCallContext,
        agency: &mut AgencyClient,
        seconds: Dynamic,
    ) -> Raw<AgencyClient> {
        call(&ctx, "agency::with_timeout", |_| {
            let limit = argument::seconds(&seconds, "the timeout")?;
            if limit.is_zero() {
                return Err(NativeError::bad_parameter("the timeout must be more than 0"));
            }
            Ok(agency.clone().with_timeout(limit))
        })
    }

    /// Where the agency is asked: the endpoints given and those learnt, the likely leader first.
    ///
    /// `agency.endpoints() -> array`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `agencyMgr.endpoints`, `agencyMgr.urls`.
    ///
    /// ```rhai
    /// assert_eq(agency::current().endpoints().len(), 1);
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn endpoints(ctx: NativeCallContext, agency: &mut AgencyClient) -> Raw<Array> {
        call(&ctx, "agency::endpoints", |_| {
            Ok(agency.endpoints().into_iter().map(Dynamic::from).collect())
        })
    }

    /// Adds to the integer at a path and gives the one that was there, however many do so at the same time.
    ///
    /// `agency.cas_add(path: string, delta: integer) -> integer`
    ///
    /// Arguments: `path`; `delta`. Nothing at the path counts as 0.
    /// Units: 64-bit integers.
    /// Errors: `agency.type_error` (number 17) for anything but an integer, and nothing is written; `agency.cas_exhausted` (412); as for `set`.
    /// Legacy: `agencyMgr.casValue`.
    ///
    /// ```rhai
    /// let a = agency::current();
    /// assert_eq(a.cas_add("Test/cas_add", 5), 0);
    /// assert_eq(a.cas_add("Test/cas_add", 1), 5);
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn cas_add(
        ctx: NativeCallContext,
        agency: &mut AgencyClient,
        path: &str,
        delta: INT,
    ) -> Raw<INT> {
        call(&ctx, "agency::cas_add", |_| Ok(agency.cas_add(path, delta)?))
    }
}
