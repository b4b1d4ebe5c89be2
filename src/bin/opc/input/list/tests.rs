use super::*;

fn list(text: &[u8]) -> Result<List, Broken> {
    List::parse(text, None, None, "")
}

#[track_caller]
fn reads(text: &str, form: Form, expected: &[&str]) {
    let list = list(text.as_bytes()).unwrap();
    assert_eq!(list.form, form, "{text}");
    assert_eq!(shown(&list), expected, "{text}");
}

fn shown(list: &List) -> Vec<String> {
    let shown = |item: &Named| match &item.target {
        None => format!("{} {}", item.line, item.id),
        Some(target) => {
            format!("{} {} -> {target}{}", item.line, item.id, if item.scaled { " scaled" } else { "" })
        }
    };
    list.items.iter().map(shown).collect()
}

#[track_caller]
fn breaks(text: &[u8], line: u64, why: &str) {
    assert_eq!(list(text).unwrap_err(), Broken { line, why: why.to_owned() });
}

#[test]
fn one_id_a_line() {
    reads(
        "Random.Int4\r\n\r\n# a comment\n [PLC]Speeds[10],L5 \n\"DB\".\"x\"\n\"Plant.Tank, 1.Level\"\n#Monitor\n",
        Form::Ids,
        &["1 Random.Int4", "4 [PLC]Speeds[10],L5", "5 \"DB\".\"x\"", "6 Plant.Tank, 1.Level", "7 #Monitor"],
    );
    reads("Tag\nName\n", Form::Ids, &["1 Tag", "2 Name"]);
    let twice = list(b"A\nB\nA\n").unwrap();
    assert_eq!((twice.items.len(), twice.repeated), (2, 1));
    breaks(b"A\nB\xB0\n", 2, "the text is not UTF-8");
}

#[test]
fn the_column_of_the_ids_is_known_by_its_name() {
    reads("tag,item_id,path\nns=2;s=A,A,/2:A\n", Form::Csv, &["2 A"]);
    reads("Nr;Item ID\r\n1;\"A;B\"\r\n\r\n2;C\r\n", Form::Csv, &["2 A;B", "4 C"]);
    reads("Description\tTag Name\nx\tA\n", Form::Csv, &["2 A"]);
    reads("\u{feff}Item ID\nA,1\n", Form::Csv, &["2 A"]);
    reads("Alias,Item ID\nOld,New\nSame,Same\n", Form::Csv, &["2 Old -> New", "3 Same"]);
    let utf16: Vec<u8> = "\u{feff}Item ID\tN\n°C\t1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(shown(&list(&utf16).unwrap()), ["2 °C"]);
    breaks(b"Item ID,N\nA,1\n,2\n", 3, "there is no item id in column 1");
    breaks(b"Item ID,N\n\"A,1\nB,2\n", 2, "a quote is not closed");
    breaks(b"Alias,Item ID\nA,x\nB,y\nA,z\n", 4, "`A` is `z` here, but `x` in line 2");
}

#[test]
fn somebody_says_which_column() {
    let third = |text: &str| shown(&List::parse(text.as_bytes(), None, NonZeroUsize::new(3), "P.").unwrap());
    assert_eq!(third("1,2,A\n1,2,B\n"), ["1 P.A", "2 P.B"]);
    assert_eq!(third("Item ID,N,Other\n1,2,A\n"), ["2 P.A"], "the first line is a header");
}

#[test]
fn a_tag_export_of_kepserverex() {
    let text = "Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling\n\
                \"Line 1.Speed\",\"K0001\",Float,1,R/W,100,\nLevel,DB20.DBD4,Float,1,RO,100,\n";
    reads(text, Form::Kepware, &["2 Line 1.Speed", "3 Level"]);
    let prefixed = List::parse(text.as_bytes(), None, None, "Channel1.Device1.").unwrap();
    assert_eq!(shown(&prefixed), ["2 Channel1.Device1.Line 1.Speed", "3 Channel1.Device1.Level"]);
}

#[test]
fn the_aliases_of_a_matrikon_server() {
    reads(
        "# Aliases\n\"North.FIC101\",\"CV\",\"Com1.Plc1.4:0001F\",5,1,0,0,0\n\"\",\"Root\",\"Random.Int4\",0,0,0,1000,0\n\
         \"North\",\"Level\",\"Random.Real8\",5,0,0,0,1,0,100,0,1\n",
        Form::Matrikon,
        &[
            "2 North.FIC101.CV -> Com1.Plc1.4:0001F",
            "3 .Root -> Random.Int4",
            "4 North.Level -> Random.Real8 scaled",
        ],
    );
    let text = b"\"\",\"A\",\"B\",0,0,0,1000,0\nC\n";
    assert!(list(text).unwrap_err().to_string().starts_with("line 2 "));
}
