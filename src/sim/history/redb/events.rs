//! Events as bytes.

use super::codec::{Input, text, unsigned};
use crate::engine::convert::binary::{from_binary, to_binary};
use crate::sim::EventRecord;

/// `None` where a field cannot be encoded. The time is the key.
pub(super) fn encode(event: &EventRecord) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    unsigned(&mut out, event.severity.into());
    text(&mut out, &event.message);
    out.push(u8::from(event.source.is_some()));
    text(&mut out, event.source.as_deref().unwrap_or_default());
    text(&mut out, &event.event_type.to_string());
    unsigned(&mut out, u64::try_from(event.fields.len()).ok()?);
    for (name, value) in &event.fields {
        text(&mut out, name);
        let bytes = to_binary(value.clone())?;
        unsigned(&mut out, u64::try_from(bytes.len()).ok()?);
        out.extend(bytes);
    }
    Some(out)
}

/// `None` where these are not the bytes of an event.
pub(super) fn decode(bytes: &[u8]) -> Option<EventRecord> {
    let mut input = Input(bytes);
    let severity = u16::try_from(input.unsigned()?).ok()?;
    let mut event = EventRecord::new(input.text()?).severity(severity);
    let [has_source] = input.array()?;
    let source = input.text()?;
    if has_source != 0 {
        event = event.source(source);
    }
    event = event.event_type(input.text()?.parse().ok()?);
    for _ in 0..input.unsigned()? {
        let name = input.text()?;
        let length = usize::try_from(input.unsigned()?).ok()?;
        event = event.field(name, from_binary(input.take(length)?)?);
    }
    input.0.is_empty().then_some(event)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::NodeId;
    use crate::value::arbitrary;

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(
            message in ".*",
            source in proptest::option::of(".*"),
            severity in 1..=1000_u16,
            kind in any::<u32>(),
            fields in proptest::collection::vec((".*", arbitrary::value()), 0..4),
            cut in 1..20_usize,
        ) {
            let mut event = EventRecord::new(message).severity(severity).event_type(NodeId::numeric(0, kind));
            if let Some(source) = source {
                event = event.source(source);
            }
            event = fields.into_iter().fold(event, |event, (name, value)| event.field(name, value));
            let bytes = encode(&event).unwrap();
            let back = decode(&bytes).unwrap();
            // Bit for bit, not as numbers are equal: NaN is a value like any other.
            prop_assert_eq!(encode(&back).unwrap(), bytes.clone());
            prop_assert_eq!((back.message, back.source, back.severity), (event.message, event.source, event.severity));
            prop_assert!(decode(&bytes[..bytes.len().saturating_sub(cut)]).is_none());
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
