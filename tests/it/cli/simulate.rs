//! `opc simulate --config FILE`

use chrono::{DateTime, Utc};

use super::process::{command, opc, start};
use crate::sim_config::Folder;

const PLANT: &str = "seed = 1\n\
    [[item]]\nid = 'Boiler.Setpoint'\ntype = 'Double'\nvalue = 70\nwritable = true\nhistory = true\n\
    [[item]]\nid = 'Boiler.Measured'\ntype = 'Double'\nhistory = { file = 'measured.csv' }\n";
const MEASURED: &str = "2005-07-01T12:00:10Z,10\n2005-07-01T12:00:20Z,20,UncertainDataSubNormal\n";

#[test]
fn a_plant_is_served_as_it_is_described() {
    let folder = Folder::new("cli-plant");
    folder.file("measured.csv", MEASURED);
    let plant = folder.file("plant.toml", PLANT);
    let mut simulator =
        start(&mut command(["simulate", "--listen", "127.0.0.1:0", "--config", plant.to_str().unwrap()]));
    let url = simulator.line();
    let url = url.trim_end();
    assert!(url.starts_with("opc.tcp://127.0.0.1:"), "{url}");
    let done = opc(["-s", url, "read", "Boiler.Setpoint", "Boiler.Measured", "-o", "json"]).expect(1);
    assert!(done.stdout.contains("\"value\":70.0"), "{}", done.stdout);
    assert!(
        done.stdout.contains("\"value\":20.0") && done.stdout.contains("2005-07-01T12:00:20"),
        "{}",
        done.stdout
    );
    opc(["-s", url, "write", "Boiler.Setpoint=71.5"]).expect(0);
    // The preset is not there unless the file says so.
    opc(["-s", url, "read", "Random.Int4"]).expect(1);
}

#[test]
fn a_file_is_checked_like_a_compiler_does() {
    let folder = Folder::new("cli-check");
    let csv = folder.file("measured.csv", MEASURED);
    let plant = folder.file("plant.toml", PLANT);
    let path = plant.to_str().unwrap();
    let done = opc(["simulate", "--config", path, "--check"]).expect(0);
    assert_eq!(done.stdout, format!("{path}: 2 items, 2 with a past (2 samples from files)\n"));
    assert_eq!(done.stderr, "");

    folder.file("plant.toml", &PLANT.replace("writable", "writeable"));
    std::fs::write(&csv, "2005-07-01T12:00:10Z,10\n2005-07-01T12:00:10Z,20\n").unwrap();
    for arguments in [&["simulate", "--config", path, "--check"][..], &["simulate", "--config", path]] {
        let done = opc(arguments).expect(2);
        assert_eq!(done.stdout, "");
        let key = format!("{path}:6:1: error: an item has no key `writeable`; did you mean `writable`?");
        assert!(done.stderr.starts_with(&key), "{}", done.stderr);
        assert!(done.stderr.contains("\n 6 | writeable = true\n   | ^^^^^^^^^\n"), "{}", done.stderr);
        let twice =
            format!("{}:2:1: error: the time 2005-07-01T12:00:10Z is in line 1 already", csv.display());
        assert!(done.stderr.contains(&twice), "{}", done.stderr);
        assert!(done.stderr.ends_with("error: 2 errors in the configuration\n"), "{}", done.stderr);
    }
    let done = opc(["simulate", "--check"]).expect(2);
    assert!(done.stderr.contains("--config"), "{}", done.stderr);
    let done = opc(["simulate", "--config", "/no/such/plant.toml", "--check"]).expect(2);
    assert!(done.stderr.contains("/no/such/plant.toml: error: cannot read it"), "{}", done.stderr);
}

#[test]
fn a_warning_is_no_error() {
    let folder = Folder::new("cli-warning");
    let plant = folder.file("plant.toml", "[[item]]\nid = 'A'\nvalue = 5.0\nrange = [0, 1]\n");
    let done = opc(["simulate", "--config", plant.to_str().unwrap(), "--check"]).expect(0);
    assert!(
        done.stderr.contains(":4:9: warning: the value 5 is outside the range 0 to 1"),
        "{}",
        done.stderr
    );
    assert!(done.stdout.ends_with("plant.toml: 1 item\n"), "{}", done.stdout);
}

#[test]
fn a_store_in_use_is_told() {
    let folder = Folder::new("cli-store");
    let plant = folder.file(
        "plant.toml",
        "history_store = 'plant.redb'\n[[item]]\nid = 'A'\nvalue = 5.0\nhistory = true\n",
    );
    let arguments = ["simulate", "--listen", "127.0.0.1:0", "--config", plant.to_str().unwrap()];
    let mut first = start(&mut command(arguments));
    assert!(first.line().starts_with("opc.tcp://"));
    let second = opc(arguments).expect(3);
    assert!(second.stderr.contains("plant.redb: another process has the file open"), "{}", second.stderr);
}

