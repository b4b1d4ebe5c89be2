use proptest::prelude::*;

use super::*;

/// The candidates as text: `*` in front of an identifier that any namespace may have, the range behind `@@`.
fn shown(convention: Convention, item: &str) -> Vec<String> {
    let show = |candidate: Candidate| {
        let place = match candidate.place {
            Place::Anywhere(id) => format!("*{id}"),
            Place::In { uri, id } => format!("{uri}:{id}"),
            Place::Node(node) => node.to_string(),
        };
        match candidate.range {
            None => place,
            Some(range) => format!("{place}@@{range}"),
        }
    };
    convention.candidates(item).into_iter().map(show).collect()
}

#[track_caller]
fn gives(convention: Convention, item: &str, expected: &[&str]) {
    assert_eq!(shown(convention, item), expected, "{convention}: {item}");
}

#[test]
fn kepserverex() {
    let kepware = Convention::KepServerEx;
    gives(kepware, "Channel1.Device1.Tag1", &["KEPServerEX:Channel1.Device1.Tag1"]);
    gives(kepware, "_System._Time_Second", &["KEPServerEX:_System._Time_Second"]);
    let dynamic = ["KEPServerEX:Channel1.Device1.K0001@Long", "KEPServerEX:Channel1.Device1.K0001"];
    gives(kepware, "Channel1.Device1.K0001@Long", &dynamic);
    // No type, and nothing in front of one.
    gives(kepware, "C.D.user@host", &["KEPServerEX:C.D.user@host"]);
    gives(kepware, "@Long", &["KEPServerEX:@Long"]);
}

#[test]
fn matrikon() {
    let matrikon = Convention::Matrikon;
    gives(matrikon, "Random.Int4", &["*Random.Int4"]);
    gives(matrikon, "Simulation Items.Random.Int4", &["*Simulation Items.Random.Int4", "*Random.Int4"]);
    gives(matrikon, "Simulation Items/Random/Int4", &["*Simulation Items/Random/Int4", "*Random.Int4"]);
    gives(matrikon, ".JarekSrv", &["*.JarekSrv", "*JarekSrv"]);
    gives(matrikon, "JarekSrv", &["*JarekSrv", "*.JarekSrv"]);
    let root = ["*Configured Aliases.JarekSrv", "*.JarekSrv", "*JarekSrv"];
    gives(matrikon, "Configured Aliases.JarekSrv", &root);
    let group = ["*Configured Aliases/HomeTagTest/TestItem", "*HomeTagTest.TestItem"];
    gives(matrikon, "Configured Aliases/HomeTagTest/TestItem", &group);
    gives(matrikon, "Simulation Items", &["*Simulation Items", "*.Simulation Items"]);
}

#[test]
fn rslinx_and_factory_talk() {
    let rslinx = Convention::RsLinx;
    gives(rslinx, "[PLC]Speed", &["*[PLC]Speed", "*::[PLC]Speed", "*PLC.Speed"]);
    gives(
        rslinx,
        "[PLC]Temps[10]",
        &[
            "*[PLC]Temps[10]",
            "*::[PLC]Temps[10]",
            "*PLC.Temps[10]",
            "*[PLC]Temps@@10",
            "*::[PLC]Temps@@10",
            "*PLC.Temps@@10",
        ],
    );
    gives(
        rslinx,
        "[PLC]PROGRAM:Main.Run",
        &[
            "*[PLC]PROGRAM:Main.Run",
            "*::[PLC]PROGRAM:Main.Run",
            "*PLC.PROGRAM:Main.Run",
            "*[PLC]Program:Main.Run",
            "*::[PLC]Program:Main.Run",
            "*PLC.Program:Main.Run",
        ],
    );
    gives(rslinx, "[PLC]", &["*[PLC]"]);
    let factory_talk = Convention::FactoryTalk;
    gives(factory_talk, "::[PLC]Speed", &["*::[PLC]Speed", "*[PLC]Speed", "*PLC.Speed"]);
    gives(factory_talk, "[PLC]Speed", &["*[PLC]Speed", "*::[PLC]Speed", "*PLC.Speed"]);
    gives(factory_talk, "/Area::[PLC]Speed", &["*/Area::[PLC]Speed"]);
}

#[test]
fn rockwell_arrays() {
    let rockwell = Convention::Rockwell;
    gives(rockwell, "Tag", &["*Tag"]);
    gives(rockwell, "Tag[10]", &["*Tag[10]", "*Tag@@10"]);
    gives(rockwell, "Tag[1,2]", &["*Tag[1,2]", "*Tag@@1,2"]);
    gives(rockwell, "Tag[10],L5", &["*Tag[10],L5", "*Tag@@10:14"]);
    gives(rockwell, "Tag[1,2],l3", &["*Tag[1,2],l3", "*Tag@@1,2:4"]);
    gives(rockwell, "Tag[10],L1", &["*Tag[10],L1", "*Tag[10]", "*Tag@@10"]);
    // The last index decides; an array of structures has members, which are nodes of their own.
    gives(rockwell, "Tag[3].Values[4]", &["*Tag[3].Values[4]", "*Tag[3].Values@@4"]);
    for other in [
        "Tag[3].Value",
        "Tag[]",
        "Tag[a]",
        "Tag[+1]",
        "Tag[1,]",
        "[3]",
        "[PLC][3]x",
        "Tag[1],L0",
        "Tag[1],Lx",
    ] {
        gives(rockwell, other, &[&format!("*{other}")]);
    }
    gives(rockwell, "Tag[4294967295],L2", &["*Tag[4294967295],L2"]);
    gives(rockwell, "Tag[4294967296]", &["*Tag[4294967296]"]);
}

