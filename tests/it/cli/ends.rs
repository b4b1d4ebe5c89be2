//! How commands end: exit codes, errors, signals, closed pipes.

use std::net::TcpListener;

use openopc::Value;
use openopc::sim::{Item, Simulator};

use super::process::{PATIENCE, command, opc, start};

#[test]
fn all_good_is_zero_and_anything_else_is_not() {
    opc(["-s", "sim:", "read", "Random.Int4", "Bucket Brigade.Int4"]).expect(0);
    // The first quality is good, the third uncertain.
    opc(["-s", "sim:", "read", "Random.Qualities"]).expect(0);
    opc(["-s", "sim:", "read", "Random.Qualities", "Random.Qualities", "Random.Qualities"]).expect(1);
    let done = opc(["-s", "sim:", "read", "Random.Int4", "Nope"]).expect(1);
    assert!(done.stdout.contains("Random.Int4  41"), "what can be read is printed: {}", done.stdout);
}

#[test]
fn no_server_is_a_usage_error_that_says_what_to_do() {
    for arguments in
        [vec!["read", "A"], vec!["info"], vec!["write", "A=1"], vec!["watch", "A"], vec!["-s", "", "info"]]
    {
        let done = opc(&arguments).expect(2);
        assert!(done.stderr.starts_with("error: no server given"), "{}", done.stderr);
        assert!(done.stderr.contains("sim:") && done.stderr.contains("OPC_SERVER"), "{}", done.stderr);
        assert_eq!(done.stdout, "");
    }
    start(command(["read", "Random.Int4"]).env("OPC_SERVER", "sim:")).finish().expect(0);
    // The option wins over the environment.
    start(command(["read", "Random.Int4", "-s", "sim:"]).env("OPC_SERVER", "http://x")).finish().expect(0);
}

