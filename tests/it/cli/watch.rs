//! `opc watch`

use openopc::sim::{Item, Simulator};

use super::process::{command, mask, opc, start};

/// With every time replaced. A server need not give a source time, and the simulator does not always.
fn masked(line: &str) -> String {
    mask(line)
        .replace("Good,,TIME", "Good,TIME,TIME")
        .replace("\"source_time\":null", "\"source_time\":\"TIME\"")
}

fn one(value: i32) -> Simulator {
    Simulator::builder().item(Item::new("Level", value)).start_blocking().unwrap()
}

#[cfg(unix)]
#[test]
fn every_change_is_a_line_until_ctrl_c() {
    let simulator = one(1);
    for (format, head, line) in [
        (
            "table",
            "Tag    Value               Quality    Time\n",
            "Level  {}                   Good       TIME\n",
        ),
        (
            "csv",
            "tag,value,type,quality,status,source_time,server_time,error\n",
            "Level,{},Int32,Good,Good,TIME,TIME,\n",
        ),
        (
            "json",
            "",
            "{\"tag\":\"Level\",\"value\":{},\"type\":\"Int32\",\"quality\":\"Good\",\"status\":\"Good\",\
             \"source_time\":\"TIME\",\"server_time\":\"TIME\"}\n",
        ),
    ] {
        simulator.set("Level", 1).unwrap();
        let arguments = ["-s", simulator.url(), "watch", "Level", "--refresh", "50ms", "-o", format];
        let mut watch = start(&mut command(arguments));
        if !head.is_empty() {
            assert_eq!(watch.line(), head);
        }
        assert_eq!(masked(&watch.line()), line.replace("{}", "1"));
        // Each line comes at once, not when a buffer is full.
        for value in 2..5 {
            simulator.set("Level", value).unwrap();
            assert_eq!(masked(&watch.line()), line.replace("{}", &value.to_string()));
        }
        watch.signal("INT");
        let done = watch.finish().expect(0);
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", "4 readings\n"));
    }
}

#[test]
fn a_count_is_exact() {
    let arguments = ["watch", "-s", "sim:", "Random.Int4", "--refresh", "50ms", "--count", "3", "-o", "csv"];
    let done = opc(arguments).expect(0);
    assert_eq!(done.stdout.lines().count(), 1 + 3, "{}", done.stdout);
    assert_eq!(done.stderr, "3 readings\n");
}

#[test]
fn a_time_ends_it() {
    let simulator = one(1);
    let arguments =
        ["watch", "-s", simulator.url(), "Level", "--refresh", "50ms", "--for", "1s", "-o", "csv"];
    let done = opc(arguments).expect(0);
    assert_eq!(done.stdout.lines().count(), 2, "the value never changes: {}", done.stdout);
    assert_eq!(done.stderr, "1 reading\n");
}

#[test]
fn a_refused_tag_is_one_bad_reading_and_a_failure_at_the_end() {
    let simulator = one(1);
    let arguments =
        ["-s", simulator.url(), "watch", "Level", "Nope", "--refresh", "50ms", "--count", "2", "-o", "json"];
    let done = opc(arguments).expect(1);
    let refused = r#"{"tag":"Nope","value":null,"type":"Null","quality":"Bad","status":"BadNodeIdUnknown","#;
    assert_eq!(done.stdout.lines().filter(|line| line.starts_with(refused)).count(), 1, "{}", done.stdout);
    assert!(done.stdout.contains(r#"{"tag":"Level","value":1,"#), "{}", done.stdout);
    assert!(done.stderr.contains("refused: resolve `Nope`: no such node on this server"), "{}", done.stderr);
}

#[test]
fn with_every_tag_refused_there_is_nothing_to_wait_for() {
    let done = opc(["-s", "sim:", "watch", "Nope", "Nowhere", "Nope", "-o", "csv"]).expect(1);
    assert_eq!(done.stdout.lines().count(), 1 + 2, "{}", done.stdout);
    assert!(done.stderr.ends_with("2 readings\n"), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_it_though_nothing_changes() {
    let simulator = one(1);
    let arguments = ["-s", simulator.url(), "watch", "Level", "--refresh", "50ms", "-o", "json"];
    let mut watch = start(&mut command(arguments));
    assert!(watch.line().contains("Level"));
    watch.hang_up();
    let done = watch.finish().expect(0);
    assert!(!done.stderr.contains("error"), "{}", done.stderr);
}

#[test]
fn a_closed_pipe_ends_it_when_everything_changes() {
    let arguments = ["-s", "sim:", "watch", "Random.Int4", "Random.Real8", "--refresh", "50ms"];
    let mut watch = start(&mut command(arguments));
    assert!(watch.line().contains("Tag"));
    watch.hang_up();
    watch.finish().expect(0);
}

#[test]
fn a_lost_connection_is_told_and_comes_back() {
    let simulator = one(1);
    let url = simulator.url().to_owned();
    let mut watch = start(&mut command(["-s", &url, "watch", "Level", "--refresh", "50ms", "-o", "csv"]));
    assert!(watch.line().starts_with("tag,"));
    assert!(watch.line().starts_with("Level,1,Int32,Good,Good,"));
    drop(simulator);
    // With the last value, and why it is not to be trusted.
    assert!(watch.line().starts_with("Level,1,Int32,Bad,BadNoCommunication,"));
    assert!(watch.note().starts_with("connection lost ("));
    let simulator = Simulator::builder()
        .listen(url.strip_prefix("opc.tcp://").unwrap())
        .item(Item::new("Level", 2))
        .start_blocking()
        .unwrap();
    assert!(watch.line().starts_with("Level,2,Int32,Good,Good,"));
    assert_eq!(watch.note(), "connected again");
    drop((watch, simulator));
}
