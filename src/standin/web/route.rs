//! From the request's path to an endpoint.

/// A path as the routing rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::standin) struct Path {
    /// Database of a `/_db/<name>` prefix, which is stripped from the rest.
    pub database: Option<String>,
    /// The rest: repeated slashes collapsed, always with one in front.
    pub text: String,
}

impl Path {
    /// Normalises the path of a URL.
    pub(in crate::standin) fn new(raw: &str) -> Self {
        let mut text = String::with_capacity(raw.len() + 1);
        text.push('/');
        for c in raw.chars() {
            if c != '/' || !text.ends_with('/') {
                text.push(c);
            }
        }
        let Some(rest) = text.strip_prefix("/_db/") else {
            return Self { database: None, text };
        };
        let (database, rest) = rest.split_once('/').unwrap_or((rest, ""));
        Self { database: Some(database.to_owned()), text: format!("/{rest}") }
    }

    /// The segments, without the empty one that a trailing slash makes.
    pub(in crate::standin) fn segments(&self) -> Vec<&str> {
        let text = self.text.strip_prefix('/').unwrap_or(&self.text);
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.is_empty() {
            return Vec::new();
        }
        text.split('/').collect()
    }
}

/// The value of a query parameter, percent-decoded.
pub(in crate::standin) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let query = query?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e3_slashes_collapse_and_one_may_trail() {
        for raw in ["/a/b", "//a///b", "/a/b/", "a/b"] {
            assert_eq!(Path::new(raw).segments(), ["a", "b"], "{raw}");
        }
        assert!(Path::new("/").segments().is_empty());
    }

    #[test]
    fn a_database_prefix_is_stripped() {
        let path = Path::new("//_db//_system/_api/agency/read");
        assert_eq!(path.database.as_deref(), Some("_system"));
        assert_eq!(path.text, "/_api/agency/read");
        assert_eq!(Path::new("/_db/x").text, "/");
    }

    #[test]
    fn parameters_are_decoded() {
        assert_eq!(parameter(Some("a=1&b=%20"), "b").as_deref(), Some(" "));
        assert_eq!(parameter(None, "b"), None);
    }
}
