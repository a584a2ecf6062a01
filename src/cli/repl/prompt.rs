//! The prompt: which agency, who leads it, in which term. It is asked in the background: a prompt
//! shows what is known by then.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::paths;
use crate::cli::shown_target::ShownTarget;
use crate::client::{AgencyClient, Standing};
use crate::host::Onlooker;

/// What is known of the agency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Known {
    /// There is no connection.
    #[default]
    Nothing,
    /// Nobody answers.
    Silence,
    Led {
        leader: String,
        term: Option<u64>,
    },
    NoLeader,
}

/// Makes prompts.
pub(super) struct Prompts {
    template: Option<String>,
    target: ShownTarget,
    known: Arc<Mutex<Known>>,
    wake: Option<Sender<()>>,
    begin: Instant,
    color: bool,
}

impl Prompts {
    pub(super) fn new(
        template: Option<String>,
        target: ShownTarget,
        onlooker: Onlooker,
        color: bool,
    ) -> Self {
        let known = Arc::new(Mutex::new(Known::Nothing));
        let (wake, woken) = mpsc::channel();
        let (place, names) = (Arc::clone(&known), target.clone());
        let ask = move || {
            while woken.recv().is_ok() {
                // several wishes are one question
                while woken.try_recv().is_ok() {}
                let found = look(&onlooker, &names);
                *place.lock().unwrap_or_else(PoisonError::into_inner) = found;
            }
        };
        // without the thread the prompt tells less
        let asking = std::thread::Builder::new().name("agencysh-prompt".to_owned()).spawn(ask);
        let wake = asking.is_ok().then_some(wake);
        Self { template, target, known, wake, begin: Instant::now(), color }
    }

    /// Asks anew who leads; does not wait for the answer.
    pub(super) fn ask(&self) {
        if let Some(wake) = &self.wake {
            // the thread ends only with its sender
            let _ = wake.send(());
        }
    }

    /// The next prompt: as it is, and in colours.
    pub(super) fn next(&self, failed: bool, last: Duration) -> (String, String) {
        let plain = match &self.template {
            Some(template) => self.filled(template, last),
            None => self.usual(),
        };
        let color = if failed { "\x1b[1;31m" } else { "\x1b[1;32m" };
        let colored = if self.color { format!("{color}{plain}\x1b[0m") } else { plain.clone() };
        (plain, colored)
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn usual(&self) -> String {
        let target = &self.target;
        let mut words = vec!["agencysh".to_owned()];
        words.extend(target.name.clone());
        match self.known() {
            Known::Nothing => words.extend(target.first_endpoint()),
            Known::Silence => {
                words.extend(target.first_endpoint());
                words.push("no answer".to_owned());
            }
            Known::NoLeader => {
                words.extend(target.first_endpoint());
                words.push("no leader".to_owned());
            }
            Known::Led { leader, term } => {
                words.push(leader);
                words.extend(term.map(|term| format!("t{term}")));
            }
        }
        format!("{}> ", words.join(" "))
    }

    /// A template with its placeholders filled in; what is no placeholder stays.
    fn filled(&self, template: &str, last: Duration) -> String {
        let mut filled = String::new();
        let mut letters = template.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                filled.push(letter);
                continue;
            }
            let Some(sign) = letters.next() else {
                filled.push('%');
                break;
            };
            match (sign, self.known()) {
                ('%', _) => filled.push('%'),
                ('t', _) => filled.push_str(&time_of_day()),
                ('a', _) => filled.push_str(&format!("{:.0}", self.begin.elapsed().as_secs_f64())),
                ('p', _) => filled.push_str(&format!("{:.3}", last.as_secs_f64())),
                ('e', _) => filled.push_str(&self.target.endpoint.clone().unwrap_or_default()),
                ('E', _) => filled.push_str(&self.target.first_authority().unwrap_or_default()),
                ('u', _) => filled.push_str(self.target.user.as_deref().unwrap_or_default()),
                ('l', Known::Led { leader, .. }) => filled.push_str(&leader),
                ('l', Known::NoLeader) => filled.push_str("no leader"),
                ('n', Known::Led { term: Some(term), .. }) => filled.push_str(&term.to_string()),
                ('l' | 'n', _) => {}
                (other, _) => filled.extend(['%', other]),
            }
        }
        filled
    }
}

fn look(onlooker: &Onlooker, target: &ShownTarget) -> Known {
    let Some(client) = onlooker.client(paths::LIMIT) else { return Known::Nothing };
    match client.standing() {
        Err(_) => Known::Silence,
        Ok(standing) => match leader_name(&standing, &client, target) {
            Some(leader) => Known::Led { leader, term: standing.term },
            None => Known::NoLeader,
        },
    }
}

/// What people call the leader: its name when the target gives its agents names, else where it listens.
pub(super) fn leader_name(
    standing: &Standing,
    client: &AgencyClient,
    target: &ShownTarget,
) -> Option<String> {
    let leader = standing.leader.as_ref()?;
    let name = client.place_of(&leader.endpoint).and_then(|place| target.agents.get(place));
    let name = name.filter(|name| !name.is_empty());
    let authority = || {
        let (_, authority) = leader.endpoint.split_once("://")?;
        Some(authority.to_owned())
    };
    Some(name.cloned().or_else(authority).unwrap_or_else(|| leader.id.clone()))
}

fn time_of_day() -> String {
    let now = time::OffsetDateTime::now_local().unwrap_or_else(|_| time::OffsetDateTime::now_utc());
    format!("{:02}:{:02}:{:02}", now.hour(), now.minute(), now.second())
}
