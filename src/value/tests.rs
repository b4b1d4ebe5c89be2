use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NUMBERS: [DataType; 10] = [
    DataType::SByte,
    DataType::Byte,
    DataType::Int16,
    DataType::UInt16,
    DataType::Int32,
    DataType::UInt32,
    DataType::Int64,
    DataType::UInt64,
    DataType::Float,
    DataType::Double,
];

/// The number as an integer, where it is one; every finite float below 2^100 is looked at digit by digit.
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Float(v) => integer(&Value::Double((*v).into())),
        Value::Double(v) if v.is_finite() && v.abs() < 1e30 => format!("{v:.20}")
            .split_once('.')
            .filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0') && v.fract() == 0.0)
            .map(|(integer, _)| integer.parse().unwrap()),
        Value::Double(_) => None,
        other => other.to_string().parse().ok(),
    }
}

fn range(data_type: DataType) -> std::ops::RangeInclusive<i128> {
    let bits = match data_type {
        DataType::SByte | DataType::Byte => 8,
        DataType::Int16 | DataType::UInt16 => 16,
        DataType::Int32 | DataType::UInt32 => 32,
        _ => 64,
    };
    match data_type {
        DataType::Byte | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => 0..=(1 << bits) - 1,
        _ => -(1 << (bits - 1))..=(1 << (bits - 1)) - 1,
    }
}

