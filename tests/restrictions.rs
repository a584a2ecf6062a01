//! What a host does not let its scripts do: permissions and limits.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use agencysh::host::{
    Gate, Host, HostBuilder, HostError, Limits, Permissions, ScriptError, Target,
};
use server::{Server, json, redirect};

fn host(permissions: Permissions) -> HostBuilder {
    Host::builder().permissions(permissions)
}

fn failure(builder: HostBuilder, script: &str) -> Box<ScriptError> {
    match builder.build().unwrap().eval(script) {
        Err(HostError::Script(error)) => error,
        other => panic!("{script}: {other:?}"),
    }
}

fn refused(builder: HostBuilder, script: &str, kind: &str) {
    let error = failure(builder, script);
    assert_eq!((error.kind.as_str(), error.error_num), (kind, Some(11)), "{script}: {error}");
    assert!(error.message.contains("--"), "it names the option that permits it: {}", error.message);
}

fn answer(builder: HostBuilder, script: &str) -> serde_json::Value {
    builder.build().unwrap().eval(script).unwrap().to_json().unwrap()
}

#[test]
fn a_library_host_starts_with_nothing_but_its_target() {
    for (script, kind) in [
        ("fs::exists(\"/\")", "permission.files"),
        ("http::get(\"http://127.0.0.1:1/\")", "permission.network"),
        ("net::can_connect(\"127.0.0.1:1\")", "permission.network"),
        ("net::port_free(8529)", "permission.ports"),
        ("env::get(\"PATH\")", "permission.environment"),
        ("agency::connect(#{ endpoints: \"tcp://127.0.0.1:1\" })", "permission.network"),
    ] {
        refused(Host::builder(), script, kind);
    }
}

#[cfg(feature = "standin")]
#[test]
fn the_target_is_reached_without_network() {
    let builder = host(Permissions::none()).target(Target::embedded(1));
    let script = "let a = agency::current(); a.set(\"Test/x\", 5); a.get(\"Test/x\")";
    assert_eq!(answer(builder, script), 5);
}

#[cfg(feature = "standin")]
#[test]
fn a_run_that_only_reads_refuses_every_way_to_write() {
    let builder = || host(Permissions::all().read_only()).target(Target::embedded(1));
    assert_eq!(answer(builder(), "agency::current().get(\"Plan/Version\")"), 1);
    assert_eq!(
        answer(builder(), "agency::current().transact([[\"/arango/Plan/Version\"]]).code"),
        200,
        "a transaction that only reads is one"
    );
    for script in [
        "agency::current().set(\"Test/x\", 1)",
        "agency::current().remove(\"Plan\")",
        "agency::current().cas(\"Test/x\", (), 1)",
        "agency::current().increment(\"Plan/Version\")",
        "agency::current().update(\"Plan/Version\", |v| v)",
        "agency::current().write([[#{ \"Test/x\": 1 }]])",
        "agency::current().transact([[\"/arango\"], [#{ \"/arango/Test/x\": 1 }]])",
        "agency::current().transient([[#{ \"/arango/Test/x\": 1 }]])",
        "agency::current().unique_id()",
        "http::post(\"http://127.0.0.1:1/_api/agency/write\", \"[]\")",
        "arango::post(\"/_api/agency/write\", [])",
        "http::request(\"put\", \"http://127.0.0.1:1/_db/x/_api/agency/config\", #{ json: #{} })",
    ] {
        refused(builder(), script, "permission.agency_writes");
    }
}

#[test]
fn only_named_servers_are_asked() {
    let server = Server::start(|_| json(200, "1"));
    let other = Server::start_on("127.0.0.2", |_| json(200, "2"));
    let permissions = || Permissions::all().host("127.0.0.1").unwrap();
    let get = |url: &str| format!("http::get(\"{url}/\").code");
    assert_eq!(answer(host(permissions()), &get(&server.url)), 200);
    refused(host(permissions()), &get(&other.url), "permission.network");
    let address = other.url.trim_start_matches("http://");
    refused(host(permissions()), &format!("net::can_connect(\"{address}\")"), "permission.network");
    refused(
        host(permissions()),
        &format!("agency::connect(#{{ endpoints: \"{address}\" }}).get(\"x\")"),
        "permission.network",
    );
    assert!(other.seen().is_empty(), "nothing was sent");
}

