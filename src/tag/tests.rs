use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::value::arbitrary;

/// Text that is, or nearly is, one of the special forms.
fn nasty() -> impl Strategy<Value = String> {
    let prefix = proptest::sample::select(vec![
        "",
        "item:",
        "range=",
        "range=1;",
        "range=0:9;",
        "ns=",
        "ns=2;",
        "nsu=",
        "nsu=u;",
        "svr=",
        "i=",
        "s=",
        "g=",
        "b=",
        "/",
        "//",
        "/2:",
        " ",
        "&",
        "I=",
        "NS=2;",
    ]);
    (prefix, prop_oneof![any::<String>(), "[a-z0-9=:;/.&]{0,12}"])
        .prop_map(|(prefix, rest)| format!("{prefix}{rest}"))
}

fn range() -> impl Strategy<Value = Option<String>> {
    let dimension = (any::<u32>(), any::<u32>()).prop_map(|(a, b)| match a.cmp(&b) {
        std::cmp::Ordering::Equal => a.to_string(),
        std::cmp::Ordering::Less => format!("{a}:{b}"),
        std::cmp::Ordering::Greater => format!("{b}:{a}"),
    });
    proptest::option::of(
        proptest::collection::vec(dimension, 1..4).prop_map(|dimensions| dimensions.join(",")),
    )
}

fn with_range(tag: Tag, range: Option<&String>) -> Tag {
    match range {
        Some(range) => tag.index_range(range).unwrap(),
        None => tag,
    }
}

fn reads_back(tag: &Tag) {
    let again: Tag = tag.to_string().parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(&again, tag);
    assert_eq!(again.as_str(), tag.as_str());
    assert_eq!(HashSet::from([again, tag.clone()]).len(), 1);
}

proptest! {
    #[test]
    fn item_ids_are_taken_verbatim(id in nasty(), range in range()) {
        let tag = with_range(Tag::item(id.clone()), range.as_ref());
        prop_assert_eq!(tag.kind(), TagKind::Item(&id));
        prop_assert_eq!(tag.range(), range.as_deref());
        reads_back(&tag);
        if !parse::needs_prefix(&id) {
            prop_assert_eq!(Tag::parse(&id), Ok(Tag::item(id)));
        }
    }

    #[test]
    fn node_ids_read_back(id in arbitrary::node_id(), range in range()) {
        let tag = with_range(Tag::node(id.clone()), range.as_ref());
        prop_assert_eq!(tag.kind(), TagKind::NodeId(&id));
        reads_back(&tag);
    }

    #[test]
    fn namespace_uris_read_back(uri in any::<String>(), identifier in arbitrary::identifier(), range in range()) {
        let uri = format!("u{uri}");
        let tag = with_range(Tag::namespace_uri(uri.clone(), identifier.clone()).unwrap(), range.as_ref());
        prop_assert_eq!(tag.kind(), TagKind::NamespaceUri { uri: &uri, identifier: &identifier });
        reads_back(&tag);
    }

    #[test]
    fn paths_read_back(names in proptest::collection::vec(arbitrary::qualified_name(), 1..4), range in range()) {
        let empty = names.iter().any(|name| name.name.is_empty());
        let path = Tag::path(names.clone());
        prop_assert_eq!(path.is_err(), empty);
        let Ok(path) = path else { return Ok(()) };
        let tag = with_range(path, range.as_ref());
        prop_assert_eq!(tag.kind(), TagKind::Path(&names));
        reads_back(&tag);
    }

    #[test]
    fn whatever_parses_prints_as_it_was(text in nasty()) {
        match Tag::parse(&text) {
            Ok(tag) => {
                prop_assert_eq!(tag.as_str(), text.as_str());
                reads_back(&tag);
            }
            Err(error) => {
                prop_assert!(error.position() <= text.len());
                prop_assert!(text.is_char_boundary(error.position()), "{}", error);
            }
        }
    }
}

#[test]
fn every_kind_of_text() {
    let item = |text| assert_eq!(Tag::parse(text).unwrap().kind(), TagKind::Item(text));
    let long = "x".repeat(3950);
    for text in [
        "Random.Int4",
        "[PLC]Motor.Speed",
        "\"DB\".\"x\"",
        "S7:[CONN]DB20,REAL14,1",
        " spaced ",
        "Höhe/µm",
        "a=b",
        "NS=2;S=x",
        "Saw-toothed Waves.Int4",
        "\\\\node\\x",
        "x;y",
        &long,
    ] {
        item(text);
    }
    let names =
        [QualifiedName::new(2, "Plant"), QualifiedName::new(0, "Boiler.1/a"), QualifiedName::new(0, "2")];
    assert_eq!(Tag::parse("/2:Plant/Boiler&.1&/a/2").unwrap().kind(), TagKind::Path(&names));
    assert_eq!(Tag::parse("i=2258").unwrap(), Tag::numeric(0, 2258));
    assert_eq!(Tag::parse("ns=0;i=2258").unwrap(), Tag::parse("i=2258").unwrap());
    assert_eq!(Tag::parse("ns=2;s=a;b=c").unwrap(), Tag::string(2, "a;b=c"));
    assert_eq!(Tag::parse("item:ns=2;s=a").unwrap(), Tag::item("ns=2;s=a"));
    assert_eq!(Tag::item("a").to_string(), "a");
    assert_eq!(Tag::item("/a").to_string(), "item:/a");
    assert_ne!(Tag::item("a"), Tag::item("a").index_range("0").unwrap());
}

