//! Everyday commands: what they print in each format, their exit codes, and what they say to wrong use.

use std::io::Write as _;
use std::path::PathBuf;

use agencysh::standin::{ClusterSize, EmbeddedCluster};
use serde_json::{Value, json};

use crate::support::{Folder, Said, agencysh, program, said};
use crate::wait::wait_for;

/// Servers in this process, for commands that run as programs.
struct Servers(EmbeddedCluster);

impl Servers {
    fn start(agents: usize, dbservers: usize, coordinators: usize) -> Self {
        Self(EmbeddedCluster::start(ClusterSize { agents, dbservers, coordinators }).unwrap())
    }

    fn endpoints(&self) -> Vec<String> {
        self.0.endpoints().into_iter().flat_map(|url| ["--endpoint".to_owned(), url]).collect()
    }

    /// Runs a command for these servers.
    fn run(&self, words: &[&str]) -> Said {
        said(program().args(words).args(self.endpoints()))
    }

    fn json(&self, words: &[&str]) -> Value {
        let said = self.run(&[words, &["--format", "json"]].concat());
        serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
    }

    fn wait_for_health(&self, servers: usize) {
        wait_for("a health record of each server", || {
            let health = self.json(&["health"]);
            let good = |row: &&Value| row["role"] != "agent" && row["status"] == "GOOD";
            (health.as_array().unwrap().iter().filter(good).count() == servers).then_some(())
        });
    }
}

fn assert_said(said: &Said, code: i32, stdout: &str, stderr: &str) {
    assert_eq!((said.code, said.stdout.as_str()), (Some(code), stdout), "{said:?}");
    assert!(said.stderr.contains(stderr), "{said:?}");
}

