//! A1-A12, H21.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use agencysh::client::ClientAuth;
use agencysh::host::{Host, Permissions, Target};
use agencysh::http::Endpoint;
use agencysh::natives::log::{LogRecord, LogSink};
use rhai::Map;
use serde_json::json;

use crate::server::{Reply, Seen, Server, closed_port, json as json_reply, reply};
use crate::support::Run;

/// Answers what every server is asked first; leaves the rest to `answer`.
pub(crate) fn server(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.target.as_str() {
        "/_open/auth" => json_reply(404, "{}"),
        target if target.ends_with("/_api/version?details=true") => json_reply(
            200,
            r#"{"server":"arango","version":"3.12.9","details":{"role":"COORDINATOR","mode":"server"}}"#,
        ),
        _ => answer(request),
    })
}

/// The requests for anything but the login and the version.
pub(crate) fn asked(server: &Server) -> Vec<Seen> {
    let first = |seen: &Seen| seen.target == "/_open/auth" || seen.target.contains("/_api/version");
    server.seen().into_iter().filter(|seen| !first(seen)).collect()
}

/// A run whose current server is `server`.
pub(crate) fn run_on(server: &Server) -> Run {
    let run = Run::new();
    run.exec(&format!("arango::reconnect(`{}`)", server.url));
    run
}

fn map(run: &Run, script: &str) -> Map {
    run.eval(script).cast()
}

fn int(map: &Map, key: &str) -> i64 {
    map[key].as_int().unwrap()
}

fn packed(status: u16, body: &serde_json::Value) -> Reply {
    let body = agencysh::vpack::encode(&body.clone().into());
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/x-velocypack\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Reply::Raw([head.as_bytes(), &body].concat())
}

#[test]
fn a1_a_raw_answer_has_the_value_of_json_and_velocypack_and_the_body_as_sent() {
    let value = json!({"a": [1, 2.5, null]});
    let sent = value.clone();
    let server = server(move |request| match request.target.as_str() {
        "/_db/_system/packed" => packed(200, &sent),
        "/_db/_system/text" => reply(200, &[("Content-Type", "text/plain")], "words"),
        "/_db/_system/empty" => reply(200, &[], ""),
        _ => json_reply(200, &sent.to_string()),
    });
    let run = run_on(&server);
    let found = map(&run, "arango::post_raw(`/json`, ())");
    assert_eq!((int(&found, "code"), found["error"].as_bool()), (200, Ok(false)));
    assert_eq!(found["body"].to_string(), value.to_string());
    assert!(!found.contains_key("error_num") && !found.contains_key("error_message"));
    let headers = found["headers"].as_map_ref().unwrap()["content-type"].to_string();
    assert!(headers.starts_with("application/json"), "{headers}");
    let found = map(&run, "arango::post_raw(`/packed`, ())");
    let bytes = agencysh::vpack::encode(&value.into());
    assert_eq!(found["body"].clone().into_blob().unwrap(), bytes);
    for path in ["/json", "/packed"] {
        run.is_true(&format!(
            "json::equal(arango::post_raw(`{path}`, ()).parsed_body, #{{ a: [1, 2.5, ()] }})"
        ));
    }
    run.is_true("let r = arango::get_raw(`/text`); r.body == `words` && r.parsed_body == ()");
    run.is_true("let r = arango::get_raw(`/empty`); !(`body` in r) && !(`parsed_body` in r)");
    run.is_true("arango::get(`/text`) == `words` && arango::get(`/json`).a[0] == 1");
    run.is_true("let r = arango::get(`/empty`); r.code == 200 && !r.error && r.len() == 2");
}

const CONFLICT: &str = r#"{"error":true,"code":412,"errorNum":1200,"errorMessage":"conflict"}"#;

