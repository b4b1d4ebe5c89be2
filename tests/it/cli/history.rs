//! `opc history`

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use openopc::history::Sample;
use openopc::sim::{History, Item, Simulator};
use openopc::{Status, Value};
use serde_json::{Value as Json, json};

use super::process::{command, opc, start};

const NOON: &str = "2026-01-31T12:00:00Z";
const ONE: &str = "2026-01-31T12:01:00Z";

fn noon(second: i64) -> DateTime<Utc> {
    NOON.parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

/// `Level` rises from 0 to 60 in a minute and is bad from 30 to 39; `Valve` is stepped and has no unit.
fn plant() -> Simulator {
    let level = (0..=6_i64).map(|ten| match ten {
        3 => Sample::with_status(noon(30), Value::Null, Status::named("BadDeviceFailure").unwrap()),
        _ => Sample::new(noon(ten * 10), f64::from(i32::try_from(ten).unwrap()) * 10.0),
    });
    let valve = (0..=60).map(|second| Sample::new(noon(second), second % 20 < 10));
    Simulator::builder()
        .item(Item::new("Level", 0.0).unit("mm").history(History::recorded().samples(level)))
        .item(Item::new("Valve", false).history(History::recorded().samples(valve).stepped(true)))
        .item(Item::new("Name", "").history(History::recorded().samples([Sample::new(noon(0), "A<&>")])))
        .item(Item::new("Plain", 1))
        .start_blocking()
        .unwrap()
}

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn raw_values_have_the_fields_of_a_read_and_the_historians_bits() {
    let plant = plant();
    let range = ["--from", "2026-01-31T12:00:20Z", "--to", "2026-01-31T12:00:31Z"];
    let json = opc(["-s", plant.url(), "history", "Level", "-o", "json"].into_iter().chain(range)).expect(0);
    let line = |value: Json, kind: &str, quality: &str, status: &str, time: &str| {
        json!({
            "tag": "Level", "value": value, "type": kind, "quality": quality, "status": status, "source_time": time,
            "server_time": null, "history": "Raw", "partial": false, "multiple_values": false,
        })
    };
    assert_eq!(
        lines(&json.stdout),
        [
            line(json!(20.0), "Double", "Good", "Good", "2026-01-31T12:00:20Z"),
            line(Json::Null, "Null", "Bad", "BadDeviceFailure", "2026-01-31T12:00:30Z"),
        ]
    );
    assert_eq!(json.stderr, "");

    let csv = opc(["-s", plant.url(), "history", "Level", "-o", "csv"].into_iter().chain(range)).expect(0);
    assert_eq!(
        csv.stdout,
        "tag,value,type,quality,status,source_time,server_time,history,partial,multiple_values,error\n\
         Level,20,Double,Good,Good,2026-01-31T12:00:20Z,,Raw,false,false,\n\
         Level,,Null,Bad,BadDeviceFailure,2026-01-31T12:00:30Z,,Raw,false,false,\n"
    );
    let table = opc(["-s", plant.url(), "history", "Level"].into_iter().chain(range)).expect(0);
    assert!(
        table.stdout.contains("Level  20                  Good       2026-01-31T12:00:20.000Z  Raw\n"),
        "{}",
        table.stdout
    );
    assert!(table.stdout.contains("Raw         BadDeviceFailure\n"), "{}", table.stdout);
    assert!(table.stderr.starts_with("Read 2 values ("), "{}", table.stderr);
    for (format, expected) in [("values", "20\n\n"), ("pairs", "Level,20\nLevel,\n")] {
        let done =
            opc(["-s", plant.url(), "history", "Level", "-o", format].into_iter().chain(range)).expect(0);
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), (expected, ""));
    }
    let html = opc(["-s", plant.url(), "history", "Level", "-o", "html"].into_iter().chain(range)).expect(0);
    assert!(
        html.stdout.contains("<h1>History</h1>") && html.stdout.ends_with("</html>\n"),
        "{}",
        html.stdout
    );
}

