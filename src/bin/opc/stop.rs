//! [`Stop`]: Ctrl-C, and SIGTERM where there is such a thing.

use crate::exit::{Exit, Failure};

/// Waits for the user to end the program. Made before anything that must not be cut short.
pub(crate) struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Stop, Failure> {
        use tokio::signal::unix::{SignalKind, signal};

        let listen = |kind| signal(kind).map_err(Failure::Start);
        Ok(Stop { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Stop, Failure> {
        Ok(Stop {})
    }

    /// Resolves when the program is to end, with the exit code that says why.
    #[cfg(unix)]
    pub(crate) async fn requested(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }

    #[cfg(not(unix))]
    pub(crate) async fn requested(&mut self) -> Exit {
        if tokio::signal::ctrl_c().await.is_err() {
            // No way to hear it, so it never comes.
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }

    /// What `work` gives, unless the program is to end first.
    pub(crate) async fn unless<T, E: Into<Failure>>(
        &mut self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            result = work => result.map_err(Into::into),
            exit = self.requested() => Err(Failure::Stopped(exit)),
        }
    }
}
