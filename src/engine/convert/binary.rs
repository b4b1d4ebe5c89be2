//! Values as bytes, in the binary encoding of OPC UA (Part 6, 5.2.2.16), to be kept in a file.

use opcua::types::{
    BinaryDecodable as _, BinaryEncodable as _, ContextOwned, DecodingOptions, NamespaceMap, Variant,
};

use super::{from_variant, to_variant};
use crate::value::Value;

/// The value with its type; `None` where the engine cannot encode it.
pub(crate) fn to_binary(value: Value) -> Option<Vec<u8>> {
    let owned = ContextOwned::default();
    let mut bytes = Vec::new();
    to_variant(value).encode(&mut bytes, &owned.context()).ok()?;
    Some(bytes)
}

/// What [`to_binary`] has made; `None` of anything else.
pub(crate) fn from_binary(mut bytes: &[u8]) -> Option<Value> {
    // Nothing is longer than what it lies in: whatever was kept comes back, and broken bytes ask for no memory.
    let most = bytes.len();
    let options = DecodingOptions {
        max_message_size: 0,
        max_string_length: most,
        max_byte_string_length: most,
        max_array_length: most,
        ..DecodingOptions::default()
    };
    let owned = ContextOwned::new_default(NamespaceMap::new(), options);
    let variant = Variant::decode(&mut bytes, &owned.context()).ok()?;
    bytes.is_empty().then(|| from_variant(variant))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::arbitrary;

    proptest! {
        #[test]
        fn bytes_lead_back_to_the_value(value in arbitrary::value()) {
            let bytes = to_binary(value.clone()).unwrap();
            let back = from_binary(&bytes).unwrap();
            prop_assert_eq!(to_binary(back).unwrap(), bytes);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = to_binary(Value::from("text")).unwrap();
        assert_eq!(from_binary(&bytes[..bytes.len() - 1]), None);
        assert_eq!(from_binary(&[&bytes[..], &[0]].concat()), None);
    }
}
