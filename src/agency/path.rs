//! Paths of the agency's tree.

use std::borrow::Cow;

/// The keys that a path names, from the root on. Leading, trailing and repeated
/// slashes do not matter; the root has no segments.
pub fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The absolute form of a path as scripts and users write it: relative ones start at `/arango`;
/// repeated and trailing slashes do not count.
pub fn absolute(path: &str) -> String {
    let mut full = String::with_capacity(path.len() + 8);
    if !path.starts_with('/') {
        full.push_str("/arango");
    }
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        full.push('/');
        full.push_str(segment);
    }
    if full.is_empty() {
        full.push('/');
    }
    full
}

/// Whether a path is of the kind that makes a query show hidden keys: some
/// segment begins with a dot.
pub fn shows_hidden(path: &str) -> bool {
    path.starts_with('.') || path.contains("/.")
}

/// The form of a path by which operations are ordered: with a leading slash,
/// without repeated ones; one trailing slash stays.
pub fn ordering_key(path: &str) -> Cow<'_, str> {
    if path.starts_with('/') && !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut key = String::with_capacity(path.len() + 1);
    key.push('/');
    for character in path.chars() {
        if character != '/' || !key.ends_with('/') {
            key.push(character);
        }
    }
    Cow::Owned(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_in_excess_do_not_matter() {
        for path in ["a/b", "/a/b", "//a//b/"] {
            assert_eq!(segments(path).collect::<Vec<_>>(), ["a", "b"]);
        }
        assert_eq!(segments("/").count() + segments("").count(), 0);
    }

    #[test]
    fn ordering_keys_are_absolute_and_keep_one_trailing_slash() {
        for (path, key) in [
            ("", "/"),
            ("/", "/"),
            ("a", "/a"),
            ("a/", "/a/"),
            ("//a//b//", "/a/b/"),
            ("/a/b", "/a/b"),
        ] {
            assert_eq!(ordering_key(path), key);
        }
    }

    #[test]
    fn relative_paths_start_at_arango() {
        for (path, full) in [
            ("Plan/Version", "/arango/Plan/Version"),
            ("/a//b/", "/a/b"),
            ("", "/arango"),
            ("/", "/"),
            ("///", "/"),
        ] {
            assert_eq!(absolute(path), full);
        }
    }
}
