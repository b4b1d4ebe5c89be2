//! `--repeat`

use openopc::sim::{Item, Service, Simulator};

use super::process::{Running, command, opc, start};

#[cfg(unix)]
fn simulate(listen: &str) -> (Running, String) {
    let mut simulator = start(&mut command(["simulate", "--listen", listen]));
    let url = simulator.line().trim_end().to_owned();
    (simulator, url)
}

/// Reads on until this is in a line.
#[cfg(unix)]
fn until(log: &mut Running, words: &str) {
    loop {
        let line = log.line();
        assert!(!line.is_empty(), "no line with {words}");
        if line.contains(words) {
            return;
        }
    }
}

/// From the cache there are values all the while, of bad quality and with why; from the device there is nothing to tell.
#[cfg(unix)]
#[test]
fn it_goes_on_through_a_restart_of_the_server() {
    for source in ["hybrid", "device"] {
        let (simulator, url) = simulate("127.0.0.1:0");
        let line = ["-s", &url, "Bucket Brigade.Int4", "-L", "0.05", "-o", "csv", "-c", source];
        let mut log = start(&mut command(line));
        assert!(log.line().starts_with("tag,value,"));
        assert!(log.line().starts_with("Bucket Brigade.Int4,0,Int32,Good,"));
        simulator.kill();
        let mut notes = vec![log.note()];
        if source == "device" {
            // In either order.
            notes.push(log.note());
            assert!(notes.iter().any(|note| note.ends_with("; going on")), "{notes:?}");
        } else {
            // With the last value, if there was one.
            until(&mut log, ",Bad,BadNoCommunication,");
        }
        assert!(notes.iter().any(|note| note.starts_with("connection lost (")), "{notes:?}");

        let (simulator, again) = simulate(url.strip_prefix("opc.tcp://").unwrap());
        assert_eq!(again, url);
        assert_eq!(log.note(), "connected again");
        // A value that only the new one has ever had.
        opc(["-s", &url, "write", "Bucket Brigade.Int4=2"]).expect(0);
        until(&mut log, "Bucket Brigade.Int4,2,Int32,Good,");
        log.signal("INT");
        let done = log.finish().expect(0);
        assert!(!done.stdout.contains("tag,value"), "one header is enough");
        assert!(done.stderr.contains("rounds, one every 50ms\n"), "{}", done.stderr);
        let missed = done.stderr.contains("failed, because the server could not be reached\n");
        assert_eq!(missed, source == "device", "{}", done.stderr);
        drop(simulator);
    }
}

/// The first from the device, all others from what the subscription has brought, but for those before it brings anything;
/// or each from the device.
#[test]
fn a_log_reads_as_its_source_says() {
    let simulator = Simulator::builder().item(Item::new("Level", 5)).start_blocking().unwrap();
    for (source, from_device) in [("device", 20..=20), ("hybrid", 1..=10)] {
        simulator.clear_requests();
        let line = ["read", "ns=2;s=Level", "-L", "0.05", "--times", "20", "-o", "values", "-c", source];
        let done = opc(["-s", simulator.url()].into_iter().chain(line)).expect(0);
        assert_eq!(done.stdout, "5\n".repeat(20));
        let reads = crate::support::requests(&simulator, Service::Read);
        assert!(from_device.contains(&reads.len()), "{source}: {} reads", reads.len());
    }
}

#[test]
fn rounds_are_counted_and_a_failed_item_is_a_failure() {
    let simulator = Simulator::builder().item(Item::new("Level", 5)).start_blocking().unwrap();
    let read = |arguments: &[&str]| {
        opc(["-s", simulator.url(), "read", "--repeat", "20ms", "--times", "3"].iter().chain(arguments))
    };
    let done = read(&["Level", "-o", "values"]).expect(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("5\n5\n5\n", "3 rounds, one every 20ms\n"));
    assert_eq!(read(&["Level"]).expect(0).stdout.lines().count(), 1 + 3, "one head");
    let failed = read(&["Level", "Nope", "-o", "csv"]).expect(1);
    assert_eq!(failed.stdout.lines().count(), 1 + 6);
    let page = read(&["Level", "-o", "html"]).expect(0).stdout;
    assert_eq!(
        (page.matches("<html").count(), page.matches("<tr class=\"good\">").count()),
        (1, 3),
        "{page}"
    );
    let refused = opc(["-s", simulator.url(), "read", "Level", "--times", "3"]).expect(2);
    assert!(refused.stderr.contains("--repeat"), "{}", refused.stderr);
}

#[test]
fn a_time_beyond_every_clock_is_refused() {
    for line in [["read", "A", "-L"], ["watch", "A", "--for"]] {
        let done = opc(["-s", "sim:"].into_iter().chain(line).chain(["200000000000000d"])).expect(2);
        assert!(done.stderr.contains("no time is longer than 100 years"), "{}", done.stderr);
    }
}

#[test]
fn other_commands_repeat_too() {
    let done = opc(["-s", "sim:", "info", "-L", "0.02", "--times", "2", "-o", "json"]).expect(0);
    assert_eq!(done.stdout.lines().count(), 2, "{}", done.stdout);
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_ends_it() {
    let simulator = Simulator::builder().item(Item::new("Level", 5)).start_blocking().unwrap();
    let mut log = start(&mut command(["-s", simulator.url(), "Level", "-L", "3600", "-o", "values"]));
    assert_eq!(log.line(), "5\n");
    log.hang_up();
    log.finish().expect(0);
}