#[test]
fn siemens() {
    let siemens = Convention::Siemens;
    gives(siemens, "DB.x", &["*DB.x", "*\"DB\".\"x\""]);
    gives(siemens, "\"DB\".\"x\"", &["*\"DB\".\"x\"", "*DB.x"]);
    gives(siemens, "DB.arr[3]", &["*DB.arr[3]", "*\"DB\".\"arr\"[3]"]);
    gives(siemens, "DB.arr[1,2].member", &["*DB.arr[1,2].member", "*\"DB\".\"arr\"[1,2].\"member\""]);
    gives(siemens, "\"DB\".x", &["*\"DB\".x", "*\"DB\".\"x\"", "*DB.x"]);
    // A dot inside of quotes is part of a name.
    gives(siemens, "\"DB 1.2\".x", &["*\"DB 1.2\".x", "*\"DB 1.2\".\"x\""]);
    for other in ["", ".", "DB.", "\"DB", "\"DB\"x", "DB\"x\"", "DB.arr[3", "DB.\"\""] {
        gives(siemens, other, &[&format!("*{other}")]);
    }
}

#[test]
fn ignition() {
    let ignition = Convention::Ignition;
    gives(ignition, "[PLC]Line/Speed", &["*[PLC]Line/Speed"]);
    gives(ignition, "[PLC]Line.Speed", &["*[PLC]Line.Speed", "*[PLC]Line/Speed"]);
    gives(ignition, "PLC.Line.Speed", &["*PLC.Line.Speed", "*[PLC]Line.Speed", "*[PLC]Line/Speed"]);
    gives(ignition, "PLC/Line/Speed", &["*PLC/Line/Speed", "*[PLC]Line/Speed"]);
    gives(ignition, "Speed", &["*Speed"]);
    gives(ignition, "[PLC]", &["*[PLC]"]);
}

#[test]
fn com_wrapper_and_proxy() {
    let wrapper = Convention::ComWrapper;
    gives(wrapper, "Random.Int4", &["*0:Random.Int4", "*Random.Int4", "*2:Random.Int4"]);
    gives(wrapper, "a&b?c", &["*0:a&&b&?c", "*a&b?c", "*2:a&&b&?c"]);
    let proxy = Convention::ComProxy;
    gives(proxy, "ns-4;i-10", &["ns=4;i=10"]);
    gives(proxy, "ns*4;i*10", &["ns=4;i=10"]);
    gives(proxy, "i-85", &["i=85"]);
    gives(proxy, "ns-2;s-Tank-1", &["ns=2;s=Tank-1", "ns=2;s=Tank=1"]);
    gives(proxy, "ns*2;s*a**b*c", &["ns=2;s=a*b=c"]);
    gives(proxy, "Random.Int4", &[]);
}

#[test]
fn every_convention_is_in_the_list_once() {
    let mut all = Convention::ALL.to_vec();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, Convention::ALL);
}

/// What item ids are made of, and what takes them apart.
const ODD: &str =
    "([a-zA-Z0-9.:/\\[\\]\",@&?*;=L-]|\\[PLC\\]|::|Program:|ns-|ns\\*|\u{e4}|@Long|\\[1\\]|,L2){0,12}";

proptest! {
    #[test]
    fn any_text_has_candidates_and_none_twice(item in ODD) {
        for convention in Convention::ALL {
            let all = convention.candidates(&item);
            for (index, candidate) in all.iter().enumerate() {
                prop_assert!(!all[..index].contains(candidate));
                if let Some(range) = &candidate.range {
                    prop_assert!(crate::Tag::item("x").index_range(range).is_ok(), "{}", range);
                }
            }
            // All but the proxy, whose ids are no identifiers, try the id as it is.
            let verbatim = |candidate: &Candidate| match &candidate.place {
                Place::Anywhere(id) | Place::In { id, .. } => *id == item && candidate.range.is_none(),
                Place::Node(_) => false,
            };
            prop_assert!(*convention == Convention::ComProxy || all.iter().any(verbatim));
        }
    }

    #[test]
    fn a_siemens_symbol_survives_quoting(names in prop::collection::vec("[A-Za-z_ ][A-Za-z0-9_ ]{0,5}", 1..4)) {
        let plain = names.join(".");
        let quoted = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(".");
        prop_assert_eq!(shown(Convention::Siemens, &plain), vec![format!("*{plain}"), format!("*{quoted}")]);
        prop_assert_eq!(shown(Convention::Siemens, &quoted), vec![format!("*{quoted}"), format!("*{plain}")]);
    }

    #[test]
    fn a_block_is_as_long_as_it_says(first in 0u32..1000, length in 1u32..1000) {
        let all = Convention::Rockwell.candidates(&format!("Tag[{first}],L{length}"));
        let range = all.last().unwrap().range.clone().unwrap();
        let (low, high) = range.split_once(':').unwrap_or((&range, &range));
        prop_assert_eq!((low.parse::<u32>().unwrap(), high.parse::<u32>().unwrap()), (first, first + length - 1));
    }

    #[test]
    fn a_proxy_id_gives_its_node_back(namespace in 0u16..9, id in "[a-z.=*]{1,8}") {
        let node = NodeId::string(namespace, &id);
        let sample = node.to_string().replace('*', "**").replace('=', "*");
        let found = |item: &str| shown(Convention::ComProxy, item);
        // Stars and equals signs side by side read more than one way.
        let text = node.to_string();
        if !["==", "=*", "*="].iter().any(|pair| text.contains(pair)) {
            prop_assert!(found(&sample).contains(&node.to_string()), "{} {:?}", sample, found(&sample));
        }
        let standard = node.to_string().replace('=', "-");
        if !id.contains('=') {
            prop_assert!(found(&standard).contains(&node.to_string()));
        }
    }
}
