//! OpenOPC's library tutorial, step by step, with this crate and the bundled simulator.
//!
//! `cargo run --example openopc_tutorial`
//!
//! The numbers and times are those the tutorial prints. Its server, the Matrikon simulation server, drew them from
//! Microsoft's `rand()`, and so does ours: each session below starts the generator where the author's stood. Values that
//! come from a subscription, in step 7, come when they come and are not shown.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};

use chrono::{DateTime, NaiveDateTime, Utc};
use openopc::blocking::Client;
use openopc::da::PropertyId;
use openopc::sim::{Clock, Simulator};
use openopc::{EntryKind, ListOptions, PropertiesOptions, ReadOptions, Reading, Result, WriteOptions};

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    run(&mut io::stdout().lock())
}

/// The whole tutorial.
pub(crate) fn run(out: &mut dyn Write) -> Done {
    writeln!(out, "1. Import the module\n>>> use openopc::blocking::open;")?;

    writeln!(out, "\n2. Create an instance: nothing to do, there is no gateway and no DCOM")?;

    // A plant has servers. Here we start one, on a free port.
    let simulator = server(4, "06/24/07 15:56:11")?;
    let url = simulator.url();

    writeln!(out, "\n3. Getting a list of available OPC servers\n>>> openopc::blocking::servers(url)")?;
    for server in openopc::blocking::servers(url)? {
        writeln!(out, "{}", server.name)?;
    }

    writeln!(out, "\n4. Connect to an OPC server\n>>> open(url)")?;
    let opc = openopc::blocking::open(url)?;
    writeln!(out, "{:?}", opc.state())?;

    writeln!(out, "\n5. Reading a single item\n>>> opc.read(\"Random.Int4\")")?;
    print(out, &opc.read("Random.Int4")?)?;
    writeln!(out, ">>> opc.read_as::<i32>(\"Random.Int4\")")?;
    writeln!(out, "{}", opc.read_as::<i32>("Random.Int4")?)?;
    opc.close()?;

    reading_many(out)?;
    groups(out)?;
    writing(out)?;
    properties(out)?;
    listing(out)?;
    combining(out)?;
    Ok(())
}

fn reading_many(out: &mut dyn Write) -> Done {
    let (_simulator, opc) = session(11, "06/24/07 17:44:43")?;
    writeln!(out, "\n6. Reading multiple items")?;
    writeln!(out, ">>> opc.read_many([\"Random.Int2\", \"Random.Real4\", \"Random.String\"])")?;
    for reading in opc.read_many(["Random.Int2", "Random.Real4", "Random.String"])? {
        print(out, &reading?)?;
    }
    writeln!(out, ">>> opc.read_stream([\"Random.Int2\", \"Random.Int4\"], ..)")?;
    for reading in opc.read_stream(["Random.Int2", "Random.Int4"], &ReadOptions::new()) {
        let reading = reading?;
        writeln!(out, "{} {}", reading.tag, reading.value)?;
    }
    Ok(opc.close()?)
}

fn groups(out: &mut dyn Write) -> Done {
    // The group's own subscription takes the three values before these.
    let (_simulator, opc) = session(73, "06/24/07 23:38:24")?;
    writeln!(out, "\n7. Reading items using OPC groups")?;
    let tags = ["Random.String", "Random.Int4", "Random.Real4"];
    writeln!(out, ">>> opc.group(\"test\").read_many(tags)")?;
    for reading in opc.group("test").read_many(tags)? {
        print(out, &reading?)?;
    }
    writeln!(out, ">>> opc.group(\"test\").read()")?;
    for reading in opc.group("test").read()? {
        let reading = reading?;
        writeln!(out, "{} {}", reading.tag, reading.quality())?;
    }
    writeln!(out, ">>> opc.group(\"test\").remove()\n{}", opc.group("test").remove()?)?;
    Ok(opc.close()?)
}