#[test]
fn a2_an_error_body_gives_number_and_text_without_an_exception() {
    let server = server(|request| match request.target.as_str() {
        "/_db/_system/bare" => reply(503, &[], ""),
        _ => json_reply(412, CONFLICT),
    });
    let run = run_on(&server);
    let found = map(&run, "arango::put_raw(`/x`, #{ a: 1 })");
    assert_eq!((int(&found, "code"), int(&found, "error_num")), (412, 1200));
    assert_eq!(found["error"].as_bool(), Ok(true));
    assert_eq!(found["error_message"].to_string(), "conflict");
    assert_eq!(int(found["parsed_body"].as_map_ref().as_deref().unwrap(), "errorNum"), 1200);
    run.is_true("let r = arango::head_raw(`/bare`); r.error && r.error_num == 503");
}

#[test]
fn a3_a_plain_verb_gives_the_error_body_and_check_raises_it() {
    let body = r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"not here"}"#;
    let server = server(move |_| json_reply(404, body));
    let run = run_on(&server);
    run.is_true("let r = arango::get(`/x`); r.error && r.errorNum == 1203 && r.code == 404");
    for script in ["arango::check(arango::get(`/x`))", "arango::check(arango::get_raw(`/x`))"] {
        let error = run.error(script);
        assert_eq!((int(&error, "error_num"), int(&error, "code")), (1203, 404), "{script}");
        assert_eq!(error["message"].to_string(), "not here");
        assert_eq!(error["name"].to_string(), "ArangoError");
        assert_eq!(error["kind"].to_string(), "arango.error");
        assert!(error["context"].as_map_ref().unwrap().contains_key("response"));
    }
    let error = run.error("arango::check(())");
    assert_eq!((int(&error, "error_num"), int(&error, "code")), (4, 500));
    let error = run.error("arango::check(#{ error: true, errorNum: 17, errorMessage: `t` })");
    assert_eq!(
        (error["name"].to_string(), error["message"].to_string()),
        ("TypeError".to_owned(), "t".to_owned())
    );
    assert!(error["error_num"].is_unit() && error["code"].is_unit());
    assert_eq!(run.number("arango::check(#{ error: true })"), 1);
}

#[test]
fn a4_check_gives_the_result_without_error_and_leaves_its_argument() {
    let run = Run::new();
    run.is_true(
        "let r = #{ error: false, code: 200, x: 1 }; let c = arango::check(r);
         `error` in r && !(`error` in c) && c.x == 1 && c.code == 200",
    );
    run.is_true(
        "arango::check([1]) == [1] && arango::check(`text`) == `text` && arango::check(0) == 0",
    );
}

/// Answers one request, whatever it is, and is gone.
fn answer_once(listener: TcpListener) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut piece = [0; 4096];
        while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
            let amount = stream.read(&mut piece).unwrap();
            assert!(amount > 0);
            seen.extend_from_slice(&piece[..amount]);
        }
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

#[test]
fn a5_a_server_that_is_gone_is_code_0_and_answers_again_when_it_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let first = answer_once(listener);
    let run = Run::new();
    run.exec(&format!("arango::reconnect(`tcp://{address}`, #{{ jwt: `T` }})"));
    first.join().unwrap();
    let found = map(&run, "arango::get_raw(`/x`)");
    assert_eq!((int(&found, "code"), int(&found, "error_num")), (0, 2001));
    assert_eq!(found["error"].as_bool(), Ok(true));
    let message = found["error_message"].to_string();
    let refused = format!("failed with #{}", nix::errno::Errno::ECONNREFUSED as i32);
    assert!(message.contains("Could not connect to") && message.contains(&refused), "{message}");
    run.is_true("let r = arango::get(`/x`); r.error && r.error_num == 2001 && r.code == 500");
    run.is_true("!arango::is_connected()");
    let error = run.error("arango::check(arango::get_raw(`/x`))");
    assert_eq!(
        (int(&error, "error_num"), error["kind"].to_string().as_str()),
        (2001, "arango.unreachable")
    );
    assert!(error["code"].is_unit(), "there was no answer");
    let second = answer_once(TcpListener::bind(address).unwrap());
    assert_eq!(int(&map(&run, "arango::get_raw(`/x`)"), "code"), 200);
    second.join().unwrap();
}