#[test]
fn slips_of_the_pen_are_errors() {
    let cases = [
        ("", "invalid tag ``: expected a tag at 0"),
        ("ns=x;s=a", "invalid tag `ns=x;s=a`: expected a namespace index from 0 to 65535 at 3"),
        ("ns=+2;s=a", "invalid tag `ns=+2;s=a`: expected a namespace index from 0 to 65535 at 3"),
        ("ns=65536;s=a", "invalid tag `ns=65536;s=a`: expected a namespace index from 0 to 65535 at 3"),
        ("ns=2", "invalid tag `ns=2`: expected `;` and an identifier after the namespace index at 4"),
        ("ns=2;a", "invalid tag `ns=2;a`: expected `i=`, `s=`, `g=` or `b=` at 5"),
        ("ns=2;i=a", "invalid tag `ns=2;i=a`: expected a number from 0 to 4294967295 at 7"),
        ("i=abc", "invalid tag `i=abc`: expected a number from 0 to 4294967295 at 2"),
        ("b=*", "invalid tag `b=*`: expected base64 at 2"),
        ("nsu=;s=a", "invalid tag `nsu=;s=a`: expected a namespace URI at 4"),
        ("svr=1;i=1", "invalid tag `svr=1;i=1`: expected a node of this server (`svr=` names another) at 0"),
        ("/", "invalid tag `/`: expected a browse name at 1"),
        ("/2:/a", "invalid tag `/2:/a`: expected a browse name at 3"),
        ("/a.b", "invalid tag `/a.b`: expected `&.` for a dot in a browse name at 2"),
        ("/a:b", "invalid tag `/a:b`: expected `&:` for a colon in a browse name at 2"),
        ("/a&b", "invalid tag `/a&b`: expected one of `/.<>:#!&` after `&` at 3"),
        ("/99999:a", "invalid tag `/99999:a`: expected a namespace index from 0 to 65535 at 1"),
        ("range=;a", "invalid tag `range=;a`: expected an index such as `3`, or a range such as `0:9` at 6"),
        ("range=3:3;a", "invalid tag `range=3:3;a`: expected an index above the first at 8"),
        ("range=1,9:8;a", "invalid tag `range=1,9:8;a`: expected an index above the first at 10"),
        ("range=1", "invalid tag `range=1`: expected `;` and a tag after the index range at 7"),
        ("range=1;", "invalid tag `range=1;`: expected a tag after the index range at 8"),
        ("range=1;range=2;a", "invalid tag `range=1;range=2;a`: expected only one index range at 8"),
        (
            "range=1;ns=x;i=1",
            "invalid tag `range=1;ns=x;i=1`: expected a namespace index from 0 to 65535 at 11",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(Tag::parse(text).unwrap_err().to_string(), message);
    }
    let long = format!("ns=x;{}", "é".repeat(500));
    assert!(Tag::parse(&long).unwrap_err().to_string().len() < 300);
    for range in ["", " 1", "1 ", "+1", "1:", ":1", "1:2:3", "1,", "4294967296", "2:1"] {
        assert!(Tag::item("a").index_range(range).is_err(), "{range}");
    }
    assert!(Tag::path([]).is_err());
    assert!(Tag::path([QualifiedName::new(2, "")]).is_err());
    assert!(Tag::namespace_uri("", Identifier::Numeric(1)).is_err());
}

#[test]
fn everything_that_names_a_tag_becomes_one() {
    fn tag(value: impl IntoTag) -> Tag {
        value.into_tag().unwrap()
    }
    let item = Tag::item("a");
    let text = String::from("a");
    assert_eq!(tag(&item), item);
    assert_eq!(tag(item.clone()), item);
    assert_eq!([tag("a"), tag(&text), tag(text.clone())], [(); 3].map(|()| item.clone()));
    assert_eq!(["a"].iter().map(tag).collect::<Vec<_>>(), vec![item.clone()]);
    assert_eq!(tag((0, 85)), Tag::numeric(0, 85));
    assert_eq!(tag((2, "a")), Tag::string(2, "a"));
    assert_eq!(tag(NodeId::numeric(0, 85)), Tag::numeric(0, 85));
    let reading = crate::Reading::new(item.clone(), 1);
    assert_eq!(tag(&reading), item);
    // Not parsed.
    assert_eq!(tag(crate::da::ItemId::new("i=85")), Tag::item("i=85"));
    assert!("ns=x".into_tag().is_err());
}

#[test]
fn tags_are_text_in_json() {
    let tag: Tag = serde_json::from_str("\"range=0:9;ns=2;s=a\"").unwrap();
    assert_eq!(serde_json::to_string(&tag).unwrap(), "\"range=0:9;ns=2;s=a\"");
    assert!(serde_json::from_str::<Tag>("\"ns=x\"").is_err());
}
