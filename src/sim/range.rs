//! [`IndexRange`]: a part of an array, a text or bytes (Part 4, 7.27).

use super::code;
use super::gate::NO_RANGE;
use crate::{Array, Status, Value};

/// The first and the last index of each dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexRange(Vec<(usize, usize)>);

fn place(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

impl IndexRange {
    pub(crate) fn new(parts: impl IntoIterator<Item = (u32, u32)>) -> IndexRange {
        IndexRange(parts.into_iter().map(|(first, last)| (place(first), place(last))).collect())
    }

    /// The client sent something that is no range.
    pub(crate) fn is_invalid(&self) -> bool {
        *self.0 == [(place(NO_RANGE.0), place(NO_RANGE.1))]
    }

    /// The part of the value, cut off where the value ends.
    pub(crate) fn of(&self, value: &Value) -> Result<Value, Status> {
        match value {
            _ if self.is_invalid() => Err(code::BAD_INDEX_RANGE_INVALID),
            Value::Array(array) => self.of_array(array),
            Value::String(text) => {
                let chars: Vec<char> = text.chars().collect();
                Ok(Value::String(self.slice(&chars)?.iter().collect()))
            }
            Value::ByteString(bytes) => Ok(Value::ByteString(self.slice(bytes)?.to_vec())),
            Value::Null => Err(code::BAD_INDEX_RANGE_NO_DATA),
            _ => Err(code::BAD_INDEX_RANGE_INVALID),
        }
    }

    /// The value with this part replaced. The part must fit exactly and lie inside.
    pub(crate) fn replaced(&self, value: &Value, part: &Value) -> Result<Value, Status> {
        match (value, part) {
            _ if self.is_invalid() => Err(code::BAD_INDEX_RANGE_INVALID),
            (Value::Array(array), Value::Array(part)) => self.replaced_in_array(array, part),
            (Value::String(text), Value::String(part)) => {
                let mut chars: Vec<char> = text.chars().collect();
                self.replace(&mut chars, &part.chars().collect::<Vec<_>>())?;
                Ok(Value::String(chars.into_iter().collect()))
            }
            (Value::ByteString(bytes), Value::ByteString(part)) => {
                let mut bytes = bytes.clone();
                self.replace(&mut bytes, part)?;
                Ok(Value::ByteString(bytes))
            }
            (Value::Null, _) => Err(code::BAD_INDEX_RANGE_NO_DATA),
            (Value::Array(_) | Value::String(_) | Value::ByteString(_), _) => Err(code::BAD_TYPE_MISMATCH),
            _ => Err(code::BAD_INDEX_RANGE_INVALID),
        }
    }

    fn only(&self) -> Result<(usize, usize), Status> {
        match *self.0 {
            [range] => Ok(range),
            _ => Err(code::BAD_INDEX_RANGE_INVALID),
        }
    }

    fn slice<'a, T>(&self, values: &'a [T]) -> Result<&'a [T], Status> {
        let (first, last) = self.only()?;
        let end = last.saturating_add(1).min(values.len());
        values.get(first..end).filter(|part| !part.is_empty()).ok_or(code::BAD_INDEX_RANGE_NO_DATA)
    }

    fn replace<T: Clone>(&self, values: &mut [T], part: &[T]) -> Result<(), Status> {
        let (first, last) = self.only()?;
        let place = values.get_mut(first..=last).ok_or(code::BAD_INDEX_RANGE_NO_DATA)?;
        if place.len() != part.len() {
            return Err(code::BAD_INDEX_RANGE_INVALID);
        }
        place.clone_from_slice(part);
        Ok(())
    }

    fn of_array(&self, array: &Array) -> Result<Value, Status> {
        let lengths = self.lengths(array)?;
        let cut: Vec<(usize, usize)> = self
            .0
            .iter()
            .zip(&lengths)
            .map(|((first, last), length)| (*first, (*last).min(length.saturating_sub(1))))
            .collect();
        if cut.iter().zip(&lengths).any(|((first, last), length)| first >= length || first > last) {
            return Err(code::BAD_INDEX_RANGE_NO_DATA);
        }
        let values: Vec<Value> = indices(&cut, &lengths).filter_map(|index| array.get(index)).collect();
        build(array, values, cut.iter().map(|(first, last)| last - first + 1))
    }

    fn replaced_in_array(&self, array: &Array, part: &Array) -> Result<Value, Status> {
        if array.element_type() != part.element_type() {
            return Err(code::BAD_TYPE_MISMATCH);
        }
        let lengths = self.lengths(array)?;
        if self.0.iter().zip(&lengths).any(|((_, last), length)| last >= length) {
            return Err(code::BAD_INDEX_RANGE_NO_DATA);
        }
        let places: Vec<usize> = indices(&self.0, &lengths).collect();
        if places.len() != part.len() {
            return Err(code::BAD_INDEX_RANGE_INVALID);
        }
        let mut values: Vec<Value> = array.iter().collect();
        for (place, new) in places.into_iter().zip(part.iter()) {
            if let Some(value) = values.get_mut(place) {
                *value = new;
            }
        }
        build(array, values, lengths.into_iter())
    }

    fn lengths(&self, array: &Array) -> Result<Vec<usize>, Status> {
        let lengths: Vec<usize> =
            array.dimensions().iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX)).collect();
        // "All dimensions shall be specified" (Part 4, 7.27).
        if lengths.len() == self.0.len() { Ok(lengths) } else { Err(code::BAD_INDEX_RANGE_INVALID) }
    }
}

