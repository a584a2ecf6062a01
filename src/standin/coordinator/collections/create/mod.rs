//! New collections.

use axum::http::StatusCode;
use rand::seq::SliceRandom;

use super::find::{Found, find, is_taken};
use super::wish::{Copies, DatabaseDefaults, Draft, Wish};
use super::{ATTEMPTS, show, with_leaders, with_logs};
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{available_db_servers, database, has_logs};
use crate::standin::coordinator::reply::{Body, bad, ok, timed_out};
use crate::standin::model::{ServerId, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// The collections of a new database; all others are distributed like the first one.
const OF_NEW_DATABASES: [&str; 8] = [
    "_graphs",
    "_analyzers",
    "_appbundles",
    "_apps",
    "_aqlfunctions",
    "_frontend",
    "_jobs",
    "_queues",
];
/// Copies of them, if there are so many servers.
const SYSTEM_COPIES: u64 = 2;

impl Coordinator {
    /// `POST /_api/collection`.
    pub(super) async fn create_collection(&self, call: &Call) -> Answer {
        let body = Body::of(call).await?;
        let tree = self.view().tree();
        let defaults = DatabaseDefaults::of(database(&tree, &call.database));
        let mut wish = Wish::of(&body, defaults)?;
        wish.enforced = call.flag("enforceReplicationFactor", true);
        let leads = OF_NEW_DATABASES.first().copied().unwrap_or_default();
        if defaults.one_shard
            && wish.copies != Copies::Everywhere
            && find(&tree, &call.database, leads).is_ok()
        {
            wish.like.get_or_insert_with(|| leads.to_owned());
        }
        let drafts = wish.drafts(self.unique_ids(wish.collections()).await?);
        self.make(&call.database, wish, &drafts).await?;
        let tree = self.view().tree();
        let visible = drafts.last().map(|draft| &*draft.id).unwrap_or_default();
        let made = find(&tree, &call.database, visible)?;
        ok(show::properties(&tree, &made).into())
    }

    /// Makes the collections of a new database.
    pub(in crate::standin::coordinator) async fn make_system_collections(
        &self,
        name: &str,
    ) -> Result<(), ApiError> {
        let tree = self.view().tree();
        let mut defaults = DatabaseDefaults::of(database(&tree, name));
        if !defaults.one_shard {
            let servers = available_db_servers(&tree).len() as u64;
            defaults.copies = Copies::Number(SYSTEM_COPIES.min(servers.max(1)));
            defaults.write_concern = 1;
        }
        let first = self.unique_ids(OF_NEW_DATABASES.len() as u64).await?;
        let wishes = OF_NEW_DATABASES.map(|name| Wish::of_system(name, defaults));
        let drafts: Vec<Draft> =
            (first..).zip(&wishes).flat_map(|(id, wish)| wish.drafts(id)).collect();
        match wishes.into_iter().next() {
            Some(wish) => self.make(name, wish, &drafts).await,
            None => Ok(()),
        }
    }

    async fn make(&self, database: &str, wish: Wish, drafts: &[Draft]) -> Result<(), ApiError> {
        if has_logs(&self.view().tree(), database) {
            self.make_with_logs(database, &wish, drafts).await
        } else {
            self.make_with_leaders(database, wish, drafts).await
        }
    }

    /// Makes collections whose shards are replicated by logs: says what is wanted, and waits until
    /// the supervision has done it.
    async fn make_with_logs(
        &self,
        database: &str,
        wish: &Wish,
        drafts: &[Draft],
    ) -> Result<(), ApiError> {
        let new = self.unique_id().await?;
        for _ in 0..ATTEMPTS {
            let seen = self.view().index();
            let tree = self.view().tree();
            check_names(&tree, database, drafts)?;
            let (transaction, group, version) = match prototype(&tree, database, wish)? {
                None => {
                    check_servers(&tree, wish)?;
                    (with_logs::new_group(database, new, wish, drafts), new, 1)
                }
                Some(like) => {
                    let target = like.group().zip(like.group_target(&tree));
                    let (group, target) = target.ok_or_else(|| no_prototype(&like.name))?;
                    let (transaction, version) =
                        with_logs::join_group(database, group, target, drafts);
                    (transaction, group, version)
                }
            };
            if self.write(transaction).await? {
                let made = |tree: &Tree| {
                    let reached = with_logs::reached(tree, database, group) >= Some(version);
                    let there = |draft: &Draft| find(tree, database, &draft.id).is_ok();
                    (reached && drafts.iter().all(there)).then_some(())
                };
                let made = self.wait_for(self.settings.made, made).await;
                return made.ok_or_else(|| timed_out("the collection is not complete in time"));
            }
            self.newer_than(seen).await;
        }
        Err(too_many_changes())
    }

    /// Makes collections whose shards have leaders and followers: plans them, waits until the
    /// DB-servers have them, and tells that they are complete; takes them back if that fails.
    async fn make_with_leaders(
        &self,
        database: &str,
        mut wish: Wish,
        drafts: &[Draft],
    ) -> Result<(), ApiError> {
        let maker = with_leaders::Maker { id: &self.id, reboot_id: self.around.reboot_id() };
        for _ in 0..ATTEMPTS {
            let seen = self.view().index();
            let tree = self.view().tree();
            check_names(&tree, database, drafts)?;
            let like = prototype(&tree, database, &wish)?;
            let rows = match &like {
                None => {
                    let servers = check_servers(&tree, &wish)?;
                    with_leaders::place(wish.shards, wish.copies, &servers)
                }
                Some(like) => {
                    let inherited = DatabaseDefaults::of(Some(&like.entry));
                    (wish.copies, wish.write_concern) = (inherited.copies, inherited.write_concern);
                    with_leaders::servers_of(like)
                }
            };
            let like = like.as_ref().map(|like| &*like.id);
            let first = self.unique_ids(with_leaders::shard_count(drafts, &rows)).await?;
            let entries = with_leaders::entries(&wish, drafts, like, &rows, first);
            let version = tree.get(paths::PLAN_VERSION).ok_or(ApiError::LeadershipLost)?;
            let transaction = with_leaders::begin(database, &entries, maker, version);
            if !self.write(transaction).await? {
                self.newer_than(seen).await;
                continue;
            }
            let outcome = |tree: &Tree| with_leaders::outcome(tree, database, &entries);
            let outcome = self.wait_for(self.settings.made, outcome).await;
            let ids: Vec<String> = drafts.iter().map(|draft| draft.id.clone()).collect();
            let error = match outcome {
                Some(Ok(())) if self.write(with_leaders::finish(database, &ids)).await? => {
                    return Ok(());
                }
                Some(Ok(())) => {
                    let message = "the collection was removed while it was made".to_owned();
                    return Err(ApiError::Internal { message });
                }
                Some(Err(message)) => ApiError::Internal { message },
                None => timed_out("the collection is not complete in time"),
            };
            self.write(with_leaders::remove(database, &ids)).await?;
            return Err(error);
        }
        Err(too_many_changes())
    }
}

fn too_many_changes() -> ApiError {
    let message = "others change the collections of the database all the time";
    ApiError::numbered(StatusCode::CONFLICT, 1200, message)
}

fn check_names(tree: &Tree, database: &str, drafts: &[Draft]) -> Result<(), ApiError> {
    match drafts.iter().find(|draft| is_taken(tree, database, &draft.name)) {
        None => Ok(()),
        Some(draft) => {
            let message = format!("duplicate name: there is a collection '{}'", draft.name);
            Err(ApiError::numbered(StatusCode::CONFLICT, 1207, message))
        }
    }
}

/// The servers that shards can be on, in random order, if there are enough.
fn check_servers(tree: &Tree, wish: &Wish) -> Result<Vec<ServerId>, ApiError> {
    let mut servers = available_db_servers(tree);
    let needed = match wish.copies {
        Copies::Number(number) if wish.enforced => number,
        _ => 1,
    };
    if (servers.len() as u64) < needed {
        let message = format!("{needed} DB-servers are needed, {} are available", servers.len());
        return Err(bad(message));
    }
    servers.shuffle(&mut rand::rng());
    Ok(servers)
}

fn no_prototype(name: &str) -> ApiError {
    bad(format!("shards cannot be distributed like those of '{name}'"))
}

/// The collection whose shards decide where those of the new one are.
fn prototype(tree: &Tree, database: &str, wish: &Wish) -> Result<Option<Found>, ApiError> {
    let Some(name) = &wish.like else { return Ok(None) };
    let find = |name: &str| find(tree, database, name).map_err(|_| no_prototype(name));
    let like = find(name)?;
    match like.prototype(tree) {
        Some(leader) => find(&leader).map(Some),
        None => match like.shadows().first() {
            Some(shadow) => find(shadow).map(Some),
            None => Ok(Some(like)),
        },
    }
}

#[cfg(test)]
mod tests;
