use std::path::Path;
use std::time::Duration;

use super::*;
use crate::sim::Signal;
use crate::{Array, DataType, Status, Value};

fn check(text: &str) -> (Option<Config>, Vec<Finding>) {
    examine(text, Path::new("plant.toml"), Path::new("/no/such/folder"))
}

/// The one thing that is wrong: `line:column: what`.
#[track_caller]
fn wrong(text: &str) -> String {
    let (config, findings) = check(text);
    assert!(config.is_none(), "{text}");
    assert_eq!(findings.len(), 1, "{text}: {findings:#?}");
    findings[0].to_string()
}

#[track_caller]
fn only(text: &str) -> Item {
    let (config, findings) = check(text);
    let mut config = config.unwrap_or_else(|| panic!("{text}: {findings:#?}"));
    assert_eq!(config.items.len(), 1);
    config.items.remove(0)
}

fn value_of(data_type: &str, value: &str) -> Value {
    only(&format!("[[item]]\nid = 'A'\n{data_type}value = {value}\n")).initial
}

#[test]
fn every_type_has_its_values() {
    for (data_type, text, value) in [
        ("Boolean", "true", Value::Boolean(true)),
        ("SByte", "-128", Value::SByte(-128)),
        ("Byte", "0xFF", Value::Byte(255)),
        ("Int16", "'-5'", Value::Int16(-5)),
        ("UInt16", "0o17", Value::UInt16(15)),
        ("Int32", "1_000", Value::Int32(1000)),
        ("UInt32", "4_294_967_295", Value::UInt32(u32::MAX)),
        ("Int64", "-9223372036854775808", Value::Int64(i64::MIN)),
        ("UInt64", "18446744073709551615", Value::UInt64(u64::MAX)),
        ("Float", "0.1", Value::Float(0.1)),
        ("Float", "3", Value::Float(3.0)),
        ("Double", "1e3", Value::Double(1000.0)),
        ("Double", "-inf", Value::Double(f64::NEG_INFINITY)),
        ("Int32", "2.0", Value::Int32(2)),
        ("String", "'plain'", "plain".into()),
        ("String", "{}", Value::Null),
        ("ByteString", "'AQI='", Value::ByteString(vec![1, 2])),
        ("StatusCode", "'BadNoData'", Value::StatusCode(Status::named("BadNoData").unwrap())),
        ("NodeId", "'ns=2;s=A'", Value::NodeId("ns=2;s=A".parse().unwrap())),
        ("LocalizedText", "'x'", crate::LocalizedText::new("x").into()),
        (
            "LocalizedText",
            "{ text = 'x', locale = 'en' }",
            crate::LocalizedText::with_locale("en", "x").into(),
        ),
        ("Int32", "[1, 2]", Value::from(vec![1, 2])),
        ("Double", "[[1, 2], [3, 4.5]]", Value::from(vec![vec![1.0, 2.0], vec![3.0, 4.5]])),
        ("Double", "[]", Value::from(Vec::<f64>::new())),
        (
            "Variant",
            "[true, 1.5]",
            Array::new(DataType::Variant, vec![true.into(), 1.5.into()]).unwrap().into(),
        ),
    ] {
        assert_eq!(value_of(&format!("type = '{data_type}'\n"), text), value, "{data_type} {text}");
    }
    let time = "2005-07-01T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    for text in ["2005-07-01T12:00:00Z", "2005-07-01T14:00:00+02:00", "'2005-07-01T12:00:00Z'"] {
        assert_eq!(value_of("type = 'DateTime'\n", text), Value::DateTime(time));
    }
    assert_eq!(value_of("", "1.5"), Value::Double(1.5));
    assert_eq!(value_of("", "['a', 'b']"), Value::from(vec!["a", "b"]));
}

