//! From what TOML can say to a value of a type.

use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use super::finding::Sheet;
use super::section::Entry;
use crate::{Array, ConvertError, DataType, LocalizedText, Value};

/// More dimensions than any real array has, and far from the end of the stack.
const MOST_DIMENSIONS: usize = 16;

/// The value in exactly this type, or in the one it shows by itself. What is wrong is told at its place.
pub(super) fn value(sheet: &mut Sheet<'_>, entry: Entry<'_>, data_type: Option<DataType>) -> Option<Value> {
    if let DeValue::Array(_) = entry.get_ref() {
        let mut found = Found { data_type, values: Vec::new(), lengths: Vec::new(), depth: None };
        found.gather(sheet, entry, 0)?;
        return match found.array() {
            Ok(array) => Some(Value::Array(array)),
            Err(error) => {
                sheet.error(entry.span(), error.to_string());
                None
            }
        };
    }
    single(sheet, entry, data_type)
}

fn single(sheet: &mut Sheet<'_>, entry: Entry<'_>, data_type: Option<DataType>) -> Option<Value> {
    let wanted = data_type.filter(|data_type| *data_type != DataType::Variant);
    let found = match (wanted.map_or_else(|| natural(entry.get_ref()), Ok), entry.get_ref()) {
        (Err(what), _) => Err(what.to_owned()),
        (Ok(data_type), value) => of_type(value, data_type).map_err(|error| match error {
            Fault::Convert(error) => error.to_string(),
            Fault::Text(what) => what,
        }),
    };
    found.map_err(|what| sheet.error(entry.span(), what)).ok()
}

enum Fault {
    Convert(ConvertError),
    Text(String),
}

impl From<ConvertError> for Fault {
    fn from(error: ConvertError) -> Fault {
        Fault::Convert(error)
    }
}

/// The type of a value whose type is not said.
fn natural(value: &DeValue<'_>) -> Result<DataType, &'static str> {
    match value {
        DeValue::Boolean(_) => Ok(DataType::Boolean),
        DeValue::Float(_) => Ok(DataType::Double),
        DeValue::String(_) => Ok(DataType::String),
        DeValue::Datetime(_) => Ok(DataType::DateTime),
        DeValue::Integer(_) => {
            Err("a whole number can be of many types: say which, such as `type = \"Int32\"`")
        }
        DeValue::Array(_) | DeValue::Table(_) => Err("say the type of it: `type = …`"),
    }
}

fn of_type(value: &DeValue<'_>, data_type: DataType) -> Result<Value, Fault> {
    match value {
        DeValue::String(text) => Ok(Value::parse(text, data_type)?),
        DeValue::Boolean(flag) => Ok(Value::Boolean(*flag).convert(data_type)?),
        DeValue::Integer(number) => integer(number, data_type),
        DeValue::Float(number) if matches!(data_type, DataType::Float | DataType::Double) => {
            let value = Value::parse(number.as_str(), data_type)?;
            let infinite = value.to_f64_lossy().is_some_and(f64::is_infinite);
            if infinite && !number.as_str().contains("inf") {
                return Err(Fault::Text(format!("{} is more than a {data_type} holds", number.as_str())));
            }
            Ok(value)
        }
        DeValue::Float(number) => {
            let number: f64 = number.as_str().parse().unwrap_or(f64::NAN);
            Ok(Value::Double(number).convert(data_type)?)
        }
        DeValue::Datetime(time) if data_type == DataType::DateTime => {
            Ok(Value::parse(&time.to_string(), data_type)?)
        }
        DeValue::Datetime(_) => Err(Fault::Text(format!("a time is no {data_type}"))),
        DeValue::Table(table) if table.is_empty() => Ok(Value::Null),
        DeValue::Table(table) if data_type == DataType::LocalizedText => {
            let field = |key: &str| table.get(key).and_then(|entry| entry.get_ref().as_str());
            match (field("text"), field("locale"), table.len()) {
                (Some(text), Some(locale), 2) => Ok(LocalizedText::with_locale(locale, text).into()),
                _ => {
                    Err(Fault::Text("a LocalizedText is a text, or { text = \"…\", locale = \"en\" }".into()))
                }
            }
        }
        DeValue::Table(_) => Err(Fault::Text(format!("a table is no {data_type}; `{{}}` is null"))),
        DeValue::Array(_) => Err(Fault::Text("an array where a single value is due".into())),
    }
}

fn integer(number: &DeInteger<'_>, data_type: DataType) -> Result<Value, Fault> {
    let too_large = || Fault::Text(format!("{number} is more than any type holds"));
    let number = i128::from_str_radix(number.as_str(), number.radix()).map_err(|_| too_large())?;
    let value = match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => Value::Int64(number),
        (_, Ok(number)) => Value::UInt64(number),
        _ => return Err(too_large()),
    };
    Ok(value.convert(data_type)?)
}

/// The elements of nested arrays, row by row.
struct Found {
    data_type: Option<DataType>,
    values: Vec<Value>,
    /// How long the arrays of each level are: all the same, or it is no matrix.
    lengths: Vec<u32>,
    /// The level that the elements are on.
    depth: Option<usize>,
}

impl Found {
    fn gather(&mut self, sheet: &mut Sheet<'_>, entry: Entry<'_>, depth: usize) -> Option<()> {
        let DeValue::Array(array) = entry.get_ref() else { return None };
        let length = u32::try_from(array.len()).unwrap_or(u32::MAX);
        if depth >= MOST_DIMENSIONS {
            sheet.error(entry.span(), format!("no array has more than {MOST_DIMENSIONS} dimensions"));
            return None;
        }
        match self.lengths.get(depth) {
            None => self.lengths.push(length),
            Some(known) if *known == length => {}
            Some(known) => {
                sheet.error(entry.span(), format!("a row of {length} where the others have {known}"));
                return None;
            }
        }
        for element in array {
            if matches!(element.get_ref(), DeValue::Array(_)) {
                self.gather(sheet, element, depth + 1)?;
            } else if *self.depth.get_or_insert(depth) == depth && self.lengths.len() == depth + 1 {
                self.element(sheet, element)?;
            } else {
                sheet.error(element.span(), "as deep as the other elements, or it is no matrix");
                return None;
            }
        }
        Some(())
    }

    fn element(&mut self, sheet: &mut Sheet<'_>, element: &Spanned<DeValue<'_>>) -> Option<()> {
        if self.data_type.is_none() {
            // The first one says the type of all.
            self.data_type = match natural(element.get_ref()) {
                Ok(data_type) => Some(data_type),
                Err(what) => {
                    sheet.error(element.span(), what);
                    return None;
                }
            };
        }
        let value = single(sheet, element, self.data_type)?;
        self.values.push(value);
        Some(())
    }

    fn array(self) -> Result<Array, ConvertError> {
        let array = Array::new(self.data_type.unwrap_or(DataType::Variant), self.values)?;
        if self.lengths.len() > 1 { Array::matrix(self.lengths, array) } else { Ok(array) }
    }
}