#[test]
fn aggregates_go_by_name_or_number_and_tell_their_bits() {
    let plant = plant();
    for name in ["Maximum", "maximum", "10"] {
        let arguments = ["-s", plant.url(), "history", "Level", "--from", NOON, "--to", ONE, "-o", "json"];
        let done = opc(arguments.into_iter().chain(["--aggregate", name, "--every", "20s"])).expect(0);
        let rows: Vec<_> = lines(&done.stdout)
            .into_iter()
            .map(|row| {
                (
                    row["value"].clone(),
                    row["status"].clone(),
                    row["history"].clone(),
                    row["source_time"].clone(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (json!(10.0), json!("Good"), json!("Calculated"), json!("2026-01-31T12:00:00Z")),
                (json!(20.0), json!("UncertainDataSubNormal"), json!("Raw"), json!("2026-01-31T12:00:20Z")),
                (json!(50.0), json!("Good"), json!("Calculated"), json!("2026-01-31T12:00:40Z")),
            ]
        );
    }
    let arguments = ["-s", plant.url(), "history", "Level", "--from", NOON, "--to", "2026-01-31T12:02:00Z"];
    let done = opc(arguments.into_iter().chain(["-A", "Count", "-o", "json"])).expect(0);
    assert_eq!(lines(&done.stdout)[0]["partial"], json!(true));
    let wrong = opc(arguments.into_iter().chain(["-A", "Mean"])).expect(1);
    assert!(wrong.stderr.contains("no aggregate `Mean`"), "{}", wrong.stderr);
}

#[test]
fn times_between_values_are_interpolated() {
    let plant = plant();
    let at = ["--at", "2026-01-31T12:00:05Z", "--at", "2026-01-31 12:00:50"];
    let done = opc(["-s", plant.url(), "history", "Level", "-o", "json"].into_iter().chain(at)).expect(0);
    let rows: Vec<_> =
        lines(&done.stdout).into_iter().map(|row| (row["value"].clone(), row["history"].clone())).collect();
    assert_eq!(rows, [(json!(5.0), json!("Interpolated")), (json!(50.0), json!("Raw"))]);
}

#[test]
fn a_count_alone_is_the_newest_and_a_later_start_turns_round() {
    let plant = plant();
    let values = |more: &[&str]| {
        let base = ["-s", plant.url(), "history", "Level", "-o", "values"];
        opc(base.iter().chain(more)).expect(0).stdout
    };
    assert_eq!(values(&["--count", "2"]), "60\n50\n");
    assert_eq!(values(&["--from", ONE, "--to", "2026-01-31T12:00:45Z"]), "60\n50\n");
    assert_eq!(values(&["--from", NOON, "--to", ONE, "--count", "2", "-g", "1"]), "0\n10\n");
    let inside = ["--from", "2026-01-31T12:00:11Z", "--to", "2026-01-31T12:00:19Z"];
    assert_eq!(values(&inside), "");
    assert_eq!(values(&[&inside[..], &["--bounds"]].concat()), "10\n20\n");
}

#[test]
fn a_tag_without_history_fails_and_the_others_are_read() {
    let plant = plant();
    let tags = ["Plain", "Nothing", "Level"];
    let arguments = ["-s", plant.url(), "history", "--from", NOON, "--to", ONE, "-o", "json"];
    let done = opc(arguments.into_iter().chain(tags)).expect(1);
    let rows = lines(&done.stdout);
    let failed =
        |tag: &str| rows.iter().find(|row| row["tag"] == tag).unwrap()["error"].as_str().unwrap().to_owned();
    assert!(failed("Nothing").contains("Nothing") && !failed("Plain").is_empty());
    assert_eq!(rows.iter().filter(|row| row["tag"] == "Level").count(), 6);

    let nothing =
        opc(["-s", plant.url(), "history", "Level", "--from", "2020-01-01", "--to", "2020-01-02"]).expect(0);
    assert!(nothing.stderr.contains("`Level`: nothing was recorded in that time"), "{}", nothing.stderr);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    for (arguments, says) in [
        (&["--to", "NOW"][..], "--to alone"),
        (&["--from", "soon"], "soon"),
        (&["--plot", "-o", "csv"], "--plot draws in the terminal"),
        (&["--modified", "-o", "svg"], "--modified"),
        (&["--at", "NOW", "--count", "3"], "--count"),
        (&["--every", "5s"], "--aggregate"),
        (&["--last", "1h", "--from", "NOW"], "--last"),
    ] {
        let done = opc(["-s", "opc.tcp://127.0.0.1:9", "history", "A"].iter().chain(arguments)).expect(2);
        assert!(done.stderr.contains(says), "{arguments:?}: {}", done.stderr);
    }
    let done = opc(["-s", "opc.tcp://127.0.0.1:9", "read", "A", "-o", "svg"]).expect(2);
    assert!(done.stderr.contains("only `opc history` draws"), "{}", done.stderr);
}

#[test]
fn a_plot_has_a_picture_for_each_tag_and_no_colours() {
    let plant = plant();
    let done =
        opc(["-s", plant.url(), "history", "Level", "Valve", "Name", "--from", NOON, "--to", ONE, "--plot"])
            .expect(0);
    assert!(done.stdout.starts_with("Level [mm]\n"), "{}", done.stdout);
    assert!(done.stdout.contains("\nValve\n") && done.stdout.contains("2026-01-31 UTC\n"), "{}", done.stdout);
    assert!(!done.stdout.contains('\u{1b}') && done.stdout.lines().all(|line| line.chars().count() <= 80));
    assert!(done.stderr.contains("`Name`: there are no numbers to draw"), "{}", done.stderr);
}

#[test]
fn a_picture_has_gaps_steps_units_and_safe_names() {
    let plant = plant();
    let done =
        opc(["-s", plant.url(), "history", "Level", "Valve", "--from", NOON, "--to", ONE, "-o", "svg"])
            .expect(0);
    let svg = done.stdout;
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains(">mm</text>") && svg.contains(">12:00:30</text>"), "{svg}");
    let drawn: Vec<&str> =
        svg.lines().filter(|line| line.contains("class=\"line\"") && !line.contains("<text")).collect();
    let [valve, level] = drawn[..] else { panic!("two lines: {svg}") };
    // The bad value parts the level in two; the valve has one line, with corners.
    assert_eq!((level.matches('M').count(), valve.matches('M').count()), (2, 1), "{svg}");
    assert!(valve.matches('L').count() > 6, "{svg}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_what_was_read() {
    // A value every millisecond for longer than anybody waits.
    let history = History::computed(Duration::from_millis(1)).back(Duration::from_secs(86_400 * 30));
    let signal = openopc::sim::Signal::Sine { low: 0.0, high: 1.0, period: Duration::from_secs(10) };
    let plant = Simulator::builder()
        .item(Item::new("Sine", 0.0).signal(signal).history(history))
        .start_blocking()
        .unwrap();
    let mut running =
        start(&mut command(["-s", plant.url(), "history", "Sine", "--last", "30d", "-o", "csv"]));
    assert!(running.line().starts_with("tag,value"));
    assert!(running.line().starts_with("Sine,"));
    running.signal("INT");
    let done = running.finish().expect(130);
    assert!(done.stdout.ends_with('\n') && done.stdout.lines().all(|line| line.starts_with("Sine,")));
    assert!(done.stderr.contains("Read "), "{}", done.stderr);
}

#[test]
fn what_was_changed_is_told_with_who_and_when() {
    let plant = plant();
    let client = openopc::blocking::open(plant.url()).unwrap();
    client.history_replace("Level", [Sample::new(noon(10), 11.0)]).unwrap().remove(0).unwrap();
    let done =
        opc(["-s", plant.url(), "history", "Level", "--from", NOON, "--to", ONE, "--modified", "-o", "json"])
            .expect(0);
    let rows = lines(&done.stdout);
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["value"], &rows[0]["modification"]["change"]), (&json!(10.0), &json!("Replace")));
    assert!(rows[0]["modification"]["time"].is_string());
}
