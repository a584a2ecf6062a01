//! The children as a whole: listed, monitored, and with another priority.

use nix::sys::signal::Signal;
use rhai::{Array, Dynamic, INT, Map};
use rustix::process::{Pid, setpriority_process};

use super::super::{NativeContext, NativeError, NativeResult};
use super::status::Status;
use super::table::Children;
use super::{allowed, signals};
use crate::deadline::SLICE;

fn unknown(pid: INT) -> NativeError {
    let message = format!("there is no process {pid} that this run has started");
    NativeError::arango("process.unknown", 1203, message).with("pid", pid)
}

/// All children whose end the script has not heard of.
pub(super) fn children(run: &NativeContext) -> NativeResult<Array> {
    allowed(run)?;
    let children = run.extension::<Children>();
    let mut table = children.table();
    let listed = table.all().filter(|(_, child)| !child.reported).map(|(pid, child)| {
        let mut map: Map = Status::of(pid, child.state).to_map();
        map.insert("executable".into(), child.words.first().cloned().unwrap_or_default().into());
        let words = child.words.iter().map(|word| Dynamic::from(word.clone()));
        map.insert("arguments".into(), words.collect::<Array>().into());
        Dynamic::from(map)
    });
    Ok(listed.collect())
}

/// Ends all children that still run, at once; gives their command lines with their numbers.
pub fn end_children(run: &NativeContext) -> Vec<String> {
    let children = run.extension::<Children>();
    let mut table = children.table();
    let left: Vec<(i32, String)> = table
        .all()
        .filter(|(_, child)| !child.state.is_end())
        .map(|(pid, child)| (pid, format!("{} (process {pid})", child.words.join(" "))))
        .collect();
    for (pid, _) in &left {
        // one that ends by itself meanwhile is as good
        let _ = table.send(*pid, Some(Signal::SIGKILL));
    }
    // what has been killed is gone in no time
    while table.look() {
        std::thread::sleep(SLICE);
    }
    left.into_iter().map(|(_, words)| words).collect()
}

/// Lets the script's deadline pass when the child ends.
pub(super) fn monitor(run: &NativeContext, pid: INT) -> NativeResult<()> {
    allowed(run)?;
    run.deadline.check()?;
    signals::target(pid)?;
    match run.extension::<Children>().monitor(pid, &run.deadline) {
        true => Ok(()),
        false => Err(unknown(pid)),
    }
}

/// Undoes [`monitor`].
pub(super) fn unmonitor(run: &NativeContext, pid: INT) -> NativeResult<()> {
    allowed(run)?;
    run.deadline.check()?;
    signals::target(pid)?;
    run.extension::<Children>().forget_monitor(pid);
    Ok(())
}

/// Changes the nice value of a process.
pub(super) fn set_priority(run: &NativeContext, pid: INT, nice: INT) -> NativeResult<()> {
    allowed(run)?;
    run.deadline.check()?;
    let target = signals::target(pid)?.and_then(|target| Pid::from_raw(target.as_raw()));
    let in_range = i32::try_from(nice).ok().filter(|nice| (-20..=19).contains(nice));
    let nice = in_range.ok_or_else(|| {
        NativeError::bad_parameter(format!("nice must be between -20 and 19, not {nice}"))
    })?;
    let Some(target) = target else { return Err(unknown(pid)) };
    setpriority_process(Some(target), nice).map_err(|errno| match errno {
        rustix::io::Errno::SRCH => unknown(pid),
        errno => NativeError::arango(
            "process.forbidden",
            11,
            format!("the priority of process {pid} cannot be changed: {errno}"),
        )
        .with("pid", pid)
        .with("errno", INT::from(errno.raw_os_error())),
    })
}
