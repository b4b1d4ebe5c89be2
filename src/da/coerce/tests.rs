use proptest::prelude::*;

use super::*;
use crate::value::arbitrary;
use crate::{LocalizedText, NodeId, Status};

fn time(text: &str) -> Value {
    Value::DateTime(text.parse().unwrap())
}

#[test]
fn single_values_are_converted_as_com_did() {
    use DataType as T;
    use Value as V;
    for (value, expected) in [
        // Halves go to the even number.
        (V::Double(0.5), V::Int32(0)),
        (V::Double(1.5), V::Int32(2)),
        (V::Double(2.5), V::Int32(2)),
        (V::Double(-2.5), V::Int16(-2)),
        (V::Double(-3.5), V::SByte(-4)),
        (V::Float(254.6), V::Byte(255)),
        (V::Double(-0.4), V::UInt64(0)),
        (V::Double(255.5), V::UInt16(256)),
        (V::UInt32(7), V::Int16(7)),
        (V::Int64(-1), V::SByte(-1)),
        // Decimal text.
        (V::Float(0.1), V::Double(0.1)),
        (V::Float(16_777_216.0), V::Double(16_777_216.0)),
        (V::Float(f32::MAX), V::Double(3.402_823_5e38)),
        (V::Float(f32::INFINITY), V::Double(f64::INFINITY)),
        (V::Double(0.1), V::Float(0.1)),
        (V::Double(f64::NEG_INFINITY), V::Float(f32::NEG_INFINITY)),
        (V::Int64(i64::MAX), V::Double(2f64.powi(63))),
        (V::UInt32(u32::MAX), V::Float(4_294_967_300.0)),
        // Boolean.
        (V::Boolean(true), V::Int32(-1)),
        (V::Boolean(true), V::SByte(-1)),
        (V::Boolean(true), V::Byte(255)),
        (V::Boolean(true), V::UInt16(65_535)),
        (V::Boolean(true), V::UInt32(u32::MAX)),
        (V::Boolean(true), V::UInt64(u64::MAX)),
        (V::Boolean(true), V::Double(-1.0)),
        (V::Boolean(false), V::Float(0.0)),
        (V::Int32(-7), V::Boolean(true)),
        (V::UInt64(0), V::Boolean(false)),
        (V::Double(0.1), V::Boolean(true)),
        (V::Double(-0.0), V::Boolean(false)),
        (V::from("TRUE"), V::Boolean(true)),
        (V::from(" false "), V::Boolean(false)),
        (V::from("#TRUE#"), V::Boolean(true)),
        (V::from("#False#"), V::Boolean(false)),
        (V::from("-1"), V::Boolean(true)),
        (V::from("0.0"), V::Boolean(false)),
        (time("1899-12-30T00:00:00Z"), V::Boolean(false)),
        (time("1899-12-30T00:00:01Z"), V::Boolean(true)),
        // Text.
        (V::from(" 42 "), V::Byte(42)),
        (V::from("2.5"), V::Int32(2)),
        (V::from("-1.5e3"), V::Int16(-1500)),
        (V::from("&H1F"), V::UInt16(31)),
        (V::from("&o17"), V::Int32(15)),
        (V::from("18446744073709551615"), V::UInt64(u64::MAX)),
        (V::from("0.1"), V::Double(0.1)),
        (V::from("1e40"), V::Double(1e40)),
        (V::Boolean(true), V::from("True")),
        (V::Boolean(false), V::from("False")),
        (V::Float(0.1), V::from("0.1")),
        (V::Double(-2.0), V::from("-2")),
        (V::UInt64(u64::MAX), V::from("18446744073709551615")),
        (time("2026-01-31T12:00:00Z"), V::from("2026-01-31 12:00:00")),
        (V::from(LocalizedText::new("12")), V::Int32(12)),
        (V::XmlElement("True".into()), V::Boolean(true)),
        (V::from("Pump"), V::from(LocalizedText::new("Pump"))),
        (V::Int32(5), V::from(LocalizedText::new("5"))),
        (V::from(LocalizedText::with_locale("en", "Pump")), V::from("Pump")),
        (V::from("ns=2;s=Pump"), V::NodeId(NodeId::string(2, "Pump"))),
        (V::NodeId(NodeId::string(2, "Pump")), V::from("ns=2;s=Pump")),
        (V::from("BadTimeout"), V::StatusCode(Status::from_bits(0x800A_0000))),
        // Dates.
        (V::from("2026-01-31 12:00"), time("2026-01-31T12:00:00Z")),
        (V::from("2026-01-31T12:00:00+01:00"), time("2026-01-31T11:00:00Z")),
        (V::Double(46_053.5), time("2026-01-31T12:00:00Z")),
        (V::Int32(25_569), time("1970-01-01T00:00:00Z")),
        (time("2026-01-31T12:00:00Z"), V::Double(46_053.5)),
        (time("2026-01-31T12:00:00Z"), V::Int32(46_054)),
        // `StatusCode` is a `VT_UI4`.
        (V::StatusCode(Status::from_bits(0x800A_0000)), V::UInt32(0x800A_0000)),
        (V::Int32(0), V::StatusCode(Status::GOOD)),
    ] {
        let to = expected.data_type();
        assert_eq!(coerce_lossy(value.clone(), to, false), Ok(expected), "{value:?}");
    }
    assert_eq!(coerce_lossy(V::Int32(1), T::Variant, false), Ok(V::Int32(1)));
    assert_eq!(coerce_lossy(vec![1].into(), T::Variant, false), Ok(vec![1].into()));
}

