//! Clusters that scripts launch, adopt, look at and end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use agencysh::host::{Host, Permissions, Target};

/// Runs a script with the standard assertions at hand and a folder of its own; gives the host, of
/// which launched servers are part.
fn run_in(folder: &Path, script: &str) -> Host {
    let host =
        Host::builder().permissions(Permissions::all()).target(Target::None).build().unwrap();
    let script = format!(
        "import \"assert\" as assert;\nimport \"instance_manager\" as im;\nimport \"wait\" as wait;\n\
         let folder = {:?};\nlet program = {:?};\n{script}",
        folder.to_string_lossy(),
        env!("CARGO_BIN_EXE_agencysh"),
    );
    if let Err(error) = host.run_str("test", &script, &[] as &[&str]) {
        panic!("{error}");
    }
    host
}

fn run(script: &str) {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), script);
}

#[test]
fn m11_an_agency_of_even_size_is_refused_before_anything_is_made() {
    run(r#"
        for world in ["processes", "embedded"] {
            for agents in [0, 2] {
                let options = #{ agents: agents, world: world };
                if world == "processes" { options.root = folder + "/root"; }
                assert::throws(|| cluster::launch(options), "usage.agency_size");
            }
        }
        assert::is_false(fs::exists(folder + "/root"));
        let error = assert::throws(|| cluster::launch(#{ dbserver: 1 }), "usage.options");
        assert::is_true(error.message.contains("did you mean 'dbservers'?"));
        assert::throws(|| cluster::launch(#{ world: "embedded", tls: true }), "cluster.unsupported");
    "#);
}

#[test]
fn m10_m14_without_options_there_are_three_agents_and_the_callers_map_stays() {
    run(r#"
        let options = #{ world: "embedded" };
        let c = cluster::launch(options);
        assert::equal(options, #{ world: "embedded" });
        assert::equal(c.instances().map(|one| one.role), ["agent", "agent", "agent"]);
        let taken = c.snapshot();
        assert::equal(taken.agencyConfig.supervision, true);
        assert::equal(taken.agencyConfig.waitForSync, false);
        assert::equal(taken.options.dump_agency_on_error, true);
        assert::is_true(c.agency().exists("Plan/Version"));
    "#);
}

#[test]
fn m12_a_snapshot_that_is_taken_up_again_tells_the_same() {
    run(r#"
        let c = cluster::launch(#{ world: "embedded", agents: 3, dbservers: 1, coordinators: 1 });
        let first = c.snapshot();
        let files = fs::list(folder);
        let again = cluster::adopt(first);
        assert::equal(again.snapshot(), first);
        let twice = cluster::adopt(again.snapshot());
        assert::equal(twice.snapshot(), first);
        assert::equal(twice.instances("agent").len(), 3);
        assert::equal(twice.number, c.number);
        assert::equal(fs::list(folder), files);
        assert::equal(twice.agency().leader(), c.agency().leader());
        assert::throws(|| twice.find("dbserver1").suspend(), "cluster.not_ours");
        assert::throws(|| twice.shutdown(), "cluster.not_ours");
        // what is suspended is still so
        c.find("dbserver1").suspend();
        assert::equal(cluster::adopt(c.snapshot()).find("dbserver1").state, "suspended");
    "#);
}

#[test]
fn m13_a_snapshot_shows_secrets_only_when_told_to() {
    run(r#"
        fs::write(folder + "/key", "open-sesame-0123456789");
        let c = cluster::launch(#{ agents: 1, program: program, root: folder + "/root", output_directory: folder + "/out", jwt_secret_file: folder + "/key" });
        let shown = json::stringify(c.snapshot());
        assert::is_false(shown.contains("open-sesame"));
        assert::is_false(shown.contains(folder + "/key"));
        let whole = c.snapshot(#{ secrets: true });
        assert::is_true(json::stringify(whole).contains("open-sesame"));
        // with the secret its servers can be asked
        let again = cluster::adopt(whole);
        assert::equal(again.snapshot(#{ secrets: true }), whole);
        assert::equal(again.agency().leader(), c.agency().leader());
        let agent = again.find("agent1");
        assert::equal(agent.request("GET", "/_api/agency/config").code, 200);
        // and its processes be signalled
        agent.suspend();
        wait::wait_for(|| c.find("agent1").state == "suspended" || agent.state == "suspended");
        agent.resume();
        agent.kill();
        assert::equal(agent.state, "stopped");
        wait::wait_for(|| !c.check_alive().is_empty());
    "#);
}

#[test]
fn m81_servers_start_and_end_in_order_and_the_supervision_rests_before() {
    let folder = tempfile::tempdir().unwrap();
    let wrapper = folder.path().join("wrapper");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *PRIMARY*) role=dbserver;; *COORDINATOR*) role=coordinator;; *) role=agent;; esac\n\
         echo \"start $role\" >> {folder}/order\n\
         {program} \"$@\" &\nchild=$!\ntrap 'kill -TERM $child' TERM\n\
         wait $child\nwait $child\ncode=$?\necho \"end $role\" >> {folder}/order\nexit $code\n",
        folder = folder.path().display(),
        program = env!("CARGO_BIN_EXE_agencysh"),
    );
    std::fs::write(&wrapper, text).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&wrapper, executable).unwrap();
    run_in(
        folder.path(),
        r#"
        let c = cluster::launch(#{ agents: 1, dbservers: 2, coordinators: 1, program: folder + "/wrapper", output_directory: folder + "/out" });
        let report = c.shutdown();
        assert::equal(report.overdue, []);
        assert::equal(report.crashes, []);
        assert::is_true(report.maintenance);
        assert::is_true(fs::exists(report.dump));
        assert::is_true(report.dump.ends_with(`agencydump_${c.number}.zip`));
        let order = fs::read(folder + "/order").split("\n").filter(|line| line != "");
        assert::equal(order[0], "start agent");
        // nobody waits between these: they write when the system lets them
        let members = order.extract(1, 3);
        members.sort();
        assert::equal(members, ["start coordinator", "start dbserver", "start dbserver"]);
        assert::equal(order.extract(4), ["end coordinator", "end dbserver", "end dbserver", "end agent"]);
        assert::equal(c.instances().map(|one| one.state), ["stopped", "stopped", "stopped", "stopped"]);
        assert::throws(|| c.find("agent1").restart(), "cluster.wrong_state");
        "#,
    );
}

#[test]
fn m82_a_process_that_somebody_else_ends_is_named_one_that_we_end_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let host = run_in(
        folder.path(),
        r#"
        let c = cluster::launch(#{ agents: 1, dbservers: 1, program: program, root: folder + "/root", output_directory: folder + "/out" });
        let dbserver = c.find("dbserver1");
        dbserver.kill();
        assert::equal(dbserver.exit_status, #{ signal: 9 });
        assert::is_unit(dbserver.pid);
        dbserver.restart();
        dbserver.stop();
        assert::equal(c.check_alive(), []);
        assert::is_true(im::check_alive(c));
        let agent = c.find("agent1");
        fs::write(folder + "/root/agent1/alubsan.log.agencysh.1", "heap-use-after-free");
        process::kill(agent.pid, process::SIGKILL);
        wait::wait_for(|| !c.check_alive().is_empty(), #{ timeout: 10 });
        let crash = c.check_alive()[0];
        assert::equal([crash.instance, crash.pid, crash.signal], ["agent1", agent.pid, 9]);
        assert::is_true(crash.log.contains("serves at"));
        // what a crash leaves in the server's folder is taken to where it stays
        assert::equal(crash.files, [`${folder}/out/agent1_${crash.pid}_alubsan.log.agencysh.1`]);
        assert::equal(agent.state, "crashed");
        let error = assert::throws(|| im::check_alive(c), "cluster.crashed");
        assert::is_true(error.message.contains(`agent1 (process ${agent.pid}) ended unasked: signal 9`));
        "#,
    );
    let crashes = host.crashes();
    assert_eq!(crashes.len(), 1);
    assert_eq!((&*crashes[0].instance, crashes[0].exit.signal), ("agent1", Some(9)));
}

#[test]
fn m82_a_crash_can_end_the_scripts_deadline_with_its_reason() {
    run(r#"
        let c = cluster::launch(#{ agents: 1, program: program, root: folder + "/root", output_directory: folder + "/out", on_crash: "deadline" });
        let pid = c.find("agent1").pid;
        process::kill(pid, process::SIGABRT);
        let error = assert::throws(|| { sleep(60); sleep(60); }, "deadline.script");
        assert::is_true(error.message.contains(`agent1 (process ${pid}) ended unasked: signal 6`));
    "#);
}

#[test]
fn e8_a_server_that_was_stopped_has_no_process_and_tells_how_it_ended() {
    run(r#"
        let servers = [
            cluster::launch(#{ agents: 1, dbservers: 1, program: program, root: folder + "/root" }),
            cluster::launch(#{ world: "embedded", agents: 1, dbservers: 1 }),
        ].map(|c| c.find("dbserver1"));
        for server in servers {
            let before = server.pid;
            server.stop();
            assert::equal([server.state, server.pid, server.exit_status.exit], ["stopped", (), 0]);
            server.restart();
            assert::is_true(server.pid != () && server.pid != before);
        }
    "#);
}

#[test]
fn m83_a_restarted_instance_is_the_same_and_is_watched_again() {
    run(r#"
        let c = cluster::launch(#{ agents: 1, dbservers: 1, program: program, root: folder + "/root", output_directory: folder + "/out", arguments: #{ dbserver: ["--log.level", "all=info"] } });
        let dbserver = c.find("dbserver1");
        let before = dbserver.status();
        dbserver.restart(#{ "log.level": "all=debug" });
        let after = dbserver.status();
        assert::is_true(before.pid != after.pid);
        for key in ["port", "data_dir", "id", "name", "url"] {
            assert::equal(before[key], after[key]);
        }
        // new options take the place of old ones, and stay
        let levels = |words| words.filter(|word| word == "--log.level").len();
        assert::equal(levels.call(after.arguments), 1);
        assert::is_true("all=debug" in after.arguments && !("all=info" in after.arguments));
        dbserver.restart();
        assert::is_true("all=debug" in dbserver.arguments);
        process::kill(dbserver.pid, process::SIGABRT);
        wait::wait_for(|| !c.check_alive().is_empty(), #{ timeout: 10 });
        assert::equal(c.check_alive()[0].signal, 6);
        assert::equal(im::restart_ended(c).map(|one| one.name), ["dbserver1"]);
        assert::equal(c.add_dbserver().name, "dbserver2");
        assert::equal(c.instances("dbserver").len(), 2);
    "#);
}

#[test]
fn a_cluster_that_somebody_else_watches_over_is_adopted_by_its_topology() {
    run(r#"
        let ours = cluster::launch(#{ agents: 1, dbservers: 1, program: program, root: folder + "/root" });
        let c = cluster::adopt(folder + "/root/topology.json");
        assert::equal(c.world, "adopted");
        assert::is_true(c.capabilities().control);
        c.find("dbserver1").suspend();
        assert::equal(ours.find("dbserver1").state, "suspended");
        c.find(ours.find("dbserver1").id).resume();
        c.find("dbserver1").kill();
        assert::equal(c.find("dbserver1").exit_status, #{ signal: 9 });
        c.find("dbserver1").restart();
        assert::equal(c.find("dbserver1").state, "running");
        assert::throws(|| c.find("dbserver1").restart(["--log.level", "x=info"]), "cluster.unsupported");
        assert::throws(|| c.add_dbserver(), "cluster.not_ours");
        assert::throws(|| cluster::adopt(folder + "/none.json"), "cluster.no_topology");
        let places = cluster::adopt(#{ agents: [ours.find("agent1").endpoint] });
        assert::throws(|| places.find("agent1").suspend(), "cluster.not_ours");
        assert::throws(|| cluster::current(), "cluster.not_ours");
    "#);
}

#[test]
fn e15_servers_listen_in_the_range_that_is_given() {
    run(r#"
        let c = cluster::launch(#{ agents: 1, dbservers: 1, program: program, ports: [23000, 23400] });
        for instance in c.instances() {
            assert::is_true(instance.port >= 23000 && instance.port < 23400);
        }
    "#);
}

#[test]
fn settings_reach_all_agents_and_are_set_back() {
    run(r#"
        let c = cluster::launch(#{ world: "embedded", agents: 3 });
        let before = c.configure_agents(#{ delayAddFollower: 4, gracePeriod: 7.5 });
        assert::equal(before.keys(), ["agent1", "agent2", "agent3"]);
        assert::equal(before.agent2, #{ delayAddFollower: 0, gracePeriod: 10.0 });
        let during = c.configure_agents(before);
        assert::equal(during.agent3, #{ delayAddFollower: 4, gracePeriod: 7.5 });
        assert::throws(|| c.configure_agents(#{ delayAddFollower: -1 }), "argument.invalid");
        assert::throws(|| c.configure_agents(#{ delay: 1 }), "argument.invalid");
        // all are tried though one does not answer
        c.find("agent2").stop();
        assert::equal(c.configure_agents(#{ okThreshold: 4 }).keys(), ["agent1", "agent3"]);
        let levels = c.set_log_level("agent", "agency", "trace");
        assert::equal(levels.keys(), ["agent1", "agent3"]);
        assert::equal(c.set_log_level((), "agency", levels.agent1).agent1, "trace");
        assert::throws(|| c.set_log_level("agents", "agency", "info"), "argument.invalid");
    "#);
}

#[test]
fn a_partition_of_servers_inside_the_process_is_cut_and_healed_by_all_their_names() {
    run(r#"
        let c = cluster::launch(#{ world: "embedded", agents: 3, dbservers: 1, supervision_grace_period: 2, supervision_ok_threshold: 1, supervision_frequency: 0.2 });
        assert::is_true(c.capabilities().partition);
        let server = c.find("dbserver1");
        let status = || c.agency().get(`Supervision/Health/${server.id}/Status`);
        let healthy = || status.call() == "GOOD";
        wait::wait_for(healthy);
        for called in [server, server.short_name] {
            c.partition([[called]]);
            wait::wait_for(|| status.call() != "GOOD");
            c.heal();
            wait::wait_for(healthy);
        }
        let leader = c.find(c.agency().leader());
        c.partition([[leader]]);
        wait::wait_for(|| c.agency().leader() != leader.id);
        c.agency().set("Test", 1);
        c.heal();
        let error = assert::throws(|| c.partition([["dbserver1"], ["dbserver7"]]), "cluster.unknown_server");
        assert::is_true(error.message.contains("'dbserver7'"));
        let error = assert::throws(|| c.partition([["dbserver1", server.id]]), "argument.invalid");
        assert::is_true(error.message.contains("'dbserver1' is named twice"));
        assert::throws(|| c.partition(["dbserver1"]), "argument.type");
        assert::throws(|| c.partition([[7]]), "argument.type");
        assert::is_true(c.shutdown(#{ dump: false }).clean);
        assert::throws(|| c.partition([]), "cluster.wrong_state");
        assert::throws(|| c.heal(), "cluster.wrong_state");
    "#);
}

#[test]
fn the_network_between_processes_is_not_cut() {
    run(r#"
        let c = cluster::launch(#{ agents: 1, program: program, root: folder + "/root" });
        let adopted = cluster::adopt(#{ agents: ["tcp://127.0.0.1:1"] });
        for one in [c, adopted] {
            assert::is_false(one.capabilities().partition);
            for cut in [|| one.partition([["agent1"]]), || one.heal()] {
                let error = assert::throws(cut, "cluster.unsupported");
                assert::equal(error.error_num, 9);
                assert::is_true(error.message.contains("embedded") && error.message.contains("suspend"));
            }
        }
    "#);
}
