//! Work that nothing can interrupt, such as looking up a name: done apart, so that nobody has to wait for its end.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::deadline::SLICE;

/// Runs `work` on a thread of its own and waits for its result for as long as `left` gives time.
/// After that the thread goes on by itself, and its result is dropped.
///
/// # Errors
/// What `left` returns; what `failed` makes of it when there is no thread or no result.
pub(crate) fn apart<T: Send + 'static, E>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
    left: impl Fn() -> Result<Duration, E>,
    failed: impl Fn(io::Error) -> E,
) -> Result<T, E> {
    let (sender, receiver) = sync_channel(1);
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || sender.send(work()).ok())
        .map_err(&failed)?;
    loop {
        match receiver.recv_timeout(left()?.min(SLICE)) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed(io::Error::other(format!("the thread {name} broke off"))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_arrives_unless_there_is_no_time_left() {
        let hour = || Ok::<_, io::Error>(Duration::from_secs(3600));
        assert_eq!(apart("test", || 7, hour, |error| error).unwrap(), 7);
        let late = || Err(io::Error::from(io::ErrorKind::TimedOut));
        let error = apart("test", std::thread::park, late, |error| error).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn work_that_breaks_off_is_an_error() {
        let hour = || Ok::<_, io::Error>(Duration::from_secs(3600));
        let work = || -> u8 { panic!("as it should") };
        let error = apart("test", work, hour, |error| error).unwrap_err();
        assert!(error.to_string().contains("broke off"), "{error}");
    }
}
