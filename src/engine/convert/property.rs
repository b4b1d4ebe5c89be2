//! What the structures in the properties of a node say (Part 8, 5.6; Part 3, 8.39).

use opcua::types::{EUInformation, EnumValueType, ExtensionObject, Range, TimeZoneDataType, Variant};

use super::from_localized_text;
use crate::value::Value;

/// The structure in a value, where it is one of this type.
fn structure<T: Send + Sync + 'static>(value: &Value) -> Option<&T> {
    let Value::Opaque(opaque) = value else { return None };
    let Variant::ExtensionObject(object) = opaque.variant() else { return None };
    ExtensionObject::inner_as::<T>(object)
}

fn text(localized: &opcua::types::LocalizedText) -> String {
    from_localized_text(localized.clone()).text
}

/// The two ends of a `Range`, low first.
pub(crate) fn range(value: &Value) -> Option<(f64, f64)> {
    structure::<Range>(value).map(|range| (range.low, range.high))
}

/// The display name of an `EUInformation`.
pub(crate) fn unit(value: &Value) -> Option<String> {
    structure::<EUInformation>(value).map(|unit| text(&unit.display_name))
}

/// The minutes of a `TimeZoneDataType`.
pub(crate) fn minutes(value: &Value) -> Option<i16> {
    structure::<TimeZoneDataType>(value).map(|zone| zone.offset)
}

/// The numbers and names of `EnumStrings` or `EnumValues`.
pub(crate) fn enumeration(value: &Value) -> Vec<(i64, String)> {
    let Value::Array(array) = value else { return Vec::new() };
    let named = |(index, value): (i64, Value)| match value {
        Value::LocalizedText(text) => Some((index, text.text)),
        value => structure::<EnumValueType>(&value).map(|known| (known.value, text(&known.display_name))),
    };
    (0..).zip(array.iter()).filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::convert::from_variant;
    use crate::value::LocalizedText;

    #[test]
    fn structures_tell_what_they_hold_and_others_nothing() {
        let object = |object: ExtensionObject| from_variant(Variant::from(object));
        let span = object(ExtensionObject::from_message(Range { low: -1.5, high: 2.0 }));
        assert_eq!(range(&span), Some((-1.5, 2.0)));
        assert_eq!((unit(&span), minutes(&span)), (None, None));
        let zone = TimeZoneDataType { offset: -90, daylight_saving_in_offset: false };
        assert_eq!(minutes(&object(ExtensionObject::from_message(zone))), Some(-90));
        let bar = EUInformation { display_name: "bar".into(), ..EUInformation::default() };
        assert_eq!(unit(&object(ExtensionObject::from_message(bar))).as_deref(), Some("bar"));
        let open = EnumValueType { value: 7, display_name: "Open".into(), ..EnumValueType::default() };
        let values = from_variant(Variant::from(vec![ExtensionObject::from_message(open)]));
        assert_eq!(enumeration(&values), [(7, "Open".to_owned())]);
        let texts = Value::from(vec![LocalizedText::new("Off"), LocalizedText::new("On")]);
        assert_eq!(enumeration(&texts), [(0, "Off".to_owned()), (1, "On".to_owned())]);
        for nothing in [Value::Null, Value::Int32(1), Value::from(vec![1])] {
            assert_eq!((range(&nothing), enumeration(&nothing)), (None, Vec::new()));
        }
    }
}
