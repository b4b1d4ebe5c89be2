//! The one way for requests to leave: each is told as a `tracing` event.

use std::time::Instant;

use super::Failure;

/// Waits for the answer to a request. `items` is how many things it asks for.
///
/// What is told is what OpenOPC's trace tells: `Read(3)`, with how long it took and how it failed. The target is part of
/// the public interface (`Client`'s documentation names it).
pub(super) async fn call<T, E: Into<Failure>>(
    service: &'static str,
    items: usize,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
    let started = tracing::enabled!(target: "openopc::call", tracing::Level::DEBUG).then(Instant::now);
    let result = answer.await.map_err(Into::into);
    if let Some(started) = started {
        let took = started.elapsed();
        match &result {
            Ok(_) => tracing::debug!(target: "openopc::call", service, items, ?took, "{service}({items})"),
            Err(failure) => tracing::debug!(
                target: "openopc::call",
                service,
                items,
                ?took,
                status = %failure.status,
                "{service}({items}) failed"
            ),
        }
    }
    result
}