fn writing(out: &mut dyn Write) -> Done {
    let (_simulator, opc) = session(0, "06/24/07 23:45:00")?;
    writeln!(out, "\n8. Writing a single item\n>>> opc.write(\"Triangle Waves.Real8\", 100.0)")?;
    writeln!(out, "{}", success(&opc.write("Triangle Waves.Real8", 100.0)))?;

    writeln!(out, "\n9. Writing multiple items")?;
    writeln!(out, ">>> opc.write_many([(\"Triangle Waves.Real4\", 10.0), (\"Random.String\", 20.0)])")?;
    let values = [("Triangle Waves.Real4", 10.0), ("Random.String", 20.0)];
    for ((tag, _), result) in values.iter().zip(opc.write_many(values)?) {
        writeln!(out, "{tag} {}", success(&result))?;
    }
    writeln!(out, ">>> opc.write_stream(values, ..)")?;
    for result in opc.write_stream(values, &WriteOptions::new()) {
        match result {
            Ok(tag) => writeln!(out, "{tag} Success")?,
            Err(error) => {
                writeln!(out, "{} Error", error.tag().map(ToString::to_string).unwrap_or_default())?;
            }
        }
    }

    writeln!(out, "\n10. Getting error message strings: every error has one")?;
    let values = [("Triangle Waves.Real4", 10.0), ("Random.Int4", 20.0)];
    for ((tag, _), result) in values.iter().zip(opc.write_many(values)?) {
        match result {
            Ok(()) => writeln!(out, "{tag} Success")?,
            Err(error) => writeln!(out, "{tag} Error {error}")?,
        }
    }
    Ok(opc.close()?)
}

fn properties(out: &mut dyn Write) -> Done {
    let (_simulator, opc) = session(15, "06/25/07 02:24:44")?;
    writeln!(out, "\n11. Retrieving item properties\n>>> opc.properties(\"Random.Int4\")")?;
    for (id, value) in opc.properties("Random.Int4")?.iter() {
        writeln!(out, "{} {} {}", id, id.name().unwrap_or_default(), id.text(&value))?;
    }
    let tags = ["Random.Int2", "Random.Int4", "Random.String"];
    writeln!(out, ">>> opc.property(\"Random.Int4\", PropertyId::DATA_TYPE)")?;
    let data_type = opc.property("Random.Int4", PropertyId::DATA_TYPE)?;
    writeln!(out, "{}", PropertyId::DATA_TYPE.text(&data_type))?;
    writeln!(out, ">>> opc.property_many(tags, PropertyId::DATA_TYPE)")?;
    for (tag, property) in tags.iter().zip(opc.property_many(tags, PropertyId::DATA_TYPE)?) {
        writeln!(out, "{tag} {}", PropertyId::DATA_TYPE.text(&property?))?;
    }
    opc.close()?;

    let (_simulator, opc) = session(34, "06/25/07 02:40:00")?;
    writeln!(out, ">>> opc.properties_with([\"Random.Int4\"], &PropertiesOptions::new().ids([1, 2, 5]))")?;
    for properties in opc.properties_with(["Random.Int4"], &PropertiesOptions::new().ids([1, 2, 5]))? {
        for (id, value) in properties?.iter() {
            writeln!(out, "{id} {}", id.text(&value))?;
        }
    }
    Ok(opc.close()?)
}

fn listing(out: &mut dyn Write) -> Done {
    let (_simulator, opc) = session(0, "06/25/07 03:00:00")?;
    writeln!(out, "\n12. Getting a list of available items")?;
    for pattern in ["*", "Simulation Items", "Simulation Items.Random", "Simulation Items.Random.*Real*"] {
        writeln!(out, ">>> opc.list(\"{pattern}\")")?;
        names(out, &opc.list(pattern)?)?;
    }
    writeln!(out, ">>> opc.list_with(\"Sim*.R*.Real*\", &ListOptions::new().recursive(true))")?;
    names(out, &opc.list_with("Sim*.R*.Real*", &ListOptions::new().recursive(true))?)?;
    writeln!(out, ">>> opc.list_with(\"*.Real4\", &ListOptions::new().flat(true))")?;
    names(out, &opc.list_with("*.Real4", &ListOptions::new().flat(true))?)?;
    writeln!(out, ">>> opc.list([\"Simulation Items.Random.*Int*\", \"Simulation Items.Random.Real*\"])")?;
    names(out, &opc.list(["Simulation Items.Random.*Int*", "Simulation Items.Random.Real*"])?)?;

    writeln!(out, "\n13. Retrieving OPC server information\n>>> opc.info()")?;
    let info = opc.info()?;
    writeln!(out, "Server {}", info.product)?;
    writeln!(out, "State {}", info.state)?;
    writeln!(out, "Vendor {}", info.vendor)?;
    Ok(opc.close()?)
}

