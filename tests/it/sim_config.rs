//! A simulator out of a TOML file, with its past out of CSV files.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use openopc::history::Sample;
use openopc::sim::{Config, History, Severity, Simulator};
use openopc::{DataType, Status, TimeRange, Value};

use crate::support::within;

/// A folder of its own, gone when dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("openopc-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn ever() -> TimeRange {
    TimeRange { start: at("1900-01-01T00:00:00Z"), end: at("2200-01-01T00:00:00Z") }
}

/// The pieces of a text that stand between fences of this language.
fn fenced<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[tokio::test]
async fn an_item_that_only_has_a_past_has_its_last_value() {
    let folder = Folder::new("past");
    folder.file(
        "a.csv",
        "time,value,status\n2005-07-01T12:00:00Z,,BadNoData\n2005-07-01T12:00:10Z,10,Good\n\
         2005-07-01T12:01:10Z,70,Uncertain\n2005-07-01T12:01:30Z,90,Good\n",
    );
    let path = folder.file(
        "plant.toml",
        "[[item]]\nid = 'Historian1'\ntype = 'Double'\nhistory = { file = 'a.csv', treat_uncertain_as_bad = false }\n",
    );
    let plant = Simulator::builder().config_file(path).unwrap().start().await.unwrap();
    let client = within(openopc::open(plant.url())).await.unwrap();
    let reading = within(client.read("Historian1")).await.unwrap();
    assert_eq!(reading.value, Value::Double(90.0));
    assert_eq!((reading.status, reading.source_time), (Status::GOOD, Some(at("2005-07-01T12:01:30Z"))));
    // Nothing was written, so nothing is there beside the file.
    let expected = [
        Sample::with_status(at("2005-07-01T12:00:00Z"), Value::Null, Status::named("BadNoData").unwrap()),
        Sample::new(at("2005-07-01T12:00:10Z"), 10.0),
        Sample::with_status(at("2005-07-01T12:01:10Z"), 70.0, Status::named("Uncertain").unwrap()),
        Sample::new(at("2005-07-01T12:01:30Z"), 90.0),
    ];
    assert_eq!(plant.history("Historian1", ever()).unwrap(), expected);
}

#[tokio::test]
async fn every_example_of_the_guide_runs() {
    let guide = include_str!("../../src/guide/simulator.md");
    let readme = include_str!("../../README.md");
    let folder = Folder::new("guide");
    let [csv] = *fenced(guide, "csv") else { panic!("one CSV file in the guide") };
    folder.file("temperature.csv", csv);
    let mut examples = fenced(guide, "toml");
    examples.extend(fenced(readme, "toml"));
    assert!(examples.len() >= 4, "the guide has three, the README one");
    for example in examples {
        let path = folder.file("plant.toml", example);
        let (config, findings) = Config::check(&path);
        let Some(config) = config else { panic!("{example}\n{findings:#?}") };
        assert_eq!(findings, [], "{example}");
        let _ = std::fs::remove_file(folder.0.join("plant.redb"));
        within(Simulator::builder().config(config).start()).await.unwrap();
    }
}

#[test]
fn the_guide_shows_what_is_printed() {
    let folder = Folder::new("shown");
    let line = "signal = { kind = \"sine\", perod = \"10s\" }";
    let text = format!("\n\n\n\n\n\n[[item]]\nid = 'A'\n{line}\ntype = 'Double'\n");
    let (_, findings) = Config::check(folder.file("plant.toml", &text));
    let shown: Vec<String> = findings.iter().map(|finding| format!("{finding:#}")).collect();
    let guide = include_str!("../../src/guide/simulator.md");
    let [expected] = *fenced(guide, "text") else { panic!("one text in the guide") };
    let found =
        shown.iter().any(|shown| shown.ends_with(expected.trim_end().trim_start_matches("plant.toml")));
    assert!(found, "{shown:#?}");
}

#[test]
fn a_csv_file_is_told_by_its_own_lines() {
    let folder = Folder::new("lines");
    let csv = folder.file("a.csv", "time,value\n2005-07-01T12:00:00Z,1\n2005-07-01T12:00:01Z,one\n");
    let text = "[[item]]\nid = 'A'\ntype = 'Double'\nhistory = { file = 'a.csv' }\n";
    let (config, findings) = Config::check(folder.file("plant.toml", text));
    assert!(config.is_none());
    let [finding] = &*findings else { panic!("{findings:#?}") };
    assert_eq!((finding.severity, &finding.file), (Severity::Error, &csv));
    assert_eq!(finding.place.as_ref().unwrap().line, 3);
    assert!(format!("{finding:#}").contains("\n 3 | 2005-07-01T12:00:01Z,one\n"), "{finding:#}");
    let error = History::csv(&csv, DataType::Double).unwrap_err().to_string();
    assert!(error.contains("a.csv:3: value: `one` is not Double"), "{error}");
}

#[test]
fn what_a_file_loses_or_turns_round_is_a_warning() {
    let folder = Folder::new("warnings");
    folder.file("a.csv", "2005-07-01T12:00:01Z,1\n2005-07-01T12:00:00Z,0\n2005-07-01T12:00:02Z,2\n");
    let text = "[[item]]\nid = 'A'\ntype = 'Double'\nhistory = { file = 'a.csv', capacity = 2 }\n";
    let (config, findings) = Config::check(folder.file("plant.toml", text));
    let told: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "of the 3 samples in the file the oldest 1 are left out",
            "the rows are not in the order of time; they are sorted"
        ]
    );
    let plant = Simulator::builder().config(config.unwrap()).start_blocking().unwrap();
    let values: Vec<Value> =
        plant.history("A", ever()).unwrap().into_iter().map(|sample| sample.value).collect();
    assert_eq!(values, [Value::Double(1.0), Value::Double(2.0)]);
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let error = Config::load("/no/such/plant.toml").unwrap_err().to_string();
    assert!(error.contains("/no/such/plant.toml: error: cannot read it"), "{error}");
    let folder = Folder::new("latin");
    let path = folder.0.join("plant.toml");
    std::fs::write(&path, b"# \xfc\n").unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.contains("no text in UTF-8"), "{error}");
    assert!(Config::parse("seed = 1", Path::new(".")).is_ok());
}

#[test]
fn a_million_rows_are_read() {
    let folder = Folder::new("million");
    let mut csv = String::with_capacity(40_000_000);
    let start = at("2020-01-01T00:00:00Z");
    for second in 0..1_000_000i64 {
        let time = (start + chrono::TimeDelta::seconds(second)).format("%Y-%m-%dT%H:%M:%SZ");
        std::fmt::Write::write_fmt(&mut csv, format_args!("{time},{}.5,Good\n", second % 100)).unwrap();
    }
    folder.file("a.csv", &csv);
    let text = "[[item]]\nid = 'A'\ntype = 'Double'\nhistory = { file = 'a.csv' }\n";
    let config = Config::load(folder.file("plant.toml", text)).unwrap();
    assert_eq!(config.to_string(), "1 item, 1 with a past (1000000 samples from files)");
}
