//! The thread that a host runs its scripts on: its stack is big enough for the deepest ones.
//!
//! It is kept from run to run, since to start it takes longer than a short call. Whoever hands work over and the thread
//! itself look for each other busily for a moment before they sleep, so that calls that follow one another wake nobody up.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{hint, io, iter};

use super::HostError;
use crate::deadline::{Deadline, GLANCE, Stop};

/// Bytes of stack: [`MAX_CALL_LEVELS`](super::MAX_CALL_LEVELS) levels of the deepest expressions fit in.
const STACK_SIZE: usize = 256 << 20;

/// How many looks for the other side follow one another, which takes less than a microsecond.
const EAGER_LOOKS: usize = 16;

/// How many more follow before somebody sleeps, each after others could have the processor: the other side may be waiting for
/// this very one. Long spells of looking would only keep it from there.
const PATIENT_LOOKS: usize = 16;

type Anything = Box<dyn Any + Send>;
type Job = Box<dyn FnOnce() -> Anything + Send>;

/// The big stack of one host; the thread that has it is begun when it is first needed, and ends with the host.
#[derive(Default)]
pub(super) struct BigStack {
    kept: Mutex<Option<ScriptThread>>,
}

impl BigStack {
    /// Does `work` there, and notices meanwhile when the deadline passes. Work that comes while other work is being done,
    /// perhaps by that work itself, gets a stack of its own.
    ///
    /// # Errors
    /// There can be no such thread.
    ///
    /// # Panics
    /// When `work` does, or the hook of the deadline, which ends the work first. The stack stays usable.
    pub(super) fn run<T: Send + 'static>(
        &self,
        deadline: &Deadline,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HostError> {
        let mut kept = match self.kept.try_lock() {
            Ok(kept) => kept,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return ScriptThread::begin().map_err(HostError::Thread)?.run(deadline, work);
            }
        };
        let thread = match kept.take() {
            Some(thread) => thread,
            None => ScriptThread::begin().map_err(HostError::Thread)?,
        };
        kept.insert(thread).run(deadline, work)
    }
}

