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

#[cfg(test)]
mod tests {
    use opcua::nodes::DefaultTypeTree;
    use opcua::types::{ContentFilterElement, QualifiedName, Variant};

    use super::*;

    /// Has a `Severity` of 900 and a `Message`.
    struct Failed;

    impl Filtered for Failed {
        fn field(&self, clause: &SimpleAttributeOperand) -> Value {
            match clause.browse_path.iter().flatten().next().map(|name| name.name.as_ref()) {
                Some("Severity") => Value::UInt16(900),
                Some("Message") => "failed".into(),
                _ => Value::Null,
            }
        }

        fn is_of_type(&self, id: &Value, _: &dyn TypeTree) -> bool {
            *id == Value::Int32(1)
        }
    }

    fn field(name: &str) -> ExtensionObject {
        let browse_path = Some(vec![QualifiedName::new(0, name)]);
        ExtensionObject::from_message(SimpleAttributeOperand { browse_path, ..Default::default() })
    }

    fn literal(value: impl Into<Variant>) -> ExtensionObject {
        ExtensionObject::from_message(LiteralOperand { value: value.into() })
    }

    fn element(index: u32) -> ExtensionObject {
        ExtensionObject::from_message(ElementOperand { index })
    }

    fn clause(elements: Vec<(FilterOperator, Vec<ExtensionObject>)>) -> ContentFilter {
        let element = |(filter_operator, operands)| ContentFilterElement {
            filter_operator,
            filter_operands: Some(operands),
        };
        ContentFilter { elements: Some(elements.into_iter().map(element).collect()) }
    }

    fn passes(elements: Vec<(FilterOperator, Vec<ExtensionObject>)>) -> bool {
        Filter::new(&clause(elements)).unwrap().passes(&Failed, &DefaultTypeTree::new())
    }

    #[test]
    fn operators_compare_and_combine() {
        use FilterOperator as F;
        assert!(passes(vec![]));
        for (operator, operands, expected) in [
            (F::Equals, vec![field("Message"), literal("failed")], true),
            (F::Equals, vec![field("Severity"), literal(900i32)], true),
            (F::Equals, vec![field("None"), literal(900i32)], false),
            (F::IsNull, vec![field("None")], true),
            (F::GreaterThan, vec![field("Severity"), literal(900i32)], false),
            (F::GreaterThanOrEqual, vec![field("Severity"), literal(900i32)], true),
            (F::LessThan, vec![field("Severity"), literal(900.5)], true),
            (F::LessThanOrEqual, vec![field("Severity"), literal("900")], false),
            (F::Between, vec![field("Severity"), literal(1u8), literal(1000u32)], true),
            (F::InList, vec![field("Message"), literal("x"), literal("failed")], true),
            (F::InList, vec![field("Message"), literal("x")], false),
            (F::OfType, vec![literal(1i32)], true),
            (F::Not, vec![literal(false)], true),
            (F::Not, vec![field("None")], false),
        ] {
            assert_eq!(passes(vec![(operator, operands.clone())]), expected, "{operator:?} {operands:?}");
        }
        let both = |operator| {
            passes(vec![
                (operator, vec![element(1), element(2)]),
                (F::GreaterThan, vec![field("Severity"), literal(800i32)]),
                (F::Equals, vec![field("Message"), literal("x")]),
            ])
        };
        assert_eq!((both(F::And), both(F::Or)), (false, true));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        use FilterOperator as F;
        for (operator, operands, status) in [
            (F::Like, vec![literal(1i32), literal(1i32)], code::BAD_FILTER_OPERATOR_UNSUPPORTED),
            (F::Not, vec![], code::BAD_FILTER_OPERAND_COUNT_MISMATCH),
            (F::Not, vec![element(0)], code::BAD_FILTER_OPERAND_INVALID),
            (F::Not, vec![element(7)], code::BAD_FILTER_OPERAND_INVALID),
            (F::Not, vec![ExtensionObject::null()], code::BAD_FILTER_OPERAND_INVALID),
        ] {
            assert_eq!(Filter::new(&clause(vec![(operator, operands)])).err(), Some(status));
        }
    }
}
