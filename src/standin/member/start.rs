//! A member from its start to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{Clients, Persistent};
use super::duties::{self, Heartbeats, Status};
use super::front::{Ending, Front, MemberService, Serving};
use super::identity::Identity;
use super::{AgencyView, Gate, Member, MemberAgency, MemberConfig, MemberError, Peers};
use super::{enrolment, registration};
use crate::deadline::Deadline;
use crate::standin::web::error::ApiError;
use crate::standin::web::listener::{self, Site};
use crate::standin::web::{self, jobs, turned_true};

/// How long a member may take to tell the agency that it ends.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long what a member runs may take to end.
const GRACE: Duration = Duration::from_secs(3);

/// How far a member has come.
#[derive(Clone, Debug)]
enum Phase {
    Starting,
    Serving,
    Failed(Arc<MemberError>),
}

/// A member that runs. It ends when it is told to, not when this is dropped.
pub(in crate::standin) struct MemberHandle {
    url: String,
    identity: Arc<Identity>,
    running: Arc<Running>,
}

/// What a member runs.
struct Running {
    front: Arc<Front>,
    phase: watch::Sender<Phase>,
    shutdown: watch::Sender<bool>,
    /// Ends everything that waits for the agency.
    deadline: Deadline,
    heartbeats: Mutex<Option<Arc<Heartbeats>>>,
    tasks: Mutex<JoinSet<()>>,
}

impl Running {
    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heartbeats(&self) -> MutexGuard<'_, Option<Arc<Heartbeats>>> {
        self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a member that serves `listener`. It answers from now on, and serves once it is
/// registered in the agency, which it waits for; `role` is what it does then.
pub(in crate::standin) async fn start(
    listener: TcpListener,
    config: MemberConfig,
    role: impl FnOnce(&Arc<Member>) -> Result<Arc<dyn MemberService>, MemberError> + Send + 'static,
) -> Result<MemberHandle, MemberError> {
    let address = listener.local_addr().map_err(MemberError::Listener)?;
    let scheme = if config.certificate.is_some() { "https" } else { "http" };
    let (directory, kind) = (config.directory.clone(), config.role);
    let identity =
        tokio::task::spawn_blocking(move || Identity::of(directory.as_deref(), kind)).await;
    let identity = Arc::new(identity.map_err(|_| MemberError::Ended)??);
    let front = Arc::new(Front::new(identity.id.clone(), config.clone(), Gate::default()));
    let running = Arc::new(Running {
        phase: watch::Sender::new(Phase::Starting),
        shutdown: watch::Sender::new(false),
        deadline: Deadline::default(),
        heartbeats: Mutex::default(),
        tasks: Mutex::new(JoinSet::new()),
        front,
    });
    let site = site(&running.front, &config);
    let down = || running.shutdown.subscribe();
    running.tasks().spawn(listener::run(listener, site, down()));
    running.tasks().spawn(jobs::forget_old_answers(running.front.clone(), down()));
    // Weak: whoever holds the handle ends what runs.
    let (begun, known) = (Arc::downgrade(&running), identity.clone());
    let (phase, mut shutdown) = (running.phase.clone(), running.shutdown.subscribe());
    let (front, deadline) = (running.front.clone(), running.deadline.clone());
    running.tasks().spawn(async move {
        let begin = begin(&front, &config, &known, &deadline, role, &begun);
        let ended = tokio::select! {
            ended = begin => ended,
            () = turned_true(&mut shutdown) => return,
        };
        match ended {
            Ok(()) => {
                tracing::info!("{} serves at {}", known.id, config.endpoint);
                phase.send_replace(Phase::Serving);
            }
            Err(error) => {
                phase.send_replace(Phase::Failed(Arc::new(error)));
            }
        }
    });
    Ok(MemberHandle { url: format!("{scheme}://{address}"), identity, running })
}

/// What the member serves.
fn site(front: &Arc<Front>, config: &MemberConfig) -> Site {
    let router = Router::new().fallback(jobs::serve::<Front>).with_state(front.clone());
    let gate = middleware::from_fn_with_state(front.gate.clone(), at_the_gate);
    Site {
        router: router.layer(gate),
        is_peer: Arc::new(|_| false),
        limits: config.limits.clone(),
        certificate: config.certificate.clone(),
    }
}

/// While the member is suspended, requests and answers wait as those of a stopped process do; not
/// more of them than would find room in front of such a process.
async fn at_the_gate(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    if gate.passed_in_line().await.is_err() {
        let mut refusal = web::json_error(ApiError::TooManyClients);
        refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return refusal;
    }
    let response = next.run(request).await;
    gate.passed().await;
    response
}

/// Finds the agency, registers the member, and starts what it does while it serves.
async fn begin(
    front: &Arc<Front>,
    config: &MemberConfig,
    identity: &Identity,
    deadline: &Deadline,
    role: impl FnOnce(&Arc<Member>) -> Result<Arc<dyn MemberService>, MemberError> + Send,
    running: &std::sync::Weak<Running>,
) -> Result<(), MemberError> {
    let clients = Clients::find(config, deadline).await?;
    let gate = front.gate.clone();
    let agency = MemberAgency::start(clients.everything.clone(), gate.clone())
        .map_err(MemberError::Threads)?;
    let heartbeats = Arc::new(Heartbeats::new(clients.heartbeats).map_err(MemberError::Threads)?);
    let member = Arc::new(Member {
        id: identity.id.clone(),
        role: config.role,
        gate: gate.clone(),
        view: AgencyView::default(),
        agency,
        peers: Peers::new(config.authentication.as_ref(), config.way.clone()),
        reboot_id: Default::default(),
    });
    let spawn = |task: super::front::Pinned<'static, ()>| match running.upgrade() {
        Some(running) => {
            running.tasks().spawn(task);
            Ok(running)
        }
        None => Err(MemberError::Ended),
    };
    let (view, client) = (member.view.clone(), clients.everything);
    let running = spawn(Box::pin(async move { view.follow(client, gate).await }))?;
    let interval = enrolment::enrol(&member, config, identity).await?;
    let service = role(&member)?;
    let serving = Serving { member: member.clone(), service: service.clone() };
    // Set once, here.
    let _ = front.serving.set(serving);
    *running.heartbeats() = Some(heartbeats.clone());
    let down = || running.shutdown.subscribe();
    spawn(service.run(down()))?;
    heartbeats.send(&member, Status::Serving).await;
    spawn(Box::pin(heartbeats.run(member.clone(), interval, down())))?;
    spawn(Box::pin(duties::follow_tree(member.clone(), down())))?;
    Persistent::new(&member.agency).write(&registration::serving()).await?;
    Ok(())
}

