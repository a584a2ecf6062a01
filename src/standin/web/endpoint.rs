//! Endpoint specifications (`tcp://h:p`, `ssl://h:p`, …) and URLs.

/// The URL origin of an endpoint: `tcp://h:p` becomes `http://h:p`, `ssl://h:p`
/// becomes `https://h:p`, with or without `http+` in front. Anything else
/// stays as it is.
pub(in crate::standin) fn to_url(endpoint: &str) -> String {
    let plain = endpoint.strip_prefix("http+").unwrap_or(endpoint);
    if let Some(rest) = plain.strip_prefix("tcp://") {
        format!("http://{rest}")
    } else if let Some(rest) = plain.strip_prefix("ssl://") {
        format!("https://{rest}")
    } else {
        plain.to_owned()
    }
}

/// Whether a text is an endpoint that an agent can be reached at.
pub(in crate::standin) fn is_one(endpoint: &str) -> bool {
    let plain = endpoint.strip_prefix("http+").unwrap_or(endpoint);
    let known = plain.starts_with("tcp://") || plain.starts_with("ssl://");
    let url = url::Url::parse(&to_url(endpoint));
    known && url.is_ok_and(|url| url.port().is_some() && url.path() == "/" && url.query().is_none())
}

#[cfg(test)]
mod tests {
    use super::{is_one, to_url};

    #[test]
    fn endpoints_are_told_from_other_text() {
        for good in ["tcp://h:1", "ssl://[::1]:8531", "http+tcp://10.0.0.7:1"] {
            assert!(is_one(good), "{good}");
        }
        for bad in ["", "h:1", "http://h:1", "tcp://h", "tcp://:1", "tcp://h:1/x", "tcp://h:x"] {
            assert!(!is_one(bad), "{bad}");
        }
    }

    #[test]
    fn endpoints_become_urls() {
        assert_eq!(to_url("tcp://10.0.0.7:8531"), "http://10.0.0.7:8531");
        assert_eq!(to_url("ssl://[::1]:8531"), "https://[::1]:8531");
        assert_eq!(to_url("http+tcp://h:1"), "http://h:1");
        assert_eq!(to_url("http+ssl://h:1"), "https://h:1");
        assert_eq!(to_url("http://h:1"), "http://h:1");
    }
}