#[test]
fn a_redirect_does_not_lead_to_other_servers() {
    let other = Server::start_on("127.0.0.2", |_| json(200, "2"));
    let location = format!("{}/", other.url);
    let server = Server::start(move |_| redirect(307, &location));
    let permissions = || Permissions::all().host("127.0.0.1").unwrap();
    refused(host(permissions()), &format!("http::get(\"{}/\")", server.url), "permission.network");
    let agency = format!("agency::connect(#{{ endpoints: \"{}\" }}).read(\"/\")", server.url);
    refused(host(permissions()), &agency, "permission.network");
    assert!(other.seen().is_empty(), "nothing was sent");
}

#[test]
fn a_socket_file_is_a_server_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let path = path.to_str().unwrap();
    let script =
        format!("agency::connect(#{{ endpoints: \"unix://{path}\", timeout: 0.2 }}).read(\"/\")");
    refused(host(Permissions::all().host("127.0.0.1").unwrap()), &script, "permission.network");
    let allowed = host(Permissions::all().host(&format!("unix:{path}")).unwrap());
    assert_eq!(failure(allowed, &script).kind, "agency.timeout", "it is asked, and says nothing");
}

#[test]
fn only_named_variables_are_seen() {
    let builder = || host(Permissions::all().variable("HOME").variable("AGENCYSH_TEST_*"));
    refused(builder(), "env::get(\"PATH\")", "permission.environment");
    refused(builder(), "env::set(\"PATH\", \"x\")", "permission.environment");
    let script =
        "env::set(\"AGENCYSH_TEST_A\", 1); [env::get(\"AGENCYSH_TEST_A\"), \"PATH\" in env::all()]";
    assert_eq!(answer(builder(), script), serde_json::json!(["1", false]));
}

#[test]
fn ports_are_tested_only_when_allowed() {
    refused(
        host(Permissions::all().deny(Gate::Ports)),
        "net::find_free_port(20000, 30000)",
        "permission.ports",
    );
}

/// A folder to use, with links out of it, beside a secret.
struct Fenced {
    folder: tempfile::TempDir,
}

