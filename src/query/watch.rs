//! What ends a query before it is done: the run's deadline, and its own appetite.
//!
//! jaq's values have no way to reach the run that they belong to. A query has a thread of its own,
//! which is where they find it.

use std::cell::{Cell, RefCell};

use super::QueryError;
use crate::deadline::Deadline;

/// So many ticks pass between two looks at the deadline.
const TICKS_BETWEEN_CHECKS: u32 = 16;

/// What a program may not use of the stack: its deepest call needs some, too.
const RESERVE: usize = 4 << 20;

thread_local! {
    static DEADLINE: RefCell<Deadline> = RefCell::default();
    static TICKS: Cell<u32> = const { Cell::new(0) };
    static STACK_TOP: Cell<usize> = const { Cell::new(0) };
    static STACK_SIZE: Cell<usize> = const { Cell::new(0) };
    static END: RefCell<Option<QueryError>> = const { RefCell::new(None) };
}

/// Takes what was found out about the query with it.
pub(super) struct Watch(());

impl Drop for Watch {
    fn drop(&mut self) {
        END.take();
        DEADLINE.take();
    }
}

/// Begins to watch this thread, which has a stack of `stack` bytes and has hardly used it.
pub(super) fn begin(deadline: &Deadline, stack: usize) -> Watch {
    DEADLINE.replace(deadline.clone());
    STACK_TOP.set(stack_pointer());
    STACK_SIZE.set(stack);
    TICKS.set(0);
    Watch(())
}

#[inline(never)]
fn stack_pointer() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}

/// Whether the query goes on: to be asked wherever it can go on for long.
pub(super) fn tick() -> bool {
    let ticks = TICKS.get().wrapping_add(1);
    TICKS.set(ticks);
    if ticks.is_multiple_of(TICKS_BETWEEN_CHECKS)
        && DEADLINE.with_borrow(|deadline| deadline.check_run().is_err())
    {
        end(QueryError::Stopped);
    }
    if STACK_TOP.get().abs_diff(stack_pointer()) > STACK_SIZE.get().saturating_sub(RESERVE) {
        fail("the program calls itself too deep");
    }
    !has_ended()
}

/// Ends the query with a reason that its program cannot catch.
pub(super) fn fail(reason: &str) {
    end(QueryError::Failed { reason: reason.to_owned() });
}

fn end(error: QueryError) {
    END.with_borrow_mut(|end| {
        end.get_or_insert(error);
    });
}

pub(super) fn has_ended() -> bool {
    END.with_borrow(Option::is_some)
}

/// Why the query had to end.
///
/// # Errors
/// The reason, when there is one.
pub(super) fn verdict() -> Result<(), QueryError> {
    END.with_borrow(|end| end.clone().map_or(Ok(()), Err))
}
