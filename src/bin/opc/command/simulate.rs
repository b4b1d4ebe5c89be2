//! `opc simulate`

use std::net::TcpListener;

use openopc::sim::{Item, Simulator};

use crate::args::Simulate;
use crate::exit::{Exit, Failure};
use crate::output::{line, note};
use crate::stop::Stop;

pub(super) async fn run(args: &Simulate) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let listener = TcpListener::bind(&args.listen).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => {
            Failure::Usage(format!("`{}` is no address, write HOST:PORT", args.listen))
        }
        _ => Failure::Listen(args.listen.clone(), error),
    })?;
    let items = (0..args.items).map(|number| Item::new(format!("Mass.{number}"), number).writable());
    let builder = Simulator::builder().preset().items(items).seed(args.seed).listener(listener);
    let simulator = stop.unless(builder.start()).await?;
    line(simulator.url())?;
    note(format_args!("serving at {}; Ctrl-C ends it", simulator.url()));
    stop.requested().await;
    // The end was asked for, so it is no failure.
    let _ = stop.unless(simulator.stop()).await;
    Ok(Exit::Good)
}