impl Fenced {
    fn new() -> Self {
        let fenced = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(fenced.path("root/sub")).unwrap();
        std::fs::create_dir(fenced.path("outside")).unwrap();
        std::fs::write(fenced.path("outside/secret"), "secret").unwrap();
        std::fs::write(fenced.path("root/sub/file"), "file").unwrap();
        for (target, link) in [
            (fenced.path("outside/secret"), "root/to-secret"),
            (fenced.path("outside"), "root/to-outside"),
            (fenced.path("outside/new"), "root/to-new"),
            ("../../outside".into(), "root/sub/relative"),
        ] {
            std::os::unix::fs::symlink(target, fenced.path(link)).unwrap();
        }
        fenced
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn host(&self) -> HostBuilder {
        host(Permissions::all().files_below(&self.path("root")).unwrap())
    }

    /// A script in which `r` is the folder to use and `o` the one outside.
    fn script(&self, code: &str) -> String {
        format!("let r = {:?}; let o = {:?}; {code}", self.path("root"), self.path("outside"))
    }
}

#[test]
fn files_are_used_below_their_root() {
    let fenced = Fenced::new();
    let script = fenced.script(
        "fs::write(r + \"/a\", \"1\"); fs::copy_dir(r + \"/sub\", r + \"/copy\"); \
         fs::rename(r + \"/a\", r + \"/sub/b\"); fs::remove_file(r + \"/to-secret\"); \
         let t = fs::temp_file(); fs::write(t, \"temporary\"); fs::remove_file(t); \
         [fs::read(r + \"/sub/../sub/b\"), fs::read(r + \"/copy/file\"), fs::is_symlink(r + \"/to-new\")]",
    );
    assert_eq!(answer(fenced.host(), &script), serde_json::json!(["1", "file", true]));
    assert!(fenced.path("outside/secret").exists(), "the link went, not its target");
}

#[test]
fn neither_links_nor_dots_lead_out_of_a_root() {
    let fenced = Fenced::new();
    for code in [
        "fs::read(o + \"/secret\")",
        "fs::read(r + \"/../outside/secret\")",
        "fs::read(r + \"/to-secret\")",
        "fs::read(r + \"/to-outside/secret\")",
        "fs::read(r + \"/sub/relative/secret\")",
        "fs::read_blob(r + \"/to-secret\")",
        "fs::read_lines(r + \"/to-secret\")",
        "fs::read_gzip(r + \"/to-secret\")",
        "fs::adler32(r + \"/to-secret\")",
        "fs::exists(o)",
        "fs::size(r + \"/to-secret\")",
        "fs::list(r + \"/to-outside\")",
        "fs::list_tree(r + \"/to-outside\")",
        "fs::write(r + \"/to-new\", \"x\")",
        "fs::write(r + \"/to-outside/x\", \"x\", #{ atomic: true })",
        "fs::append(r + \"/to-secret\", \"x\")",
        "fs::create_dir(r + \"/to-outside/d\")",
        "fs::create_dir_all(r + \"/../outside/d/e\")",
        "fs::remove_file(r + \"/to-outside/secret\")",
        "fs::remove_dir(o)",
        "fs::remove_dir_all(r + \"/to-outside/\", true)",
        "fs::rename(r + \"/sub/file\", o + \"/stolen\")",
        "fs::rename(o + \"/secret\", r + \"/secret\")",
        "fs::copy_file(o + \"/secret\", r + \"/secret\")",
        "fs::copy_file(r + \"/to-secret\", r + \"/secret\")",
        "fs::copy_file(r + \"/sub/file\", r + \"/to-outside\")",
        "fs::copy_dir(r + \"/to-outside/\", r + \"/copy\")",
        "fs::symlink(r, o + \"/link\")",
        "fs::set_mode(r + \"/to-secret\", \"0777\")",
        "fs::zip(r + \"/a.zip\", r, [\"to-secret\"])",
        "fs::zip(r + \"/a.zip\", o, [\"secret\"])",
        "fs::zip(o + \"/a.zip\", r, [\"sub/file\"])",
        "fs::zip(r + \"/b.zip\", r + \"/sub\", [\"file\"]); fs::unzip(r + \"/b.zip\", o)",
        "fs::each_csv_row(r + \"/to-secret\", |row, n| ())",
        "fs::each_json_line(r + \"/to-secret\", |row, n| ())",
        "http::download(\"http://127.0.0.1:1/\", r + \"/to-new\")",
        "http::get(\"https://127.0.0.1:1/\", #{ ca_file: o + \"/secret\" })",
        "arango::send_file(\"/x\", r + \"/to-secret\")",
        "agency::connect(#{ endpoints: \"tcp://127.0.0.1:1\", jwt_secret_file: o + \"/secret\" })",
        "process::run(\"true\", [], #{ stdout: #{ file: r + \"/to-new\" } })",
        "net::port_free(\"unix://\" + o + \"/socket\")",
        "process::run(\"true\", [], #{ cwd: o })",
        "process::start(\"true\", [], #{ cwd: r + \"/to-outside\" })",
    ] {
        refused(fenced.host(), &fenced.script(code), "permission.files");
    }
    let left: Vec<_> = std::fs::read_dir(fenced.path("outside")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(std::fs::read(fenced.path("outside/secret")).unwrap(), b"secret");
}

#[test]
fn a_link_that_a_script_makes_leads_nowhere_new() {
    let fenced = Fenced::new();
    let script = fenced.script("fs::symlink(o, r + \"/mine\"); fs::read(r + \"/mine/secret\")");
    refused(fenced.host(), &script, "permission.files");
}

#[test]
fn a_link_in_place_of_the_temporary_folder_leads_nowhere_new() {
    let fenced = Fenced::new();
    let builder = || fenced.host().temp_dir(fenced.path("root/temporary"));
    let moved = "fs::symlink(o, r + \"/temporary\");";
    for code in ["fs::read(o + \"/secret\")", "fs::temp_dir()", "fs::temp_file(\"\", true)"] {
        refused(builder(), &fenced.script(&format!("{moved} {code}")), "permission.files");
        std::fs::remove_file(fenced.path("root/temporary")).unwrap();
    }
    let script = fenced.script(
        "fs::write(fs::temp_file(), \"x\"); fs::remove_dir_all(fs::temp_dir(), true); \
         fs::exists(fs::temp_file(\"sub\", true))",
    );
    assert_eq!(answer(builder(), &script), true, "it is made again");
}

#[test]
fn the_home_directory_is_told_to_those_who_see_its_variable() {
    let permissions = |name: &str| Permissions::all().variable(name);
    refused(host(permissions("PATH")), "fs::home_dir()", "permission.environment");
    assert!(answer(host(permissions("HOME")), "fs::home_dir()").is_string());
}

#[test]
fn names_are_looked_up_only_for_servers_that_may_be_asked() {
    let permissions = || Permissions::all().host("127.0.0.1").unwrap();
    for call in ["port_free", "udp_port_free"] {
        let script = format!("net::{call}(\"a-secret.invalid:1\")");
        refused(host(permissions()), &script, "permission.network");
        let near = format!("net::{call}(\"localhost:0\") && net::{call}(\"127.0.0.1:0\")");
        assert_eq!(answer(host(permissions()), &near), true, "{call}");
    }
}

#[test]
fn neither_spelling_nor_redirects_hide_a_write() {
    let server = Server::start(|request| match request.target.as_str() {
        "/redirects" => redirect(307, "/_api/agency/write"),
        _ => json(200, "[]"),
    });
    let url = &server.url;
    let builder = || host(Permissions::all().read_only());
    for path in
        ["/x/../_api/agency/write?a b", "/_api/agency\\\\write?a b", "/_api/agency/wr\\tite"]
    {
        let script = format!("http::post(\"{url}{path}\", \"[]\")");
        refused(builder(), &script, "permission.agency_writes");
    }
    let script = format!("http::post(\"{url}/redirects\", \"[]\").code");
    assert_eq!(answer(builder(), &script), 307, "the redirect itself is the answer");
    let seen: Vec<String> = server.seen().iter().map(|request| request.target.clone()).collect();
    assert_eq!(seen, ["/redirects"]);
}

#[test]
fn programs_get_only_the_variables_that_a_script_may_see() {
    let builder = host(Permissions::all().variable("AGENCYSH_TEST_*"));
    let script =
        "env::set(\"AGENCYSH_TEST_A\", 7); process::run(\"env\", [], #{ capture: true }).stdout";
    assert_eq!(answer(builder, script), "AGENCYSH_TEST_A=7\n");
}

#[test]
fn programs_are_started_only_when_allowed() {
    refused(
        host(Permissions::all().deny(Gate::Processes)),
        "process::run(\"true\", [])",
        "permission.processes",
    );
}

fn limited(change: impl FnOnce(&mut Limits)) -> HostBuilder {
    let mut limits = Limits::default();
    change(&mut limits);
    // a limit that does not hold must not hang the test
    Host::builder().limits(limits).deadline(std::time::Duration::from_secs(20))
}

#[test]
fn an_endless_loop_ends_at_the_most_operations() {
    let builder = limited(|limits| limits.operations = Some(10_000));
    let error = failure(builder, "loop { try { loop {} } catch {} }");
    assert_eq!(error.kind, "limit.operations", "{error}");
    let builder = limited(|limits| limits.operations = Some(10_000));
    let error = failure(
        builder,
        "let a = [1, 2, 3]; for i in 0..1000 { a.filter(|x| { let y = x; y += 1; y > 0 }); }",
    );
    assert_eq!(error.kind, "limit.operations", "functions called back count: {error}");
}

#[test]
fn values_grow_to_their_limit() {
    for script in [
        "let s = \"ab\"; loop { s += s; }",
        "let a = [1]; loop { a += a; }",
        "let m = #{}; let i = 0; loop { m.set(`k${i}`, 1); i += 1; }",
    ] {
        let builder = limited(|limits| {
            limits.string_size = Some(1000);
            limits.array_size = Some(1000);
            limits.map_size = Some(1000);
        });
        assert_eq!(failure(builder, script).kind, "limit.size", "{script}");
    }
}

#[test]
fn functions_call_each_other_as_deep_as_allowed() {
    let builder = limited(|limits| limits.call_depth = 10);
    let error = failure(builder, "fn f(n) { if n > 0 { f(n - 1) } } f(20);");
    assert_eq!(error.kind, "script.stack_overflow");
    assert!(error.message.contains("10 levels"), "{}", error.message);
}

#[test]
fn output_ends_a_run_at_its_limit_even_inside_try() {
    for script in [
        "loop { try { print(\"0123456789\"); } catch {} }",
        "loop { log::info(\"0123456789\"); }",
        "term::capture(|| loop { print(\"0123456789\"); })",
    ] {
        let written = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let sink = std::sync::Arc::clone(&written);
        let builder = limited(|limits| limits.output = Some(1000))
            .output(move |text| sink.lock().unwrap().push_str(text))
            .log_sink(|_| {});
        assert_eq!(failure(builder, script).kind, "limit.output", "{script}");
        assert!(written.lock().unwrap().len() <= 1000);
    }
}

#[test]
fn each_run_has_its_own_output() {
    let host = limited(|limits| limits.output = Some(100)).build().unwrap();
    for _ in 0..3 {
        host.eval("print(\"0123456789012345678901234567890123456789\")").unwrap();
    }
}
