//! What a host is made of, as JSON.

use std::time::{Duration, Instant};

use agencysh::host::{HostError, HostSettings};
use agencysh::{Cluster, Host};
use serde_json::{Value, json};

use crate::{Texts, eval_json};

fn host(settings: Value) -> Host {
    try_host(settings).unwrap_or_else(|error| panic!("{}", error.report()))
}

fn try_host(settings: Value) -> Result<Host, HostError> {
    HostSettings::from_json(&settings)?.builder()?.build()
}

/// The kind and the report of the error that these settings end in.
fn refused(settings: Value) -> (String, String) {
    let error = try_host(settings.clone()).expect_err(&settings.to_string());
    (error.kind().to_owned(), error.report())
}

#[test]
fn nothing_is_a_host_without_target_that_may_do_everything() {
    let host = host(json!({}));
    assert_eq!(host.eval("agency::current()").unwrap_err().kind(), "agency.no_target");
    assert_eq!(eval_json(&host, "fs::exists(\"/\")"), true);
}

#[test]
fn each_target_is_one() {
    let embedded = host(json!({"embedded": 1}));
    assert_eq!(eval_json(&embedded, "agency::current().agents().len()"), 1);
    let launched = host(json!({"launch": {"agents": 1, "dbservers": 1, "world": "embedded"}}));
    assert_eq!(eval_json(&launched, "cluster::current().instances(\"dbserver\").len()"), 1);

    let folder = tempfile::tempdir().unwrap();
    let options = json!({
        "agents": 1, "root": folder.path().join("root"), "output_directory": folder.path(),
        "program": env!("CARGO_BIN_EXE_agencysh"), "dump_agency_on_shutdown": false,
    });
    let owner = host(json!({"launch": options}));
    owner.eval("agency::current().set(\"Test/X\", 1)").unwrap();
    let topology = folder.path().join("root/topology.json");
    let read = "agency::current().get(\"Test/X\")";
    assert_eq!(eval_json(&host(json!({"topology": topology})), read), 1);
    let agents = owner.agency().unwrap().endpoints();
    assert_eq!(eval_json(&host(json!({"endpoints": agents})), read), 1);
}

#[test]
fn a_coordinator_is_the_server_of_arango() {
    let cluster = Cluster::launch(agencysh::cluster::LaunchOptions {
        agents: 1,
        coordinators: 1,
        dbservers: 1,
        world: agencysh::cluster::World::Embedded,
        ..Default::default()
    })
    .unwrap();
    let coordinator = cluster.instances().unwrap();
    let coordinator = coordinator.iter().find(|one| one.role == "coordinator").unwrap();
    let agents = cluster.agency().unwrap().endpoints();
    let host = host(json!({"endpoints": agents, "coordinator": coordinator.endpoint}));
    assert_eq!(eval_json(&host, "arango::endpoint()"), format!("http+{}", coordinator.endpoint));
}

#[test]
fn secrets_open_agents_and_wrong_ones_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "sesame").unwrap();
    let owner = host(json!({"launch": {
        "agents": 1, "root": folder.path().join("root"), "output_directory": folder.path(),
        "program": env!("CARGO_BIN_EXE_agencysh"), "jwt_secret_file": file,
        "dump_agency_on_shutdown": false,
    }}));
    let agents = owner.agency().unwrap().endpoints();
    let read = "agency::current().get(\"Plan/Version\")";
    let token = eval_json(&owner, "jwt::server_token(\"sesame\")");
    for access in [
        json!({"jwt_secret": "sesame"}),
        json!({"jwt_secret_file": file}),
        json!({"jwt_token": token}),
    ] {
        let mut settings = access.clone();
        settings["endpoints"] = json!(agents);
        host(settings).eval(read).unwrap_or_else(|error| panic!("{access}: {}", error.report()));
    }
    for access in [
        json!({}),
        json!({"jwt_secret": "wrong"}),
        json!({"username": "root", "password": "wrong"}),
    ] {
        let mut settings = access.clone();
        settings["endpoints"] = json!(agents);
        let error = host(settings).eval(read).unwrap_err();
        assert_eq!(error.kind(), "agency.unauthorized", "{access}");
    }
}

#[test]
fn times_are_seconds() {
    let error = host(json!({"deadline": 0.05})).eval("sleep(600)").unwrap_err();
    assert!(error.is_deadline(), "{error}");
    let began = Instant::now();
    let settings = json!({
        "endpoints": ["tcp://127.0.0.1:1"], "timeout": 0.2, "connect_timeout": 0.1,
    });
    assert!(host(settings).eval("agency::current().get(\"x\")").is_err());
    assert!(began.elapsed() < Duration::from_secs(25), "30 s would be the default");
    for name in ["deadline", "timeout"] {
        for value in [0.0, -1.0, 1e300] {
            let (kind, report) = refused(json!({name: value}));
            assert_eq!(kind, "host.settings");
            assert!(report.contains(name), "{report}");
        }
    }
    let (_, report) = refused(json!({"endpoints": ["tcp://h:1"], "connect_timeout": -1}));
    assert!(report.contains("connect_timeout"), "{report}");
}

