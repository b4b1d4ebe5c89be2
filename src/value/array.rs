//! [`Array`].

use std::sync::Arc;

use super::text::type_text;
use super::{ArrayElement, Buffer, ConvertError, ConvertReason, DataType, Value};

/// Many values of one type, row by row, with dimensions (one for a plain array).
///
/// Numbers lie in one typed buffer: a million `Double`s take eight megabytes. Clones share it. An empty array still
/// knows the type of its elements. An array of `Variant` may hold values of different types, arrays among them.
///
/// ```
/// use openopc::{Array, DataType, Value};
///
/// let array = Array::from(vec![1.0, 2.0, 4.0]);
/// assert_eq!(array.element_type(), DataType::Double);
/// assert_eq!(array.get(2), Some(Value::Double(4.0)));
/// assert_eq!(array.as_slice::<f64>(), Some(&[1.0, 2.0, 4.0][..]));
///
/// let matrix = Array::matrix([2, 3], vec![1, 2, 3, 4, 5, 6])?;
/// assert_eq!(matrix.to_string(), "[[1, 2, 3], [4, 5, 6]]");
/// assert_eq!(Value::from(matrix).get::<Vec<Vec<i32>>>()?, [[1, 2, 3], [4, 5, 6]]);
/// # Ok::<(), openopc::ConvertError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Array(Arc<Repr>);

#[derive(Clone, Debug, PartialEq)]
struct Repr {
    dimensions: Vec<u32>,
    buffer: Buffer,
}

impl Array {
    /// A plain array of `element`s. The values must be of that type already; an array of `Variant` takes all, and one
    /// of `String`, `ByteString`, `XmlElement` or `QualifiedName` takes [`Value::Null`] too. `Null` is not a type
    /// that elements can have; it stands for `Variant`.
    ///
    /// # Errors
    /// [`ConvertError`] with the index of the first value of another type.
    pub fn new(element: DataType, values: Vec<Value>) -> Result<Array, ConvertError> {
        let element = if element == DataType::Null { DataType::Variant } else { element };
        Buffer::of(element, values)
            .map(Array::plain)
            .map_err(|(index, value)| ConvertError::wrong_data_type(&value, element).at(index))
    }

    /// An array with dimensions, its elements row by row.
    ///
    /// # Errors
    /// [`ConvertReason::Length`] unless the product of the dimensions is the number of elements. OPC UA has no
    /// dimension of length 0 (Part 6, 5.2.2.16).
    pub fn matrix(
        dimensions: impl Into<Vec<u32>>,
        elements: impl Into<Array>,
    ) -> Result<Array, ConvertError> {
        elements.into().reshaped(dimensions.into())
    }

    pub(crate) fn plain(buffer: Buffer) -> Array {
        // More than `u32::MAX` elements fit into no message; the engine refuses them.
        let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        Array(Arc::new(Repr { dimensions: vec![len], buffer }))
    }

    pub(crate) fn reshaped(self, dimensions: Vec<u32>) -> Result<Array, ConvertError> {
        let got = self.len();
        let plain = matches!(*dimensions, [len] if usize::try_from(len) == Ok(got));
        let size = dimensions.iter().try_fold(1usize, |size, dimension| {
            usize::try_from(*dimension).ok().and_then(|dimension| size.checked_mul(dimension))
        });
        let expected = if dimensions.is_empty() { 0 } else { size.unwrap_or(usize::MAX) };
        if !plain && (expected != got || expected == 0) {
            let detail = format!("{got} elements where {expected} are needed");
            let (from, to) = (self.type_text(), type_text(self.element_type(), &dimensions));
            return Err(ConvertError::between(from, to, ConvertReason::Length { expected, got }, detail));
        }
        let mut repr = Arc::unwrap_or_clone(self.0);
        repr.dimensions = dimensions;
        Ok(Array(Arc::new(repr)))
    }

    /// How many elements there are, over all dimensions.
    pub fn len(&self) -> usize {
        self.0.buffer.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of each dimension; one entry for a plain array.
    pub fn dimensions(&self) -> &[u32] {
        &self.0.dimensions
    }

    /// The type of the elements, known even where there are none.
    pub fn element_type(&self) -> DataType {
        self.0.buffer.element_type()
    }

    /// `Double[3]`
    pub(crate) fn type_text(&self) -> String {
        type_text(self.element_type(), self.dimensions())
    }

    /// The element with this index, counted row by row.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.buffer.get(index)
    }

    /// The elements, row by row.
    pub fn iter(&self) -> impl Iterator<Item = Value> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The elements in place, where they are kept as a typed buffer of `T`: `bool` and the number types.
    pub fn as_slice<T: ArrayElement>(&self) -> Option<&[T]> {
        T::slice(self)
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        &self.0.buffer
    }

    /// The elements and the dimensions, without a copy where this is the only handle.
    pub(crate) fn into_parts(self) -> (Buffer, Vec<u32>) {
        let Repr { dimensions, buffer } = Arc::unwrap_or_clone(self.0);
        (buffer, dimensions)
    }

    /// The rows of a matrix, each with one dimension less; `None` for a plain array.
    pub(crate) fn rows(&self) -> Option<impl Iterator<Item = Array>> {
        let (count, rest) = self.dimensions().split_first().filter(|(_, rest)| !rest.is_empty())?;
        let count = usize::try_from(*count).ok()?;
        let size = self.len().checked_div(count)?;
        let row = move |index: usize| {
            let buffer = self.0.buffer.slice(index * size..(index + 1) * size);
            Array(Arc::new(Repr { dimensions: rest.to_vec(), buffer }))
        };
        Some((0..count).map(row))
    }
}

impl IntoIterator for Array {
    type Item = Value;
    type IntoIter = Box<dyn Iterator<Item = Value>>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_parts().0.into_values()
    }
}
