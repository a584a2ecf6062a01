//! Bodies on their way into an archive, without secrets.
//!
//! [`Filter`] reads JSON as it streams by and masks the values of members that hold secrets by
//! their names, private keys in PEM, and whatever the run itself knows as secret. It keeps no
//! more than one string in memory, and of long ones a part. What is no JSON passes as it is but
//! for the known secrets.
//!
//! * `names`: which names hold secrets
//! * `secrets`: what the run knows
//! * `text`: texts that are no JSON

mod names;
mod secrets;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Write};
use std::sync::Arc;

pub use secrets::KnownSecrets;
use secrets::{MASK, begins_a_character, escape_length};

/// A string longer than this is passed on in parts.
const LONGEST_STRING: usize = 1 << 20;
/// A number or a word longer than this is none.
const LONGEST_SCALAR: usize = 1024;
/// Deeper than this nothing nests that an agent sends.
const DEEPEST: usize = 10_000;
/// The mark of a private key in PEM.
const PRIVATE_KEY: &[u8] = b"PRIVATE KEY-----";
/// Operations of the agency: they stay in the log when the values beside them are masked.
const OPERATIONS: [&[u8]; 13] = [
    b"set",
    b"delete",
    b"increment",
    b"decrement",
    b"push",
    b"pop",
    b"prepend",
    b"shift",
    b"erase",
    b"replace",
    b"observe",
    b"unobserve",
    b"push-queue",
];

/// What a body turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// One JSON value and nothing else.
    pub(super) json: bool,
    /// The member to be picked was there.
    pub(super) picked: bool,
    /// Bytes that came.
    pub(super) bytes: u64,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// A string of which a part has been passed on.
#[derive(Debug, Clone, Copy)]
struct Long {
    is_key: bool,
    hidden: bool,
}

/// Passes a body on to `out` without secrets; [`Filter::finish`] has to be called at its end.
pub(super) struct Filter<W: Write> {
    out: W,
    secrets: Arc<KnownSecrets>,
    /// The member of the outermost object that alone is passed on.
    pick: Option<&'static str>,
    picking: bool,
    picked: bool,
    /// No JSON from here on.
    is_text: bool,
    passed: bool,
    bytes: u64,
    next: Next,
    open: Vec<u8>,
    /// How many containers were open when one began that is masked.
    hidden_from: Option<usize>,
    /// The next value is that of a member with a secret name, or of one named `op`.
    secret_next: bool,
    operation_next: bool,
    long: Option<Long>,
    /// What came and is not complete.
    rest: Vec<u8>,
}

/// A stretch of the body, and what is known of it at once.
struct Window<'d> {
    data: &'d [u8],
    at: usize,
    /// From here on nothing has been passed on.
    from: usize,
    may_hold_secrets: bool,
    may_hold_keys: bool,
    has_control: bool,
}

/// The body is no JSON from some place on.
struct NoJson;

type Step<T> = Result<T, NoJson>;

impl<W: Write> Filter<W> {
    pub(super) fn new(out: W, secrets: Arc<KnownSecrets>) -> Self {
        Self {
            out,
            secrets,
            pick: None,
            picking: false,
            picked: false,
            is_text: false,
            passed: false,
            bytes: 0,
            next: Next::Value,
            open: Vec::new(),
            hidden_from: None,
            secret_next: false,
            operation_next: false,
            long: None,
            rest: Vec::new(),
        }
    }

    /// Passes on the value of this member of the outermost object, and nothing else.
    pub(super) fn picking(mut self, member: &'static str) -> Self {
        self.pick = Some(member);
        self
    }

    /// Passes on what is left.
    pub(super) fn finish(mut self) -> io::Result<(W, Seen)> {
        let rest = std::mem::take(&mut self.rest);
        let used = self.take(&rest, true)?;
        let complete = used == rest.len() && self.next == Next::Nothing && self.long.is_none();
        if used < rest.len() {
            // an end in the middle of something
            self.become_text();
            self.take(&rest[used..], true)?;
        }
        let seen = Seen { json: complete && !self.is_text, picked: self.picked, bytes: self.bytes };
        Ok((self.out, seen))
    }