#[test]
fn a5_a_request_is_sent_again_only_before_a_byte_of_it_has_left() {
    let server = server(|request| match request.target.as_str() {
        // the server closes after its answer, without a word
        "/_db/_system/last" => {
            Reply::RawClose(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab".to_vec())
        }
        "/_db/_system/swallow" => Reply::RawClose(Vec::new()),
        _ => json_reply(200, "{}"),
    });
    let run = run_on(&server);
    run.is_true(
        "arango::get_raw(`/last`).code == 200 && arango::post_raw(`/next`, `x`).code == 200",
    );
    let seen = asked(&server);
    assert_eq!(
        seen.iter().map(|one| one.target.as_str()).collect::<Vec<_>>(),
        ["/_db/_system/last", "/_db/_system/next"]
    );
    assert_ne!(seen[0].connection, seen[1].connection);
    for verb in ["post_raw(`/swallow`, `x`)", "put_raw(`/swallow`, `x`)", "get_raw(`/swallow`)"] {
        // over a connection that was used before
        run.is_true("arango::get_raw(`/warm`).code == 200");
        let before = asked(&server).len();
        let found = map(&run, &format!("arango::{verb}"));
        assert_eq!((int(&found, "code"), int(&found, "error_num")), (0, 2001), "{verb}");
        assert_eq!(found["error_message"].to_string(), "Connection closed by remote");
        assert_eq!(asked(&server).len(), before + 1, "{verb}");
    }
}

#[test]
fn a6_reconnecting_to_a_dead_endpoint_raises_10_and_changes_nothing() {
    let server = server(|_| json_reply(200, r#"{"here":1}"#));
    let resetting = Server::start(|_| Reply::Reset);
    let refusing = Server::start(|_| json_reply(503, r#"{"errorMessage":"starting up"}"#));
    let run = run_on(&server);
    let refused = format!("failed with #{}", nix::errno::Errno::ECONNREFUSED as i32);
    for (url, text) in [
        (closed_port(), refused.as_str()),
        (resetting.url.clone(), "Connection reset by peer"),
        (refusing.url.clone(), "starting up"),
    ] {
        for options in ["#{ jwt: `T` }", "#{ database: `x`, warn: false }"] {
            let error = run.error(&format!("arango::reconnect(`{url}`, {options})"));
            assert_eq!(int(&error, "error_num"), 10);
            assert!(error["message"].to_string().contains(text), "{error:?}");
        }
    }
    for script in [
        "arango::reconnect(`ftp://x:1`)",
        "arango::reconnect(`tcp://0.0.0.0:1`)",
        "arango::reconnect(``)",
        "arango::reconnect(`tcp://h:1`, #{ data: `x` })",
        "arango::reconnect(`tcp://h:1`, #{ database: `` })",
        "arango::reconnect(`tcp://h:1`, #{ password: 1 })",
        "arango::reconnect(5)",
    ] {
        assert_eq!(run.number(script), 10, "{script}");
    }
    run.is_true("arango::get(`/x`).here == 1 && arango::database() == `_system`");
}

#[test]
fn a6_a_failed_reconnect_is_logged_unless_that_is_not_wanted() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let sink =
        LogSink(Some(Arc::new(move |record: &LogRecord| sink.lock().unwrap().push(record.line()))));
    let run = Run::with(|builder| builder.extension(Arc::new(sink)));
    let url = closed_port();
    drop(run.error(&format!("arango::reconnect(`{url}`, #{{ jwt: `T`, warn: false }})")));
    assert!(lines.lock().unwrap().is_empty());
    drop(run.error(&format!("arango::reconnect(`{url}`, #{{ jwt: `SECRET` }})")));
    let lines = lines.lock().unwrap();
    assert!(
        lines.len() == 1 && lines[0].contains("WARNING") && lines[0].contains(&url),
        "{lines:?}"
    );
    assert!(!lines[0].contains("SECRET"));
    drop(lines);
    let server = server(|_| json_reply(200, "1"));
    let url = server.url.replace("http://", "tcp://root:SECRET@");
    let shown = server.url.replace("http://", "http+tcp://");
    assert_eq!(run.text(&format!("arango::reconnect(`{url}`); arango::endpoint()")), shown);
}

#[test]
fn a7_a_handle_leads_back_to_its_server_database_and_user() {
    let first = server(|_| json_reply(200, "1"));
    let second = server(|_| json_reply(200, "2"));
    let run = Run::new();
    run.is_true(&format!(
        "arango::reconnect(`{}`, #{{ database: `d`, username: `u` }});
         let h = arango::handle();
         arango::reconnect(`{}`);
         let other = arango::get(`/x`) == 2 && arango::user() == `root` && arango::database() == `_system`;
         other && arango::use_handle(h) && arango::get(`/x`) == 1
             && arango::user() == `u` && arango::database() == `d` && arango::handle() == h",
        first.url, second.url
    ));
    let error = run.error("arango::use_handle(`nothing`)");
    assert_eq!(
        (int(&error, "error_num"), error["kind"].to_string().as_str()),
        (2001, "arango.unknown_handle")
    );
    run.is_true("!arango::drop_handle(`nothing`) && arango::get(`/x`) == 1");
    run.is_true("arango::drop_handle(arango::handle()) && !arango::is_connected()");
    assert_eq!(run.number("arango::get(`/x`)"), 2001);
}

#[test]
fn a7_a_known_connection_is_used_again_with_its_socket_and_its_new_database() {
    let server = server(|_| json_reply(200, "1"));
    let other = self::server(|_| json_reply(200, "2"));
    let run = run_on(&server);
    run.exec(&format!(
        "arango::get(`/a`); arango::reconnect(`{}`); arango::reconnect(`{}`, #{{ database: `d` }}); arango::get(`/b`)",
        other.url, server.url
    ));
    let seen = asked(&server);
    assert_eq!(seen[0].connection, seen[1].connection);
    assert_eq!(seen[1].target, "/_db/d/b");
    let logins = server.seen().iter().filter(|seen| seen.target == "/_open/auth").count();
    assert_eq!(logins, 1, "what the first login taught is kept");
}

#[test]
fn a8_without_a_server_the_script_runs_and_its_first_request_raises_2001() {
    let host = Host::builder().build().unwrap();
    let outcome = host.eval(
        "let seen = [];
         for f in [|| arango::get(`/x`), || arango::post_raw(`/x`, 1), || arango::handle(), || arango::endpoint(), || arango::version()] {
             try { f.call(); } catch (e) { seen.push(e.error_num); seen.push(e.kind); }
         }
         arango::set_timeout(5); arango::set_force_json(true); arango::set_compress(true);
         #{ seen: seen, connected: arango::is_connected(), timeout: arango::timeout(), protocol: arango::protocol() }",
    );
    let expected = json!({
        "seen": [2001, "arango.no_connection", 2001, "arango.no_connection", 2001, "arango.no_connection",
            2001, "arango.no_connection", 2001, "arango.no_connection"],
        "connected": false, "timeout": 5.0, "protocol": "http",
    });
    assert_eq!(outcome.unwrap().to_json().unwrap(), expected);
}

#[test]
fn a9_strings_go_out_unchanged_and_values_as_velocypack_or_json() {
    let server = server(|_| json_reply(200, "{}"));
    let run = run_on(&server);
    run.exec(
        "arango::post(`/x`, `{ \"a\" :1}`); arango::patch(`/x`, #{ a: [1] });
         arango::set_force_json(true); arango::put(`/x`, #{ a: [1] }); arango::delete(`/x`, [1]);
         let raw = blob(2, 255); arango::options(`/x`, raw); arango::post(`/x`, ());
         arango::post(`/x`, `x`, #{ \"Content-Type\": `text/x`, Accept: `a/b`, \"X-N\": 5 }); arango::delete(`/x`)",
    );
    let seen = asked(&server);
    let sent = |at: usize| (seen[at].header("content-type"), seen[at].body.as_str());
    assert_eq!(sent(0), (Some("application/json"), "{ \"a\" :1}"));
    assert_eq!(seen[0].header("accept"), Some("application/x-velocypack"));
    assert_eq!(sent(1).0, Some("application/x-velocypack"));
    assert_eq!(agencysh::vpack::decode(&seen[1].bytes).unwrap(), json!({"a": [1]}).into());
    assert_eq!(sent(2), (Some("application/json"), "{\"a\":[1]}"));
    assert_eq!(seen[2].header("accept"), Some("application/json"));
    assert_eq!((seen[3].method.as_str(), sent(3).1), ("DELETE", "[1]"));
    assert_eq!(
        (seen[4].method.as_str(), sent(4).0, seen[4].bytes.as_slice()),
        ("OPTIONS", None, [255, 255].as_slice())
    );
    assert_eq!(sent(5), (None, ""));
    assert_eq!(seen[5].header("content-length"), Some("0"));
    assert_eq!(sent(6), (Some("text/x"), "x"));
    assert_eq!((seen[6].header("accept"), seen[6].header("x-n")), (Some("a/b"), Some("5")));
    assert_eq!((seen[7].method.as_str(), sent(7).1), ("DELETE", ""));
    assert_eq!(run.number("arango::post(`/x`, |x| x)"), 10);
    assert_eq!(run.number("arango::get(`/x`, #{ \"a b\": 1 })"), 10);
    assert_eq!(run.number(r#"arango::get("/x", #{ a: "b\r\nc: d" })"#), 10);
}

#[test]
fn a9_files_are_sent_byte_by_byte() {
    let server = server(|_| json_reply(200, "{}"));
    let run = run_on(&server);
    std::fs::write(run.directory.path().join("f"), [0, 159, 13, 10]).unwrap();
    run.exec("arango::send_file(`/x`, dir + `/f`); arango::send_file(`/x`, dir + `/f`, #{ a: 1 })");
    let seen = asked(&server);
    assert_eq!(
        (seen[0].method.as_str(), seen[0].bytes.as_slice()),
        ("POST", [0, 159, 13, 10].as_slice())
    );
    assert_eq!(seen[1].header("a"), Some("1"));
    assert_eq!(run.number("arango::send_file(`/x`, dir + `/none`)"), 14);
}

#[test]
fn a10_a_path_with_a_database_of_its_own_keeps_it() {
    let server = server(|_| json_reply(200, "{}"));
    let run = run_on(&server);
    run.exec(
        "arango::get(`/_api/a?b=c`); arango::get(`/_db/x/_api/a`); arango::get(`_api/a`);
         arango::set_database(`ü/b c`); arango::get(`/a`); arango::get(`@evil.example/a`)",
    );
    let targets: Vec<String> = asked(&server).into_iter().map(|seen| seen.target).collect();
    let expected = [
        "/_db/_system/_api/a?b=c",
        "/_db/x/_api/a",
        "/_db/_system/_api/a",
        "/_db/%C3%BC%2Fb%20c/a",
        "/_db/%C3%BC%2Fb%20c/@evil.example/a",
    ];
    assert_eq!(targets, expected);
    assert_eq!(run.number("arango::set_database(``)"), 10);
}

#[test]
fn a11_a_slow_request_fails_with_408_within_its_limit() {
    let server = server(|_| Reply::Hang);
    let run = run_on(&server);
    run.exec("arango::set_timeout(0.2)");
    let begin = Instant::now();
    let found = map(&run, "arango::get_raw(`/x`)");
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!((int(&found, "code"), int(&found, "error_num")), (0, 408));
    run.is_true("let r = arango::post(`/x`, 1); r.error_num == 408 && r.code == 500");
    run.is_true("arango::set_timeout(0); arango::timeout() == 86400.0");
    for odd in ["-1", "0.0 / 0.0", "`1`"] {
        assert_eq!(run.number(&format!("arango::set_timeout({odd})")), 10, "{odd}");
    }
}

#[test]
fn servers_tell_version_role_and_mode() {
    let server = server(|_| json_reply(200, "{}"));
    let run = run_on(&server);
    run.is_true("arango::version() == `3.12.9` && arango::role() == `COORDINATOR` && arango::mode() == `server`");
    run.is_true(&format!("arango::endpoint() == `{}` && arango::protocol() == `http`", server.url));
    run.is_true(
        "arango::is_connected() && arango::user() == `root` && arango::timeout() == 1200.0",
    );
    let silent = Server::start(|request| match request.target.as_str() {
        "/_db/_system/_api/version?details=true" => json_reply(200, "{}"),
        _ => json_reply(403, "{}"),
    });
    run.exec(&format!("arango::reconnect(`{}`, #{{ jwt: `T` }})", silent.url));
    run.is_true("arango::version() == `` && arango::role() == `` && arango::mode() == ``");
}

#[test]
fn compressed_answers_are_asked_for_only_when_wanted() {
    let server = server(|_| json_reply(200, "{}"));
    let run = run_on(&server);
    run.exec("arango::get(`/x`); arango::set_compress(true); arango::get(`/x`)");
    let seen = asked(&server);
    assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
    assert_eq!(seen[1].header("accept-encoding"), Some("gzip, deflate"));
}

#[test]
fn redirects_are_answers() {
    let server = server(|_| crate::server::redirect(307, "/elsewhere"));
    let run = run_on(&server);
    run.is_true("let r = arango::get_raw(`/x`); r.code == 307 && !r.error && r.headers.location == `/elsewhere`");
    assert_eq!(asked(&server).len(), 1);
}

#[test]
fn h21_a_path_goes_to_the_current_server_without_its_credentials() {
    let first = server(|_| json_reply(200, "1"));
    let second = server(|_| json_reply(200, "2"));
    let run = run_on(&first);
    run.is_true(&format!(
        "let one = http::get(`/a?b=c`); arango::reconnect(`{}`); let two = http::post(`/d`, `x`);
         one.body == `1` && two.body == `2` && one.url == `{}/a?b=c`",
        second.url, first.url
    ));
    let seen = asked(&first);
    assert_eq!((seen[0].target.as_str(), seen[0].header("authorization")), ("/a?b=c", None));
    assert_eq!(Run::new().number("http::get(`/x`)"), 2001);
}

#[test]
fn a_host_without_permissions_asks_its_own_server_and_no_other() {
    let server = server(|_| json_reply(200, "7"));
    let target = Target::agency(vec![Endpoint::parse(&server.url).unwrap()], ClientAuth::None);
    let host = Host::builder().target(target).permissions(Permissions::none()).build().unwrap();
    assert_eq!(host.eval("arango::get(`/x`)").unwrap().to_json().unwrap(), json!(7));
    assert_eq!(asked(&server)[0].header("authorization"), None);
    for (script, kind) in [
        ("arango::reconnect(`tcp://127.0.0.1:1`)", "permission.network"),
        ("arango::send_file(`/x`, `/etc/hostname`)", "permission.files"),
    ] {
        let outcome = host.eval(&format!("try {{ {script} }} catch (e) {{ return e.kind; }}"));
        assert_eq!(outcome.unwrap().to_json().unwrap(), json!(kind), "{script}");
    }
}