#[test]
fn a_value_fits_its_type_exactly_or_not_at_all() {
    for (data_type, text, word) in [
        ("Byte", "256", "256 is outside 0..=255"),
        ("Int32", "1.5", "1.5 has a fraction"),
        ("Int32", "'one'", "an integer"),
        ("Float", "16777217", "Float"),
        ("Float", "1e39", "more than a Float holds"),
        ("Double", "9007199254740993", "Double"),
        ("Double", "true", "Boolean is not Double"),
        ("String", "5", "Int64 is not String"),
        ("DateTime", "2005-07-01T12:00:00", "a time such as"),
        ("Int32", "2005-07-01T12:00:00Z", "a time is no Int32"),
        ("Int32", "[1, [2]]", "no matrix"),
        ("Int32", "[[1, 2], [3]]", "a row of 1 where the others have 2"),
        ("Int32", "{ low = 1 }", "a table is no Int32"),
        ("Int32", "99999999999999999999999999999999999999999", "more than any type holds"),
    ] {
        let finding = wrong(&format!("[[item]]\nid = 'A'\ntype = '{data_type}'\nvalue = {text}\n"));
        assert!(
            finding.starts_with("plant.toml:4:") && finding.contains(word),
            "{data_type} {text}: {finding}"
        );
    }
    assert!(
        wrong("[[item]]\nid = 'A'\nvalue = 1\n").contains("3:9: error: a whole number can be of many types")
    );
}

#[test]
fn an_item_has_all_that_a_program_can_give_it() {
    let text = "[[item]]\nid = 'Tank.Level'\ntype = 'Double'\nvalue = 2\naccess = 'write'\nunit = 'm'\n\
                range = [0, 10]\ninstrument_range = [-1.0, 11.0]\nscan_rate = '250ms'\ndescription = 'How full'\n\
                history = { capacity = 5, stepped = true, read_only = true, percent_data_bad = 60, percent_data_good = 40 }\n";
    let configuration = crate::history::AggregateConfiguration {
        percent_data_bad: 60,
        percent_data_good: 40,
        ..crate::history::AggregateConfiguration::default()
    };
    let history =
        crate::sim::History::recorded().capacity(5).stepped(true).read_only().configuration(configuration);
    let item = only(text);
    let same = Item::new("Tank.Level", 2.0)
        .write_only()
        .unit("m")
        .range(0.0, 10.0)
        .instrument_range(-1.0, 11.0)
        .scan_rate(Duration::from_millis(250))
        .description("How full");
    assert_eq!((&item.details, item.readable, item.writable), (&same.details, false, true));
    assert_eq!(item.history.as_deref(), Some(&history));
    let item = only("[[item]]\nid = 'A'\ntype = 'Int32'\nvalue = 0\nstates = ['off', 'on']\n");
    assert_eq!(item.details, Item::new("A", 0).states(["off", "on"]).details);
    let item = only("[[item]]\nid = 'A'\nvalue = true\nlabels = { true = 'open', false = 'shut' }\n");
    assert_eq!(item.details, Item::new("A", true).labels("open", "shut").details);
}

#[test]
fn every_signal_has_its_name() {
    let second = Duration::from_secs(1);
    for (text, signal) in [
        (
            "kind = 'counter', from = 5, to = 1, every = '1s'",
            Signal::Counter { from: 5.0, to: 1.0, step: -1.0, every: second },
        ),
        (
            "kind = 'ramp', from = 5, to = 1, period = '1s'",
            Signal::Ramp { from: 5.0, to: 1.0, period: second },
        ),
        (
            "kind = 'triangle', low = 0, high = 1, period = '1s'",
            Signal::Triangle { low: 0.0, high: 1.0, period: second },
        ),
        (
            "kind = 'sine', low = 0, high = 1, period = '1s'",
            Signal::Sine { low: 0.0, high: 1.0, period: second },
        ),
        (
            "kind = 'square', low = 0, high = 1, period = '1s'",
            Signal::Square { low: 0.0, high: 1.0, period: second },
        ),
        (
            "kind = 'random', low = 0, high = 1, seed = 3, period = '1s'",
            Signal::Random { low: 0.0, high: 1.0, seed: 3, period: second },
        ),
        (
            "kind = 'list', values = [1, 2.5], every = '1s'",
            Signal::List { values: vec![1.0.into(), 2.5.into()], every: second },
        ),
    ] {
        let item = only(&format!("[[item]]\nid = 'A'\ntype = 'Double'\nsignal = {{ {text} }}\n"));
        let crate::sim::item::Source::Signal(found) = &item.source else { panic!("{text}") };
        assert_eq!(**found, signal);
    }
}

