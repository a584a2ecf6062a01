//! Endpoint specifications (`tcp://h:p`, `ssl://h:p`, …) and URLs.

/// The URL origin of an endpoint: `tcp://h:p` becomes `http://h:p`, `ssl://h:p`
/// becomes `https://h:p`, with or without `http+` in front. Anything else
/// stays as it is.
pub(super) fn to_url(endpoint: &str) -> String {
    let plain = endpoint.strip_prefix("http+").unwrap_or(endpoint);
    if let Some(rest) = plain.strip_prefix("tcp://") {
        format!("http://{rest}")
    } else if let Some(rest) = plain.strip_prefix("ssl://") {
        format!("https://{rest}")
    } else {
        plain.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::to_url;

    #[test]
    fn endpoints_become_urls() {
        assert_eq!(to_url("tcp://10.0.0.7:8531"), "http://10.0.0.7:8531");
        assert_eq!(to_url("ssl://[::1]:8531"), "https://[::1]:8531");
        assert_eq!(to_url("http+tcp://h:1"), "http://h:1");
        assert_eq!(to_url("http+ssl://h:1"), "https://h:1");
        assert_eq!(to_url("http://h:1"), "http://h:1");
    }
}
