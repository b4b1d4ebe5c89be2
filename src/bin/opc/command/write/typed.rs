//! From the text of a value to the value its node takes. Only the command line does this.

use openopc::{Client, ConvertError, DataType, NodeType, Tag, Value};

use super::Item;
use super::assignment::Assignment;
use crate::args::Write;
use crate::exit::Failure;
use crate::input::Broken;
use crate::output::note;

/// Gives every text the type of its node, or the one that is wanted. A text that has no value of that type spoils the whole
/// command, or with `--keep-going` is counted in `left_out`.
pub(super) async fn items(
    client: &Client,
    assignments: Vec<Assignment>,
    args: &Write,
    left_out: &mut usize,
) -> Result<Vec<Item>, Failure> {
    let wanted = args.data_type;
    let nodes = client.node_type_many(assignments.iter().map(|assignment| &assignment.tag)).await?;
    // A node that takes several types is written as what it holds now.
    let open: Vec<&Tag> = assignments
        .iter()
        .zip(&nodes)
        .filter(|(_, node)| wanted.is_none() && node.as_ref().is_ok_and(|node| built_in(node).is_none()))
        .map(|(assignment, _)| &assignment.tag)
        .collect();
    let current = if open.is_empty() { Vec::new() } else { client.read_many(open).await? };
    let mut current = current.into_iter().map(|reading| Some(reading.ok()?.value.data_type()));

    let mut items = Vec::with_capacity(assignments.len());
    let mut wrong = Vec::new();
    for (Assignment { tag, text, line }, node) in assignments.into_iter().zip(nodes) {
        let node = match node {
            Ok(node) => node,
            Err(error) => {
                items.push((tag, Err(error)));
                continue;
            }
        };
        let data_type = wanted
            .or_else(|| built_in(&node))
            .or_else(|| current.next().flatten().filter(|data_type| has_text(*data_type)));
        let value = data_type
            .ok_or_else(|| "the node takes several types, name one with --type".to_owned())
            .and_then(|data_type| {
                value(&text, data_type, node.value_rank, tag.range()).map_err(|error| error.to_string())
            });
        match value {
            Ok(value) => items.push((tag, Ok(value))),
            Err(why) => wrong.push(at(line, format!("write `{tag}`: {why}"))),
        }
    }
    if !wrong.is_empty() && !args.keep_going {
        return Err(Failure::Usage(wrong.join("\nerror: ")));
    }
    for wrong in &wrong {
        note(format_args!("error: {wrong}"));
    }
    *left_out += wrong.len();
    Ok(items)
}

/// Says where on standard input something is wrong.
fn at(line: Option<u64>, why: String) -> String {
    match line {
        Some(line) => Broken { line, why }.to_string(),
        None => why,
    }
}

fn built_in(node: &NodeType) -> Option<DataType> {
    node.data_type.filter(|data_type| has_text(*data_type))
}

/// Not one of the types that stand for any type.
fn has_text(data_type: DataType) -> bool {
    !matches!(data_type, DataType::Null | DataType::Variant)
}

fn value(text: &str, data_type: DataType, rank: i32, range: Option<&str>) -> Result<Value, ConvertError> {
    let one_element = range.is_some_and(|range| !range.contains(':'));
    let array = match rank {
        _ if one_element => false,
        -1 => false,
        // A single value or an array.
        -2 | -3 => text.trim_start().starts_with('['),
        _ => true,
    };
    if array { Value::parse_array(text, data_type) } else { Value::parse(text, data_type) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_decides_between_a_value_and_an_array() {
        let int = |text, rank, range| value(text, DataType::Int32, rank, range);
        let array = Value::from(vec![1, 2]);
        assert_eq!(int("7", -1, None), Ok(Value::Int32(7)));
        assert_eq!(int("[1, 2]", 1, None), Ok(array.clone()));
        assert_eq!(int("7", -2, None), Ok(Value::Int32(7)));
        assert_eq!(int(" [1, 2]", -3, None), Ok(array.clone()));
        assert_eq!(int("7", 1, Some("3")), Ok(Value::Int32(7)));
        assert_eq!(int("[1, 2]", 1, Some("0:1")), Ok(array));
        assert!(int("7", 1, None).is_err());
        assert!(int("[7]", -1, None).is_err());
        assert_eq!(value("[x]", DataType::String, -1, None), Ok(Value::from("[x]")));
        assert_eq!(value("bc", DataType::String, -1, Some("1:2")), Ok(Value::from("bc")));
    }
}
