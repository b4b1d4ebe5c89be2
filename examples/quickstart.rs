//! The article's program, against the bundled simulator: open, read, write, subscribe, start.
//!
//! `cargo run --release --example quickstart`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use openopc::sim::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A server of its own, on a free port. A plant has one already: use its URL instead.
    let simulator = Simulator::start().await?;
    println!("simulator at {}", simulator.url());

    let opc = openopc::open(simulator.url()).await?;
    let info = opc.info().await?;
    println!("open: {} {}, {}", info.product, info.version, info.state);

    let value = opc.read("Random.Int4").await?;
    println!("read: {} = {} ({})", value.tag, value.value, value.quality());

    for reading in opc.read_many(["Random.Int2", "Random.Real8", "Random.String"]).await? {
        let reading = reading?;
        println!("read_many: {} = {} ({})", reading.tag, reading.value, reading.quality());
    }

    opc.write("Bucket Brigade.Real8", 1.0).await?;
    println!("write: Bucket Brigade.Real8 is now {}", opc.read_as::<f64>("Bucket Brigade.Real8").await?);

    // The callback runs on a thread of its own. After five readings it tells the program to end.
    let (enough, told) = tokio::sync::oneshot::channel();
    let (mut count, mut enough) = (0, Some(enough));
    let subscription = opc
        .subscribe(["Triangle Waves.Real8"], Duration::from_millis(250), move |r| {
            count += 1;
            if count <= 5 {
                let time = r.time().map(|time| time.to_rfc3339()).unwrap_or_default();
                println!("callback {count}: {} = {} ({}) at {time}", r.tag, r.value, r.quality());
            }
            if count == 5
                && let Some(enough) = enough.take()
            {
                let _ = enough.send(());
            }
        })
        .await?;
    println!("subscribe: every {:?}", subscription.granted().publishing_interval());

    // A program that runs for years just awaits `opc.start()`, which returns at Ctrl-C.
    tokio::select! {
        ended = opc.start() => ended?,
        _ = told => println!("five callbacks came"),
    }
    subscription.unsubscribe().await?;
    opc.close().await?;
    println!("closed");
    Ok(())
}