    /// Takes from `data` what is complete; tells how much that is.
    fn take(&mut self, data: &[u8], is_end: bool) -> io::Result<usize> {
        if self.is_text {
            return self.take_text(data, is_end);
        }
        let mut window = Window {
            data,
            at: 0,
            from: 0,
            may_hold_secrets: self.secrets.may_occur(data),
            may_hold_keys: memchr::memmem::find(data, PRIVATE_KEY).is_some(),
            has_control: data.iter().any(|byte| *byte < b' '),
        };
        let outcome = loop {
            match self.token(&mut window, is_end)? {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(NoJson) => break Err(NoJson),
            }
        };
        let used = window.at;
        self.pass(&mut window, used)?;
        let is_utf8 = std::str::from_utf8(&data[..used]).is_ok();
        if outcome.is_err() || !is_utf8 {
            self.become_text();
        }
        Ok(match outcome {
            Ok(()) => used,
            Err(NoJson) => used + self.take_text(&data[used..], is_end)?,
        })
    }

    fn become_text(&mut self) {
        self.is_text = true;
        self.long = None;
    }

    fn passes(&self) -> bool {
        self.pick.is_none() || self.picking && self.picked
    }

    /// Passes on what lies before `to` and has not been passed on.
    fn pass(&mut self, window: &mut Window<'_>, to: usize) -> io::Result<()> {
        let stretch = &window.data[window.from..to];
        window.from = to;
        self.put(stretch)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() || !self.passes() {
            return Ok(());
        }
        self.passed = true;
        self.out.write_all(bytes)
    }

    /// Puts something else in the place of what lies between `window.at` and `to`.
    fn replace(&mut self, window: &mut Window<'_>, to: usize, by: &[u8]) -> io::Result<()> {
        self.pass(window, window.at)?;
        window.from = to;
        self.put(by)
    }

