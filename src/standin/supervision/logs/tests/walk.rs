//! What holds whatever happens: a random walk of servers and scripts.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value as Json, json};

use super::cluster::{Cluster, target};
use crate::agency::de::from_value;
use crate::standin::model::log::{LogPlan, LogTarget};
use crate::standin::model::paths;
use crate::standin::supervision::health_map::HealthMap;
use crate::standin::supervision::logs::situation::Situation;

const SERVERS: [&str; 5] = ["a", "b", "c", "d", "e"];

struct Walk {
    cluster: Cluster,
    random: StdRng,
    /// What has been done, for when something fails.
    history: Vec<String>,
}

/// What is looked at before and after a round.
struct Moment {
    term: u64,
    generation: u64,
    actions: usize,
    effective: u64,
    usable: Vec<String>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut cluster = Cluster::new(&SERVERS);
        cluster.set_target(target(&SERVERS[..3]));
        Self { cluster, random: StdRng::seed_from_u64(seed), history: Vec::new() }
    }

    fn server(&mut self) -> &'static str {
        SERVERS.choose(&mut self.random).unwrap()
    }

    /// Something that a script or fate does.
    fn disturb(&mut self) {
        let server = self.server();
        let yes = self.random.random_bool(0.5);
        let what = self.random.random_range(0..14);
        self.history.push(format!("{what} {server} {yes}"));
        let cluster = &mut self.cluster;
        let wanted = format!("participants/{server}");
        match what {
            0 | 1 => cluster.set("Target", &wanted, json!({})),
            2 | 3 => cluster.delete("Target", &wanted),
            4 => {
                let flag = ["forced", "allowedInQuorum", "allowedAsLeader"];
                let flag = flag.choose(&mut self.random).unwrap();
                cluster.set("Target", &format!("{wanted}/{flag}"), json!(yes));
            }
            5 if yes => cluster.set("Target", "leader", json!(server)),
            5 => cluster.delete("Target", "leader"),
            6 => {
                let write_concern = self.random.random_range(1..4);
                let soft = self.random.random_range(1..5);
                let config = json!({"writeConcern": write_concern, "softWriteConcern": soft, "waitForSync": yes});
                cluster.set("Target", "config", config);
            }
            7 => {
                let version = cluster.number("Target", "version");
                cluster.set("Target", "version", json!(version + 1));
            }
            8 => cluster.reboot(server),
            9 => {
                cluster.servers.suspend(server);
                cluster.status(server, "FAILED");
            }
            10 | 11 => cluster.recover(server),
            12 if cluster.term() > 0 => {
                let term = cluster.term() + 1;
                cluster.set("Plan", "currentTerm", json!({ "term": term }));
            }
            13 if cluster.participants().contains(&server.to_owned()) => {
                let generation = cluster.generation() + 1;
                cluster.set("Plan", "participantsConfig/generation", json!(generation));
                let flag = format!("participantsConfig/participants/{server}/allowedAsLeader");
                cluster.set("Plan", &flag, json!(yes));
            }
            _ => {}
        }
    }

    fn moment(&self) -> Moment {
        let tree = self.cluster.world.tree();
        let plan = self.cluster.get("Plan", "");
        let health = HealthMap::of(&tree);
        let usable = usable(&self.cluster, &health).unwrap_or_default();
        Moment {
            term: self.cluster.term(),
            generation: self.cluster.generation(),
            actions: self.cluster.trace().len(),
            effective: plan["participantsConfig"]["config"]["effectiveWriteConcern"]
                .as_u64()
                .unwrap_or(0),
            usable,
        }
    }

    fn round(&mut self) {
        let before = self.moment();
        self.cluster.round();
        let after = self.moment();
        let story = || format!("{:?} {:?}", self.history, self.cluster.trace());
        assert!(after.term >= before.term, "a term went back: {}", story());
        assert!(after.generation >= before.generation, "a generation went back: {}", story());
        assert!(after.actions - before.actions <= 1, "two actions in a round: {}", story());
        let last = self.cluster.get("Current", "actions");
        let last = last.as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        if after.actions > before.actions
            && last["desc"]["type"] == json!("RemoveParticipantFromPlanAction")
        {
            let gone = last["desc"]["participant"].as_str().unwrap();
            let left = before.usable.iter().filter(|id| *id != gone).count() as u64;
            assert!(left >= before.effective, "too few are left without {gone}: {}", story());
        }
    }

    fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.random.random_range(0..3) {
                0 => self.disturb(),
                1 => self.cluster.servers.maintain(&mut self.cluster.world),
                _ => self.round(),
            }
        }
        // all is well again, and everybody wants the same
        for server in SERVERS {
            self.cluster.recover(server);
        }
        self.history.push("settle".to_owned());
        self.cluster.settle();
    }

    /// A term for which nobody can be elected gets a leader from a script.
    fn lead(&mut self) {
        if self.cluster.leader().is_some() {
            return;
        }
        let reports = self.cluster.reports();
        assert!(reports.iter().all(|it| it.starts_with("LeaderElection")), "{reports:?}");
        let server = self.cluster.participants().first().expect("a planned log has some").clone();
        let reboot_id = self.cluster.world.get(&paths::reboot_id(&server));
        let term = self.cluster.term() + 1;
        let leader = json!({"serverId": server, "rebootId": reboot_id});
        self.cluster.set("Plan", "currentTerm", json!({"term": term, "leader": leader}));
        self.cluster.settle();
    }

    /// Lets all participants count. With too many kept from the quorum nothing can be committed,
    /// and nothing is changed or removed any more unless a script lets them count in the Plan.
    fn unblock(&mut self) {
        let participants = self.cluster.participants();
        let participants: Vec<&str> = participants.iter().map(String::as_str).collect();
        let plain = target(&participants);
        self.cluster.set_target(plain.clone());
        self.cluster.settle();
        let committed = "leader/committedParticipantsConfig/generation";
        if self.cluster.number("Current", committed) < self.cluster.generation() {
            let generation = self.cluster.generation() + 1;
            let plain = plain["participants"].clone();
            self.cluster.set("Plan", "participantsConfig/participants", plain);
            self.cluster.set("Plan", "participantsConfig/generation", json!(generation));
            self.cluster.settle();
        }
    }

    /// A Target that can be reached is reached from wherever the log has got to.
    fn conclude(&mut self) {
        self.lead();
        self.unblock();
        let mut wanted = target(&SERVERS[1..4]);
        wanted["version"] = json!(1_000_000);
        wanted["leader"] = json!("c");
        self.cluster.set_target(wanted);
        self.cluster.settle();
        let story = format!(
            "{:?} {:?} {} {}",
            self.history,
            self.cluster.trace(),
            self.cluster.get("Plan", ""),
            self.cluster.get("Current", "leader")
        );
        let reached = self.cluster.number("Current", "supervision/targetVersion");
        assert_eq!((reached, self.cluster.reports()), (1_000_000, vec![]), "{story}");
        assert_eq!(self.cluster.leader().as_deref(), Some("c"), "{story}");
        assert_eq!(self.cluster.participants(), SERVERS[1..4], "{story}");
        self.cluster.assert_established(&SERVERS[1..4]);
    }
}

/// The participants in the Plan that can take part in commits.
fn usable(cluster: &Cluster, health: &HealthMap) -> Option<Vec<String>> {
    let read = |tree: &str| crate::agency::value::Value::from(cluster.get(tree, ""));
    let (target, plan, current) = (read("Target"), read("Plan"), read("Current"));
    let target: LogTarget = from_value(&target).ok()?;
    let plan: LogPlan = from_value(&plan).ok()?;
    let current = from_value(&current).ok();
    let log = Situation { target: &target, plan: &plan, current: current.as_ref(), health };
    let usable = log.participants().filter(|(id, _)| log.is_usable(id));
    Some(usable.map(|(id, _)| id.to_string()).collect())
}

#[test]
fn s35_whatever_happens_terms_grow_one_thing_is_done_at_a_time_and_it_settles() {
    let mut seen = BTreeSet::new();
    for seed in 0..40 {
        let mut walk = Walk::new(seed);
        walk.run(120);
        assert_ne!(walk.cluster.get("Plan", ""), Json::Null);
        walk.conclude();
        seen.extend(walk.cluster.trace());
    }
    assert_eq!(seen.len(), 12, "every action has its turn: {seen:?}");
}
