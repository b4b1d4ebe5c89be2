//! `opc simulate`

use std::net::TcpListener;
use std::sync::Arc;

use openopc::sim::{Item, Simulator};

use crate::args::Simulate;
use crate::exit::{Exit, Failure};
use crate::faults;
use crate::output::{line, note};
use crate::stop::Stop;

pub(super) async fn run(args: &Simulate) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let faults = args.faults.as_deref().map(faults::load).transpose()?.unwrap_or_default();
    let listener = TcpListener::bind(&args.listen).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => {
            Failure::Usage(format!("`{}` is no address, write HOST:PORT", args.listen))
        }
        _ => Failure::Listen(args.listen.clone(), error),
    })?;
    let items = (0..args.items).map(|number| Item::new(format!("Mass.{number}"), number).writable());
    let builder = Simulator::builder().preset().items(items).seed(args.seed).listener(listener);
    let simulator = Arc::new(stop.unless(builder.start()).await?);
    line(simulator.url())?;
    note(format_args!("serving at {}; Ctrl-C ends it", simulator.url()));
    let mut running = faults::run(&simulator, faults);
    stop.requested().await;
    running.shutdown().await;
    // The end was asked for, so it is no failure.
    if let Some(simulator) = Arc::into_inner(simulator) {
        let _ = stop.unless(simulator.stop()).await;
    }
    Ok(Exit::Good)
}
