//! Numbered statements about `http::`, through scripts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agencysh::deadline::Deadline;
use agencysh::natives::{NativeContext, register};
use rhai::{Dynamic, Engine, Map, Scope};
use server::{Reply, Server, closed_port, json, redirect, reply};

fn run_within(deadline: Deadline, url: &str, script: &str) -> Result<Dynamic, Map> {
    let mut engine = Engine::new();
    register(&mut engine, NativeContext::builder().deadline(deadline).build());
    let mut scope = Scope::new();
    scope.push("url", url.to_owned());
    engine.eval_with_scope::<Dynamic>(&mut scope, script).map_err(|error| match *error {
        rhai::EvalAltResult::ErrorRuntime(value, _) => value.cast::<Map>(),
        other => panic!("{other}"),
    })
}

fn run(url: &str, script: &str) -> Dynamic {
    run_within(Deadline::default(), url, script).unwrap()
}

fn answer(url: &str, script: &str) -> Map {
    run(url, script).cast::<Map>()
}

fn raised(url: &str, script: &str) -> (i64, String) {
    let error = run_within(Deadline::default(), url, script).unwrap_err();
    (error["error_num"].as_int().unwrap_or(0), error["name"].to_string())
}

fn text(map: &Map, key: &str) -> String {
    map[key].to_string()
}

#[test]
fn h1_h2_h3_answers_have_all_parts_whatever_the_status() {
    let server = Server::start(|request| match request.target.as_str() {
        "/404" => reply(404, &[("X-A", "b")], "gone"),
        "/204" => Reply::Raw(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        _ => reply(200, &[], ""),
    });
    let found = answer(&server.url, "http::get(url + `/404`)");
    assert_eq!((found["code"].as_int().unwrap(), text(&found, "body")), (404, "gone".to_owned()));
    assert_eq!(found["headers"].as_map_ref().unwrap()["x-a"].to_string(), "b");
    assert!(found["transport_error"].is_unit());
    assert!(
        answer(&server.url, "http::get(url + `/404`, #{ body_on_error: false })")["body"].is_unit()
    );
    for path in ["/204", "/200"] {
        assert_eq!(text(&answer(&format!("{}{path}", server.url), "http::get(url)"), "body"), "");
    }
}

#[test]
fn h4_nothing_listening_is_code_500_with_the_platforms_number() {
    let found = answer(&closed_port(), "http::get(url)");
    assert_eq!(
        (found["code"].as_int().unwrap(), text(&found, "transport_error")),
        (500, "connect".to_owned())
    );
    let message = text(&found, "message");
    assert!(message.contains("Could not connect to 'http+tcp://127.0.0.1:"), "{message}");
    assert!(
        message.contains(&format!("failed with #{}", nix::errno::Errno::ECONNREFUSED as i32)),
        "{message}"
    );
    assert!(found["body"].is_unit() && found["headers"].as_map_ref().unwrap().is_empty());
}

#[test]
fn h5_no_answer_in_time_is_code_500() {
    let server = Server::start(|_| Reply::Hang);
    let begin = Instant::now();
    let found = answer(&server.url, "http::get(url, #{ timeout: 0.3 })");
    assert_eq!(
        (found["code"].as_int().unwrap(), text(&found, "transport_error")),
        (500, "timeout".to_owned())
    );
    assert!(text(&found, "message").contains("timeout during read"));
    assert!(begin.elapsed() < Duration::from_millis(800));
}

#[test]
fn h6_h7_closed_and_reset_connections_have_their_own_words() {
    let closing = Server::start(|_| Reply::RawClose(Vec::new()));
    for script in ["http::get(url)", "http::post(url, `x`)"] {
        let found = answer(&closing.url, script);
        assert_eq!(text(&found, "message"), "Connection closed by remote");
        assert_eq!(text(&found, "transport_error"), "closed");
    }
    assert_eq!(closing.seen().len(), 2);
    let resetting = Server::start(|_| Reply::Reset);
    let found = answer(&resetting.url, "http::get(url)");
    assert!(text(&found, "message").contains("Connection reset by peer"));
    assert_eq!(text(&found, "transport_error"), "read");
}

#[test]
fn h8_a_timeout_of_zero_is_code_504() {
    let found = answer(&closed_port(), "http::get(url, #{ timeout: -1 })");
    assert_eq!(
        (found["code"].as_int().unwrap(), text(&found, "message")),
        (504, "Request timeout reached".to_owned())
    );
}

#[test]
fn h10_h12_redirects_are_bounded() {
    let server = Server::start(|_| redirect(307, "/again"));
    assert_eq!(
        run(&server.url, "http::get(url, #{ follow_redirects: false }).headers.location")
            .to_string(),
        "/again"
    );
    assert_eq!(
        run(&server.url, "http::get(url, #{ max_redirects: 0 }).code").as_int().unwrap(),
        307
    );
    assert_eq!(raised(&server.url, "http::get(url, #{ max_redirects: 2 })").0, 4);
    assert_eq!(server.seen().len(), 5);
}

#[test]
fn h13_a_redirect_without_location_raises_4() {
    let server = Server::start(|_| reply(302, &[], ""));
    assert_eq!(raised(&server.url, "http::get(url)").0, 4);
}

#[test]
fn h14_bodies_have_to_be_strings_or_blobs() {
    let server = Server::start(|_| json(200, "{}"));
    assert_eq!(raised(&server.url, "http::request(`GET`, url, #{ body: `x` })").0, 10);
    assert_eq!(raised(&server.url, "http::post(url, #{ a: 1 })").0, 10);
    let _ = run(&server.url, "http::request(`post`, url, #{ json: #{ a: 1 } })");
    assert_eq!(server.seen()[0].header("content-type"), Some("application/json"));
}

#[test]
fn h16_a_token_wins_over_a_user_name() {
    let server = Server::start(|_| json(200, "{}"));
    let _ = run(&server.url, "http::get(url, #{ jwt: `T`, username: `root` })");
    let _ = run(&server.url, "http::get(url, #{ username: `root`, password: `pw` })");
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), Some("bearer T"));
    assert_eq!(seen[1].header("authorization"), Some("Basic cm9vdDpwdw=="));
}

