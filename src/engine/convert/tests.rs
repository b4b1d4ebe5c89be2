use opcua::types::{BinaryDecodable, BinaryEncodable, ContextOwned};
use proptest::prelude::*;

use super::*;
use crate::value::{Array, arbitrary};

/// What the other side gets.
fn over_the_wire<T: BinaryEncodable + BinaryDecodable>(sent: &T) -> T {
    let owned = ContextOwned::default();
    let bytes = sent.encode_to_vec(&owned.context());
    let mut stream = &bytes[..];
    let received = T::decode(&mut stream, &owned.context()).unwrap();
    assert_eq!(stream, [0u8; 0], "bytes left over");
    received
}

proptest! {
    #[test]
    fn values_survive_the_engine_and_the_wire(value in arbitrary::value()) {
        let variant = to_variant(value.clone());
        prop_assert_eq!(&from_variant(variant.clone()), &value);
        prop_assert_eq!(&from_variant(over_the_wire(&variant)), &value);
        // And the engine's value survives ours.
        prop_assert_eq!(to_variant(from_variant(variant.clone())), variant);
    }

    #[test]
    fn node_ids_read_as_the_engine_reads_them(id in arbitrary::node_id()) {
        let engine = to_node_id(id.clone());
        prop_assert_eq!(id.to_string(), engine.to_string());
        prop_assert_eq!(from_node_id(engine), Ok(id.clone()));
        prop_assert_eq!(id.to_string().parse::<NodeId>(), Ok(id));
    }
}

#[test]
fn not_a_number_survives() {
    let array = Value::from(vec![f64::NAN, f64::INFINITY, -0.0]);
    let back: Vec<f64> = from_variant(over_the_wire(&to_variant(array))).get().unwrap();
    assert!(back[0].is_nan() && back[1] == f64::INFINITY && back[2].is_sign_negative());
    assert!(matches!(from_variant(over_the_wire(&Variant::Float(f32::NAN))), Value::Float(v) if v.is_nan()));
}

#[test]
fn nulls_take_the_type_of_their_node() {
    for data_type in [DataType::String, DataType::ByteString, DataType::XmlElement, DataType::QualifiedName] {
        let null = Value::Null.convert(data_type).unwrap();
        assert!(null.is_null());
        assert_eq!((null.data_type(), null.to_string()), (data_type, "null".into()));
        assert_eq!(null.clone().get::<Option<String>>(), Ok(None));
        let variant = to_variant(null);
        assert_eq!(variant_type(&variant), data_type);
        assert_eq!(from_variant(over_the_wire(&variant)), Value::Null, "{data_type}");
    }
    assert_eq!(Value::Null.convert(DataType::LocalizedText), Ok(LocalizedText::default().into()));
    let structure = Value::Null.convert(DataType::Structure).unwrap();
    assert!(structure.is_null());
    assert_eq!(structure.convert(DataType::String).unwrap().data_type(), DataType::String);
    assert_eq!(to_variant(Value::Null.convert(DataType::Variant).unwrap()), Variant::Empty);
    let array = Array::new(DataType::Variant, vec!["a".into(), Value::Null]).unwrap();
    assert_eq!(Value::from(array).convert(DataType::String), Ok(vec![Some("a"), None].into()));
}

#[test]
fn empty_and_null_are_different_texts_and_bytes() {
    let texts = Value::from(vec![Some("a"), Some(""), None]);
    assert_eq!(from_variant(over_the_wire(&to_variant(texts.clone()))), texts);
    assert_eq!(from_variant(Variant::ByteString(Vec::new().into())), Value::ByteString(Vec::new()));
    assert_eq!(from_variant(Variant::String("".into())), Value::from(""));
}