#[test]
fn what_is_wrong_with_settings_is_told_where_it_is() {
    for (text, finding) in [
        ("sead = 1", "1:1: error: the file has no key `sead`; did you mean `seed`?"),
        ("seed = -1", "1:8: error: `seed` is a whole number from 0 to 18446744073709551615, not -1"),
        ("seed = 'x'", "1:8: error: `seed` is a whole number from 0 to 18446744073709551615, not a string"),
        ("clock = 'fast'", "1:9: error: `fast` is no clock"),
        ("clock = 'scaled:-1'", "1:9: error: `scaled:-1` is no clock"),
        ("preset = 1", "1:10: error: `preset` is true or false, not an integer"),
        ("namespace = ''", "1:13: error: `` cannot be the items' namespace"),
        ("product = { name = 'x' }", "1:11: error: `product` needs `manufacturer`"),
        (
            "security = 'strong'",
            "1:12: error: `security` is \"none\", \"sign\", \"sign-and-encrypt\" or \"best\"",
        ),
        ("[users]\njoe = 1", "2:7: error: `joe` is a text in quotes, not an integer"),
        ("[users]\n'' = 'x'", "2:1: error: a user needs a name"),
        ("allow_anonymous = 'no'", "1:19: error: `allow_anonymous` is true or false"),
        ("allow_anonymous = false", "1:19: error: nobody could log in"),
        ("[limits]\nmessage_size = 1", "2:16: error: `message_size` is a whole number from 8192"),
        (
            "[limits]\nnodes_per_raed = 1",
            "2:1: error: `limits` has no key `nodes_per_raed`; did you mean `nodes_per_read`?",
        ),
        ("[aliases]\na = 'B'", "2:5: error: there is no item `B`"),
        ("item = 1", "1:8: error: items stand below [[item]]"),
        ("[[event]]\nmessage = 'x'", "1:1: error: an event needs `time`"),
    ] {
        let found = wrong(text);
        assert!(found.starts_with(&format!("plant.toml:{finding}")), "{text}\n{found}");
    }
}

