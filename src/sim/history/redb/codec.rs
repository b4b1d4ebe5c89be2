//! Samples as bytes: what a chunk of a series is in the file.
//!
//! A chunk has the number of samples, their times, their statuses, the kinds of their values, and the values. Times are the
//! differences of differences, which are 0 where samples are evenly spaced; statuses and kinds are runs; values of up to
//! eight bytes are what differs from the one before; all others are in the binary encoding of OPC UA.

use chrono::{DateTime, Utc};

use crate::engine::convert::binary::{from_binary, to_binary};
use crate::history::Sample;
use crate::{DataType, Status, Value};

/// Steps of 100 ns since 1970, as fine as the times of OPC UA are.
pub(super) fn ticks(time: DateTime<Utc>) -> i64 {
    // No date of OPC UA is out of reach: the year 9999 is 2.5e17 steps away.
    time.timestamp().saturating_mul(10_000_000).saturating_add(i64::from(time.timestamp_subsec_nanos() / 100))
}

pub(super) fn time(ticks: i64) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(ticks.rem_euclid(10_000_000)).ok()? * 100;
    DateTime::from_timestamp(ticks.div_euclid(10_000_000), nanos)
}

/// The kind of a value that has no word; the others are numbered as their types.
const NULL: u8 = 0;
const ENCODED: u8 = u8::MAX;

/// `None` where a value cannot be encoded.
pub(super) fn encode(samples: &[Sample]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(16 + samples.len() * 4);
    unsigned(&mut out, u64::try_from(samples.len()).ok()?);
    let (mut before, mut step) = (0i64, 0i64);
    for sample in samples {
        let now = ticks(sample.time);
        let next = now.wrapping_sub(before);
        signed(&mut out, next.wrapping_sub(step));
        (before, step) = (now, next);
    }
    runs(&mut out, samples.iter().map(|sample| sample.status), |out, status| {
        out.extend(status.bits().to_le_bytes());
    });
    let words: Vec<(u8, u64)> = samples.iter().map(|sample| word(&sample.value)).collect();
    runs(&mut out, words.iter().map(|(kind, _)| *kind), Vec::push);
    let mut last = 0;
    for (sample, (kind, word)) in samples.iter().zip(words) {
        match kind {
            NULL => {}
            ENCODED => {
                let bytes = to_binary(sample.value.clone())?;
                unsigned(&mut out, u64::try_from(bytes.len()).ok()?);
                out.extend(bytes);
            }
            _ => {
                difference(&mut out, word ^ last);
                last = word;
            }
        }
    }
    Some(out)
}

/// `None` where the bytes are not what [`encode`] makes.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Sample>> {
    let mut input = Input(bytes);
    let count = usize::try_from(input.unsigned()?).ok()?;
    // Each sample has at least a byte for its time.
    if count > bytes.len() {
        return None;
    }
    let (mut now, mut step) = (0i64, 0i64);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        step = step.wrapping_add(input.signed()?);
        now = now.wrapping_add(step);
        times.push(time(now)?);
    }
    let statuses = input.runs(count, |input| input.array().map(u32::from_le_bytes).map(Status::from_bits))?;
    let kinds = input.runs(count, |input| input.array::<1>().map(|[kind]| kind))?;
    let mut last = 0;
    let mut samples = Vec::with_capacity(count);
    for ((time, status), kind) in times.into_iter().zip(statuses).zip(kinds) {
        let value = match kind {
            NULL => Value::Null,
            ENCODED => {
                let len = usize::try_from(input.unsigned()?).ok()?;
                from_binary(input.take(len)?)?
            }
            _ => {
                last ^= input.difference()?;
                value(kind, last)?
            }
        };
        samples.push(Sample { time, value, status });
    }
    input.0.is_empty().then_some(samples)
}

/// About how many bytes a value takes.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) | Value::XmlElement(text) => text.len() + 8,
        Value::ByteString(bytes) => bytes.len() + 8,
        Value::Array(array) => array.len() * if array.element_type().is_number() { 8 } else { 64 },
        Value::Structure(_) | Value::Opaque(_) => 256,
        _ => 16,
    }
}

fn id(data_type: DataType) -> u8 {
    // Built-in types go up to 25.
    u8::try_from(data_type.id()).unwrap_or(ENCODED)
}

/// The kind of a value, and its word if it has one. Signed numbers are folded, so that small ones have small words.
fn word(value: &Value) -> (u8, u64) {
    let word = match value {
        Value::Null => return (NULL, 0),
        Value::Boolean(v) => u64::from(*v),
        Value::SByte(v) => fold(i64::from(*v)),
        Value::Byte(v) => u64::from(*v),
        Value::Int16(v) => fold(i64::from(*v)),
        Value::UInt16(v) => u64::from(*v),
        Value::Int32(v) => fold(i64::from(*v)),
        Value::UInt32(v) => u64::from(*v),
        Value::Int64(v) => fold(*v),
        Value::UInt64(v) => *v,
        Value::Float(v) => u64::from(v.to_bits()),
        Value::Double(v) => v.to_bits(),
        Value::StatusCode(v) => u64::from(v.bits()),
        _ => return (ENCODED, 0),
    };
    (id(value.data_type()), word)
}

