//! `opc simulate --config FILE`

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
