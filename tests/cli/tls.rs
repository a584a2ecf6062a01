//! TLS, from the key file of an agent to what a user reads when certificates do not fit.

use crate::support::{Folder, agencysh};

/// A certificate for this machine that nobody vouches for, and its key, as PEM.
fn self_signed() -> (String, String) {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn arangod_names_option_and_file_when_its_key_file_is_none() {
    let folder = Folder::new();
    let (certificate, key) = self_signed();
    let no_key = folder.file("no-key.pem", &certificate);
    let no_certificate = folder.file("no-certificate.pem", &key);
    let mismatch = folder.file("mismatch.pem", self_signed().0 + key.as_str());
    for (file, part) in [
        ("/no/such.pem", "No such file"),
        (no_key.as_str(), "no private key"),
        (no_certificate.as_str(), "no certificate"),
        (mismatch.as_str(), "belongs to the private key"),
    ] {
        let endpoint = ["arangod", "--agency.activate", "--server.endpoint", "ssl://127.0.0.1:0"];
        let said = agencysh(&[&endpoint[..], &["--ssl.keyfile", file]].concat());
        assert_eq!(said.code, Some(2), "{file}: {}", said.stderr);
        for expected in ["--ssl.keyfile", file, part] {
            assert!(said.stderr.contains(expected), "{expected}: {}", said.stderr);
        }
    }
    let words = ["arangod", "--agency.activate", "--server.endpoint", "ssl://127.0.0.1:0"];
    let said = agencysh(&words);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("needs --ssl.keyfile"), "{}", said.stderr);
}

#[test]
fn arangod_refuses_to_judge_clients_by_certificates() {
    let said =
        agencysh(&["arangod", "--agency.activate", "--ssl.require-peer-certificate", "true"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("--ssl.require-peer-certificate"), "{}", said.stderr);
}