#[test]
fn h18_blobs_hold_the_exact_bytes() {
    let server = Server::start(|_| {
        Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\x00".to_vec())
    });
    assert_eq!(
        run(&server.url, "http::get(url, #{ as_blob: true }).body").into_blob().unwrap(),
        [0xff, 0]
    );
    assert_eq!(run(&server.url, "http::get(url).body").to_string(), "\u{fffd}\0");
}

#[test]
fn h19_velocypack_arrives_as_json_text_in_every_form() {
    let value = serde_json::json!({ "a": [1, 1.0, null], "b": "ü" });
    let expected = value.to_string();
    let packed = |body: &[u8]| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-velocypack\r\nContent-Length: ";
        let head = format!("{head}{}\r\n\r\n", body.len());
        Reply::Raw([head.as_bytes(), body].concat())
    };
    let server = Server::start(move |request| match request.target.as_str() {
        "/empty" => packed(b""),
        "/broken" => packed(b"\x13\x04\x31"),
        _ => packed(&agencysh::vpack::encode(&value.clone().into())),
    });
    let found = answer(&server.url, "http::get(url)");
    assert_eq!(found["body"].to_string(), expected);
    let headers = found["headers"].as_map_ref().unwrap();
    assert_eq!(headers["content-type"].to_string(), "application/x-velocypack");
    let blob = run(&server.url, "http::get(url, #{ as_blob: true }).body");
    assert_eq!(blob.into_blob().unwrap(), expected.as_bytes());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let download = format!("http::download(url, `{}`).code", path.display());
    assert_eq!(run(&server.url, &download).as_int().unwrap(), 200);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);

    assert_eq!(run(&server.url, "http::get(url + `/empty`).body").to_string(), "");
    std::fs::remove_file(&path).unwrap();
    let download = download.replace("url,", "url + `/broken`,").replace(".code", "");
    for script in ["http::get(url + `/broken`)", &download] {
        let found = answer(&server.url, script);
        assert_eq!(
            (found["code"].as_int().unwrap(), text(&found, "transport_error")),
            (500, "protocol".to_owned())
        );
        assert!(found["message"].to_string().contains("is cut off"), "{found:?}");
    }
    assert!(!path.exists());
}