fn build(
    like: &Array,
    values: Vec<Value>,
    lengths: impl ExactSizeIterator<Item = usize>,
) -> Result<Value, Status> {
    let array = Array::new(like.element_type(), values).map_err(|_| code::BAD_INTERNAL_ERROR)?;
    if lengths.len() == 1 {
        return Ok(Value::Array(array));
    }
    let lengths: Vec<u32> = lengths.map(|length| u32::try_from(length).unwrap_or(u32::MAX)).collect();
    Array::matrix(lengths, array).map(Value::Array).map_err(|_| code::BAD_INTERNAL_ERROR)
}

/// The positions of a block in a row-major array, row by row.
fn indices(block: &[(usize, usize)], lengths: &[usize]) -> impl Iterator<Item = usize> {
    block
        .iter()
        .zip(lengths)
        .fold(vec![0usize], |before, ((first, last), length)| {
            before
                .into_iter()
                .flat_map(|index| (*first..=*last).map(move |here| index * length + here))
                .collect()
        })
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(parts: &[(usize, usize)]) -> IndexRange {
        IndexRange(parts.to_vec())
    }

    #[test]
    fn parts_are_read() {
        let array = Value::from(vec![1, 2, 3, 4]);
        assert_eq!(range(&[(1, 1)]).of(&array), Ok(Value::from(vec![2])));
        assert_eq!(range(&[(2, 9)]).of(&array), Ok(Value::from(vec![3, 4])));
        assert_eq!(range(&[(4, 4)]).of(&array), Err(code::BAD_INDEX_RANGE_NO_DATA));
        assert_eq!(range(&[(0, 0), (0, 0)]).of(&array), Err(code::BAD_INDEX_RANGE_INVALID));
        assert_eq!(range(&[(1, 2)]).of(&"häus".into()), Ok("äu".into()));
        assert_eq!(range(&[(1, 9)]).of(&Value::ByteString(vec![1, 2])), Ok(Value::ByteString(vec![2])));
        assert_eq!(range(&[(0, 0)]).of(&Value::Int32(1)), Err(code::BAD_INDEX_RANGE_INVALID));
        let matrix = Value::from(vec![vec![1, 2, 3], vec![4, 5, 6]]);
        assert_eq!(range(&[(0, 1), (1, 2)]).of(&matrix), Ok(Value::from(vec![vec![2, 3], vec![5, 6]])));
        assert_eq!(range(&[(1, 1), (0, 0)]).of(&matrix), Ok(Value::from(vec![vec![4]])));
        assert_eq!(range(&[(1, 1)]).of(&matrix), Err(code::BAD_INDEX_RANGE_INVALID));
        assert_eq!(range(&[(2, 2), (0, 0)]).of(&matrix), Err(code::BAD_INDEX_RANGE_NO_DATA));
    }

    #[test]
    fn parts_are_replaced() {
        let array = Value::from(vec![1, 2, 3, 4]);
        assert_eq!(range(&[(1, 2)]).replaced(&array, &vec![7, 8].into()), Ok(Value::from(vec![1, 7, 8, 4])));
        assert_eq!(range(&[(1, 2)]).replaced(&array, &vec![7].into()), Err(code::BAD_INDEX_RANGE_INVALID));
        assert_eq!(range(&[(3, 4)]).replaced(&array, &vec![7, 8].into()), Err(code::BAD_INDEX_RANGE_NO_DATA));
        assert_eq!(range(&[(1, 1)]).replaced(&array, &vec![7.0].into()), Err(code::BAD_TYPE_MISMATCH));
        assert_eq!(range(&[(1, 1)]).replaced(&array, &Value::Int32(7)), Err(code::BAD_TYPE_MISMATCH));
        assert_eq!(range(&[(0, 1)]).replaced(&"abc".into(), &"XY".into()), Ok("XYc".into()));
        let matrix = Value::from(vec![vec![1, 2, 3], vec![4, 5, 6]]);
        let part = Value::from(vec![vec![8], vec![9]]);
        let changed = Value::from(vec![vec![1, 2, 8], vec![4, 5, 9]]);
        assert_eq!(range(&[(0, 1), (2, 2)]).replaced(&matrix, &part), Ok(changed));
    }
}
