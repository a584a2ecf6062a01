//! H22: files that appear whole or not at all.

use std::path::Path;

use rhai::Map;

use crate::server::{Reply, Server, reply};
use crate::{answer, raised, run, text};

/// The call of `http::download` for a file in `directory`.
fn download(directory: &Path, name: &str, options: &str) -> String {
    format!("http::download(url, `{}`, #{{ {options} }})", directory.join(name).display())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn h22_a_download_that_breaks_off_leaves_what_was_there() {
    let answers = [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1",
        b"",
    ];
    for bytes in answers {
        let server = Server::start(move |_| Reply::RawClose(bytes.to_vec()));
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("old"), "old").unwrap();
        for name in ["old", "new"] {
            let found = answer(&server.url, &download(directory.path(), name, "overwrite: true"));
            assert_eq!(text(&found, "transport_error"), "closed", "{found:?}");
            assert!(!found.contains_key("body"));
        }
        assert_eq!(names(directory.path()), ["old"]);
        assert_eq!(std::fs::read(directory.path().join("old")).unwrap(), b"old");
    }
}

#[test]
fn h22_whatever_has_the_name_counts_as_existing() {
    let server = Server::start(|_| reply(200, &[], "content"));
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("directory")).unwrap();
    std::os::unix::fs::symlink("nowhere", directory.path().join("link")).unwrap();
    for name in ["directory", "link"] {
        assert_eq!(raised(&server.url, &download(directory.path(), name, "")).0, 16, "{name}");
    }
    let into = download(directory.path(), "directory", "overwrite: true");
    assert_eq!(raised(&server.url, &into).0, 15);
    assert!(server.seen().is_empty(), "no request for what cannot be written");
    assert_eq!(names(directory.path()), ["directory", "link"]);
}

#[test]
fn h22_a_file_that_appears_meanwhile_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let other = path.clone();
    let server = Server::start(move |_| {
        std::fs::write(&other, "theirs").unwrap();
        reply(200, &[], "ours")
    });
    assert_eq!(raised(&server.url, &download(directory.path(), "file", "")).0, 16);
    assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
    let found: Map = answer(&server.url, &download(directory.path(), "file", "overwrite: true"));
    assert_eq!(found["code"].as_int(), Ok(200));
    assert_eq!(std::fs::read(&path).unwrap(), b"ours");
    assert_eq!(names(directory.path()), ["file"]);
}

#[test]
fn h22_a_replaced_file_keeps_its_mode_and_a_link_its_target() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start(|_| reply(200, &[], "new"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("file", directory.path().join("link")).unwrap();
    let _ = run(&server.url, &download(directory.path(), "link", "overwrite: true"));
    assert!(directory.path().join("link").is_symlink());
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn h22_the_body_of_a_refusal_is_stored_when_asked_for() {
    let server = Server::start(|_| reply(503, &[], "why"));
    let directory = tempfile::tempdir().unwrap();
    let found = answer(&server.url, &download(directory.path(), "file", "body_on_error: true"));
    assert_eq!(found["code"].as_int(), Ok(503));
    assert_eq!(std::fs::read(directory.path().join("file")).unwrap(), b"why");
}

#[test]
fn h22_large_bodies_arrive_byte_for_byte_however_they_are_framed() {
    let body: Vec<u8> =
        (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let sent = body.clone();
    let server = Server::start(move |request| {
        let mut bytes = Vec::new();
        match request.target.as_str() {
            "/length" => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", sent.len());
                bytes.extend(head.as_bytes());
                bytes.extend(&sent);
            }
            "/close" => {
                bytes.extend(b"HTTP/1.1 200 OK\r\n\r\n");
                bytes.extend(&sent);
            }
            _ => {
                bytes.extend(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                for chunk in sent.chunks(70_000) {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
            }
        }
        Reply::RawClose(bytes)
    });
    let directory = tempfile::tempdir().unwrap();
    for way in ["length", "close", "chunked"] {
        let call = download(directory.path(), way, "").replace("url,", &format!("url + `/{way}`,"));
        assert_eq!(answer(&server.url, &call)["code"].as_int(), Ok(200));
        assert!(std::fs::read(directory.path().join(way)).unwrap() == body, "{way}");
    }
}