#[test]
fn structures_come_back_as_they_were() {
    let range = ua::Range { low: 1.0, high: 2.0 };
    let object = Variant::ExtensionObject(ua::ExtensionObject::new(range));
    let value = from_variant(object.clone());
    assert_eq!(value.data_type(), DataType::Structure);
    assert_eq!(value.to_string(), r#"{"type":"i=886","body":"AAAAAAAA8D8AAAAAAAAAQA=="}"#);
    assert_eq!(to_variant(value.clone()), object);
    let array = Value::from(vec![value.clone(), value]);
    assert_eq!(array.type_text(), "Structure[2]");
    assert_eq!(from_variant(over_the_wire(&to_variant(array.clone()))), array);
}

#[test]
fn structures_of_unknown_types_come_back_as_they_were() {
    // A node id, "binary body follows", five bytes.
    let body = [22, 1, 7, 0x39, 0x30, 1, 5, 0, 0, 0, 1, 2, 3, 4, 5];
    let owned = ContextOwned::default();
    let variant = Variant::decode(&mut &body[..], &owned.context()).unwrap();
    let value = from_variant(variant);
    assert_eq!(value.to_string(), r#"{"type":"ns=7;i=12345","body":"AQIDBAU="}"#);
    assert_eq!(to_variant(value).encode_to_vec(&owned.context()), body);
}

#[test]
fn what_has_no_type_of_ours_is_opaque_and_unchanged() {
    let odd = [
        Variant::DataValue(Box::new(ua::DataValue::new_now(1i32))),
        Variant::Variant(Box::new(Variant::Int32(1))),
        Variant::DiagnosticInfo(Box::default()),
        Variant::NodeId(Box::new(ua::NodeId::new(1, ua::UAString::null()))),
        Variant::QualifiedName(Box::new(ua::QualifiedName::new(1, ua::UAString::null()))),
        // Dimensions that contradict the length.
        Variant::Array(Box::new(ua::Array {
            value_type: ua::VariantScalarTypeId::Int32,
            values: vec![Variant::Int32(1)],
            dimensions: Some(vec![2, 2]),
        })),
        // Elements that contradict the type.
        Variant::Array(Box::new(ua::Array {
            value_type: ua::VariantScalarTypeId::Int32,
            values: vec![Variant::Double(1.0)],
            dimensions: None,
        })),
    ];
    for variant in odd {
        let value = from_variant(variant.clone());
        assert!(matches!(value, Value::Opaque(_)), "{value:?}");
        assert_eq!(to_variant(value), variant);
    }
}

#[test]
fn empty_arrays_keep_their_type_and_have_no_dimensions_on_the_wire() {
    let empty = to_variant(Value::from(Vec::<f64>::new()));
    assert!(matches!(&empty, Variant::Array(array) if array.dimensions.is_none()));
    // As the engine decodes them.
    let decoded = over_the_wire(&empty);
    assert!(matches!(&decoded, Variant::Array(array) if array.dimensions.as_deref() == Some(&[])));
    assert_eq!(from_variant(decoded), Value::from(Vec::<f64>::new()));
    let bytes: Array = from_variant(to_variant(Value::from(Vec::<u8>::new()))).get().unwrap();
    assert_eq!(bytes.element_type(), DataType::Byte);
}

#[test]
fn the_end_of_time_stays_the_end_of_time() {
    let end = over_the_wire(&Variant::DateTime(Box::new(ua::DateTime::from(i64::MAX))));
    let value = from_variant(end);
    assert_eq!(value.to_string(), "9999-12-31T23:59:59Z");
    let owned = ContextOwned::default();
    assert_eq!(to_variant(value).encode_to_vec(&owned.context())[1..], i64::MAX.to_le_bytes());
}

#[test]
fn samples_have_no_null_times_and_no_missing_status() {
    let time = "2026-01-31T12:00:00.1234567Z".parse().unwrap();
    let empty =
        ua::DataValue { status: None, source_timestamp: Some(ua::DateTime::null()), ..ua::DataValue::null() };
    assert_eq!(sample(empty), Sample::status(Status::GOOD));

    let bad = Status::named("BadNoCommunication").unwrap();
    let sent = ua::DataValue {
        value: Some(to_variant(Value::Int32(1))),
        status: Some(to_status(bad)),
        source_timestamp: Some(to_date_time(time)),
        ..ua::DataValue::null()
    };
    let expected = Sample { value: Value::Int32(1), status: bad, source_time: Some(time), server_time: None };
    assert_eq!(sample(over_the_wire(&sent)), expected);
}

#[test]
fn guids_are_written_in_the_same_order_as_the_engine_writes_them() {
    let text = "72962b91-fa75-4ae6-8d28-b404dc7daf63";
    let engine = Variant::Guid(Box::new(text.parse().unwrap()));
    assert_eq!(from_variant(engine).to_string(), text);
}
