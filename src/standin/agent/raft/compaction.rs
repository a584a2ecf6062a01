//! Has openraft take snapshots and drop entries as the agency's log is compacted.

use tokio::sync::watch;

use super::super::turned_true;
use super::state_machine::StateMachine;
use super::types::Raft;

/// Works until `shutdown` turns true or openraft ends.
pub async fn run(raft: Raft, machine: StateMachine, mut shutdown: watch::Receiver<bool>) {
    let mut metrics = raft.data_metrics();
    let (mut asked, mut purged) = (None, None);
    loop {
        let snapshot = metrics.borrow_and_update().snapshot;
        let due = machine.checkpoint_due(snapshot);
        // openraft does not answer: what it was asked for may have been overtaken.
        if due.is_some() && (due > asked || asked <= snapshot) {
            asked = due;
            if raft.trigger().snapshot().await.is_err() {
                return;
            }
        }
        let upto = machine.superfluous(snapshot);
        if upto > purged {
            purged = upto;
            if let Some(upto) = upto
                && raft.trigger().purge_log(upto).await.is_err()
            {
                return;
            }
        }
        tokio::select! {
            changed = metrics.changed() => if changed.is_err() { return },
            () = turned_true(&mut shutdown) => return,
        }
    }
}
