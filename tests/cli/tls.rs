//! TLS, from the key file of an agent to what a user reads when certificates do not fit.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::cluster::{Up, wait_for};
use crate::shell::Shell;
use crate::support::{Folder, Said, agencysh, program, said};

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

/// An agent that ends with the test, also when that fails.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn arangod_warns_when_it_is_reached_in_another_way_than_it_is_told_of() {
    let folder = Folder::new();
    let (certificate, key) = self_signed();
    let key_file = folder.file("server.pem", certificate + key.as_str());
    let log = folder.path().join("log");
    let agent = Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["arangod", "--agency.activate", "--server.authentication", "false"])
        .args(["--server.endpoint", "ssl://127.0.0.1:0", "--ssl.keyfile", &key_file])
        .args(["--agency.my-address", "tcp://127.0.0.1:1", "--ssl.protocol", "5"])
        .arg("--log.file")
        .arg(&log)
        .spawn();
    let mut agent = Agent(agent.unwrap());
    let text = || std::fs::read_to_string(&log).unwrap_or_default();
    wait_for("the agent serves", || text().contains(" serves at https://"));
    kill(Pid::from_raw(i32::try_from(agent.0.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert!(agent.0.wait().unwrap().success());
    assert!(text().contains("others are told tcp://127.0.0.1:1"), "{}", text());
    assert!(text().contains("mean nothing to the stand-in: ssl.protocol"), "{}", text());
}

#[test]
fn arangod_refuses_to_judge_clients_by_certificates() {
    let said =
        agencysh(&["arangod", "--agency.activate", "--ssl.require-peer-certificate", "true"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("--ssl.require-peer-certificate"), "{}", said.stderr);
}

/// A cluster of agents that speak TLS.
struct Secure(Up);

impl Secure {
    /// One that everybody may ask.
    fn of_one() -> Self {
        Self(Up::start(&["--agents", "1", "--tls"]))
    }

    /// An agent's endpoint, `ssl://…`.
    fn endpoint(&self) -> String {
        self.0.agents()[0]["endpoint"].as_str().unwrap().to_owned()
    }

    fn ca_file(&self) -> String {
        self.0.data().join("ca.pem").to_string_lossy().into_owned()
    }

    /// Evaluates a text against an agent, with more options.
    fn eval(&self, options: &[&str], code: &str) -> Said {
        agencysh(&[&["--endpoint", &self.endpoint()], options, &["eval", code]].concat())
    }
}

const READ: &str = "print(agency::current().get(\"x\"))";

#[track_caller]
fn fails(said: &Said, kind: &str, hint: &str) {
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(said.stderr.contains(&format!("error[{kind}]")), "{}", said.stderr);
    assert!(said.stderr.contains(hint), "{}", said.stderr);
}

#[test]
fn the_topology_of_a_cluster_with_tls_is_all_that_a_client_needs() {
    let folder = Folder::new();
    let secret = folder.file("secret", "s3cret\n");
    let up = Up::start(&["--tls", "--jwt-secret-file", &secret]);
    let topology: Value = serde_json::from_slice(&std::fs::read(up.file()).unwrap()).unwrap();
    assert_eq!(topology["ca_file"], up.data().join("ca.pem").to_str().unwrap());
    for agent in up.agents() {
        let (url, endpoint) = (agent["url"].as_str().unwrap(), agent["endpoint"].as_str().unwrap());
        assert!(url.starts_with("https://127.0.0.1:"), "{url}");
        assert_eq!(endpoint, url.replace("https://", "ssl://"));
    }
    assert_eq!(up.eval("agency::current().set(\"x\", 41); ()"), "");
    let leader = up.eval("agency::current().leader()");
    assert_eq!(up.order(&["kill", leader.trim()]).code, Some(0));
    assert_eq!(up.eval("agency::current().increment(\"x\"); ()"), "");
    assert_eq!(up.order(&["restart", leader.trim()]).code, Some(0));
    assert_eq!(up.eval(READ), "42\n");
    let status = up.order(&["status"]);
    assert_eq!((status.code, status.stdout.matches("https://").count()), (Some(0), 3));
    let log = std::fs::read_to_string(up.agents()[0]["log"].as_str().unwrap()).unwrap();
    assert!(log.contains("serves at https://"), "{log}");
}

#[test]
fn a_cluster_without_tls_names_no_authority() {
    let up = Up::start(&["--agents", "1"]);
    let topology: Value = serde_json::from_slice(&std::fs::read(up.file()).unwrap()).unwrap();
    assert_eq!(topology.get("ca_file"), Some(&Value::Null));
    assert!(!up.data().join("ca.pem").exists() && !up.data().join("server.pem").exists());
    let url = up.agents()[0]["url"].as_str().unwrap().replace("http://", "https://");
    let said = agencysh(&["--endpoint", &url, "eval", READ]);
    fails(&said, "http.no_tls", "http:// or tcp://");
}

#[test]
fn another_program_is_started_with_the_same_options() {
    let folder = Folder::new();
    let words = folder.path().join("words");
    let arangod = folder.file(
        "arangod",
        format!(
            "#!/bin/sh\necho \"$*\" > '{}'\nexec '{}' arangod \"$@\"\n",
            words.display(),
            env!("CARGO_BIN_EXE_agencysh")
        ),
    );
    std::fs::set_permissions(&arangod, std::fs::Permissions::from_mode(0o755)).unwrap();
    let up = Up::start(&["--agents", "1", "--tls", "--arangod", &arangod]);
    assert_eq!(up.eval("agency::current().set(\"x\", 1); ()"), "");
    let words = std::fs::read_to_string(words).unwrap();
    let key_file = up.data().join("server.pem");
    assert!(words.contains(&format!("--ssl.keyfile {}", key_file.display())), "{words}");
    for option in ["server.endpoint", "agency.endpoint", "agency.my-address"] {
        assert!(words.contains(&format!("--{option} ssl://127.0.0.1:")), "{words}");
    }
}

#[test]
fn clients_trust_an_authority_or_anybody_when_told_to() {
    let secure = Secure::of_one();
    let ca_file = secure.ca_file();
    let written = secure.eval(&["--ca-file", &ca_file], "agency::current().set(\"x\", 1); ()");
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let ask = |variable: (&str, &str)| {
        let endpoint = secure.endpoint().replace("ssl://", "https://");
        let mut program = program();
        said(program.env(variable.0, variable.1).args(["--endpoint", &endpoint, "eval", READ]))
    };
    for said in [
        secure.eval(&["--ca-file", &ca_file], READ),
        secure.eval(&["--insecure"], READ),
        ask(("AGENCYSH_CA_FILE", &ca_file)),
        ask(("AGENCYSH_INSECURE", "true")),
    ] {
        assert_eq!((said.code, said.stdout.as_str()), (Some(0), "1\n"), "{}", said.stderr);
    }
    let mut shell = Shell::start_with(&["--endpoint", &secure.endpoint(), "--ca-file", &ca_file]);
    let shown = shell.run("agency::current().get(\"x\") + 41");
    assert!(shown.contains("42"), "{shown}");
    shell.enter("exit");
    assert_eq!(shell.ended().0, 0);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_with_advice() {
    let secure = Secure::of_one();
    let folder = Folder::new();
    let script = folder.file("read.rhai", READ);
    let endpoint = secure.endpoint();
    let stranger = folder.file("stranger.pem", self_signed().0);
    for said in [
        secure.eval(&[], READ),
        secure.eval(&["--ca-file", &stranger], READ),
        agencysh(&["--endpoint", &endpoint, "run", &script]),
        said(program().args(["--endpoint", &endpoint]).write_stdin(READ)),
    ] {
        fails(&said, "http.tls", "--ca-file");
        assert!(said.stderr.contains("--insecure") && said.stderr.contains("UnknownIssuer"));
    }
    let mut shell = Shell::start_with(&["--endpoint", &endpoint]);
    let shown = shell.run(READ);
    assert!(shown.contains("http.tls") && shown.contains("--ca-file"), "{shown}");
    shell.enter("exit");
    shell.ended();
}

#[test]
fn plain_http_to_a_tls_port_is_told_at_once() {
    let secure = Secure::of_one();
    let endpoint = secure.endpoint().replace("ssl://", "http://");
    for code in [READ, "agency::current().set(\"x\", 1)"] {
        let said = agencysh(&["--endpoint", &endpoint, "eval", code]);
        fails(&said, "http.tls_only", "https:// or ssl://");
    }
}

#[test]
fn a_file_without_authorities_is_a_mistake_of_the_command_line() {
    for file in ["/no/such.pem", "/etc/passwd"] {
        let said = agencysh(&["--endpoint", "ssl://127.0.0.1:1", "--ca-file", file, "eval", READ]);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains("--ca-file") && said.stderr.contains(file), "{}", said.stderr);
    }
}

#[test]
fn scripts_connect_and_request_with_an_authority_of_their_own() {
    let secure = Secure::of_one();
    let folder = Folder::new();
    let script = folder.file(
        "tls.rhai",
        r#"
        let endpoint = env::args()[0];
        let ca_file = env::args()[1];
        let agency = agency::connect(#{ endpoints: [endpoint], ca_file: ca_file });
        agency.set("x", 1);
        print(agency::connect(#{ endpoints: [endpoint], insecure: true }).get("x"));
        try { agency::connect(#{ endpoints: [endpoint] }).get("x"); } catch (error) { print(error.kind); }
        let url = http::endpoint_to_url(endpoint) + "/_api/version";
        print(http::get(url).code);
        print(http::get(url, #{ verify_certificates: true, ca_file: ca_file }).code);
        print(http::get(url, #{ verify_certificates: true }).transport_error);
        "#,
    );
    let said =
        agencysh(&["--endpoint", "none", "run", &script, &secure.endpoint(), &secure.ca_file()]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout, "1\nhttp.tls\n200\n200\ntls\n");
}