#[test]
fn what_is_wrong_with_an_item_is_told_where_it_is() {
    for (text, finding) in [
        ("[[item]]\nvalue = true", "1:1: error: an item needs `id`"),
        ("[[item]]\nid = ''\nvalue = true", "2:6: error: has an empty id"),
        (
            "[[item]]\nid = 'A'\nvalue = true\nwritabel = true",
            "4:1: error: an item has no key `writabel`; did you mean `writable`?",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = true\n[[item]]\nid = 'A'\nvalue = true",
            "5:6: error: the item `A` is there already, in line 2",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Dubble'",
            "3:8: error: an item has no type `Dubble`; did you mean `Double`?",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nrange = [2, 1]",
            "4:9: error: `range` goes from a finite low to a higher value, not from 2 to 1",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nrange = [2]",
            "4:9: error: `range` is the lowest and the highest value",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\naccess = 'reed'",
            "4:10: error: an item has no access `reed`; did you mean `read`?",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nwritable = true\naccess = 'read'",
            "5:10: error: either `access` or `writable`",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Double'\nsignal = { kind = 'sign' }",
            "4:19: error: a signal has no kind `sign`; did you mean `sine`?",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Double'\nsignal = { kind = 'sine', low = 0, high = 1 }",
            "4:10: error: a signal needs `period`",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Double'\nsignal = { kind = 'sine', low = 0, high = 1, period = 5 }",
            "4:55: error: `period` is a time with its unit in quotes, such as \"10s\", not an integer",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Double'\nsignal = { kind = 'sine', low = 0, high = 1, period = '5' }",
            "4:55: error: `period`: `5` is no span of time",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Double'\nsignal = { kind = 'sine', low = 1, high = 0, period = '5s' }",
            "4:10: error: the `low` of its signal, 1, is above `high`, 0",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Byte'\nsignal = { kind = 'ramp', from = 0, to = 300, period = '5s' }",
            "4:10: error: its signal reaches 300",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nhistory = { capacity = 0 }",
            "4:24: error: `capacity` is a whole number from 1",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nhistory = { percent_data_bad = 101 }",
            "4:32: error: `percent_data_bad` is a whole number from 0 to 100, not 101",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nhistory = { percent_data_bad = 10, percent_data_good = 10 }",
            "4:11: error: percent_data_good (10) is below",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nhistory = { computed = true }",
            "4:11: error: only the past of a signal can be computed",
        ),
        (
            "[[item]]\nid = 'A'\ntype = 'Double'\nhistory = { file = 'a.csv' }",
            "4:20: error: cannot read /no/such/folder/a.csv",
        ),
        ("[[item]]\nid = 'A'\nhistory = { file = 'a.csv' }", "3:20: error: say the type of the item"),
        ("[[item]]\nid = 'A'\nhistory = true", "2:6: error: has no initial value, so it needs a `data_type`"),
        (
            "preset = true\n[[item]]\nid = 'Random.Int4'\nvalue = true",
            "3:6: error: the item `Random.Int4` is one of the preset's",
        ),
        ("seed = 1\nseed = 2", "2:1: error: duplicate key"),
    ] {
        let found = wrong(text);
        assert!(found.starts_with(&format!("plant.toml:{finding}")), "{text}\n{found}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_order() {
    let (_, findings) =
        check("zeed = 1\nseed = 'x'\n[[item]]\nid = 'A'\nvalu = 1\ntype = 'Dobule'\nrange = 5\n");
    let lines: Vec<usize> = findings.iter().map(|finding| finding.place.as_ref().unwrap().line).collect();
    assert_eq!(lines, [1, 2, 5, 6, 7]);
}

#[test]
fn what_may_not_be_meant_is_a_warning() {
    for (text, word) in [
        ("", "nothing to show"),
        ("clock = 'manual'\npreset = true", "time stands still"),
        ("[[item]]\nid = 'A'\ntype = 'Double'", "it reads as null for ever"),
        ("[[item]]\nid = 'A'\ntype = 'Double'\nwritable = true", "it reads as null until it is written"),
        ("[[item]]\nid = 'A'\nvalue = 5.0\nrange = [0, 1]", "the value 5 is outside the range 0 to 1"),
        (
            "[[item]]\nid = 'A'\ntype = 'Double'\nrange = [0, 1]\nsignal = { kind = 'sine', low = 0, high = 2, period = '1s' }",
            "the signal goes from 0 to 2",
        ),
        (
            "[[item]]\nid = 'A'\nvalue = 1.0\nsignal = { kind = 'sine', low = 0, high = 2, period = '1s' }",
            "its value is never seen",
        ),
    ] {
        let (config, findings) = check(text);
        assert!(config.is_some() && findings.len() == 1, "{text}: {findings:#?}");
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(findings[0].message.contains(word), "{text}: {}", findings[0]);
    }
}

#[test]
fn settings_are_those_of_the_builder() {
    let text = "\u{feff}seed = 7\nclock = 'scaled:10'\nnamespace = 'urn:plant'\nproduct = { manufacturer = 'M', name = 'N' }\n\
                security = 'best'\nusers = { joe = 'secret' }\nallow_anonymous = true\n\
                [limits]\nnodes_per_read = 5\nsession_timeout = '1m'\n\
                [[item]]\nid = 'A'\nvalue = 1.0\n[aliases]\nX = 'A'\nLine.Y = ['A']\n";
    let (config, findings) = check(text);
    let config = config.unwrap_or_else(|| panic!("{findings:#?}"));
    assert!(!format!("{config:?}").contains("secret"), "a password is nobody else's business");
    assert_eq!((config.security, config.allow_anonymous), (Some(Security::Best), Some(true)));
    let users: Vec<_> = config.users.iter().map(|user| (&*user.name, &*user.password)).collect();
    assert_eq!(users, [("joe", "secret")]);
    assert_eq!((config.seed, config.clock), (Some(7), Some(Clock::Scaled(10.0))));
    assert_eq!(config.namespace.as_deref(), Some("urn:plant"));
    assert_eq!(config.product, Some(("M".into(), "N".into())));
    let limits = config.limits.unwrap();
    assert_eq!((limits.nodes_per_read, limits.session_timeout), (5, Duration::from_secs(60)));
    assert_eq!(config.aliases, [("Line.Y".into(), "A".into()), ("X".into(), "A".into())]);
}