#[test]
fn h20_h21_other_urls_are_refused() {
    for url in ["ftp://x", "tcp://x", "no url"] {
        assert_eq!(raised(url, "http::get(url)").1, "SyntaxError", "{url}");
    }
    assert_eq!(raised("http://0.0.0.0:1/", "http::get(url)").0, 10);
    assert_eq!(raised("/_api/version", "http::get(url)").0, 2001);
}

#[test]
fn h22_downloads_appear_whole_or_not_at_all() {
    let server = Server::start(|request| match request.target.as_str() {
        "/404" => reply(404, &[], "gone"),
        _ => reply(200, &[], "content"),
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let script = |call: &str| call.replace("PATH", &format!("`{}`", path.display()));
    assert_eq!(
        run(&server.url, &script("http::download(url + `/404`, PATH).code")).as_int().unwrap(),
        404
    );
    assert!(!path.exists());
    let _ = run(&server.url, &script("http::download(url, PATH)"));
    assert_eq!(std::fs::read(&path).unwrap(), b"content");
    assert_eq!(raised(&server.url, &script("http::download(url, PATH)")).0, 16);
    assert_eq!(server.seen().len(), 2, "no request for a file that exists");
    let _ = run(&server.url, &script("http::download(url, PATH, #{ overwrite: true })"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn h23_a_self_signed_server_works_unless_certificates_are_verified() {
    let url = start_tls_server();
    assert_eq!(run(&url, "http::get(url).body").to_string(), "hi");
    let found = answer(&url, "http::get(url, #{ verify_certificates: true })");
    assert_eq!(text(&found, "transport_error"), "tls", "{found:?}");
}

#[test]
fn arango_judges_certificates_as_the_runs_options_say() {
    use agencysh::client::ClientAuth;
    use agencysh::host::{Host, Permissions, Target};
    use agencysh::http::Endpoint;
    let url = start_tls_server();
    let script = "arango::reconnect(url, #{ jwt: `T` }); arango::get_raw(`/x`)";
    assert_eq!(answer(&url, script)["code"].as_int(), Ok(200), "without options any will do");
    let target = Target::agency(vec![Endpoint::parse(&url).unwrap()], ClientAuth::None);
    let host = Host::builder().target(target).permissions(Permissions::all()).build().unwrap();
    let found = host.eval("let r = arango::get_raw(`/x`); [r.error_num, r.error_message]").unwrap();
    let found = found.to_json().unwrap();
    assert_eq!(found[0], 2001);
    assert!(found[1].as_str().unwrap().contains("SSL"), "{found}");
    let script = format!(
        "let said = ``; try {{ arango::reconnect(`{url}`) }} catch (e) {{ said = e.message; }} said"
    );
    let said = host.eval(&script).unwrap().value.to_string();
    assert!(said.contains("SSL"), "{said}");
}

#[test]
fn h23_tls_where_there_is_none_and_the_reverse_are_named() {
    let plain = start_endless("HTTP/1.1 400 Bad Request\r\n\r\n", b"x", Duration::from_millis(3));
    let found = answer(&plain.replace("http://", "https://"), "http::get(url)");
    assert_eq!(text(&found, "transport_error"), "tls", "{found:?}");
    assert!(text(&found, "message").contains("SSL: the server does not speak TLS"), "{found:?}");
    let secure = start_tls_server();
    let found = answer(&secure.replace("https://", "http://"), "http::get(url)");
    assert_eq!(text(&found, "transport_error"), "protocol", "{found:?}");
    assert!(text(&found, "message").contains("speaks TLS"), "{found:?}");
}

#[test]
fn h24_d4_the_script_deadline_ends_a_request_and_is_raised_by_the_next() {
    let server = Server::start(|_| Reply::Hang);
    let deadline = Deadline::default();
    deadline.set_script(Some(Duration::from_millis(200)));
    let begin = Instant::now();
    let found = run_within(deadline.clone(), &server.url, "http::get(url)").unwrap().cast::<Map>();
    assert_eq!(text(&found, "transport_error"), "timeout");
    assert!(begin.elapsed() < Duration::from_millis(600));
    let error = run_within(deadline, &server.url, "http::get(url)").unwrap_err();
    assert_eq!(error["error_num"].as_int().unwrap(), 36);
}

#[test]
fn h26_methods_are_known_in_any_case() {
    let server = Server::start(|_| json(200, "{}"));
    let _ = run(&server.url, "http::request(`oPtIoNs`, url)");
    assert_eq!(server.seen()[0].method, "OPTIONS");
    assert_eq!(raised(&server.url, "http::request(`FOO`, url)").0, 10);
    assert_eq!(raised(&server.url, "http::get(url, #{ time_out: 1 })").0, 10);
}

#[test]
fn a_run_without_an_agency_names_the_remedy() {
    let error = run_within(Deadline::default(), "", "agency::current()").unwrap_err();
    assert_eq!(error["kind"].to_string(), "agency.no_target");
    assert!(text(&error, "message").contains("--embedded"));
}

#[test]
fn agency_errors_carry_kind_number_and_status() {
    let server = Server::start(|_| json(503, r#"{"message":"No leader"}"#));
    let script = "agency::connect(#{ endpoints: url, timeout: 0.2 }).get(`x`)";
    let error = run_within(Deadline::default(), &server.url, script).unwrap_err();
    assert_eq!(error["kind"].to_string(), "agency.no_leader");
    assert_eq!((error["error_num"].as_int().unwrap(), error["code"].as_int().unwrap()), (503, 503));
    assert_eq!(error["context"].as_map_ref().unwrap()["func"].to_string(), "agency::get");
}

#[test]
fn errors_of_a_callback_come_out_unchanged() {
    let server = Server::start(|_| json(200, r#"[{"arango":{"x":1}}]"#));
    let script = "try { agency::connect(#{ endpoints: url }).update(`x`, |old| { throw `mine ${old}` }) } catch (e) { e }";
    let script = format!("let found = (); {}; found", script.replace("{ e }", "{ found = e; }"));
    assert_eq!(run(&server.url, &script).to_string(), "mine 1");
}

/// A server with a certificate of its own that says "hi" to every connection.
fn start_tls_server() -> String {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream);
            let mut buffer = [0; 4096];
            if tls.read(&mut buffer).is_ok() {
                tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").ok();
            }
        }
    });
    url
}

/// A server that sends `head` and then the same piece again and again, as fast as `pause` allows.
fn start_endless(head: &'static str, piece: &'static [u8], pause: Duration) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                let heard = stream.read(&mut buffer);
                assert!(heard.is_ok_and(|amount| amount > 0));
                let mut sent = stream.write_all(head.as_bytes());
                while sent.is_ok() {
                    sent = stream.write_all(piece);
                    std::thread::sleep(pause);
                }
            });
        }
    });
    url
}