/// What the item was in these ten seconds, as CSV.
fn past(url: &str, item: &str, start: DateTime<Utc>) -> String {
    let (from, to) = (start.to_rfc3339(), (start + chrono::TimeDelta::seconds(10)).to_rfc3339());
    opc(["-s", url, "history", item, "--from", &from, "--to", &to, "-o", "csv"]).expect(0).stdout
}

#[test]
fn a_plant_has_faults_and_the_seed_that_was_asked_for_last() {
    const NOISE: &str = "[[item]]\nid = 'Noise'\ntype = 'Double'\n\
        signal = { kind = 'random', low = 0, high = 1, period = '1s' }\n\
        history = { computed = true, every = '1s', back = '1h' }\n";
    let folder = Folder::new("cli-seed");
    let plant = folder.file("plant.toml", &format!("seed = 5\n{NOISE}"));
    let other = folder.file("other.toml", &format!("seed = 6\n{NOISE}"));
    let faults = folder
        .file("faults.toml", "[[fault]]\nkind = 'status'\nitems = 'Noise'\nstatus = 'BadOutOfService'\n");
    let (plant, other, faults) = (plant.to_str().unwrap(), other.to_str().unwrap(), faults.to_str().unwrap());
    let start_of = Utc::now() - chrono::TimeDelta::seconds(60);
    let noise = |arguments: &[&str]| {
        let common = ["simulate", "--listen", "127.0.0.1:0", "--config"];
        let mut simulator = start(&mut command(common.iter().chain(arguments)));
        let url = simulator.line();
        let values = past(url.trim_end(), "Noise", start_of);
        let read = opc(["-s", url.trim_end(), "read", "Noise", "-o", "json"]);
        (values, read.stdout.contains("BadOutOfService"))
    };
    let five = noise(&[plant]);
    let six = noise(&[other]);
    assert_eq!(five.0.lines().count(), 11, "{}", five.0);
    assert!(five.0 != six.0 && !five.1);
    assert_eq!(noise(&[plant, "--seed", "6", "--faults", faults]), (six.0, true));

    let done = opc(["simulate", "--config", plant, "--faults", faults, "--check"]).expect(0);
    assert!(done.stdout.ends_with("faults.toml: 1 fault\n"), "{}", done.stdout);
    folder.file("faults.toml", "[[fault]]\nkind = 'statis'\n");
    let done = opc(["simulate", "--config", plant, "--faults", faults, "--check"]).expect(2);
    assert!(done.stdout.is_empty() && done.stderr.contains("faults.toml"), "{}", done.stderr);
    for listen in ["nonsense", "127.0.0.1", "127.0.0.1:99999"] {
        let done = opc(["simulate", "--config", plant, "--listen", listen]).expect(2);
        assert!(
            done.stderr.contains(&format!("`{listen}` is no address, write HOST:PORT")),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn what_is_exported_is_served_again() {
    let folder = Folder::new("cli-export");
    folder.file("measured.csv", MEASURED);
    let plant = folder.file("plant.toml", PLANT);
    let again = folder.file(
        "again.toml",
        "[[item]]\nid = 'Boiler.Measured'\ntype = 'Double'\nhistory = { file = 'exported.csv' }\n",
    );
    let serve = |plant: &std::path::Path| {
        let arguments = ["simulate", "--listen", "127.0.0.1:0", "--config", plant.to_str().unwrap()];
        let mut simulator = start(&mut command(arguments));
        let url = simulator.line();
        past(url.trim_end(), "Boiler.Measured", "2005-07-01T12:00:10Z".parse().unwrap())
            + &opc(["-s", url.trim_end(), "history", "Boiler.Measured", "--count", "9", "-o", "csv"])
                .expect(0)
                .stdout
    };
    let first = serve(&plant);
    let (_, all) = first.split_at(first.rfind("tag,").unwrap());
    assert!(all.contains("20") && all.contains("UncertainDataSubNormal"), "{all}");
    folder.file("exported.csv", all);
    assert_eq!(serve(&again), first);
}

#[test]
fn each_broken_file_is_told_where_and_why() {
    let folder = Folder::new("cli-broken");
    let file = |csv: &[u8]| {
        std::fs::write(folder.0.join("a.csv"), csv).unwrap();
        "[[item]]\nid = 'A'\ntype = 'Double'\nhistory = { file = 'a.csv' }\n".to_owned()
    };
    let broken: [(&dyn Fn() -> String, &str); 12] = [
        (&|| "seed = 'one'\n".into(), "plant.toml:1:8: error: `seed` is a whole number"),
        (&|| "[[item]]\nid = 5\nvalue = 1.0\n".into(), "plant.toml:2:6: error: `id` is a text in quotes"),
        (
            &|| "[[item]]\nid = 'A'\nvalue = 1.0\n".repeat(2),
            "plant.toml:5:6: error: the item `A` is there already, in line 2",
        ),
        (
            &|| "[[item]]\nid = 'A'\ntype = 'Double'\nhistory = { file = 'b.csv' }\n".into(),
            "plant.toml:4:20: error: cannot read",
        ),
        (
            &|| file(b"2005-07-01 12:00:00,1\n"),
            "a.csv:1:1: error: time: `2005-07-01 12:00:00` has no zone: add `Z`",
        ),
        (
            &|| file(b"2005-07-01T12:00:00Z,1,BadNoDat\n"),
            "a.csv:1:1: error: status: `BadNoDat` is no status (did you mean `BadNoData`?)",
        ),
        (
            &|| file(b"time,value\r\n2005-07-01T12:00:00Z,one\r\n"),
            "a.csv:2:1: error: value: `one` is not Double",
        ),
        (&|| file(b"Timestamp,Value,Quality\n"), "a.csv:1:1: error: there is no column `time`"),
        (
            &|| file(b"time;value\n2005-07-01T12:00:00Z;1\n"),
            "a.csv:1:1: error: columns are separated by commas, not by semicolons",
        ),
        (&|| file(b"2005-07-01T12:00:00Z,\"1\n"), "a.csv:1:1: error: a quote that does not end"),
        (&|| file(b"\xff\xfet\0"), "a.csv:1:1: error: this is no text in UTF-8"),
        (&|| "[[item]\n".into(), "plant.toml:1:8: error: unclosed array table"),
    ];
    for (text, told) in broken {
        let plant = folder.file("plant.toml", &text());
        let done = opc(["simulate", "--config", plant.to_str().unwrap(), "--check"]).expect(2);
        assert!(done.stderr.contains(told), "{told}\n{}", done.stderr);
        assert!(done.stderr.ends_with("error: 1 error in the configuration\n"), "{}", done.stderr);
    }
    // What Windows writes, quotes that need not be, no header, no last line end, rows in any order, and nothing at all.
    let sound: [(&[u8], usize); 4] = [
        (b"\xef\xbb\xbftime,value,status\r\n2005-07-01T12:00:00Z,\"1\",Good\r\n2005-07-01T12:00:01Z,,BadNoData\r\n", 2),
        (b"2005-07-01T12:00:00Z,1", 1),
        (b"2005-07-01T12:00:01.5+02:00,1\n2005-07-01T02:00:00Z,2\n", 2),
        (b"time,value,status\n", 0),
    ];
    for (csv, samples) in sound {
        let plant = folder.file("plant.toml", &file(csv));
        let done = opc(["simulate", "--config", plant.to_str().unwrap(), "--check"]).expect(0);
        let plural = if samples == 1 { "" } else { "s" };
        assert!(done.stdout.contains(&format!("({samples} sample{plural} from files)")), "{}", done.stdout);
    }
}

#[test]
fn what_is_offered_is_what_the_options_say() {
    let folder = Folder::new("cli-secure");
    let plant = folder.file("plant.toml", &format!("security = 'best'\nusers = {{ ann = 'x' }}\n{PLANT}"));
    folder.file("measured.csv", MEASURED);
    let plant = plant.to_str().unwrap();
    for (options, rows) in [
        (&["--config", plant][..], 7),
        (&["--config", plant, "--security", "sign"], 3),
        (&["--security", "sign-and-encrypt", "--user", "joe:a:b"], 3),
    ] {
        let mut simulator = start(command(["simulate", "--listen", "127.0.0.1:0"]).args(options));
        let url = simulator.line();
        let listed = opc(["endpoints", url.trim_end(), "-o", "json"]).expect(0).stdout;
        assert_eq!(listed.lines().count(), rows, "{listed}");
        assert!(listed.contains("User") && !listed.contains("Anonymous"), "{listed}");
    }
    for (option, value, words) in [
        ("--security", "strong", "no security; write one of none, sign, sign-and-encrypt, best"),
        ("--user", "joe", "write NAME:PASSWORD"),
    ] {
        let done = opc(["simulate", option, value]).expect(2);
        assert!(done.stderr.contains(words), "{}", done.stderr);
    }
}