/// Whether the number fits, reasoned about without converting it: by the bits it needs.
fn fits(value: &Value, to: DataType) -> bool {
    let significant = |bits: u32| {
        integer(value).map(|v| {
            let v = v.unsigned_abs();
            v == 0 || 128 - v.leading_zeros() - v.trailing_zeros() <= bits
        })
    };
    match (value, to) {
        (Value::Float(_) | Value::Double(_), DataType::Double) | (Value::Float(_), DataType::Float) => true,
        (Value::Double(v), DataType::Float) => {
            // 29 bits of the fraction are cut off; small numbers lose more, down to nothing.
            let exponent = i64::try_from((v.to_bits() >> 52) & 0x7FF).unwrap() - 1023;
            let cut = 29 + (-126 - exponent).clamp(0, 24);
            *v == 0.0
                || v.is_infinite()
                || ((-149..=127).contains(&exponent) && (v.to_bits() | 1 << 52) & ((1 << cut) - 1) == 0)
        }
        (_, DataType::Double) => significant(53).unwrap(),
        (_, DataType::Float) => significant(24).unwrap(),
        _ => integer(value).is_some_and(|v| range(to).contains(&v)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn numbers_convert_exactly_or_not_at_all(value in arbitrary::number()) {
        for to in NUMBERS {
            match value.clone().convert(to) {
                Ok(converted) => {
                    prop_assert!(fits(&value, to), "{value:?} became {converted:?}");
                    prop_assert_eq!(converted.data_type(), to);
                    prop_assert_eq!(integer(&converted), integer(&value));
                    // What went there exactly comes back exactly.
                    prop_assert_eq!(converted.convert(value.data_type()), Ok(value.clone()));
                }
                Err(error) => prop_assert!(!fits(&value, to), "{}", error),
            }
        }
    }
}

proptest! {
    #[test]
    fn arrays_convert_as_their_elements_do(values in proptest::collection::vec(arbitrary::number(), 1..5)) {
        let array = Array::new(DataType::Variant, values.clone()).unwrap();
        for to in NUMBERS {
            let one_by_one: Result<Vec<Value>, _> = values.iter().map(|value| value.clone().convert(to)).collect();
            match Value::from(array.clone()).convert(to) {
                Ok(converted) => prop_assert_eq!(converted, Array::new(to, one_by_one.unwrap()).unwrap().into()),
                Err(error) => {
                    let first = values.iter().position(|value| value.clone().convert(to).is_err());
                    prop_assert_eq!(error.path(), &[first.unwrap()]);
                    prop_assert_eq!(error.reason(), one_by_one.unwrap_err().reason());
                }
            }
        }
    }

    #[test]
    fn printed_values_read_back(value in arbitrary::scalar()) {
        // A language is not printed, and neither are the info bits of a status.
        if !matches!(value.data_type(), DataType::LocalizedText | DataType::StatusCode) {
            prop_assert_eq!(Value::parse(&value.to_string(), value.data_type()), Ok(value));
        }
    }

    #[test]
    fn printed_arrays_read_back(array in arbitrary::array()) {
        let element = array.element_type();
        if !matches!(element, DataType::LocalizedText | DataType::StatusCode | DataType::Variant) {
            let text = array.to_string();
            prop_assert_eq!(Value::parse_array(&text, element), Ok(array.into()), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), brackets in "[\\[\\], 1\"]{0,20}") {
        for data_type in DataType::ALL {
            let _ = Value::parse(&text, *data_type);
            let _ = Value::parse_array(&text, *data_type);
            let _ = Value::parse_array(&brackets, *data_type);
        }
    }

    #[test]
    fn every_value_is_json(value in arbitrary::value()) {
        serde_json::to_string(&value).unwrap();
    }
}

#[test]
fn values_stay_small() {
    assert!(size_of::<Value>() <= 40, "{}", size_of::<Value>());
}

#[test]
fn errors_say_what_and_why() {
    let cases: [(Value, DataType, &str); 12] = [
        (1.5.into(), DataType::Int32, "Double is not Int32: 1.5 has a fraction"),
        (f64::NAN.into(), DataType::Int32, "Double is not Int32: NaN is outside -2147483648..=2147483647"),
        ((-1).into(), DataType::Byte, "Int32 is not Byte: -1 is outside 0..=255"),
        (u64::MAX.into(), DataType::Double, "UInt64 is not Double: 18446744073709551615 has no exact Double"),
        (0.1.into(), DataType::Float, "Double is not Float: 0.1 has no exact Float"),
        (1e300.into(), DataType::Float, "Double is not Float: 1e300 is outside -3.4028235e38..=3.4028235e38"),
        ("1".into(), DataType::Int32, "String is not Int32"),
        (1.into(), DataType::String, "Int32 is not String"),
        (true.into(), DataType::Int32, "Boolean is not Int32"),
        (1.into(), DataType::Boolean, "Int32 is not Boolean"),
        (Value::Null, DataType::Double, "Null is not Double"),
        (vec![1.0, 1.5].into(), DataType::Int32, "element [1]: Double is not Int32: 1.5 has a fraction"),
    ];
    for (value, to, message) in cases {
        assert_eq!(value.convert(to).unwrap_err().to_string(), message);
    }
    let error = Value::from(vec![1, 2, 3]).get::<[i32; 2]>().unwrap_err();
    assert_eq!(error.to_string(), "Int32[3] is not [i32; 2]: 3 elements where 2 are needed");
    assert_eq!(error.reason(), ConvertReason::Length { expected: 2, got: 3 });
    let error = Array::matrix([2, 2], vec![1.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "Double[3] is not Double[2][2]: 3 elements where 4 are needed");
    let error = Value::from(vec![vec![1, 2], vec![3, 400]]).get::<Vec<Vec<u8>>>().unwrap_err();
    assert_eq!(error.to_string(), "element [1][1]: Int32 is not u8: 400 is outside 0..=255");
}

#[test]
fn text_converts_to_text_only() {
    let text = || Value::from("2:Boiler");
    assert_eq!(text().convert(DataType::XmlElement), Ok(Value::XmlElement("2:Boiler".into())));
    assert_eq!(text().convert(DataType::LocalizedText), Ok(LocalizedText::new("2:Boiler").into()));
    assert_eq!(text().convert(DataType::QualifiedName), Ok(QualifiedName::new(2, "Boiler").into()));
    for to in
        [DataType::DateTime, DataType::Guid, DataType::NodeId, DataType::ByteString, DataType::StatusCode]
    {
        assert_eq!(text().convert(to).unwrap_err().reason(), ConvertReason::WrongType, "{to}");
    }
    assert_eq!(Value::from(LocalizedText::new("a")).convert(DataType::String), Ok("a".into()));
    let english = Value::from(LocalizedText::with_locale("en", "a"));
    assert_eq!(english.clone().convert(DataType::String).unwrap_err().reason(), ConvertReason::Inexact);
    assert_eq!(english.get::<String>(), Ok("a".into()));
}

#[test]
fn bytes_are_a_byte_string_or_an_array() {
    let (array, string) = (Value::from(vec![1u8, 2]), Value::ByteString(vec![1, 2]));
    assert_eq!(array.clone().convert(DataType::ByteString), Ok(string.clone()));
    assert_eq!(string.clone().convert(DataType::Byte), Ok(array.clone()));
    assert_eq!(array.get::<Vec<u8>>(), string.clone().get::<Vec<u8>>());
    assert_eq!(string.clone().get::<Vec<i32>>().unwrap_err().to_string(), "ByteString is not Vec<i32>");
    assert_eq!(string.get::<[u8; 2]>(), Ok([1, 2]));
    assert_eq!(Value::Guid([7; 16]).get::<[u8; 16]>(), Ok([7; 16]));
    assert!(Value::Guid([7; 16]).get::<[i8; 16]>().is_err());
}

#[test]
fn times_outside_of_opc_ua_are_not_sent() {
    let old: DateTime<Utc> = "1600-12-31T23:59:59Z".parse().unwrap();
    for to in [DataType::DateTime, DataType::Variant] {
        assert_eq!(Value::from(old).convert(to).unwrap_err().reason(), ConvertReason::OutOfRange);
        assert_eq!(Value::from(vec![old]).convert(to).unwrap_err().path(), [0]);
        assert!(Value::from(DateTime::<Utc>::MAX_UTC).convert(to).is_err());
        assert!(Value::from(Utc::now()).convert(to).is_ok());
    }
}

#[test]
fn null_fits_what_has_a_null() {
    for to in DataType::ALL {
        let fits = matches!(
            to,
            DataType::Null
                | DataType::String
                | DataType::ByteString
                | DataType::XmlElement
                | DataType::QualifiedName
                | DataType::LocalizedText
                | DataType::Structure
                | DataType::Variant
        );
        assert_eq!(Value::Null.convert(*to).is_ok(), fits, "{to}");
    }
    assert_eq!(Value::Null.get::<Option<f64>>(), Ok(None));
    assert_eq!(Value::Null.get::<f64>().unwrap_err().reason(), ConvertReason::Null);
}

#[test]
fn spaces_behind_a_text_identifier_are_part_of_it() {
    let read = |text| Value::parse(text, DataType::NodeId);
    assert_eq!(read(" ns=2;s=a "), Ok(NodeId::string(2, "a ").into()));
    assert_eq!(read("s= "), Ok(NodeId::string(0, " ").into()));
    assert_eq!(read(" i=85 "), Ok(NodeId::numeric(0, 85).into()));
}

#[test]
fn node_ids_are_expanded_and_local_ones_are_not() {
    let id = NodeId::string(2, "a");
    let expanded = ExpandedNodeId::from(id.clone());
    assert_eq!(Value::from(id.clone()).convert(DataType::ExpandedNodeId), Ok(expanded.clone().into()));
    assert_eq!(Value::from(expanded.clone()).convert(DataType::NodeId), Ok(id.into()));
    let far = ExpandedNodeId { server_index: 1, ..expanded };
    assert_eq!(
        Value::from(far).get::<NodeId>().unwrap_err().to_string(),
        "ExpandedNodeId is not NodeId: svr=1;ns=2;s=a needs a server or namespace table"
    );
}

#[test]
fn rows_make_matrices_and_ragged_rows_do_not_lose_anything() {
    let matrix = Value::from(vec![vec![1, 2, 3], vec![4, 5, 6]]);
    assert_eq!(matrix.type_text(), "Int32[2][3]");
    assert_eq!(matrix.clone().convert(DataType::Double).unwrap().dimensions(), [2, 3]);
    assert!(matrix.get::<Vec<i32>>().is_err());
    let cube = Value::from(vec![vec![vec![1u8; 4]; 3]; 2]);
    assert_eq!(cube.type_text(), "Byte[2][3][4]");
    assert_eq!(cube.get::<Vec<Vec<Vec<u8>>>>(), Ok(vec![vec![vec![1; 4]; 3]; 2]));
    let ragged = vec![vec![1, 2], vec![3]];
    let value = Value::from(ragged.clone());
    assert_eq!(value.type_text(), "Variant[2]");
    assert_eq!(value.get::<Vec<Vec<i32>>>(), Ok(ragged));
    assert_eq!(Value::from(Vec::<Vec<f64>>::new()).data_type(), DataType::Double);
}

#[test]
fn arrays_hold_one_type() {
    let error = Array::new(DataType::Int32, vec![1.into(), 2u8.into()]).unwrap_err();
    assert_eq!(error.to_string(), "element [1]: Byte is not Int32");
    assert!(Array::new(DataType::Int32, vec![Value::Null]).is_err());
    assert!(Array::new(DataType::String, vec![Value::Null]).is_ok());
    assert_eq!(Array::new(DataType::Null, vec![]).unwrap().element_type(), DataType::Variant);
    assert_eq!(Value::from(vec![Value::from("a"), Value::Null]).type_text(), "String[2]");
    assert_eq!(Value::from(vec![Value::from(1), Value::Null]).type_text(), "Variant[2]");
    assert!(Array::matrix([2, 0], Vec::<f64>::new()).is_err());
    assert!(Array::matrix([u32::MAX, u32::MAX, 4], vec![1.0]).is_err());
    let shared = Array::from(vec![1.0, 2.0]);
    assert_eq!(shared.clone().into_iter().collect::<Vec<_>>(), shared.iter().collect::<Vec<_>>());
}

/// Every type: as JSON and as text.
#[test]
fn every_type_as_json_and_as_text() {
    let time: DateTime<Utc> = "2026-01-31T12:00:00.5Z".parse().unwrap();
    let guid = *b"\x72\x96\x2b\x91\xfa\x75\x4a\xe6\x8d\x28\xb4\x04\xdc\x7d\xaf\x63";
    let cases: Vec<(Value, serde_json::Value, &str)> = vec![
        (Value::Null, json!(null), "null"),
        (true.into(), json!(true), "true"),
        ((-8i8).into(), json!(-8), "-8"),
        (8u8.into(), json!(8), "8"),
        (i16::MIN.into(), json!(-32768), "-32768"),
        (u16::MAX.into(), json!(65535), "65535"),
        (i32::MIN.into(), json!(i32::MIN), "-2147483648"),
        (u32::MAX.into(), json!(u32::MAX), "4294967295"),
        (i64::MIN.into(), json!(i64::MIN), "-9223372036854775808"),
        (u64::MAX.into(), json!(u64::MAX), "18446744073709551615"),
        (0.1f32.into(), json!(0.1), "0.1"),
        (0.1f64.into(), json!(0.1), "0.1"),
        (1e300.into(), json!(1e300), "1e300"),
        (f64::NAN.into(), json!("NaN"), "NaN"),
        (f32::INFINITY.into(), json!("Infinity"), "Infinity"),
        (f64::NEG_INFINITY.into(), json!("-Infinity"), "-Infinity"),
        ("ä\n".into(), json!("ä\n"), "ä\n"),
        (time.into(), json!("2026-01-31T12:00:00.500Z"), "2026-01-31T12:00:00.500Z"),
        (
            Value::Guid(guid),
            json!("72962b91-fa75-4ae6-8d28-b404dc7daf63"),
            "72962b91-fa75-4ae6-8d28-b404dc7daf63",
        ),
        (Value::ByteString(vec![1, 2, 3]), json!("AQID"), "AQID"),
        (Value::XmlElement("<a/>".into()), json!("<a/>"), "<a/>"),
        (NodeId::string(2, "a").into(), json!("ns=2;s=a"), "ns=2;s=a"),
        (
            ExpandedNodeId {
                server_index: 1,
                namespace_uri: Some("urn:a;b".into()),
                node: NodeId::numeric(0, 7),
            }
            .into(),
            json!("svr=1;nsu=urn:a%3Bb;i=7"),
            "svr=1;nsu=urn:a%3Bb;i=7",
        ),
        (Status::named("BadOutOfService").unwrap().into(), json!("BadOutOfService"), "BadOutOfService"),
        (QualifiedName::new(1, "name").into(), json!("1:name"), "1:name"),
        (LocalizedText::with_locale("en", "text").into(), json!("text"), "text"),
        (vec![1, 2].into(), json!([1, 2]), "[1, 2]"),
        (vec![Some("a\"b"), None].into(), json!(["a\"b", null]), "[\"a\\\"b\", null]"),
        (
            vec![vec![1.5, 2.0], vec![f64::NAN, 4.0]].into(),
            json!([[1.5, 2.0], ["NaN", 4.0]]),
            "[[1.5, 2], [NaN, 4]]",
        ),
        (Vec::<i32>::new().into(), json!([]), "[]"),
    ];
    for (value, expected, text) in cases {
        assert_eq!(serde_json::to_string(&value).unwrap(), expected.to_string(), "{value:?}");
        assert_eq!(serde_json::to_value(&value).unwrap(), expected);
        assert_eq!(value.to_string(), text);
    }
}

#[test]
fn width_and_precision_work_as_for_numbers() {
    assert_eq!(
        format!(
            "{:.2}|{:8}|{:<8}|{:08}",
            Value::from(1.239),
            Value::from(1.5),
            Value::from(2),
            Value::from(-1.5)
        ),
        "1.24|     1.5|2       |-00001.5"
    );
    assert_eq!(format!("{:6}|{:>6}", Value::from("ab"), Value::Null), "ab    |  null");
}

#[test]
fn text_for_the_command_line() {
    let parse = |text, data_type| Value::parse(text, data_type);
    assert_eq!(parse(" -0x80 ", DataType::SByte), Ok(Value::SByte(-128)));
    assert_eq!(parse("+7", DataType::UInt64), Ok(Value::UInt64(7)));
    assert_eq!(parse("1", DataType::Boolean), Ok(Value::Boolean(true)));
    assert_eq!(parse("False", DataType::Boolean), Ok(Value::Boolean(false)));
    assert_eq!(parse("-Infinity", DataType::Float), Ok(Value::Float(f32::NEG_INFINITY)));
    assert_eq!(
        parse("2026-01-31T13:00:00+01:00", DataType::DateTime).unwrap().to_string(),
        "2026-01-31T12:00:00Z"
    );
    assert_eq!(parse("0x80340000", DataType::StatusCode).unwrap().to_string(), "BadNodeIdUnknown");
    for (text, data_type) in [
        ("--1", DataType::Int32),
        ("+-1", DataType::Int32),
        ("0x", DataType::Int32),
        ("0x-1", DataType::Int32),
        ("1.0", DataType::Int32),
        ("", DataType::Int32),
        ("", DataType::Double),
        ("yes", DataType::Boolean),
        ("2026-01-31", DataType::DateTime),
        ("Invalid", DataType::StatusCode),
        ("a", DataType::ByteString),
        ("1", DataType::Structure),
        ("99999999999999999999999999999999999999999", DataType::UInt64),
    ] {
        assert!(parse(text, data_type).is_err(), "{text} as {data_type}");
    }
    for text in [
        "",
        "1",
        "[1",
        "[1]]",
        "[,]",
        "[1,]",
        "[1, [2]]",
        "[[1], 2]",
        "[[1], [[2]]]",
        "[[1], [2, 3]]",
        "[[]]",
        "[\"1]",
    ] {
        assert!(Value::parse_array(text, DataType::Int32).is_err(), "{text}");
    }
    assert!(Value::parse_array(&"[".repeat(100_000), DataType::Int32).is_err());
    assert_eq!(Value::parse_array("[1, x]", DataType::Int32).unwrap_err().path(), [1]);
}

#[test]
fn lossy_says_so() {
    assert_eq!(Value::from(u64::MAX).to_f64_lossy(), Some(18_446_744_073_709_551_616.0));
    assert_eq!(Value::from(true).to_f64_lossy(), Some(1.0));
    assert_eq!(Value::from("1").to_f64_lossy(), None);
}