fn value(kind: u8, word: u64) -> Option<Value> {
    Some(match DataType::from_id(u32::from(kind))? {
        DataType::Boolean if word <= 1 => Value::Boolean(word == 1),
        DataType::SByte => Value::SByte(unfold(word).try_into().ok()?),
        DataType::Byte => Value::Byte(word.try_into().ok()?),
        DataType::Int16 => Value::Int16(unfold(word).try_into().ok()?),
        DataType::UInt16 => Value::UInt16(word.try_into().ok()?),
        DataType::Int32 => Value::Int32(unfold(word).try_into().ok()?),
        DataType::UInt32 => Value::UInt32(word.try_into().ok()?),
        DataType::Int64 => Value::Int64(unfold(word)),
        DataType::UInt64 => Value::UInt64(word),
        DataType::Float => Value::Float(f32::from_bits(word.try_into().ok()?)),
        DataType::Double => Value::Double(f64::from_bits(word)),
        DataType::StatusCode => Value::StatusCode(Status::from_bits(word.try_into().ok()?)),
        _ => return None,
    })
}

/// 0, -1, 1, -2, … become 0, 1, 2, 3, …
fn fold(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unfold(word: u64) -> i64 {
    (word >> 1).cast_signed() ^ -(word & 1).cast_signed()
}

/// Seven bits a byte, the lowest first; the eighth says that there is more.
pub(super) fn unsigned(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7F);
        }
        out.push(low | 0x80);
    }
}

pub(super) fn signed(out: &mut Vec<u8>, number: i64) {
    unsigned(out, fold(number));
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    unsigned(out, u64::try_from(text.len()).unwrap_or(u64::MAX));
    out.extend(text.bytes());
}

/// How many of the same there are in a row, and what they are.
fn runs<T: PartialEq + Copy>(out: &mut Vec<u8>, all: impl Iterator<Item = T>, put: fn(&mut Vec<u8>, T)) {
    let mut all = all.peekable();
    while let Some(this) = all.next() {
        let mut length = 1;
        while all.next_if(|next| *next == this).is_some() {
            length += 1;
        }
        unsigned(out, length);
        put(out, this);
    }
}

/// The bytes between the zero bytes at both ends, and before them how many of these there are.
fn difference(out: &mut Vec<u8>, word: u64) {
    let bytes = word.to_be_bytes();
    let lead = bytes.iter().take_while(|byte| **byte == 0).count();
    let trail = bytes.iter().rev().take_while(|byte| **byte == 0).count().min(8 - lead);
    out.push(u8::try_from(lead << 4 | trail).unwrap_or_default());
    out.extend(bytes.iter().skip(lead).take(8 - lead - trail));
}

/// What is left to be read.
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        self.unsigned().map(unfold)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let len = usize::try_from(self.unsigned()?).ok()?;
        String::from_utf8(self.take(len)?.to_vec()).ok()
    }

    fn runs<T: Copy>(&mut self, count: usize, get: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            let length = usize::try_from(self.unsigned()?).ok()?;
            let this = get(self)?;
            if length == 0 || length > count - all.len() {
                return None;
            }
            all.resize(all.len() + length, this);
        }
        Some(all)
    }

    fn difference(&mut self) -> Option<u64> {
        let [ends] = self.array()?;
        let (lead, trail) = (usize::from(ends >> 4), usize::from(ends & 0x0F));
        let mut bytes = [0; 8];
        let middle = self.take(8usize.checked_sub(lead)?.checked_sub(trail)?)?;
        bytes.get_mut(lead..8 - trail)?.copy_from_slice(middle);
        Some(u64::from_be_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::arbitrary;

    fn sample() -> impl Strategy<Value = Sample> {
        let value = prop_oneof![Just(Value::Null), arbitrary::number(), arbitrary::value()];
        let ticks = -116_444_736_000_000_000i64..2_534_023_008_000_000_000i64;
        (ticks, value, any::<u32>()).prop_map(|(ticks, value, status)| Sample {
            time: time_of(ticks),
            value,
            status: Status::from_bits(status),
        })
    }

    fn time_of(ticks: i64) -> DateTime<Utc> {
        time(ticks).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(samples in proptest::collection::vec(sample(), 0..40)) {
            let bytes = encode(&samples).unwrap();
            let back = decode(&bytes).unwrap();
            prop_assert_eq!(back.len(), samples.len());
            for (back, sample) in back.iter().zip(&samples) {
                prop_assert_eq!((back.time, back.status), (sample.time, sample.status));
            }
            // Bit for bit, not as numbers are equal: NaN is a value like any other.
            prop_assert_eq!(encode(&back).unwrap(), bytes);
        }

        #[test]
        fn broken_bytes_are_no_samples(samples in proptest::collection::vec(sample(), 1..10), cut in 1usize..20) {
            let bytes = encode(&samples).unwrap();
            let short = &bytes[..bytes.len().saturating_sub(cut)];
            prop_assert_eq!(decode(short), None);
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn evenly_spaced_samples_are_small() {
        let samples: Vec<Sample> = (0..512)
            .map(|n| Sample::new(time_of(n * 10_000_000), f64::from(i32::try_from(n).unwrap())))
            .collect();
        let bytes = encode(&samples).unwrap().len();
        assert!(bytes < 512 * 5, "{bytes}");
    }
}
