use proptest::prelude::*;

use super::*;
use crate::value::{Definition, Field, Kind, Layout, Opaque, Value};

const ENCODING: u32 = 1000;

fn field(name: &str, kind: Kind, rank: usize, optional: bool) -> Field {
    Field { name: name.into(), kind, rank, optional }
}

fn number(name: &str) -> Field {
    field(name, Kind::BuiltIn(DataType::Double), 0, false)
}

fn inner(id: u32) -> Kind {
    Kind::Structure(NodeId::numeric(1, id))
}

/// Data types 1, 2, … with these layouts and fields; the encoding of each is 1000 more.
fn types(definitions: Vec<(Layout, Vec<Field>)>) -> Arc<Types> {
    let mut types = Types::default();
    for (id, (layout, fields)) in (1..).zip(definitions) {
        types.add(Definition {
            name: format!("T{id}"),
            id: NodeId::numeric(1, id),
            encoding: NodeId::numeric(1, ENCODING + id),
            layout,
            fields,
        });
    }
    Arc::new(types)
}

fn opaque(id: u32, body: &[u8]) -> Value {
    let encoding = to_node_id(NodeId::numeric(1, ENCODING + id));
    let body = ByteStringBody::new(body.to_vec().into(), encoding);
    Value::Opaque(Opaque::new(Variant::ExtensionObject(ExtensionObject::new(body))))
}

