use proptest::prelude::*;

use super::*;
use crate::Error;

fn csv(text: &str) -> Aliases {
    Aliases::parse_csv(text).unwrap()
}

fn shown(aliases: &Aliases) -> Vec<String> {
    aliases.iter().map(|(alias, tag)| format!("{alias} -> {tag}")).collect()
}

#[track_caller]
fn fails(result: crate::Result<Aliases>, expected: &str) {
    match result {
        Err(Error::Config(text)) => assert_eq!(text, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_columns() {
    let expected = ["A -> x", "B, \"b\" -> ns=2;s=y"];
    for text in [
        "A,x\n\"B, \"\"b\"\"\",ns=2;s=y\n",
        "\u{feff}Alias, Item ID\r\nA , x\r\n\r\n# a comment\r\n\"B, \"\"b\"\"\",\"ns=2;s=y\"",
        "old_id,new_id\nA,x\nA,x\n\"B, \"\"b\"\"\",ns=2;s=y\n",
    ] {
        assert_eq!(shown(&csv(text)), expected, "{text}");
    }
    // The first line of a list without a header.
    assert_eq!(shown(&csv("Alias,Random.Int4\n")), ["Alias -> Random.Int4"]);
    assert_eq!(shown(&csv("\"#Monitor\",x\n#,y\n")), ["#Monitor -> x"]);
    assert!(csv("").is_empty());
}

#[test]
fn a_matrikon_export() {
    let aliases = csv("# Alias export\n\
         \"North.FIC101\",\"CV\",\"Com1.Plc1.4:0001F\",5,1,0,0,0\n\
         \"\",\"JarekSrv\",\"Random.Int4\",0,0,0,1000,0\n\
         \"North\",\"Level\",\"Random.Real8\",5,0,0,0,1,0,100,0,1\n");
    assert_eq!(shown(&aliases), [".JarekSrv -> Random.Int4", "North.FIC101.CV -> Com1.Plc1.4:0001F"]);
    assert_eq!(aliases.skipped(), ["line 4: `North.Level` is scaled"]);
}

#[test]
fn a_broken_line_is_named() {
    let wrong = "an alias has 2, or the 8 and more of a Matrikon export, with numbers from the fourth on";
    fails(Aliases::parse_csv("A,x\nB\n"), &format!("aliases, line 2: 1 columns; {wrong}"));
    fails(Aliases::parse_csv("A,x,y\n"), &format!("aliases, line 1: 3 columns; {wrong}"));
    fails(Aliases::parse_csv("A,x\n\n,y\n"), "aliases, line 3: an alias without a name");
    fails(Aliases::parse_csv("# c\nA,\n"), "aliases, line 2: alias `A`: invalid tag ``: expected a tag at 0");
    fails(
        Aliases::parse_csv("A,ns=x;s=y\n"),
        "aliases, line 1: alias `A`: invalid tag `ns=x;s=y`: expected a namespace index from 0 to 65535 at 3",
    );
    fails(Aliases::parse_csv("A,x\nB,y\nA,z\n"), "aliases, line 3: alias `A` is `z`, but `x` in line 1");
    fails(Aliases::parse_csv("A,x\nB,\"y\nC,z\n"), "aliases, line 2: a quote that does not end in this line");
    fails(Aliases::parse_csv("\"G\",\"\",\"x\",0,0,0,0,0\n"), "aliases, line 1: an alias without a name");
}

#[test]
fn toml() {
    let text = "title = 'x'\n[aliases]\n\"Old.Id\" = 'ns=2;s=New'\nLine1.Speed = \"[PLC]Speed\"\n[aliases.Group]\nTag = 'y'\n";
    let aliases = Aliases::parse_toml(text).unwrap();
    assert_eq!(shown(&aliases), ["Group.Tag -> y", "Line1.Speed -> [PLC]Speed", "Old.Id -> ns=2;s=New"]);
    fails(Aliases::parse_toml("x = 1"), "aliases: there is no table `[aliases]`");
    fails(
        Aliases::parse_toml("[aliases]\nA = 1"),
        "aliases, line 2: alias `A`: the tag has to be a text in quotes",
    );
    fails(
        Aliases::parse_toml("[aliases]\n\nA = 'i=x'"),
        "aliases, line 3: alias `A`: invalid tag `i=x`: expected a number from 0 to 4294967295 at 2",
    );
    fails(
        Aliases::parse_toml("[aliases]\nA.B = 'x'\n'A.B' = 'y'"),
        "aliases, line 3: alias `A.B` is `y`, but `x` in line 2",
    );
    assert!(
        matches!(Aliases::parse_toml("[aliases]\nA = "), Err(Error::Config(text)) if text.contains("line 2"))
    );
}

#[test]
fn what_csv_cannot_hold_is_not_written() {
    let dir = std::env::temp_dir().join(format!("openopc-aliases-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let mut aliases = Aliases::default();
    aliases.insert(" A", Tag::item("x"));
    let path = dir.join("a.csv");
    assert!(matches!(aliases.save(&path), Err(Error::Config(_))));
    assert!(!path.exists());
    let path = dir.join("a.toml");
    aliases.save(&path).unwrap();
    assert_eq!(Aliases::load(&path).unwrap(), aliases);
    let Err(Error::Config(text)) = Aliases::load(dir.join("none.csv")) else {
        panic!("there is no such file")
    };
    assert!(text.contains("none.csv"), "{text}");
    std::fs::remove_dir_all(&dir).unwrap();
}

proptest! {
    #[test]
    fn what_is_written_reads_as_it_was(
        tags in prop::collection::btree_map("[^\\s]([^\\r\\n]{0,6}[^\\s])?", "[^\\s]([^\\r\\n]{0,6}[^\\s])?", 0..6),
    ) {
        let aliases: Aliases = tags.into_iter().map(|(alias, id)| (alias, Tag::item(id))).collect();
        let written = csv::text(&aliases);
        prop_assert_eq!(&csv(&written.unwrap()), &aliases);
        prop_assert_eq!(&Aliases::parse_toml(&toml::text(&aliases)).unwrap(), &aliases);
    }

    #[test]
    fn no_text_panics(text in "[a,\"#\\n\\r;=\\[\\]. 0]{0,40}") {
        let _ = Aliases::parse_csv(&text);
        let _ = Aliases::parse_toml(&text);
    }
}