#[test]
fn refusals_have_the_codes_of_com() {
    use DataType as T;
    use HResult as H;
    use Value as V;
    for (value, to, array, code) in [
        (V::Int32(300), T::Byte, false, H::DISP_E_OVERFLOW),
        (V::Int32(-1), T::Byte, false, H::DISP_E_OVERFLOW),
        (V::Double(255.5), T::Byte, false, H::DISP_E_OVERFLOW),
        (V::Double(f64::NAN), T::Int32, false, H::DISP_E_OVERFLOW),
        (V::Double(1e300), T::UInt64, false, H::DISP_E_OVERFLOW),
        (V::Double(1e300), T::Float, false, H::DISP_E_OVERFLOW),
        (V::from("256"), T::Byte, false, H::DISP_E_OVERFLOW),
        (V::from("yesterday"), T::DateTime, false, H::DISP_E_OVERFLOW),
        (V::from("NOW-1H"), T::DateTime, false, H::DISP_E_OVERFLOW),
        (V::Double(1e9), T::DateTime, false, H::DISP_E_OVERFLOW),
        // COM's range is wider than OPC UA's.
        (V::Double(-500_000.0), T::DateTime, false, H::DISP_E_OVERFLOW),
        (V::from("1600-01-01"), T::DateTime, false, H::DISP_E_OVERFLOW),
        // Only the sign is in the way.
        (V::SByte(-1), T::Byte, false, H::OPC_E_RANGE),
        (V::UInt16(40_000), T::Int16, false, H::OPC_E_RANGE),
        (V::Int32(-1), T::UInt32, false, H::OPC_E_RANGE),
        (V::UInt64(u64::MAX), T::Int64, false, H::OPC_E_RANGE),
        (V::Int16(-1), T::UInt32, false, H::DISP_E_OVERFLOW),
        (V::from("twelve"), T::Int32, false, H::DISP_E_TYPEMISMATCH),
        (V::from(""), T::Double, false, H::DISP_E_TYPEMISMATCH),
        (V::from("nan"), T::Double, false, H::DISP_E_TYPEMISMATCH),
        (V::from("1,5"), T::Double, false, H::DISP_E_TYPEMISMATCH),
        (V::from("&H"), T::Int32, false, H::DISP_E_TYPEMISMATCH),
        (V::from("&H+1"), T::Int32, false, H::DISP_E_TYPEMISMATCH),
        (V::from("&é"), T::Int32, false, H::DISP_E_TYPEMISMATCH),
        (V::from("perhaps"), T::Boolean, false, H::DISP_E_TYPEMISMATCH),
        (V::from("ns=x"), T::NodeId, false, H::DISP_E_TYPEMISMATCH),
        (V::from("Fine"), T::StatusCode, false, H::DISP_E_TYPEMISMATCH),
        (V::Guid([0; 16]), T::Int32, false, H::DISP_E_TYPEMISMATCH),
        (V::Int32(1), T::Structure, false, H::DISP_E_TYPEMISMATCH),
        (V::Null, T::Int32, false, H::OPC_E_BADTYPE),
        (V::Null, T::Variant, false, H::OPC_E_BADTYPE),
        (V::Int32(1), T::Int32, true, H::OPC_E_BADTYPE),
        (V::from("{1 | 2}"), T::Int32, true, H::OPC_E_BADTYPE),
        (V::from("abc"), T::ByteString, false, H::OPC_E_BADTYPE),
        (vec![1, 2].into(), T::Int32, false, H::OPC_E_BADTYPE),
        (V::ByteString(vec![1]), T::Byte, false, H::OPC_E_BADTYPE),
        // Whatever is wrong with an element.
        (vec!["1", "x"].into(), T::Int32, true, H::DISP_E_OVERFLOW),
        (vec![-1i32].into(), T::UInt32, true, H::DISP_E_OVERFLOW),
    ] {
        let error = coerce_lossy(value.clone(), to, array).unwrap_err();
        assert_eq!(error.code(), code, "{value:?} {to}: {error}");
        assert!(error.to_string().ends_with(&format!("({})", code.name().unwrap())));
    }
}