#[test]
fn words_seeds_modules_and_folders_reach_scripts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("filed.rhai"), "fn n() { 2 }").unwrap();
    let temporary = folder.path().join("temporary");
    let settings = json!({
        "arguments": ["a", "b"],
        "seed": 7,
        "modules": {"mine": "fn n() { 1 }"},
        "module_folders": [folder.path()],
        "temp_dir": temporary,
    });
    let host = host(settings.clone());
    assert_eq!(eval_json(&host, "env::args()"), json!(["a", "b"]));
    let sum = "import \"mine\" as mine; import \"filed\" as filed; mine::n() + filed::n()";
    assert_eq!(eval_json(&host, sum), 3);
    let made = eval_json(&host, "fs::temp_file()");
    assert!(made.as_str().unwrap().starts_with(temporary.to_str().unwrap()), "{made}");
    let seeded = || self::host(json!({"seed": 7}));
    let number = "random::digits(12)";
    assert_eq!(eval_json(&seeded(), number), eval_json(&seeded(), number));
}

#[test]
fn printing_and_logging_can_be_set() {
    let (printed, logged) = (Texts::default(), Texts::default());
    let (print, log) = (printed.clone(), logged.clone());
    let settings = json!({"pretty": true, "color": true, "log_levels": ["agency=trace"]});
    let builder = HostSettings::from_json(&settings).unwrap().builder().unwrap();
    let host = builder
        .output(move |text| print.take(text))
        .log_sink(move |record| log.take(&record.message))
        .build()
        .unwrap();
    host.eval("print(#{ a: 1 }); log::trace(\"agency\", \"x\"); log::trace(\"y\")").unwrap();
    assert!(printed.all().concat().trim().lines().count() > 1, "{:?}", printed.all());
    assert_eq!(logged.all(), ["x"]);
    let (kind, report) = refused(json!({"log_levels": ["agency=loud"]}));
    assert_eq!(kind, "host.settings");
    assert!(report.contains("log_levels") && report.contains("loud"), "{report}");
}

#[test]
fn permissions_are_all_none_or_some() {
    let may = |permissions: Value, code: &str| {
        host(json!({"permissions": permissions}))
            .eval(code)
            .map_err(|error| error.kind().to_owned())
    };
    let denied = |gate: &str| format!("permission.{gate}");
    let exists = "fs::exists(\"/etc\")";
    assert!(may(json!("all"), exists).is_ok());
    assert_eq!(may(json!("none"), exists).unwrap_err(), denied("files"));
    assert_eq!(may(json!({}), exists).unwrap_err(), denied("files"));
    assert!(may(json!({"files": true}), exists).is_ok());
    assert!(may(json!({"files": ["/etc"]}), exists).is_ok());
    assert!(may(json!({"files": ["/usr"]}), exists).unwrap_err().starts_with("permission."));
    let ports = "net::port_free(1)";
    assert_eq!(may(json!({"files": true}), ports).unwrap_err(), denied("ports"));
    assert!(may(json!({"ports": true}), ports).is_ok());
    let get = "http::get(\"http://127.0.0.1:1/\")";
    assert_eq!(may(json!({}), get).unwrap_err(), denied("network"));
    assert!(may(json!({"network": ["127.0.0.1"]}), get).is_ok(), "nobody there is an answer");
    assert!(may(json!({"network": ["example.org"]}), get).is_err());
    let variable = "env::get(\"PATH\")";
    assert!(may(json!({"environment": ["HOME"]}), variable).is_err());
    assert!(may(json!({"environment": ["PATH"]}), variable).is_ok());
    let run = "process::run(\"true\", []).exit";
    assert_eq!(may(json!({}), run).unwrap_err(), denied("processes"));
    assert!(may(json!({"processes": true}), run).is_ok());

    let reader = host(json!({"embedded": 1, "permissions": {"read_only": true}}));
    assert!(reader.eval("agency::current().get(\"Plan\")").is_ok());
    let error = reader.eval("agency::current().set(\"x\", 1)").unwrap_err();
    assert!(error.kind().starts_with("permission."), "{error}");
    assert_eq!(refused(json!({"permissions": "some"})).0, "host.settings");
    assert_eq!(refused(json!({"permissions": {"file": true}})).0, "host.settings");
}

#[test]
fn limits_bound_what_scripts_take() {
    for (limits, code, kind) in [
        (json!({"operations": 1000}), "loop { }", "limit.operations"),
        (json!({"string_size": 10}), "let s = \"0123456789\"; s + s", "limit.size"),
        (json!({"array_size": 2}), "let a = [1]; a.push(2); a.push(3); a", "limit.size"),
        (json!({"map_size": 1}), "let m = #{ a: 1 }; m += #{ b: 2 }; m", "limit.size"),
        (
            json!({"call_depth": 4}),
            "fn f(n) { if n > 0 { f(n - 1) } } f(9)",
            "script.stack_overflow",
        ),
        (json!({"output": 10}), "loop { print(\"0123456789\") }", "limit.output"),
    ] {
        let error = host(json!({"limits": limits})).eval(code).expect_err(code);
        assert_eq!(error.kind(), kind, "{code}: {error}");
        assert!(host(json!({})).eval("1").is_ok());
    }
    let (kind, report) = refused(json!({"limits": {"depth": 1}}));
    assert!(kind == "host.settings" && report.contains("depth"), "{report}");
}