#[test]
fn h24_a_server_that_never_stops_sending_is_left_at_the_deadline() {
    let short = Duration::from_millis(3);
    for url in [
        start_endless("HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4096], Duration::ZERO),
        start_endless("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"x", short),
        start_endless("HTTP/1.1 200 OK\r\nX-A: ", b"x", Duration::from_millis(300)),
        start_endless("", b"HTTP/1.1 100 Continue\r\n\r\n", short),
    ] {
        for script in
            ["time::set_deadline(0.3); http::get(url)", "http::get(url, #{ timeout: 0.3 })"]
        {
            let begin = Instant::now();
            let found = answer(&url, script);
            let elapsed = begin.elapsed();
            assert_eq!(text(&found, "transport_error"), "timeout", "{found:?}");
            assert!(elapsed >= Duration::from_millis(290), "{elapsed:?}");
            assert!(elapsed < Duration::from_millis(600), "{elapsed:?}");
        }
    }
}

#[test]
fn h24_a_server_that_stops_reading_is_left_at_the_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script = "let body = `x`; for i in 0..24 { body += body; } time::set_deadline(0.3);
        let begin = time::monotonic(); let found = http::post(url, body); [found.transport_error, time::monotonic() - begin]";
    let found = run(&url, script).into_array().unwrap();
    assert_eq!(found[0].to_string(), "timeout");
    assert!(found[1].as_float().unwrap() < 0.6, "{found:?}");
    drop(listener);
}

#[test]
fn h9_only_301_302_and_307_are_followed_with_method_and_body() {
    for (status, followed) in [(301, true), (302, true), (303, false), (307, true), (308, false)] {
        let server = Server::start(move |request| match request.target.as_str() {
            "/end" => reply(200, &[], "here"),
            _ => redirect(status, "/end"),
        });
        let found = answer(&server.url, "http::put(url + `/a`, `x`)");
        let code = if followed { 200 } else { i64::from(status) };
        assert_eq!(found["code"].as_int().unwrap(), code);
        let last = server.seen().pop().unwrap();
        assert_eq!((last.method.as_str(), last.body.as_str()), ("PUT", "x"));
        assert_eq!(text(&found, "url").ends_with("/end"), followed);
    }
}

#[test]
fn h11_after_a_redirect_only_the_type_of_a_body_and_the_credentials_are_sent() {
    let end = Server::start(|_| reply(200, &[], ""));
    let target = format!("{}/end", end.url.replace("127.0.0.1", "localhost"));
    let server = Server::start(move |_| redirect(307, &target));
    let headers = "headers: #{ \"X-A\": 1, Authorization: `own`, \"Content-Type\": `text/x` }";
    for (options, credentials) in [("", None), (", jwt: `T`", Some("bearer T"))] {
        let _ = run(&server.url, &format!("http::post(url, `x`, #{{ {headers}{options} }})"));
        let last = end.seen().pop().unwrap();
        assert_eq!(last.header("x-a"), None);
        assert_eq!(last.header("authorization"), credentials);
        assert_eq!(last.header("content-type"), Some("text/x"));
    }
    assert_eq!(server.seen()[0].header("authorization"), Some("own"));
    assert_eq!(server.seen()[0].header("x-a"), Some("1"));
}

#[test]
fn h13_a_relative_location_is_resolved_against_the_last_url() {
    let server = Server::start(|request| match request.target.as_str() {
        "/a/b/c" => redirect(302, "../d?x=1"),
        _ => reply(200, &[], ""),
    });
    let found = text(&answer(&server.url, "http::get(url + `/a/b/c`)"), "url");
    assert_eq!(found, format!("{}/a/d?x=1", server.url));
}

#[test]
fn h14_a_body_cannot_be_given_twice_nor_with_get_or_head() {
    let server = Server::start(|_| json(200, "{}"));
    for script in [
        "http::get(url, #{ body: `x` })",
        "http::head(url, #{ json: 1 })",
        "http::request(`HEAD`, url, #{ body: `x` })",
        "http::post(url, `x`, #{ body: `y` })",
        "http::post(url, `x`, #{ json: 1 })",
        "http::post(url, 5)",
        "http::post(url, ())",
        "http::post(url, [1])",
        "http::post(url, `x`, #{ json: |x| x })",
    ] {
        assert_eq!(raised(&server.url, script).0, 10, "{script}");
    }
    assert!(server.seen().is_empty());
    let _ = run(&server.url, "http::post(url, ``, #{ json: [1, ()] })");
    assert_eq!(server.seen()[0].body, "[1,null]");
}

#[test]
fn h15_content_length_follows_the_method() {
    let server = Server::start(|_| json(200, "{}"));
    let _ = run(&server.url, "http::post(url, ``)");
    let _ = run(&server.url, "http::get(url, #{ headers: #{ \"Content-Length\": 7 } })");
    let seen = server.seen();
    assert_eq!(seen[0].header("content-length"), Some("0"));
    assert_eq!(seen[1].header("content-length"), None);
}

#[test]
fn h16_a_user_in_the_url_becomes_basic_credentials() {
    let server = Server::start(|_| json(200, "{}"));
    let url = server.url.replace("http://", "http://r%6Fot:pw@");
    let found = answer(&url, "http::get(url)");
    assert_eq!(text(&found, "url"), server.url, "the answer does not show the password");
    let _ = run(&url, "http::get(url, #{ jwt: `T` })");
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), Some("Basic cm9vdDpwdw=="));
    assert_eq!(seen[1].header("authorization"), Some("bearer T"));
}

