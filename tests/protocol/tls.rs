//! Agents that speak TLS, to clients and among each other.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, LazyLock};

use agencysh::standin::agent::{AgentConfig, ServerCertificate};
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;

use crate::support::{Agency, PATIENCE, config, send, unique, wait_for};

/// A certificate that nobody vouches for, and its key.
static SELF_SIGNED: LazyLock<(ServerCertificate, CertificateDer<'static>)> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let pem = format!("{}{}", made.signing_key.serialize_pem(), made.cert.pem());
    std::fs::write(file.path(), pem).unwrap();
    (ServerCertificate::from_file(file.path()).unwrap(), made.cert.der().clone())
});

/// Lets the agents at these places speak TLS, and all know that they do.
fn with_tls(places: &[usize]) -> impl Fn(&mut AgentConfig) {
    move |agent| {
        for (place, (id, endpoint)) in agent.pool.iter_mut().enumerate() {
            if places.contains(&place) {
                *endpoint = endpoint.replace("tcp://", "ssl://");
                if *id == agent.id {
                    agent.endpoint.clone_from(endpoint);
                    agent.certificate = Some(SELF_SIGNED.0.clone());
                }
            }
        }
    }
}

/// The agency of the tests that stop no agents.
fn shared() -> &'static Agency {
    static SHARED: LazyLock<Agency> = LazyLock::new(|| Agency::configured(3, with_tls(&[0, 1, 2])));
    &SHARED
}

fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.rsplit("//").next().unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The protocol that a handshake which offers these ends with.
fn negotiated(url: &str, offered: &[&[u8]]) -> Option<Vec<u8>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(SELF_SIGNED.1.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|one| one.to_vec()).collect();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    session.complete_io(&mut connect(url)).unwrap();
    session.alpn_protocol().map(<[u8]>::to_vec)
}

#[test]
fn agents_replicate_over_tls_and_survive_the_loss_of_their_leader() {
    let agency = Agency::configured(3, with_tls(&[0, 1, 2]));
    let key = unique("tls");
    agency.written(json!([[{ &key: 1 }]]));
    let leader = agency.leader_id();
    agency.agents.stop_agent(&leader).unwrap();
    agency.written(json!([[{ &key: { "op": "increment" } }]]));
    assert_ne!(agency.leader_id(), leader);
    assert_eq!(agency.read(&key), json!({ &key: 2 }));
}

#[test]
fn an_agent_with_tls_comes_back_with_what_it_has_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let agency = Agency::kept_in(directory.path(), with_tls(&[0, 1, 2]));
    let key = unique("back");
    agency.written(json!([[{ &key: 1 }]]));
    let leader = agency.leader_id();
    agency.agents.stop_agent(&leader).unwrap();
    let index = agency.written(json!([[{ &key: 2 }]]))[0];
    agency.agents.restart_agent(&leader).unwrap();
    let url = agency.url_of(&leader);
    assert!(url.starts_with("https://"), "{url}");
    wait_for("the agent catches up", || {
        (config(&url)["commitIndex"].as_u64() >= Some(index)).then_some(())
    });
}

#[test]
fn agents_with_and_without_tls_make_one_agency() {
    let agency = Agency::configured(3, with_tls(&[1]));
    let key = unique("mixed");
    let index = agency.written(json!([[{ &key: 1 }]]))[0];
    for (url, _) in agency.members() {
        wait_for("every agent has the entry", || {
            (config(&url)["commitIndex"].as_u64() >= Some(index)).then_some(())
        });
    }
    let secure = agency.members().iter().filter(|(url, _)| url.starts_with("https://")).count();
    assert_eq!(secure, 1);
}

#[test]
fn e4_a_follower_redirects_to_https_when_the_leader_speaks_tls() {
    let agency = shared();
    let reply = wait_for("a redirect", || {
        let url = format!("{}/_db/_system//_api/agency/read", agency.follower());
        let reply = send("POST", &url, &[], b"[[\"/\"]]");
        (reply.status == 307).then_some(reply)
    });
    let location = reply.header("location").unwrap();
    let (origin, path) = location.split_at(location.find("/_api").unwrap());
    assert_eq!(path, "/_api/agency/read");
    assert!(agency.members().iter().any(|(url, _)| url == origin), "{location}");
    assert!(location.starts_with("https://127.0.0.1:"), "{location}");
}

#[test]
fn configuration_and_tree_show_ssl_endpoints() {
    let agency = shared();
    let shown = config(&agency.leader());
    let of_tree = agency.read("/.agency");
    for pool in [&shown["configuration"]["pool"], &of_tree[".agency"]["pool"]] {
        let endpoints: Vec<_> = pool.as_object().unwrap().values().collect();
        assert_eq!(endpoints.len(), 3, "{pool}");
        let secure =
            |one: &serde_json::Value| one.as_str().unwrap().starts_with("ssl://127.0.0.1:");
        assert!(endpoints.into_iter().all(secure), "{pool}");
    }
    let own = shown["configuration"]["endpoint"].as_str().unwrap();
    assert!(own.starts_with("ssl://"), "{own}");
}

#[test]
fn clients_choose_between_both_versions_of_http() {
    let url = shared().leader();
    assert_eq!(negotiated(&url, &[b"http/1.1", b"h2"]), Some(b"h2".to_vec()));
    assert_eq!(negotiated(&url, &[b"http/1.1"]), Some(b"http/1.1".to_vec()));
    assert_eq!(negotiated(&url, &[]), None);
}

#[test]
fn clients_that_finish_no_handshake_hold_up_nobody() {
    let agency = shared();
    let url = agency.leader();
    let silent: Vec<TcpStream> = (0..64).map(|_| connect(&url)).collect();
    let mut halves: Vec<TcpStream> = (0..8).map(|_| connect(&url)).collect();
    for half in &mut halves {
        // the head of a record whose rest never comes
        half.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    }
    let mut plain = connect(&url);
    plain.write_all(b"GET /_api/version HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).unwrap();
    assert_eq!(answer[..2], [21, 3], "an alert: {answer:?}");
    let reply = send("GET", &format!("{url}/_admin/server/availability"), &[], &[]);
    assert_eq!(reply.status, 200);
    let key = unique("held-up");
    agency.written(json!([[{ &key: 1 }]]));
    drop((silent, halves));
}
