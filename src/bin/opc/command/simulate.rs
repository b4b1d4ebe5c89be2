//! `opc simulate`

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use openopc::sim::{Config, Item, Severity, Simulator};

use crate::args::Simulate;
use crate::exit::{Exit, Failure};
use crate::faults;
use crate::output::{line, note};
use crate::stop::Stop;

pub(super) async fn run(args: &Simulate) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let faults = args.faults.as_deref().map(faults::load).transpose()?.unwrap_or_default();
    let mut builder = Simulator::builder();
    if let Some(path) = &args.config {
        let Some(config) = load(path) else { return Ok(Exit::Usage) };
        if args.check {
            line(&format!("{}: {config}", path.display()))?;
            if let Some(file) = &args.faults {
                let plural = if faults.len() == 1 { "" } else { "s" };
                line(&format!("{}: {} fault{plural}", file.display(), faults.len()))?;
            }
            return Ok(Exit::Good);
        }
        builder = builder.config(config);
    } else {
        builder = builder.preset();
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(security) = args.security {
        builder = builder.security(security);
    }
    for (name, password) in &args.users {
        builder = builder.user(name, password);
    }
    let listener = TcpListener::bind(&args.listen).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => {
            Failure::Usage(format!("`{}` is no address, write HOST:PORT", args.listen))
        }
        _ => Failure::Listen(args.listen.clone(), error),
    })?;
    let items = (0..args.items).map(|number| Item::new(format!("Mass.{number}"), number).writable());
    let builder = builder.items(items).listener(listener);
    let simulator = Arc::new(Box::pin(stop.unless(builder.start())).await?);
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

/// The configuration; none where it cannot be used. What there is to say is said as compilers do.
fn load(path: &Path) -> Option<Config> {
    let (config, findings) = Config::check(path);
    for finding in &findings {
        note(format_args!("{finding:#}"));
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if config.is_none() {
        let plural = if errors == 1 { "" } else { "s" };
        note(format_args!("error: {errors} error{plural} in the configuration"));
    }
    config
}
