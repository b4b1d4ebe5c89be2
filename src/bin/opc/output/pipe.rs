//! Whether anybody still reads stdout.

/// Resolves when stdout is a pipe that nobody reads any more. A watch would notice only with its next reading, and until
/// then `opc watch … | head -1` would hang.
#[cfg(unix)]
pub(crate) async fn reader_gone() {
    use std::os::fd::AsFd as _;

    use tokio::io::Interest;
    use tokio::net::unix::pipe::Sender;

    // Unchecked, because the check also makes the pipe non-blocking, for whoever shares it too. Nothing is written here.
    let pipe = std::io::stdout().as_fd().try_clone_to_owned().and_then(Sender::from_owned_fd_unchecked);
    // A file cannot be waited for, and nobody goes away from it.
    if let Ok(pipe) = pipe
        && pipe.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

#[cfg(not(unix))]
pub(crate) async fn reader_gone() {
    std::future::pending::<()>().await;
}
