//! `opc read`

use openopc::Client;

use super::{CHUNK, Tally};
use crate::args::{Global, Read};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::output::{Printer, Row};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &Read) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let client = connect::open(global, &mut stop).await?;
    let mut tally = Tally::of(args.tags.len());
    let mut printer = Printer::new(global.output);
    let result = read(&client, args, &mut stop, &mut printer, &mut tally).await;
    // Whatever happened, what was read is printed.
    let finished = printer.finish();
    tally.footer(global, "Read");
    connect::close(&client, &mut stop).await;
    finished?;
    result.map(|()| tally.exit())
}

async fn read(
    client: &Client,
    args: &Read,
    stop: &mut Stop,
    printer: &mut Printer,
    tally: &mut Tally,
) -> Result<(), Failure> {
    for tags in args.tags.chunks(CHUNK) {
        let results = stop.unless(client.read_many(tags)).await?;
        for (tag, result) in tags.iter().zip(&results) {
            if let Ok(reading) = result {
                tally.done(reading.status.is_good());
            }
            printer.print(&Row::new(tag, result.as_ref()))?;
        }
        printer.flush()?;
    }
    Ok(())
}
