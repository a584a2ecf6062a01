//! The secrets that a run knows, and how they are found in texts.

use base64::Engine as _;
use memchr::memmem::Finder;

use crate::client::{ClientAuth, ClientError};

/// What stands in the place of a secret.
pub(super) const MASK: &[u8] = b"***";

/// Shorter ones occur by chance, also where they are none.
const SHORTEST: usize = 4;

/// Secrets that must not occur in a dump, in all forms that they may have in it.
#[derive(Default)]
pub struct KnownSecrets {
    /// As they stand between the quotes of JSON.
    json: Vec<Finder<'static>>,
    /// As they stand in any text.
    text: Vec<Finder<'static>>,
    /// Length of the longest form.
    longest: usize,
}

impl std::fmt::Debug for KnownSecrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("KnownSecrets(…)")
    }
}

impl KnownSecrets {
    /// These texts; those of less than four bytes are left out, for they occur everywhere.
    pub fn new(secrets: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut known = Self::default();
        for secret in secrets.into_iter().filter(|secret| secret.len() >= SHORTEST) {
            let forms = std::str::from_utf8(&secret).map(json_forms).unwrap_or_default();
            for form in &forms {
                known.longest = known.longest.max(form.len());
                add(&mut known.json, form);
                add(&mut known.text, form);
            }
            known.longest = known.longest.max(secret.len());
            add(&mut known.text, &secret);
        }
        known
    }

    /// What opens the servers for this client: secret, token, password.
    ///
    /// # Errors
    /// No token can be made.
    pub fn of(auth: &ClientAuth, more: Vec<Vec<u8>>) -> Result<Self, ClientError> {
        let mut secrets = more;
        match auth {
            ClientAuth::None => {}
            ClientAuth::Signed(source) => {
                secrets.push(source.identity().to_vec());
                secrets.push(source.token()?.into_bytes());
            }
            ClientAuth::Token(token) => secrets.push(token.clone().into_bytes()),
            ClientAuth::Basic { username, password } => {
                let pair = format!("{username}:{password}");
                secrets.push(base64::engine::general_purpose::STANDARD.encode(pair).into_bytes());
                secrets.push(password.clone().into_bytes());
            }
        }
        Ok(Self::new(secrets))
    }

    /// So many bytes may have to be seen at once to find a secret.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Whether one of them may occur in a stretch of JSON.
    pub(super) fn may_occur(&self, json: &[u8]) -> bool {
        self.json.iter().any(|finder| finder.find(json).is_some())
    }

    /// What stands between the quotes of a JSON string, masked; `None` when there is nothing to mask.
    pub(super) fn masked_in_json(&self, content: &[u8]) -> Option<Vec<u8>> {
        let mut masked = Vec::new();
        let (mut done, mut from) = (0, 0);
        while let Some((at, length)) = first(&self.json, content, from) {
            // `n` is no letter in `\n`
            if !begins_a_character(content, done, at) {
                from = at + 1;
                continue;
            }
            masked.extend_from_slice(&content[done..at]);
            masked.extend_from_slice(MASK);
            done = at + length;
            from = done;
        }
        (done > 0).then(|| {
            masked.extend_from_slice(&content[done..]);
            masked
        })
    }

    /// The same between the quotes of a JSON string, wherever characters begin.
    pub(super) fn first_in_json(&self, content: &[u8], from: usize) -> Option<(usize, usize)> {
        first(&self.json, content, from)
    }

    /// The first secret in a text: where it begins, and how long it is.
    pub(super) fn first_in_text(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        first(&self.text, text, from)
    }
}

fn add(finders: &mut Vec<Finder<'static>>, form: &[u8]) {
    if !finders.iter().any(|finder| finder.needle() == form) {
        finders.push(Finder::new(form).into_owned());
    }
}

fn first(finders: &[Finder<'static>], text: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = text.get(from..)?;
    finders
        .iter()
        .filter_map(|finder| Some((from + finder.find(rest)?, finder.needle().len())))
        // the longest of those that begin at the same place
        .min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)))
}

/// A text as programs write it between the quotes of JSON.
fn json_forms(text: &str) -> Vec<Vec<u8>> {
    let quoted = serde_json::Value::from(text).to_string();
    let plain = quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned();
    let ascii = |upper: bool| -> String {
        let mut ascii = String::with_capacity(plain.len());
        for letter in plain.chars() {
            if letter.is_ascii() {
                ascii.push(letter);
                continue;
            }
            for unit in letter.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&match upper {
                    true => format!("\\u{unit:04X}"),
                    false => format!("\\u{unit:04x}"),
                });
            }
        }
        ascii
    };
    let forms = [ascii(false), ascii(true), plain.clone()];
    let slashes = forms.iter().map(|form| form.replace('/', "\\/"));
    forms.iter().cloned().chain(slashes).map(String::into_bytes).collect()
}

/// Whether a character begins at `at`, when one begins at `from`: escapes are one each.
pub(super) fn begins_a_character(content: &[u8], from: usize, at: usize) -> bool {
    let mut place = from;
    while place < at {
        match memchr::memchr(b'\\', &content[place..at]) {
            Some(before) => place += before + escape_length(&content[place + before..]),
            None => return true,
        }
    }
    place == at
}

/// How long the escape is that begins here.
pub(super) fn escape_length(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'u') { 6 } else { 2 }
}