#[test]
fn values_are_read_written_and_swapped() {
    let servers = Servers::start(1, 0, 0);
    assert_said(&servers.run(&["get", "Plan/Version"]), 0, "1\n", "");
    assert_eq!(servers.run(&["set", "Test/a", r#"{"x":[1,"word"]}"#]).code, Some(0));
    assert_said(&servers.run(&["get", "Test/a/x"]), 0, "[\n  1,\n  \"word\"\n]\n", "");
    assert_said(&servers.run(&["get", "Test/a", "--format", "yaml"]), 0, "x:\n- 1\n- word\n", "");
    assert_eq!(servers.run(&["set", "Test/b", "plain words"]).code, Some(0));
    assert_said(&servers.run(&["get", "Test/b"]), 0, "plain words\n", "");
    assert_said(&servers.run(&["get", "Test/b", "--format", "json"]), 0, "\"plain words\"\n", "");
    assert_eq!(servers.run(&["set", "Test/c", "--text", "7"]).code, Some(0));
    assert_eq!(
        servers.json(&["get", "Test/b", "Test/c"]),
        json!({"Test/b": "plain words", "Test/c": "7"})
    );
    assert_eq!(servers.run(&["set", "Test/d", "-3"]).code, Some(0));
    assert_eq!(servers.run(&["set", "Test/n", "null"]).code, Some(0));
    assert_said(&servers.run(&["get", "Test/n"]), 0, "null\n", "");
    assert_said(
        &servers.run(&["get", "Test/d", "Test/none"]),
        1,
        "Test/d: -3\n",
        "nothing at 'Test/none'",
    );

    assert_said(&servers.run(&["cas", "Test/d", "-3", "4"]), 0, "Test/d is replaced\n", "");
    assert_said(
        &servers.run(&["cas", "Test/d", "-3", "5"]),
        6,
        "",
        "refused: at 'Test/d' stands 4",
    );
    assert_said(&servers.run(&["cas", "Test/new", "null", "x"]), 0, "Test/new is replaced\n", "");
    let refused = servers.json(&["cas", "Test/new", "null", "y"]);
    assert_eq!(refused, json!({"path": "Test/new", "applied": false, "present": "x"}));
}

#[test]
fn transactions_come_from_a_file_or_the_standard_input() {
    let servers = Servers::start(1, 0, 0);
    let folder = Folder::new();
    let good = folder
        .file("good.json", r#"[[{"Test/a": 1}, {"Test/a": {"oldEmpty": true}}], [{"Test/b": 2}]]"#);
    let sent = servers.run(&["txn", &good]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let rows = servers.json(&["txn", &good]);
    assert_eq!((&rows[0]["applied"], &rows[1]["applied"]), (&json!(false), &json!(true)), "{rows}");
    assert_eq!((&rows[0]["index"], rows[1]["index"].is_u64()), (&Value::Null, true), "{rows}");
    for words in [&["txn"][..], &["txn", "-"]] {
        let mut command = program();
        let sent = said(
            command
                .args(words)
                .args(servers.endpoints())
                .write_stdin("[[{\"Test/c\":\n1},\n{\"Test/b\":{\"old\":3}}]]"),
        );
        assert_eq!(sent.code, Some(6), "{sent:?}");
    }
    assert_said(&servers.run(&["get", "Test/c"]), 1, "", "nothing at");
    for (text, problem) in [
        ("{", "no JSON"),
        ("[{\"a\": 1}]", "an array of transactions"),
        ("[]", "an array of transactions"),
    ] {
        let file = folder.file("bad.json", text);
        assert_said(&servers.run(&["txn", &file]), 2, "", problem);
    }
    assert_said(&servers.run(&["txn", "/no/such/file"]), 1, "", "fs.not_found");
}

#[test]
fn a_watch_prints_each_change_and_ends() {
    let servers = Servers::start(1, 0, 0);
    servers.run(&["set", "Test/w", "0"]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_agencysh"))
        .args(["watch", "Test/w", "--count", "2", "--deadline", "50"])
        .args(servers.endpoints())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert_eq!(lines.next().unwrap().unwrap(), "0");
    servers.run(&["set", "Test/w", r#"{"a": [1]}"#]);
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"a":[1]}"#);
    assert!(child.wait().unwrap().success());

    let script = "cat; echo \"$AGENCYSH_PATH\"; exit 7";
    let said = said_of(&servers, &["watch", "Test/w"], &["sh", "-c", script]);
    assert_said(&said, 7, "{\"a\":[1]}\nTest/w\n", "");
    assert_said(&servers.run(&["watch", "Test/w", "--seconds", "0.1"]), 0, "{\"a\":[1]}\n", "");
    assert_said(
        &servers.run(&["watch", "Test/w", "--count", "0"]),
        2,
        "",
        "--count must be at least 1",
    );
}

fn said_of(servers: &Servers, words: &[&str], program_words: &[&str]) -> Said {
    said(program().args(words).args(servers.endpoints()).arg("--").args(program_words))
}

#[test]
fn status_tells_the_leader_and_of_agents_that_are_gone() {
    let servers = Servers::start(3, 1, 1);
    servers.wait_for_health(2);
    let status = servers.json(&["status"]);
    let leader = servers.0.agency().leader_id().unwrap();
    assert_eq!((&status["healthy"], &status["leader"]), (&json!(true), &json!(leader)), "{status}");
    assert_eq!(status["servers"], json!({"dbservers": {"GOOD": 1}, "coordinators": {"GOOD": 1}}));
    assert_eq!(status["agents"].as_array().unwrap().len(), 3);
    let text = servers.run(&["status"]);
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(text.stdout.contains(&format!("leader       {leader}, term ")), "{text:?}");
    assert!(text.stdout.contains("1 coordinators GOOD, 1 dbservers GOOD"), "{text:?}");

    let ids = servers.0.agency().agent_ids();
    let follower = ids.iter().find(|id| **id != leader).unwrap();
    servers.0.agency().stop_agent(follower).unwrap();
    let text = servers.run(&["status"]);
    assert_eq!(text.code, Some(5), "{text:?}");
    let line = text.stdout.lines().find(|line| line.starts_with(follower)).unwrap();
    assert!(line.contains("unreachable"), "{line}");
    let health = servers.run(&["health"]);
    assert_eq!(health.code, Some(5), "{health:?}");
    let found = servers.run(&["doctor", "--only", "agent-unreachable"]);
    assert_eq!(found.code, Some(5), "{found:?}");
    assert!(found.stdout.contains(&format!("error: /.agency/pool/{follower}")), "{found:?}");

    let last = ids.iter().find(|id| **id != leader && *id != follower).unwrap();
    servers.0.agency().stop_agent(last).unwrap();
    wait_for("an agency without a leader", || {
        (servers.json(&["status"])["leader"] == Value::Null).then_some(())
    });
    let text = servers.run(&["status"]);
    assert_eq!(text.code, Some(5), "{text:?}");
    assert!(text.stdout.starts_with("leader       none\n"), "{text:?}");
    assert_eq!(servers.run(&["doctor", "--only", "agency-without-leader"]).code, Some(5));
    wait_for("nobody to read from", || {
        let said = servers.run(&["get", "Plan/Version", "--timeout", "0.5"]);
        (said.code == Some(3)).then_some(())
    });
}

#[test]
fn servers_and_jobs_are_listed() {
    let servers = Servers::start(1, 2, 1);
    servers.wait_for_health(3);
    assert_eq!(servers.run(&["health"]).code, Some(0));
    let rows = servers.json(&["servers", "--role", "dbserver"]);
    let [first, second] = rows.as_array().unwrap().as_slice() else { panic!("{rows}") };
    for row in [first, second] {
        assert_eq!(
            (&row["status"], &row["reboot_id"], &row["registered"]),
            (&json!("GOOD"), &json!(1), &json!(true)),
            "{row}"
        );
    }
    let id = first["id"].as_str().unwrap();
    let until = json!({"Mode": "maintenance", "Until": "2999-01-01T00:00:00Z"}).to_string();
    servers.run(&["set", &format!("Target/MaintenanceDBServers/{id}"), &until]);
    let text = servers.run(&["servers"]);
    let line = text.stdout.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line.contains("2999-01-01T00:00:00Z"), "{line}");
    assert_eq!(text.stdout.lines().count(), 5, "{text:?}");

    assert_said(&servers.run(&["jobs"]), 0, "no jobs\n", "");
    let job = json!({"type": "cleanOutServer", "server": "PRMR-none", "jobId": "77", "creator": "me", "timeCreated": "2025-01-02T03:04:05Z"});
    servers.run(&["set", "Target/ToDo/77", &job.to_string()]);
    let failed = wait_for("the job to fail", || {
        let rows = servers.json(&["jobs", "--state", "Failed", "--kind", "cleanOutServer"]);
        rows.as_array().unwrap().first().cloned()
    });
    assert_eq!(
        (&failed["id"], &failed["subject"]),
        (&json!("77"), &json!("PRMR-none")),
        "{failed}"
    );
    assert_eq!(servers.json(&["jobs", "--server", "PRMR-none"]).as_array().unwrap().len(), 1);
    assert_eq!(servers.json(&["jobs", "--server", id]), json!([]));
    assert_eq!(servers.json(&["jobs", "--limit", "0"]), json!([]));
    let one = servers.json(&["jobs", "77"]);
    assert_eq!((&one["state"], &one["job"]["creator"]), (&json!("Failed"), &json!("me")), "{one}");
    assert_said(&servers.run(&["jobs", "78"]), 1, "", "there is no job '78'");
}

#[test]
fn what_the_doctor_suggests_can_be_sent() {
    let servers = Servers::start(1, 1, 1);
    servers.wait_for_health(2);
    let healthy = servers.run(&["doctor"]);
    assert_said(&healthy, 0, "nothing was found\n", "");
    servers.run(&["set", "Supervision/Shards/s17", "no-such-job"]);
    servers.run(&["set", "Plan/Lock", "LOCKED"]);
    let found = servers.json(&["doctor"]);
    let ids: Vec<&str> =
        found.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["lock-stale", "lock-held"]);
    assert_eq!(servers.json(&["doctor", "--severity", "error"]).as_array().unwrap().len(), 1);
    let folder = Folder::new();
    for finding in found.as_array().unwrap() {
        let file = folder.file("fix.json", finding["transaction"].to_string());
        let said = servers.run(&["txn", &file]);
        assert_eq!(said.code, Some(0), "{said:?}");
        // a second time it does nothing: its precondition is what was found
        assert_eq!(servers.run(&["txn", &file]).code, Some(6));
    }
    assert_eq!(servers.run(&["doctor"]).code, Some(0));
}

fn recorded(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("AGENCYSH_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    );
    let file = folder.join(name);
    if !file.is_file() {
        let _ = writeln!(std::io::stderr(), "skipped: no recorded data at {}", file.display());
        return None;
    }
    Some(file)
}

#[test]
fn the_doctor_finds_nothing_in_healthy_dumps_and_what_was_edited_by_hand() {
    for name in [
        "agency_dump.3.6.json",
        "agency_dump.3.9.json",
        "agency_dump.3.10.json",
        "sync.source.json",
    ] {
        let Some(file) = recorded(name) else { return };
        let said = agencysh(&["doctor", "--dump", file.to_str().unwrap()]);
        assert_said(&said, 0, "nothing was found\n", "");
    }
    let Some(file) = recorded("agency_dump.3.9.jobs.json") else { return };
    let said = agencysh(&["doctor", "--format", "json", "--dump", file.to_str().unwrap()]);
    assert_eq!(said.code, Some(5));
    let found: Vec<Value> = serde_json::from_str(&said.stdout).unwrap();
    let found: Vec<String> = found
        .iter()
        .map(|one| format!("{} {}", one["id"].as_str().unwrap(), one["path"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            "collection-unlike-prototype Plan/Collections/_system/10011/replicationFactor",
            "job-malformed Target/ToDo/955430",
            "job-malformed Target/ToDo/955431",
            "job-malformed Target/Pending/955420",
            "replication-factor-unmet Plan/Collections/_system/10011/shards/s10022",
            "jobs-failed Target/Failed/955410",
        ]
    );
    let Some(file) = recorded("config.json") else { return };
    assert_said(
        &agencysh(&["doctor", "--dump", file.to_str().unwrap()]),
        2,
        "",
        "no tree in this dump",
    );
    assert_said(
        &agencysh(&["doctor", "--dump", "/no/such/dump"]),
        2,
        "",
        "'/no/such/dump' is no dump",
    );
}

#[test]
fn commands_are_listed_helped_with_and_completed() {
    let all = agencysh(&["--help"]).stdout;
    let completions = agencysh(&["completions", "bash"]).stdout;
    for name in
        ["cas", "doctor", "get", "health", "jobs", "servers", "set", "status", "txn", "watch"]
    {
        let line = all.lines().find(|line| line.trim_start().starts_with(&format!("{name} ")));
        assert!(line.is_some_and(|line| line.trim().len() > name.len() + 20), "{name}: {all}");
        assert!(completions.contains(&format!("agencysh__subcmd__{name}")), "{name}");
        let help = agencysh(&[name, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
        for part in ["Examples:", "Exit codes:", "--endpoint <URL>"] {
            assert!(help.stdout.contains(part), "{name} {part}: {}", help.stdout);
        }
    }
    assert!(completions.contains("--severity"), "options of commands");
}

#[test]
fn wrong_use_is_told() {
    for (words, part) in [
        (&["get"][..], "<PATH>"),
        (&["set", "a"], "<VALUE>"),
        (&["cas", "a", "1"], "<NEW>"),
        (&["watch", "a", "--cuont", "1"], "--count"),
        (&["jobs", "--state", "Done"], "possible values: ToDo"),
        (&["status", "surplus"], "surplus"),
    ] {
        let said = agencysh(words);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{words:?}");
        assert!(said.stderr.contains(part), "{words:?}: {}", said.stderr);
    }
    let near = agencysh(&["stauts"]);
    assert!(near.stderr.contains("did you mean the command `status`?"), "{}", near.stderr);
    let nobody = agencysh(&["status", "--endpoint", "tcp://127.0.0.1:1", "--timeout", "0.5"]);
    assert_said(&nobody, 3, "", "error[agency.");
    assert!(
        !nobody.stderr.contains("-->"),
        "the text of the command does not matter: {}",
        nobody.stderr
    );
    let read_only = agencysh(&["set", "--embedded=1", "--read-only", "a", "1"]);
    assert_said(&read_only, 1, "", "--read-only");
}

#[test]
fn a_command_can_be_read_copied_and_run_as_a_script() {
    let source = agencysh(&["doc", "get", "--source"]);
    assert!(source.stdout.contains("fn main(given)"), "{source:?}");
    let folder = Folder::new();
    let file = folder.file("mine.rhai", &source.stdout);
    let said = agencysh(&["run", "--embedded=1", &file, "Plan/Version"]);
    assert_said(&said, 0, "1\n", "");
    let said =
        agencysh(&["run", "--embedded=1", "--format", "json", &file, "Plan/Version", "None"]);
    assert_said(&said, 1, "{\n  \"Plan/Version\": 1\n}\n", "nothing at 'None'");
    let help = agencysh(&["run", &file, "--", "--help"]);
    assert!(help.stdout.contains("Usage: agencysh run mine.rhai"), "{help:?}");
    assert_said(&agencysh(&["run", &file]), 2, "", "<PATH>");
    assert!(agencysh(&["doc", "assert", "--source"]).stdout.contains("fn equal("));
    assert_said(&agencysh(&["doc", "gett", "--source"]), 1, "", "did you mean 'get'?");
}

#[test]
fn eval_prints_tables_and_yaml() {
    let rows = "[#{ id: 1, b: \"x\" }, #{ id: 20, b: () }]";
    assert_said(&agencysh(&["eval", "--format", "table", rows]), 0, "B  ID\nx   1\n   20\n", "");
    assert_said(&agencysh(&["eval", "--format", "table", "\"x\""]), 0, "x\n", "");
    assert_said(&agencysh(&["eval", "--format", "yaml", "#{ a: [1] }"]), 0, "a:\n- 1\n", "");
}