#[test]
fn arrays_are_converted_element_by_element() {
    let coerce = |value: Value, to| coerce_lossy(value, to, true);
    assert_eq!(coerce(vec![0.5, 1.5].into(), DataType::Int16), Ok(vec![0i16, 2].into()));
    assert_eq!(coerce(vec!["1", "True"].into(), DataType::Boolean), Ok(vec![true, true].into()));
    assert_eq!(coerce(vec![1, 2].into(), DataType::String), Ok(vec!["1", "2"].into()));
    assert_eq!(coerce(Vec::<f64>::new().into(), DataType::Byte), Ok(Vec::<u8>::new().into()));
    assert_eq!(coerce(Value::ByteString(vec![1, 2]), DataType::Byte), Ok(vec![1u8, 2].into()));
    let bytes = coerce_lossy(vec![1u8, 2].into(), DataType::ByteString, false);
    assert_eq!(bytes, Ok(Value::ByteString(vec![1, 2])));
    let matrix = Array::matrix([2, 2], vec![0.4, 1.6, 2.5, 3.5]).unwrap();
    let rounded = Array::matrix([2, 2], vec![0i32, 2, 2, 4]).unwrap();
    assert_eq!(coerce(matrix.clone().into(), DataType::Int32), Ok(rounded.into()));
    let error = coerce(vec!["1", "x"].into(), DataType::Int32).unwrap_err();
    assert_eq!(error.clone().into_inner().path(), [1]);
    assert_eq!(
        error.to_string(),
        "element [1]: String is not Int32: the text is not a number (DISP_E_OVERFLOW)"
    );
    for (value, text) in [
        (Value::from(vec![1, 2, 3]), "{1 | 2 | 3}"),
        (Value::from(vec![true, false]), "{True | False}"),
        (Value::from(vec!["a", "b c"]), "{a | b c}"),
        (Value::from(Vec::<i32>::new()), "{}"),
        (Value::from(matrix), "{0.4 | 1.6 | 2.5 | 3.5}"),
        (Value::ByteString(vec![1, 255]), "{1 | 255}"),
    ] {
        assert_eq!(coerce_lossy(value, DataType::String, false), Ok(Value::from(text)));
    }
}

#[test]
fn every_type_of_da_is_a_target() {
    for kind in VarType::ALL {
        let (one, many) = (Value::Boolean(true), Value::from(vec![true]));
        let results = [coerce_lossy_to(one.clone(), *kind), coerce_lossy_to(many.clone(), kind.array())];
        match kind.data_type() {
            None => {
                for result in results {
                    let error = result.unwrap_err();
                    assert_eq!(error.code(), HResult::OPC_E_BADTYPE, "{kind}");
                    assert!(error.to_string().contains("OPC UA has no such type"), "{error}");
                }
            }
            Some(DataType::Variant) => {
                assert_eq!(results[0], Ok(one));
                assert_eq!(
                    results[1].as_ref().unwrap().as_array().unwrap().get(0),
                    Some(Value::Boolean(true))
                );
            }
            // True as a date is 1899-12-29.
            Some(data_type) => {
                assert_eq!(results[0].as_ref().unwrap().data_type(), data_type, "{kind}");
                assert_eq!(results[1].as_ref().unwrap().data_type(), data_type, "{kind}");
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_the_type_is_what_was_asked_for(
        value in arbitrary::value(),
        to in proptest::sample::select(DataType::ALL),
        array: bool,
    ) {
        if let Ok(coerced) = coerce_lossy(value, to, array) {
            prop_assert!(to == DataType::Variant || coerced.data_type() == to);
            prop_assert!(to == DataType::Variant || coerced.as_array().is_some() == array);
        }
    }

    /// Where both can, both say the same, but for what COM does in its own way.
    #[test]
    fn what_is_exact_stays_exact(value in arbitrary::number(), to in proptest::sample::select(DataType::ALL)) {
        let decimal = matches!((&value, to), (Value::Float(_), DataType::Double));
        if let Ok(exact) = value.clone().convert(to) && !decimal {
            prop_assert_eq!(coerce_lossy(value, to, false), Ok(exact));
        }
    }

    #[test]
    fn numbers_survive_text(value in arbitrary::number()) {
        let to = value.data_type();
        let text = coerce_lossy(value.clone(), DataType::String, false).unwrap();
        let finite = value.to_f64_lossy().is_some_and(f64::is_finite);
        if finite {
            prop_assert_eq!(coerce_lossy(text, to, false), Ok(value));
        }
    }
}