fn decoded(types: &Arc<Types>, id: u32, body: &[u8]) -> Option<Structure> {
    match decode(opaque(id, body), types, &mut Vec::new()) {
        Value::Structure(structure) => Some(structure),
        Value::Opaque(left) => {
            // What is not understood is what it was.
            assert_eq!(left.body().unwrap(), body);
            None
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_does_not_fit_its_definition_stays_as_it_was() {
    let types = types(vec![
        (Layout::Plain, vec![number("A")]),
        (Layout::Optional, vec![field("A", Kind::BuiltIn(DataType::Byte), 0, true)]),
        (Layout::Union, vec![field("A", Kind::BuiltIn(DataType::Byte), 0, false)]),
        (Layout::Plain, vec![field("A", Kind::BuiltIn(DataType::Double), 1, false)]),
        (Layout::Plain, vec![field("A", Kind::BuiltIn(DataType::Double), 2, false)]),
    ]);
    assert!(decoded(&types, 1, &1.5f64.to_le_bytes()).is_some());
    assert!(decoded(&types, 1, &[0; 7]).is_none(), "too short");
    assert!(decoded(&types, 1, &[0; 9]).is_none(), "too long");
    assert!(decoded(&types, 2, &[1, 0, 0, 0, 7]).is_some());
    assert!(decoded(&types, 2, &[3, 0, 0, 0, 7]).is_none(), "a field that is not defined");
    assert!(decoded(&types, 3, &[1, 0, 0, 0, 7]).is_some());
    assert!(decoded(&types, 3, &[2, 0, 0, 0, 7]).is_none(), "a member that is not defined");
    assert!(decoded(&types, 4, &[255; 4]).is_some(), "a null array");
    assert!(decoded(&types, 4, &i32::MAX.to_le_bytes()).is_none(), "more elements than bytes");
    let matrix = |dimensions: [i32; 2]| [2, dimensions[0], dimensions[1]].map(i32::to_le_bytes).concat();
    assert!(decoded(&types, 5, &matrix([i32::MAX, i32::MAX])).is_none(), "more than there can be");
    assert!(decoded(&types, 5, &matrix([-1, 1])).is_none());
    assert_eq!(decoded(&types, 9, &[1]), None, "not known at all");
}

#[test]
fn definitions_without_an_end_do_no_harm() {
    let empty = |count: usize, id| vec![field("A", inner(id), 0, false); count];
    let types = types(vec![
        (Layout::Plain, empty(1, 1)),
        (Layout::Plain, empty(1, 3)),
        (Layout::Plain, empty(1, 2)),
        (Layout::Plain, empty(1, 99)),
        // A hundred fields of a hundred fields … and not one byte in any of them.
        (Layout::Plain, empty(100, 6)),
        (Layout::Plain, empty(100, 7)),
        (Layout::Plain, empty(100, 8)),
        (Layout::Plain, empty(100, 9)),
        (Layout::Plain, vec![]),
        // Lists of itself end with the bytes; so do optional ones.
        (Layout::Plain, vec![field("A", inner(10), 1, false)]),
        (Layout::Optional, vec![field("A", inner(11), 0, true)]),
        (Layout::Plain, vec![field("A", inner(9), 1, false)]),
    ]);
    for id in 1..=5 {
        assert!(decoded(&types, id, &[0; 100]).is_none(), "{id}");
        assert!(decoded(&types, id, &[]).is_none(), "{id}");
    }
    let nested = |depth: usize| [1i32.to_le_bytes().repeat(depth), vec![0; 4]].concat();
    for id in [10, 11] {
        assert!(decoded(&types, id, &nested(5)).is_some());
        assert!(decoded(&types, id, &nested(100_000)).is_none(), "too deep");
    }
    assert!(decoded(&types, 12, &i32::MAX.to_le_bytes()).is_none(), "elements without a byte");
}

#[test]
fn fields_take_what_fits_and_the_rest_stays_the_same() {
    let types = types(vec![
        (
            Layout::Optional,
            vec![
                field("Point", inner(2), 0, false),
                field("Points", inner(2), 1, false),
                field("Matrix", Kind::BuiltIn(DataType::Int32), 2, false),
                field("Any", Kind::BuiltIn(DataType::Variant), 0, false),
                field("Open", Kind::BuiltIn(DataType::Structure), 0, false),
                field("Text", Kind::BuiltIn(DataType::String), 0, true),
                field("Choice", inner(3), 0, false),
            ],
        ),
        (Layout::Plain, vec![number("X"), number("Y")]),
        (Layout::Union, vec![number("One"), field("Two", Kind::BuiltIn(DataType::Int16), 0, false)]),
    ]);
    let floats = |floats: &[f64]| floats.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let integers = |integers: &[i32]| integers.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let open = [vec![2, 1, 0], 1002u32.to_le_bytes().to_vec()].concat();
    let bytes = [
        integers(&[0]),
        // A NaN that no computation gives.
        vec![1, 0, 0, 0, 0, 0, 0xF8, 0x7F],
        floats(&[2.0]),
        integers(&[2]),
        floats(&[1.0, 2.0, 3.0, 4.0]),
        integers(&[2, 1, 2, 5, 6]),
        // A variant with an `Int16`.
        vec![4, 7, 0],
        open,
        vec![1],
        integers(&[16]),
        floats(&[8.0, 9.0]),
        integers(&[0]),
    ]
    .concat();
    let before = decoded(&types, 1, &bytes).expect("it fits");
    assert_eq!(body(&before), bytes);
    assert_eq!(before.get("Any"), Some(&Value::Int16(7)));
    assert_eq!(before.get("Open.Y"), Some(&Value::Double(9.0)), "it says its type itself");
    assert_eq!(before.get("Matrix").unwrap().to_string(), "[[5, 6]]");
    assert_eq!((before.get("Text"), before.get("Choice.One"), before.get("Nothing")), (None, None, None));
    assert_eq!(before.get("Points").unwrap().to_string(), "[{X: 1, Y: 2}, {X: 3, Y: 4}]");

    let mut after = before.clone();
    after.set("Point.Y", 5).unwrap();
    assert_eq!(body(&after)[..12], bytes[..12], "the odd NaN is still the same");
    after.set("Point.Y", 2.0).unwrap();
    assert_eq!(body(&after), bytes);
    after.set("Text", "new").unwrap();
    after.set("Choice.Two", 3).unwrap();
    after.set("Choice.One", 1).unwrap();
    assert_eq!((after.get("Choice.Two"), after.get("Choice.One")), (None, Some(&Value::Double(1.0))));
    assert_eq!(body(&decoded(&types, 1, &body(&after)).unwrap()), body(&after));
    after.set("Text", Value::Null).unwrap();
    after.set("Choice.One", Value::Null).unwrap();
    assert_eq!(body(&after), bytes);

    let refusals: [(&str, Value); 8] = [
        ("Point", Value::from(1)),
        ("Point", Value::Structure(before.clone())),
        ("Points", Value::from(vec![1, 2])),
        ("Matrix", Value::from(vec![1, 2])),
        ("Matrix", Value::from(vec![vec![1.5, 2.0]])),
        ("Point.X", Value::from("1")),
        ("Point.Z", Value::from(1)),
        ("Choice.Two", Value::from(70_000)),
    ];
    for (name, value) in refusals {
        let error = after.set(name, value).unwrap_err();
        assert!(error.field().starts_with(name), "{error}");
    }
    assert_eq!(body(&after), bytes, "nothing was set");
    after.set("Matrix", vec![vec![1, 2], vec![3, 4]]).unwrap();
    after.set("Points", Value::Null).unwrap();
    let again = decoded(&types, 1, &body(&after)).unwrap();
    assert_eq!((again.get("Matrix"), again.get("Points")), (after.get("Matrix"), Some(&Value::Null)));
}

/// A definition whose fields are drawn from those that can be hostile.
fn definition() -> impl Strategy<Value = (Layout, Vec<Field>)> {
    let kind = prop_oneof![
        4 => (1u32..=24).prop_map(|id| Kind::BuiltIn(DataType::from_id(id).unwrap())),
        1 => (1u32..=4).prop_map(inner),
    ];
    let layout = prop_oneof![Just(Layout::Plain), Just(Layout::Optional), Just(Layout::Union)];
    let fields = proptest::collection::vec((kind, 0usize..3, any::<bool>()), 0..6);
    (layout, fields).prop_map(|(layout, fields)| {
        let fields = fields.into_iter().enumerate().map(|(index, (kind, rank, optional))| {
            field(&format!("F{index}"), kind, rank, optional && layout == Layout::Optional)
        });
        (layout, fields.collect())
    })
}

proptest! {
    /// Whatever the definitions and the bytes are: what decodes encodes to the same bytes.
    #[test]
    fn no_bytes_do_harm(
        definitions in proptest::collection::vec(definition(), 4),
        bytes in proptest::collection::vec(prop_oneof![6 => Just(0u8), 3 => 1u8..4, 1 => any::<u8>()], 0..64),
    ) {
        let types = types(definitions);
        if let Some(structure) = decoded(&types, 1, &bytes) {
            prop_assert_eq!(body(&structure), bytes);
            let _ = (structure.to_string(), serde_json::to_string(&Value::Structure(structure)).unwrap());
        }
    }
}