    /// Reads one token; `false` when it is not complete.
    fn token(&mut self, window: &mut Window<'_>, is_end: bool) -> io::Result<Step<bool>> {
        if let Some(long) = self.long {
            return self.more_of(long, window, is_end);
        }
        let data = window.data;
        while matches!(data.get(window.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            window.at += 1;
        }
        let Some(byte) = data.get(window.at).copied() else { return Ok(Ok(false)) };
        let next = self.next;
        match (byte, next) {
            (b'"', Next::Key | Next::KeyOrEnd) => self.string(window, true, is_end),
            (b':', Next::Colon) => {
                window.at += 1;
                self.next = Next::Value;
                Ok(Ok(true))
            }
            (b',', Next::CommaOrEnd) => {
                window.at += 1;
                self.next = match self.open.last() {
                    Some(b'{') => Next::Key,
                    _ => Next::Value,
                };
                Ok(Ok(true))
            }
            (b'}', Next::CommaOrEnd | Next::KeyOrEnd) if self.open.last() == Some(&b'{') => {
                self.close(window)
            }
            (b']', Next::CommaOrEnd | Next::ValueOrEnd) if self.open.last() == Some(&b'[') => {
                self.close(window)
            }
            (_, Next::Value | Next::ValueOrEnd) => {
                self.begin_picking(window)?;
                match byte {
                    b'"' => self.string(window, false, is_end),
                    b'{' | b'[' => Ok(self.open(window, byte)),
                    _ => self.scalar(window, is_end),
                }
            }
            _ => Ok(Err(NoJson)),
        }
    }

    /// Whether the value that begins now is to be masked.
    fn takes_secret(&mut self) -> bool {
        std::mem::take(&mut self.secret_next) | self.hidden_from.is_some()
    }

    fn open(&mut self, window: &mut Window<'_>, byte: u8) -> Step<bool> {
        if self.open.len() == DEEPEST {
            return Err(NoJson);
        }
        if self.takes_secret() && self.hidden_from.is_none() {
            self.hidden_from = Some(self.open.len());
        }
        self.operation_next = false;
        self.open.push(byte);
        window.at += 1;
        self.next = if byte == b'{' { Next::KeyOrEnd } else { Next::ValueOrEnd };
        Ok(true)
    }

    fn close(&mut self, window: &mut Window<'_>) -> io::Result<Step<bool>> {
        self.open.pop();
        window.at += 1;
        if self.hidden_from == Some(self.open.len()) {
            self.hidden_from = None;
        }
        self.end_value(window)?;
        Ok(Ok(true))
    }

    /// A value begins; with it, what is to be picked.
    fn begin_picking(&mut self, window: &mut Window<'_>) -> io::Result<()> {
        if self.picking && self.open.len() == 1 && !self.picked {
            window.from = window.at;
            self.picked = true;
        }
        Ok(())
    }

    fn end_value(&mut self, window: &mut Window<'_>) -> io::Result<()> {
        if self.picking && self.open.len() == 1 {
            self.pass(window, window.at)?;
            self.picking = false;
        }
        self.next = if self.open.is_empty() { Next::Nothing } else { Next::CommaOrEnd };
        Ok(())
    }

    fn scalar(&mut self, window: &mut Window<'_>, is_end: bool) -> io::Result<Step<bool>> {
        let rest = &window.data[window.at..];
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.'))
            .unwrap_or(rest.len());
        if length > LONGEST_SCALAR {
            return Ok(Err(NoJson));
        }
        if length == rest.len() && !is_end {
            return Ok(Ok(false));
        }
        let scalar = &rest[..length];
        let end = window.at + length;
        match scalar {
            b"true" | b"false" | b"null" => {
                self.takes_secret();
            }
            _ if !is_number(scalar) => return Ok(Err(NoJson)),
            _ => {
                let secret = self.takes_secret();
                if secret || window.may_hold_secrets && self.secrets.may_occur(scalar) {
                    self.replace(window, end, &[b"\"", MASK, b"\""].concat())?;
                }
            }
        }
        self.operation_next = false;
        window.at = end;
        self.end_value(window)?;
        Ok(Ok(true))
    }

    fn string(
        &mut self,
        window: &mut Window<'_>,
        is_key: bool,
        is_end: bool,
    ) -> io::Result<Step<bool>> {
        let begin = window.at + 1;
        let Ok(length) = length_of_string(&window.data[begin..]) else { return Ok(Err(NoJson)) };
        let Some(length) = length else {
            if is_end {
                return Ok(Err(NoJson));
            }
            if window.data.len() - begin > LONGEST_STRING {
                return self.begin_long(window, is_key);
            }
            return Ok(Ok(false));
        };
        let (content, end) = (&window.data[begin..begin + length], begin + length + 1);
        if window.has_control && content.iter().any(|byte| *byte < b' ') {
            return Ok(Err(NoJson));
        }
        if is_key {
            self.key(content);
            if window.may_hold_secrets
                && let Some(masked) = self.secrets.masked_in_json(content)
            {
                self.replace(window, end, &quoted(&masked))?;
            }
            window.at = end;
            self.next = Next::Colon;
            return Ok(Ok(true));
        }
        let is_operation =
            std::mem::take(&mut self.operation_next) && OPERATIONS.contains(&content);
        let hidden = self.takes_secret() && !is_operation;
        if hidden || window.may_hold_keys && memchr::memmem::find(content, PRIVATE_KEY).is_some() {
            self.replace(window, end, &quoted(MASK))?;
        } else if window.may_hold_secrets
            && let Some(masked) = self.secrets.masked_in_json(content)
        {
            self.replace(window, end, &quoted(&masked))?;
        }
        window.at = end;
        self.end_value(window)?;
        Ok(Ok(true))
    }

    /// Notes what the name of a member says of its value.
    fn key(&mut self, content: &[u8]) {
        self.operation_next = self.hidden_from.is_some() && content == b"op";
        if self.open.len() == 1 && self.pick.is_some_and(|pick| pick.as_bytes() == content) {
            self.picking = !self.picked;
        }
        if self.hidden_from.is_none() && names::may_be_secret(content) {
            let name = match content.contains(&b'\\') {
                true => serde_json::from_slice(&quoted(content)).unwrap_or_default(),
                false => String::from_utf8_lossy(content).into_owned(),
            };
            self.secret_next = names::is_secret(&name);
        }
    }

    fn begin_long(&mut self, window: &mut Window<'_>, is_key: bool) -> io::Result<Step<bool>> {
        let hidden = match is_key {
            true => false,
            false => self.takes_secret() || window.may_hold_keys,
        };
        let begin = window.at + 1;
        match hidden {
            true => self.replace(window, begin, &[b"\"", MASK].concat())?,
            false => self.pass(window, begin)?,
        }
        window.at = begin;
        self.operation_next = false;
        self.long = Some(Long { is_key, hidden });
        Ok(Ok(true))
    }

    /// Passes on more of a long string, and its end when it is there.
    fn more_of(
        &mut self,
        long: Long,
        window: &mut Window<'_>,
        is_end: bool,
    ) -> io::Result<Step<bool>> {
        let rest = &window.data[window.at..];
        let Ok(length) = length_of_string(rest) else { return Ok(Err(NoJson)) };
        let cut = match length {
            Some(length) => length,
            None if is_end => return Ok(Err(NoJson)),
            None => place_to_cut(rest, rest.len().saturating_sub(self.secrets.longest() + 8)),
        };
        let part = match length {
            Some(_) => &rest[..cut],
            // what may be the beginning of a secret waits for the rest of it
            None => self.before_an_open_secret(rest, cut),
        };
        let end = window.at + part.len();
        if long.hidden {
            self.replace(window, end, b"")?;
        } else if let Some(masked) = self.secrets.masked_in_json(part) {
            self.replace(window, end, &masked)?;
        }
        window.at = end;
        if length.is_some() {
            window.at += 1;
            self.long = None;
            if long.is_key {
                self.next = Next::Colon;
            } else {
                self.end_value(window)?;
            }
            return Ok(Ok(true));
        }
        Ok(Ok(false))
    }

    /// The part before `cut`, shortened so that no secret lies across its end.
    fn before_an_open_secret<'d>(&self, content: &'d [u8], cut: usize) -> &'d [u8] {
        let mut from = 0;
        while let Some((at, length)) = self.secrets.first_in_json(content, from) {
            if at >= cut {
                break;
            }
            if at + length > cut && begins_a_character(content, 0, at) {
                return &content[..at];
            }
            from = at + 1;
        }
        &content[..cut]
    }
}