struct ScriptThread {
    /// `None` tells the thread to end.
    jobs: Option<SyncSender<Job>>,
    done: Receiver<thread::Result<Anything>>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptThread {
    fn begin() -> io::Result<Self> {
        let (jobs, waiting) = sync_channel::<Job>(1);
        let (results, done) = sync_channel(1);
        let builder = thread::Builder::new().name("agencysh-script".to_owned());
        let thread = builder.stack_size(STACK_SIZE).spawn(move || {
            while let Some(job) = next(&waiting) {
                // nothing that the job holds is left when its result is told
                let result = catch_unwind(AssertUnwindSafe(job));
                if results.send(result).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { jobs: Some(jobs), done, thread: Some(thread) })
    }

    fn run<T: Send + 'static>(
        &self,
        deadline: &Deadline,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HostError> {
        let job: Job = Box::new(move || Box::new(work()));
        let handed_over = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        match handed_over.then(|| self.result(deadline)).flatten() {
            Some(Ok(result)) => Ok(*result.downcast().expect("a job gives what its work gave")),
            Some(Err(panic)) => resume_unwind(panic),
            None => Err(HostError::Thread(io::Error::other("it has ended"))),
        }
    }

    /// Waits for what the work comes to, or notices that the deadline passes and waits on: a script looks at the clock after
    /// many steps only, each of which may be a native that takes long.
    fn result(&self, deadline: &Deadline) -> Option<thread::Result<Anything>> {
        if let Some(result) = look_busily(|| self.done.try_recv().ok()) {
            return Some(result);
        }
        catch_unwind(AssertUnwindSafe(|| self.wait(deadline))).unwrap_or_else(|panic| {
            // the hook has panicked: its run ends, so that nothing of it is left for the run that follows
            deadline.end(Stop::Interrupted);
            drop(self.done.recv());
            resume_unwind(panic)
        })
    }

    fn wait(&self, deadline: &Deadline) -> Option<thread::Result<Anything>> {
        let mut is_over = false;
        loop {
            let longest = if deadline.glance() { GLANCE } else { Duration::MAX };
            let left = if is_over { None } else { deadline.run_remaining() };
            match self.done.recv_timeout(left.unwrap_or(longest).min(longest)) {
                Ok(result) => return Some(result),
                Err(RecvTimeoutError::Timeout) => is_over |= deadline.check_run().is_err(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

impl Drop for ScriptThread {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            // what is dropped there cannot wait for it
            && thread.thread().id() != thread::current().id()
        {
            // its panics have been caught, and told to those who waited
            drop(thread.join());
        }
    }
}

/// The next job; `None` when there will be none.
fn next(jobs: &Receiver<Job>) -> Option<Job> {
    look_busily(|| jobs.try_recv().ok()).or_else(|| jobs.recv().ok())
}

/// What `look` finds in a few microseconds, if anything.
fn look_busily<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let eagerly = iter::repeat_n(hint::spin_loop as fn(), EAGER_LOOKS);
    let patiently = iter::repeat_n(thread::yield_now as fn(), PATIENT_LOOKS);
    eagerly.chain(patiently).find_map(|pause| {
        let found = look();
        if found.is_none() {
            pause();
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread::ThreadId;
    use std::time::Instant;

    use super::*;

    fn thread_of(stack: &BigStack) -> ThreadId {
        stack.run(&Deadline::default(), || thread::current().id()).unwrap()
    }

    #[test]
    fn work_follows_work_on_one_thread_even_after_a_panic() {
        let stack = BigStack::default();
        let first = thread_of(&stack);
        let panicking = AssertUnwindSafe(|| {
            stack.run::<()>(&Deadline::default(), || panic!("this is meant to be seen"))
        });
        let panic = catch_unwind(panicking).unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "this is meant to be seen");
        assert_eq!(thread_of(&stack), first);
        assert_ne!(first, thread::current().id());
    }

    #[test]
    fn work_inside_of_work_has_a_stack_of_its_own() {
        let stack = Arc::new(BigStack::default());
        let inner = Arc::clone(&stack);
        let outer = move || (thread_of(&inner), thread::current().id());
        let (inner, outer) = stack.run(&Deadline::default(), outer).unwrap();
        assert_ne!(inner, outer);
    }

    #[test]
    fn whoever_waits_notices_that_the_deadline_passes() {
        let deadline = Deadline::after(Some(Duration::from_millis(30)));
        let seen = deadline.clone();
        let until_it_is_over = move || {
            while !seen.is_over() {
                thread::yield_now();
            }
        };
        BigStack::default().run(&deadline, until_it_is_over).unwrap();
        assert!(deadline.is_over());
    }

    #[test]
    fn whoever_waits_calls_the_hook_again_and_again() {
        let (deadline, (hook, hooked)) = (Deadline::default(), channel());
        // passed already: it is called all the same
        deadline.set_run(Some(Duration::ZERO));
        deadline.while_waiting(Arc::new(move || {
            // nobody listens any more after the third time
            let _ = hook.send(thread::current().id());
        }));
        let three_times = move || (0..3).map(|_| hooked.recv().unwrap()).collect::<Vec<_>>();
        let threads = BigStack::default().run(&deadline, three_times).unwrap();
        assert_eq!(threads, [thread::current().id(); 3]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_idle_thread_sleeps_and_ends_with_its_stack() {
        let stack = BigStack::default();
        let thread = stack.run(&Deadline::default(), nix::unistd::gettid).unwrap();
        let file = format!("/proc/self/task/{thread}/stat");
        let state = || {
            let text = std::fs::read_to_string(&file).ok()?;
            text.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
        };
        let until = |wanted: &dyn Fn(Option<char>) -> bool| {
            let begin = Instant::now();
            while !wanted(state()) {
                assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", state());
                thread::yield_now();
            }
        };
        // one that looks busily is never seen to sleep
        until(&|state: Option<char>| state == Some('S'));
        drop(stack);
        until(&|state: Option<char>| state.is_none());
    }
}