#[test]
fn a_command_line_that_makes_no_sense_is_two() {
    for (arguments, word) in [
        (vec![], "Usage: opc"),
        (vec!["frobnicate"], "`frobnicate` is no command, so it was read as a tag"),
        (vec!["-s", "sim:", "read"], "TAG"),
        (vec!["-s", "sim:", "read", "ns=two;s=X"], "invalid tag `ns=two;s=X`"),
        (vec!["-s", "sim:", "read", "A", "-o", "xml"], "xml"),
        (vec!["-s", "sim:", "read", "A", "--timeout", "soon"], "500ms"),
        (vec!["-s", "sim:", "watch", "A", "--count", "0"], "--count"),
        (vec!["-s", "http://plant:80", "read", "A"], "write opc.tcp://plant:80"),
        (vec!["-s", "sim:small", "read", "A"], "`sim:` takes nothing"),
        (vec!["simulate", "--listen", "nowhere"], "HOST:PORT"),
    ] {
        let done = opc(&arguments).expect(2);
        assert!(done.stderr.contains(word), "{arguments:?}: {}", done.stderr);
        assert_eq!(done.stdout, "", "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_data() {
    let help = opc(["--help"]).expect(0);
    assert!(help.stdout.contains("Exit codes:") && help.stdout.contains("Examples:"), "{}", help.stdout);
    assert_eq!(help.stderr, "");
    for name in [
        "read",
        "write",
        "watch",
        "list",
        "properties",
        "servers",
        "endpoints",
        "info",
        "config",
        "completions",
        "man",
        "simulate",
    ] {
        let help = opc([name, "--help"]).expect(0);
        assert!(
            help.stdout.contains("Examples:") && help.stdout.contains("--server <URL>"),
            "{}",
            help.stdout
        );
    }
    let version = opc(["--version"]).expect(0);
    assert_eq!(version.stdout, format!("opc {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_server_that_is_not_there_is_three() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("opc.tcp://127.0.0.1:{port}");
    let done = opc(["-s", &url, "--timeout", "20s", "read", "A"]).expect(3);
    assert!(
        done.stderr.starts_with(&format!("error: cannot open {url}: cannot reach 127.0.0.1 port {port}:")),
        "{}",
        done.stderr
    );
    assert!(done.stderr.contains("hint: "), "{}", done.stderr);
    assert_eq!(done.stdout, "");
}

#[test]
fn a_server_that_says_nothing_is_three_when_the_timeout_passes() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("opc.tcp://{}", silent.local_addr().unwrap());
    let done = opc(["-s", &url, "-t", "200", "info"]).expect(3);
    assert!(done.stderr.contains("timed out after 200ms"), "{}", done.stderr);
    assert!(done.stderr.contains("hint: `--timeout 30s` waits longer"), "{}", done.stderr);
}

#[test]
fn an_address_in_use_is_three() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = opc(["simulate", "--listen", &address]).expect(3);
    assert!(done.stderr.starts_with(&format!("error: cannot listen on {address}: ")), "{}", done.stderr);
    assert!(done.stderr.contains("--listen 127.0.0.1:0"), "{}", done.stderr);
    assert_eq!(done.stdout, "");
}

#[test]
fn nothing_is_told_of_the_protocol_unless_asked_for() {
    let quiet = opc(["-s", "sim:", "read", "Random.Int4", "-o", "json"]).expect(0);
    assert_eq!(quiet.stderr, "");
    let verbose = opc(["-v", "-s", "sim:", "read", "Random.Int4", "-o", "json"]).expect(0);
    assert!(verbose.stderr.contains("Connected"), "{}", verbose.stderr);
    assert!(!verbose.stderr.contains('\u{1b}'), "no colours in a pipe: {}", verbose.stderr);
    assert_eq!(verbose.stdout.lines().count(), 1);
}

#[test]
fn a_closed_pipe_ends_a_read_quietly() {
    let tags: Vec<String> = (0..5000).map(|_| "Random.Int4".to_owned()).collect();
    for format in ["json", "csv", "table"] {
        let arguments = ["-s", "sim:", "read", "-o", format];
        let mut read = start(&mut command(arguments.into_iter().chain(tags.iter().map(String::as_str))));
        read.hang_up();
        let done = read.finish().expect(0);
        assert!(!done.stderr.contains("error"), "{}", done.stderr);
    }
    let mut info = start(&mut command(["-s", "sim:", "info"]));
    info.hang_up();
    info.finish().expect(0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_read_with_what_was_read() {
    let (called, calls) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let slow = Item::new("Slow", 0).read_with(move || {
        let _ = called.send(());
        // Until the test lets go.
        let _ = released.recv();
        Ok(0)
    });
    let simulator = Simulator::builder().item(Item::new("Fast", 7)).item(slow).start_blocking().unwrap();
    // Gone before the simulator, which waits for its item: a test that fails must end.
    let release = release;
    let mut tags = vec!["Fast"; 1000];
    tags.push("Slow");
    let start_read = |format| {
        start(&mut command(["-s", simulator.url(), "-o", format, "read"].into_iter().chain(tags.clone())))
    };

    // A table waits for all its rows, or for the end.
    let read = start_read("table");
    calls.recv_timeout(PATIENCE).unwrap();
    read.signal("INT");
    assert!(read.note().starts_with("Read 1000 of 1001 items"));
    // The server answers again, so that the goodbye need not wait.
    release.send(()).unwrap();
    let done = read.finish().expect(130);
    assert_eq!(done.stdout.lines().count(), 1 + 1000);
    assert!(!done.stdout.contains("Slow"));

    // Lines are printed while the rest is under way.
    let mut read = start_read("csv");
    for _ in 0..=1000 {
        assert!(!read.line().is_empty());
    }
    calls.recv_timeout(PATIENCE).unwrap();
    release.send(()).unwrap();
    assert!(read.finish().expect(0).stdout.starts_with("Slow,0,"));
}

#[cfg(unix)]
#[test]
fn a_simulator_serves_until_it_is_told_to_end() {
    for signal in ["INT", "TERM"] {
        let mut simulator = start(&mut command(["simulate", "--listen", "127.0.0.1:0", "--seed", "2"]));
        let url = simulator.line();
        let url = url.trim_end();
        assert!(url.starts_with("opc.tcp://127.0.0.1:"), "{url}");
        let seeded = opc(["-s", url, "read", "Random.Int4", "-o", "csv"]).expect(0);
        assert!(seeded.stdout.contains("\nRandom.Int4,45,"), "{}", seeded.stdout);
        simulator.signal(signal);
        let done = simulator.finish().expect(0);
        assert_eq!(done.stdout, "");
        assert!(done.stderr.contains(url), "{}", done.stderr);
        // Nobody is there any more.
        opc(["-s", url, "-t", "5s", "info"]).expect(3);
    }
}

#[test]
fn two_processes_share_a_simulator() {
    let mut simulator = start(&mut command(["simulate", "--listen", "127.0.0.1:0"]));
    let url = simulator.line();
    let url = url.trim_end();
    opc(["-s", url, "write", "Bucket Brigade.Int4=5", "ns=2;s=Bucket Brigade.String=a=b, \"c\""]).expect(0);
    let read =
        opc(["-s", url, "-o", "json", "read", "Bucket Brigade.Int4", "Bucket Brigade.String"]).expect(0);
    let values: Vec<serde_json::Value> = read
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["value"].clone())
        .collect();
    assert_eq!(values, [serde_json::json!(5), serde_json::json!("a=b, \"c\"")]);
}

#[test]
fn a_tag_may_have_signs_in_it() {
    let simulator = Simulator::builder()
        .item(Item::new("a=b", Value::Int32(1)).writable())
        .item(Item::new("x;y&z.1", Value::Int32(2)))
        .start_blocking()
        .unwrap();
    let done = opc(["-s", simulator.url(), "-o", "csv", "read", "a=b", "ns=2;s=a=b", "x;y&z.1"]).expect(0);
    let tags: Vec<&str> = done.stdout.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(tags, ["a=b", "ns=2;s=a=b", "x;y&z.1"]);
}