impl MemberHandle {
    /// The URL it listens on, such as `http://127.0.0.1:8530`.
    pub(in crate::standin) fn url(&self) -> &str {
        &self.url
    }

    /// Its id.
    pub(in crate::standin) fn id(&self) -> &str {
        &self.identity.id
    }

    /// Returns once it serves, or has failed to.
    pub(in crate::standin) fn serving(
        &self,
    ) -> impl Future<Output = Result<(), Arc<MemberError>>> + Send + use<> {
        let mut phase = self.running.phase.subscribe();
        async move {
            let reached = phase.wait_for(|phase| !matches!(phase, Phase::Starting)).await;
            match reached.as_deref() {
                Ok(Phase::Failed(error)) => Err(error.clone()),
                Ok(_) => Ok(()),
                Err(_) => Err(Arc::new(MemberError::Ended)),
            }
        }
    }

    /// How a client has asked the member to end, which whoever holds the handle has to do; nothing
    /// if the member ends without that.
    pub(in crate::standin) fn asked_to_end(
        &self,
    ) -> impl Future<Output = Option<Ending>> + Send + use<> {
        let mut asked = self.running.front.asked_to_end.subscribe();
        async move { asked.wait_for(Option::is_some).await.ok().and_then(|asked| *asked) }
    }

    /// Suspends it, as SIGSTOP does a process.
    pub(in crate::standin) fn pause(&self) {
        self.running.front.gate.close();
    }

    /// Lets it go on.
    pub(in crate::standin) fn resume(&self) {
        self.running.front.gate.open();
    }

    /// Whether it is not suspended.
    pub(in crate::standin) fn is_running(&self) -> bool {
        self.running.front.gate.is_open()
    }

    /// Ends it in good order: it tells the agency, if there is one, and gives back its port and
    /// its directory. A suspended one goes on for that.
    pub(in crate::standin) async fn shutdown(self, ending: Ending) {
        let Self { running, identity, .. } = self;
        running.front.gate.open();
        running.shutdown.send_replace(true);
        let served = running.front.serving.get().cloned();
        if let Some(serving) = served
            && tokio::time::timeout(FAREWELL, farewell(&running, &serving.member, ending))
                .await
                .is_err()
        {
            tracing::warn!("{} ends, and the agency could not be told", identity.id);
        }
        running.deadline.interrupt();
        running.front.end_deferred();
        let mut tasks = std::mem::take(&mut *running.tasks());
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tasks.shutdown().await;
        }
    }

    /// Ends it at once, without a chance to tell anybody, as SIGKILL does.
    pub(in crate::standin) async fn kill(self) {
        let mut tasks = std::mem::take(&mut *self.running.tasks());
        self.running.deadline.interrupt();
        self.running.front.end_deferred();
        tasks.shutdown().await;
    }
}

/// Tells the agency that the member ends.
async fn farewell(running: &Running, member: &Member, ending: Ending) {
    let heartbeats = running.heartbeats().clone();
    if let Some(heartbeats) = heartbeats {
        heartbeats.send(member, Status::Shutdown).await;
    }
    let step = match ending {
        Ending::LogOff => registration::log_off(member.role, &member.id),
        Ending::Leave => registration::leave(member.role, &member.id),
    };
    if let Err(error) = Persistent::new(&member.agency).write(&step).await {
        tracing::debug!(%error, "the agency could not be told of the end");
    }
}