fn combining(out: &mut dyn Write) -> Done {
    let (_simulator, opc) = session(36, "06/24/07 22:44:28")?;
    writeln!(out, "\n14. Combine functions together")?;
    writeln!(out, ">>> opc.read_many(opc.list(\"Simulation Items.Random.*Int*\")?)")?;
    for reading in opc.read_many(opc.list("Simulation Items.Random.*Int*")?)? {
        print(out, &reading?)?;
    }
    writeln!(out, ">>> opc.property_many(opc.list_with(\"*.Real4\", flat)?, PropertyId::DATA_TYPE)")?;
    let real4 = opc.list_with("*.Real4", &ListOptions::new().flat(true))?;
    for (entry, property) in real4.iter().zip(opc.property_many(&real4, PropertyId::DATA_TYPE)?) {
        writeln!(out, "{} {}", entry.item_id, PropertyId::DATA_TYPE.text(&property?))?;
    }
    writeln!(
        out,
        ">>> opc.write_many(opc.read_many(opc.list(\"Simulation Items.Triangle Waves.*Int*\")?)?)"
    )?;
    let waves = opc.list("Simulation Items.Triangle Waves.*Int*")?;
    for (entry, result) in waves.iter().zip(opc.write_many(opc.read_many(&waves)?)?) {
        writeln!(out, "{} {}", entry.item_id, success(&result))?;
    }
    let product = opc.read_as::<f64>("Random.Int4")? * opc.read_as::<f64>("Random.Real4")? / 100.0;
    opc.write("Bucket Brigade.Real8", product)?;
    // The article's form: a map.
    opc.write_many(BTreeMap::from([("Bucket Brigade.Real4", 1.0)]))?;
    for group in opc.groups() {
        opc.group(group).remove()?;
    }

    writeln!(out, "\n15. Disconnecting from the OPC server\n>>> opc.close()")?;
    opc.close()?;
    writeln!(out, "{:?}", opc.state())?;
    Ok(())
}

/// A server whose clock stands at this time, and whose generator has given so many numbers.
fn server(numbers: u32, time: &str) -> Done<Simulator> {
    let time: DateTime<Utc> = NaiveDateTime::parse_from_str(time, "%m/%d/%y %H:%M:%S")?.and_utc();
    // A seed is the generator's whole state.
    let state = (0..numbers).fold(1u32, |state, _| state.wrapping_mul(214_013).wrapping_add(2_531_011));
    let builder = Simulator::builder().preset().seed(state.into()).clock(Clock::ManualFrom(time));
    Ok(builder.start_blocking()?)
}

fn session(numbers: u32, time: &str) -> Done<(Simulator, Client)> {
    let simulator = server(numbers, time)?;
    let opc = openopc::blocking::open(simulator.url())?;
    Ok((simulator, opc))
}

/// A reading as OpenOPC shows it.
fn print(out: &mut dyn Write, reading: &Reading) -> io::Result<()> {
    let time = reading.time().map(|time| time.format("%m/%d/%y %H:%M:%S").to_string()).unwrap_or_default();
    writeln!(out, "{} {} {} {time}", reading.tag, reading.value, reading.quality())
}

fn names(out: &mut dyn Write, entries: &[openopc::Entry]) -> io::Result<()> {
    // As in OpenOPC: a branch by its name, a leaf by its item id.
    let name = |entry: &openopc::Entry| match entry.kind {
        EntryKind::Branch => entry.name.clone(),
        EntryKind::Leaf => entry.item_id.to_string(),
    };
    let names: Vec<String> = entries.iter().map(name).collect();
    writeln!(out, "{}", names.join(", "))
}

fn success(result: &Result<()>) -> &'static str {
    if result.is_ok() { "Success" } else { "Error" }
}
