//! Where clauses (Part 4, 7.7). The engine has some, but they find neither texts nor node ids equal
//! (async-opcua-nodes 0.19.0, `events/evaluate.rs:338`), and every client that asks for types of events compares those.

use std::cmp::Ordering;

use opcua::nodes::TypeTree;
use opcua::types::{
    ContentFilter, ElementOperand, ExtensionObject, FilterOperator, LiteralOperand, SimpleAttributeOperand,
};

use crate::engine::convert;
use crate::sim::code;
use crate::{Status, Value};

/// A where clause that can be evaluated.
pub(super) struct Filter(Vec<Element>);

struct Element {
    operator: FilterOperator,
    operands: Vec<Operand>,
}

enum Operand {
    /// The result of another element.
    Element(usize),
    Literal(Value),
    Field(SimpleAttributeOperand),
}

/// What is asked of what is filtered.
pub(super) trait Filtered {
    fn field(&self, clause: &SimpleAttributeOperand) -> Value;

    /// It is of this type, or of one below.
    fn is_of_type(&self, id: &Value, types: &dyn TypeTree) -> bool;
}

impl Filter {
    /// # Errors
    /// The first fault that there is.
    pub(super) fn new(clause: &ContentFilter) -> Result<Filter, Status> {
        let elements = clause.elements.iter().flatten().enumerate();
        let parse = elements.map(|(index, element)| {
            let operands =
                element.filter_operands.iter().flatten().map(|operand| Operand::new(operand, index));
            let operands: Vec<Operand> = operands.collect::<Result<_, _>>()?;
            let count = operands.len();
            let fits = match element.filter_operator {
                FilterOperator::IsNull | FilterOperator::Not | FilterOperator::OfType => count == 1,
                FilterOperator::Between => count == 3,
                FilterOperator::InList => count >= 2,
                FilterOperator::Equals
                | FilterOperator::GreaterThan
                | FilterOperator::LessThan
                | FilterOperator::GreaterThanOrEqual
                | FilterOperator::LessThanOrEqual
                | FilterOperator::And
                | FilterOperator::Or => count == 2,
                _ => return Err(code::BAD_FILTER_OPERATOR_UNSUPPORTED),
            };
            let element = Element { operator: element.filter_operator, operands };
            if fits { Ok(element) } else { Err(code::BAD_FILTER_OPERAND_COUNT_MISMATCH) }
        });
        let elements: Vec<Element> = parse.collect::<Result<_, _>>()?;
        let beyond =
            |operand: &Operand| matches!(operand, Operand::Element(index) if *index >= elements.len());
        if elements.iter().flat_map(|element| &element.operands).any(beyond) {
            return Err(code::BAD_FILTER_OPERAND_INVALID);
        }
        Ok(Filter(elements))
    }

    /// What is not known, such as the comparison with a field that is not there, does not pass.
    pub(super) fn passes(&self, item: &impl Filtered, types: &dyn TypeTree) -> bool {
        self.0.is_empty() || self.element(0, item, types) == Some(true)
    }

    /// True, false, or null.
    fn element(&self, index: usize, item: &impl Filtered, types: &dyn TypeTree) -> Option<bool> {
        let element = self.0.get(index)?;
        let truth = |place: usize| match element.operands.get(place)? {
            Operand::Element(index) => self.element(*index, item, types),
            Operand::Literal(value) => boolean(value),
            Operand::Field(clause) => boolean(&item.field(clause)),
        };
        let value = |place: usize| match element.operands.get(place) {
            Some(Operand::Element(index)) => {
                self.element(*index, item, types).map_or(Value::Null, Value::Boolean)
            }
            Some(Operand::Literal(value)) => value.clone(),
            Some(Operand::Field(clause)) => item.field(clause),
            None => Value::Null,
        };
        let order = |a: usize, b: usize| compared(&value(a), &value(b));
        match element.operator {
            FilterOperator::Equals => equal(&value(0), &value(1)),
            FilterOperator::IsNull => Some(value(0) == Value::Null),
            FilterOperator::GreaterThan => order(0, 1).map(Ordering::is_gt),
            FilterOperator::LessThan => order(0, 1).map(Ordering::is_lt),
            FilterOperator::GreaterThanOrEqual => order(0, 1).map(Ordering::is_ge),
            FilterOperator::LessThanOrEqual => order(0, 1).map(Ordering::is_le),
            FilterOperator::Between => Some(order(0, 1)?.is_ge() && order(0, 2)?.is_le()),
            FilterOperator::InList => {
                let first = value(0);
                Some((1..element.operands.len()).any(|place| equal(&first, &value(place)) == Some(true)))
            }
            FilterOperator::Not => truth(0).map(|truth| !truth),
            FilterOperator::And => match (truth(0), truth(1)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (a, b) => Some(a? && b?),
            },
            FilterOperator::Or => match (truth(0), truth(1)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (a, b) => Some(a? || b?),
            },
            FilterOperator::OfType => Some(item.is_of_type(&value(0), types)),
            _ => None,
        }
    }
}

impl Operand {
    fn new(operand: &ExtensionObject, index: usize) -> Result<Operand, Status> {
        if let Some(element) = operand.inner_as::<ElementOperand>() {
            let to = usize::try_from(element.index).unwrap_or(usize::MAX);
            // An element that went back to one before could go round for ever.
            return if to > index { Ok(Operand::Element(to)) } else { Err(code::BAD_FILTER_OPERAND_INVALID) };
        }
        if let Some(literal) = operand.inner_as::<LiteralOperand>() {
            return Ok(Operand::Literal(convert::from_variant(literal.value.clone())));
        }
        let field = operand.inner_as::<SimpleAttributeOperand>();
        field.cloned().map(Operand::Field).ok_or(code::BAD_FILTER_OPERAND_INVALID)
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(truth) => Some(*truth),
        _ => None,
    }
}

/// Null where either is.
fn equal(a: &Value, b: &Value) -> Option<bool> {
    if *a == Value::Null || *b == Value::Null {
        return None;
    }
    Some(a == b || compared(a, b) == Some(Ordering::Equal))
}

/// Which of two is greater, where there is an order.
fn compared(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::DateTime(a), Value::DateTime(b)) => Some(a.cmp(b)),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        _ => match (text(a), text(b)) {
            (Some(a), Some(b)) => Some(a.cmp(b)),
            _ => a.to_f64_lossy()?.partial_cmp(&b.to_f64_lossy()?),
        },
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::LocalizedText(text) => Some(&text.text),
        _ => None,
    }
}