#[test]
fn what_is_wrong_is_told_by_name() {
    for (settings, words) in [
        (json!({"embeded": 1}), &["embeded"][..]),
        (json!({"embedded": "one"}), &["invalid type"]),
        (json!([]), &["object"]),
        (json!([1]), &["object"]),
        (json!({"embedded": 1, "endpoints": ["tcp://h:1"]}), &["embedded", "endpoints", "exclude"]),
        (json!({"launch": {}, "topology": "t"}), &["launch", "topology", "exclude"]),
        (
            json!({"endpoints": ["tcp://h:1"], "jwt_secret": "a", "jwt_token": "b"}),
            &["jwt_secret", "jwt_token"],
        ),
        (json!({"endpoints": ["tcp://h:1"], "password": "x"}), &["password", "username"]),
        (json!({"coordinator": "tcp://h:1"}), &["coordinator", "endpoints"]),
        (json!({"endpoints": ["gopher://h"]}), &["endpoints"]),
        (json!({"endpoints": ["tcp://h:1"], "coordinator": "x://"}), &["coordinator"]),
        (json!({"endpoints": ["ssl://h:1"], "ca_file": "/no/such"}), &["ca_file", "/no/such"]),
        (
            json!({"endpoints": ["tcp://h:1"], "jwt_secret_file": "/no/such"}),
            &["secret", "/no/such"],
        ),
        (json!({"launch": {"agent": 1}}), &["launch", "agent"]),
        (json!({"topology": "/no/such"}), &["topology", "/no/such"]),
        (json!({"jwt_secret": "x"}), &["jwt_secret", "endpoints"]),
        (json!({"embedded": 1, "connect_timeout": 1}), &["connect_timeout", "endpoints"]),
        (json!({"insecure": true}), &["insecure", "topology"]),
    ] {
        let (kind, report) = refused(settings.clone());
        assert!(
            ["host.settings", "cluster.topology", "usage.options"].contains(&kind.as_str()),
            "{settings}: {kind}"
        );
        for word in words {
            assert!(report.contains(word), "{settings}: {report}");
        }
    }
    assert_eq!(refused(json!({"embedded": 2})).0, "cluster.pool_size");
    assert_eq!(refused(json!({"endpoints": []})).0, "agency.no_endpoints");
    assert_eq!(refused(json!({"modules": {"assert": ""}})).0, "host.name_taken");
}

#[test]
fn the_database_of_arango_can_be_named() {
    let settings =
        json!({"endpoints": ["tcp://127.0.0.1:1"], "database": "shop", "insecure": true});
    assert_eq!(eval_json(&host(settings), "arango::database()"), "shop");
}

#[test]
fn rubbish_is_told_with_its_place_and_what_would_do() {
    for (settings, words) in [
        (json!({"embedded": -1}), &["'embedded'", "-1"][..]),
        (json!({"seed": 1, "deadline": "soon"}), &["'deadline'", "\"soon\""]),
        (json!({"deadline": -1}), &["deadline", "-1", "above 0"]),
        (json!({"timeout": 1e300}), &["timeout"]),
        (json!({"arguments": "a"}), &["'arguments'", "sequence"]),
        (json!({"arguments": [1]}), &["'arguments'", "string"]),
        (json!({"modules": {"a": "", "b": 1}}), &["'modules.b'", "string"]),
        (
            json!({"permissions": "some"}),
            &["'permissions'", "\"some\"", "\"all\", \"none\" or an object"],
        ),
        (json!({"permissions": true}), &["'permissions'", "\"all\", \"none\" or an object"]),
        (json!({"permissions": []}), &["'permissions'", "\"all\", \"none\" or an object"]),
        (json!({"permissions": {"ports": true, "file": true}}), &["'permissions.file'", "`files`"]),
        (json!({"permissions": {"ports": []}}), &["'permissions.ports'", "boolean"]),
        (
            json!({"permissions": {"files": "/tmp"}}),
            &["'permissions.files'", "true, false or an array of texts"],
        ),
        (json!({"permissions": {"network": [7]}}), &["'permissions.network'", "string"]),
        (json!({"permissions": {"environment": ["A=B"]}}), &["permissions", "A=B"]),
        (json!({"limits": {"depth": 1}}), &["'limits.depth'", "`call_depth`"]),
        (json!({"limits": {"output": 1, "operations": -5}}), &["'limits.operations'", "-5"]),
        (json!({"limits": 7}), &["'limits'"]),
        (json!({"limits": [1, 2]}), &["'limits'", "an object"]),
    ] {
        let (kind, report) = refused(settings.clone());
        assert_eq!(kind, "host.settings", "{settings}");
        for word in words {
            assert!(report.contains(word), "{settings}: {report}");
        }
    }
}