impl<W: Write> Write for Filter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        if self.rest.is_empty() {
            let used = self.take(bytes, false)?;
            self.rest.extend_from_slice(&bytes[used..]);
        } else {
            let mut whole = std::mem::take(&mut self.rest);
            whole.extend_from_slice(bytes);
            let used = self.take(&whole, false)?;
            whole.drain(..used);
            self.rest = whole;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn quoted(content: &[u8]) -> Vec<u8> {
    [b"\"", content, b"\""].concat()
}

/// Bytes before the quote that ends a string; `None` when it is not there.
fn length_of_string(content: &[u8]) -> Result<Option<usize>, NoJson> {
    let mut at = 0;
    loop {
        let Some(found) = memchr::memchr2(b'"', b'\\', &content[at..]) else { return Ok(None) };
        at += found;
        if content[at] == b'"' {
            return Ok(Some(at));
        }
        let escape = &content[at..content.len().min(at + escape_length(&content[at..]))];
        let is_one = match escape {
            [_] | [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'] => true,
            [_, b'u', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
            _ => false,
        };
        if !is_one {
            return Err(NoJson);
        }
        if at + escape_length(&content[at..]) > content.len() {
            return Ok(None);
        }
        at += escape.len();
    }
}

/// The last place up to `most` at which a character begins.
fn place_to_cut(content: &[u8], most: usize) -> usize {
    let mut cut = 0;
    while cut < most {
        match memchr::memchr(b'\\', &content[cut..most]) {
            None => {
                cut = most;
                // not within one of several bytes
                while cut > 0 && content.get(cut).is_some_and(|byte| byte & 0xc0 == 0x80) {
                    cut -= 1;
                }
                return cut;
            }
            Some(before) => {
                let end = cut + before + escape_length(&content[cut + before..]);
                if end > most {
                    return cut + before;
                }
                cut = end;
            }
        }
    }
    cut
}

/// Whether a text is a number as JSON has them.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || whole > 1 && text[0] == b'0' {
        return false;
    }
    let mut text = &text[whole..];
    if let Some(fraction) = text.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        text = &fraction[length..];
    }
    if let Some(exponent) = text.strip_prefix(b"e").or_else(|| text.strip_prefix(b"E")) {
        let exponent =
            exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let length = digits(exponent);
        return length > 0 && length == exponent.len();
    }
    text.is_empty()
}