#[test]
fn h17_deflate_arrives_decoded_in_files_too_and_a_user_agent_is_sent() {
    use std::io::Write as _;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(b"packed").unwrap();
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    bare.write_all(b"packed").unwrap();
    for packed in [zlib.finish().unwrap(), bare.finish().unwrap()] {
        let server = Server::start(move |_| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: {}\r\n\r\n",
                packed.len()
            );
            Reply::Raw([head.as_bytes(), &packed].concat())
        });
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let found = answer(&server.url, &format!("http::download(url, `{}`)", path.display()));
        assert_eq!(std::fs::read(&path).unwrap(), b"packed");
        assert_eq!(
            found["headers"].as_map_ref().unwrap()["content-encoding"].to_string(),
            "deflate"
        );
        assert_eq!(run(&server.url, "http::get(url).body").to_string(), "packed");
        let _ = run(
            &server.url,
            "http::get(url, #{ user_agent: `me`, headers: #{ \"User-Agent\": `x` } })",
        );
        let agents: Vec<_> =
            server.seen().iter().map(|one| one.header("user-agent").unwrap().to_owned()).collect();
        assert!(agents[0].starts_with("agencysh"));
        assert_eq!(agents[2], "me");
    }
}

#[test]
fn a_failed_request_tells_its_url_and_a_failed_download_has_no_body() {
    let url = closed_port();
    let found = answer(&url, "http::get(url + `/x`)");
    assert_eq!(text(&found, "url"), format!("{url}/x"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let found = answer(&url, &format!("http::download(url, `{}`)", path.display()));
    assert!(!found.contains_key("body") && !path.exists());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn h22_a_downloaded_file_has_the_mode_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start(|_| reply(200, &[], "content"));
    let directory = tempfile::tempdir().unwrap();
    let (path, other) = (directory.path().join("file"), directory.path().join("other"));
    let _ = run(&server.url, &format!("http::download(url, `{}`)", path.display()));
    std::fs::write(&other, "").unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(path), mode(other));
    let nowhere = directory.path().join("none/file");
    assert_eq!(raised(&server.url, &format!("http::download(url, `{}`)", nowhere.display())).0, 15);
    assert_eq!(raised(&server.url, "http::download(url, ``)").0, 10);
    assert_eq!(raised(&server.url, "http::get(url, #{ overwrite: true })").0, 10);
}

#[test]
fn queries_are_encoded_for_every_server() {
    let server = Server::start(|_| reply(200, &[], ""));
    let _ = run(
        &server.url,
        "http::get(url + `/a?z=1#part`, #{ query: #{ \"q !'()*\": `x y&ü`, n: 5 } })",
    );
    assert_eq!(server.seen()[0].target, "/a?z=1&n=5&q%20%21%27%28%29%2A=x%20y%26%C3%BC");
}

#[test]
fn a_file_without_authorities_is_named() {
    for path in ["/none", "/etc/passwd"] {
        let script = format!("http::get(url, #{{ ca_file: `{path}`, verify_certificates: true }})");
        let error = run_within(Deadline::default(), "https://127.0.0.1:1", &script).unwrap_err();
        assert_eq!(error["kind"].to_string(), "http.ca_file");
        assert!(text(&error, "message").contains(path), "{error:?}");
        let script = format!("agency::connect(#{{ endpoints: url, ca_file: `{path}` }})");
        let error = run_within(Deadline::default(), "https://127.0.0.1:1", &script).unwrap_err();
        assert_eq!(error["kind"].to_string(), "http.ca_file");
        assert_eq!(error["error_num"].as_int().unwrap(), 10);
    }
}
