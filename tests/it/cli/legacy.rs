//! The command-line section of OpenOPC's README, line by line.

use openopc::Value;
use openopc::sim::Simulator;

use super::process::{Done, mask, opc, opc_with};

fn preset() -> Simulator {
    Simulator::builder().preset().start_blocking().unwrap()
}

/// Runs a line as it stands in the README, with words between `|`.
fn run(server: &Simulator, line: &str, input: &str) -> Done {
    let words = line.split('|').skip(1);
    opc_with(input, words.chain(["-s", server.url()]))
}

/// The first column of what is printed.
fn firsts(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split([',', ' ']).next().unwrap_or_default()).collect()
}

#[test]
fn reading_items() {
    let server = preset();
    let done = run(&server, "opc|-r|Random.String|Random.Int4|Random.Real8", "").expect(0);
    assert_eq!(firsts(&done.stdout), ["Tag", "Random.String", "Random.Int4", "Random.Real8"]);
    assert!(
        done.stderr.starts_with("Read 3 of 3 items (0.") && done.stderr.ends_with(" seconds)\n"),
        "{}",
        done.stderr
    );
}

#[test]
fn the_numbers_of_the_readme() {
    // One after the other, as its clients read them: the generator is the one that all of Windows had.
    let server = preset();
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(
            run(&server, "opc|Random.Int4|-o|values", "").expect(0).stdout.trim().parse::<i32>().unwrap(),
        );
    }
    assert_eq!(seen, [41, 18467, 6334, 26500, 19169, 15724]);
}

#[test]
fn every_style_of_output() {
    let server = preset();
    let line = |format: &str| {
        run(&server, &format!("opc|-r|Bucket Brigade.Int4|Bucket Brigade.Real8|-o|{format}"), "")
    };
    let csv = line("csv").expect(0).stdout;
    assert_eq!(
        mask(&csv),
        "tag,value,type,quality,status,source_time,server_time,error\n\
         Bucket Brigade.Int4,0,Int32,Good,Good,TIME,TIME,\nBucket Brigade.Real8,0,Double,Good,Good,TIME,TIME,\n"
    );
    assert_eq!(line("values").expect(0).stdout, "0\n0\n");
    assert_eq!(line("pairs").expect(0).stdout, "Bucket Brigade.Int4,0\nBucket Brigade.Real8,0\n");
    assert!(line("html").expect(0).stdout.contains("<td>Bucket Brigade.Int4</td><td>0</td>"));
    assert!(line("table").expect(0).stdout.starts_with("Tag  "));
}

#[test]
fn listing_items() {
    let done = run(&preset(), "opc|-f|Random.*Int*", "").expect(0);
    // This simulator has the 64-bit ones beside those of the README.
    assert_eq!(
        done.stdout,
        "Random.Int1\nRandom.Int2\nRandom.Int4\nRandom.UInt1\nRandom.UInt2\nRandom.UInt4\nRandom.Int8\nRandom.UInt8\n"
    );
    assert_eq!(done.stderr, "");
}

#[test]
fn combining_commands() {
    let server = preset();
    let items = run(&server, "opc|-f|Random.*Int*", "").expect(0).stdout;
    let done = run(&server, "opc|-r|-", &items).expect(0);
    let rows: Vec<Vec<&str>> =
        done.stdout.lines().skip(1).take(6).map(|line| line.split_whitespace().take(3).collect()).collect();
    // To the number what the README shows.
    assert_eq!(
        rows,
        [
            ["Random.Int1", "0", "Good"],
            ["Random.Int2", "18467", "Good"],
            ["Random.Int4", "6334", "Good"],
            ["Random.UInt1", "206", "Good"],
            ["Random.UInt2", "19169", "Good"],
            ["Random.UInt4", "15724", "Good"],
        ]
    );
    assert!(done.stderr.starts_with("Read 8 of 8 items ("), "{}", done.stderr);
}

#[test]
fn values_to_a_file_and_back() {
    let server = preset();
    let items = run(&server, "opc|-f|Triangle Waves.*Int*", "").expect(0).stdout;
    let data = run(&server, "opc|-r|-|-o|csv", &items).expect(0).stdout;
    let count = items.lines().count();
    assert_eq!(data.lines().count(), 1 + count);
    let done = run(&server, "opc|-w|-", &data).expect(0);
    assert_eq!(
        done.stdout.lines().filter(|line| line.ends_with("Success")).count(),
        count,
        "{}",
        done.stdout
    );
    assert!(done.stderr.starts_with(&format!("Wrote {count} of {count} items (")), "{}", done.stderr);
}

#[test]
fn the_data_logger() {
    let server = preset();
    let done = run(&server, "opc|read|Random.Int4|Random.Real8|-L|0.05|--times|3|-o|csv", "").expect(0);
    let header = done.stdout.lines().filter(|line| line.starts_with("tag,")).count();
    assert_eq!((header, done.stdout.lines().count()), (1, 1 + 6), "{}", done.stdout);
    assert!(done.stderr.starts_with("3 rounds, one every 50ms\n"), "{}", done.stderr);
}

#[test]
fn every_other_option_of_reads_and_writes() {
    let server = preset();
    let stdout = |line: &str| run(&server, line, "").expect(0).stdout;
    assert_eq!(stdout("opc|--read|--output=values|--append=Int4,Int2|Bucket+Brigade."), "0\n0\n");
    assert_eq!(stdout("opc|-ra|.Int4,.Int2,.Real8|Bucket Brigade|-x|2"), "0  0\n0\n");
    assert_eq!(stdout("opc|-x2|-ocsv|Bucket Brigade.Int4|Bucket Brigade.Int2"), "0,0\n");
    for options in [
        "-F|sync",
        "-F|async",
        "-c|cache",
        "-c|device",
        "-c|hybrid",
        "-g|1",
        "-g|1|-z|1",
        "-t|5000",
        "-n|me",
        "-u|100",
    ] {
        assert_eq!(
            stdout(&format!("opc|Bucket Brigade.Int4|Bucket Brigade.Int2|-ovalues|{options}")),
            "0\n0\n"
        );
    }
    let errors = run(&server, "opc|-e|-opairs|Bucket Brigade.Int4|Nope", "").expect(1);
    assert_eq!(errors.stdout, "Bucket Brigade.Int4,0,\nNope,,read `Nope`: no such node on this server\n");
    assert_eq!(errors.stderr, "");
    let unasked = run(&server, "opc|-ovalues|Nope", "").expect(1);
    assert_eq!(
        (unasked.stdout.as_str(), unasked.stderr.as_str()),
        ("\n", "error: read `Nope`: no such node on this server\n")
    );

    run(&server, "opc|-w|Bucket Brigade.Int4|-5|Bucket+Brigade.String|1+1", "").expect(0);
    assert_eq!(server.get("Bucket Brigade.Int4").unwrap().value, Value::from(-5));
    assert_eq!(server.get("Bucket Brigade.String").unwrap().value, Value::from("1+1"));
    run(&server, "opc|-w|Bucket+Brigade.Int4=6", "").expect(0);
    assert_eq!(server.get("Bucket Brigade.Int4").unwrap().value, Value::from(6));
    assert!(run(&server, "opc|-vr|Random.Int4", "").expect(0).stderr.contains("Connected"));
}

#[test]
fn chunks_are_requests() {
    let server = preset();
    server.clear_requests();
    run(
        &server,
        "opc|-r|ns=2;s=Bucket Brigade.Int4|ns=2;s=Bucket Brigade.Int2|ns=2;s=Bucket Brigade.Int1|-g|2",
        "",
    )
    .expect(0);
    let reads: Vec<usize> = crate::support::requests(&server, openopc::sim::Service::Read)
        .iter()
        .map(|request| request.items.len())
        .collect();
    assert_eq!(reads, [2, 1]);
}

#[test]
fn what_means_nothing_here_is_said_and_does_no_harm() {
    let server = preset();
    let done = run(
        &server,
        "opc|-m|dcom|-C|Some.Class|-H|gate|-P|7766|-h|plant|-r|Bucket Brigade.Int4|-ovalues",
        "",
    );
    let done = done.expect(0);
    assert_eq!(done.stdout, "0\n");
    assert!(done.stderr.starts_with("note: -m, -C, -H, -P, -h changes nothing here"), "{}", done.stderr);

    for (line, words) in [
        (vec!["-S"], "opc read i=2277"),
        (vec!["list-clients"], "opc read i=2277"),
        (vec!["-h", "plant", "-r", "A"], "-s opc.tcp://HOST:4840"),
        (vec!["-s", "Matrikon.OPC.Simulation", "-r", "A"], "opc.tcp://HOST:4840"),
        (vec!["-s", "sim:", "-x", "2", "-o", "values", "A"], "--rotate is for tables, csv and html"),
        (vec!["-s", "sim:", "-F", "later", "A"], "[possible values: sync, async]"),
    ] {
        let done = opc(&line).expect(2);
        assert!(done.stderr.contains(words), "{line:?}: {}", done.stderr);
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn of_several_servers_the_first_that_answers() {
    let gone = preset().url().to_owned();
    let server = preset();
    let list = format!("{gone};{}", server.url());
    let done = opc(["-s", &list, "-t", "5s", "-ovalues", "Bucket Brigade.Int4"]).expect(0);
    assert_eq!(done.stdout, "0\n");
    assert!(done.stderr.contains(&format!("cannot open {gone}")), "{}", done.stderr);
}

#[test]
fn looking_around() {
    let server = preset();
    let stdout = |line: &str| run(&server, line, "").expect(0).stdout;
    assert!(stdout("opc|-l").starts_with("Simulation Items\n"));
    assert_eq!(stdout("opc|-l|Simulation+Items.Random.Int?"), stdout("opc|-l|-R|Sim*.Random.Int[0-9]"));
    assert_eq!(stdout("opc|-l|Sim*.R*om.Real*"), "Random.Real4\nRandom.Real8\n");
    assert_eq!(stdout("opc|-p|Random.Int4|-y|1,5|-o|values"), "VT_I4\nRead\n");
    assert_eq!(
        stdout("opc|-p|Random.Int4|Random.Real8|-y|1|-o|pairs"),
        "Random.Int4,VT_I4\nRandom.Real8,VT_R8\n"
    );
    assert_eq!(
        stdout("opc|-p|Random|-a|.Int4,.Real8|-y|0,1|-x|2|-o|csv"),
        "Random.Int4,VT_I4\nRandom.Real8,VT_R8\n"
    );
    assert_eq!(stdout("opc|-q|-o|values"), format!("{}\n", server.url()));
    let host = server.url().trim_start_matches("opc.tcp://").to_owned();
    assert_eq!(stdout(&format!("opc|-q|-h|{host}|-o|values")), format!("{}\n", server.url()));
    let info = stdout("opc|-i");
    let names = ["Protocol", "Class", "Client Name", "OPC Host", "OPC Server", "State", "Version", "Browser"];
    for (line, name) in info.lines().skip(1).zip(names) {
        assert!(line.starts_with(name), "{info}");
    }
    assert!(
        info.contains("Running") && info.contains("Hierarchical") && info.contains("Start Time"),
        "{info}"
    );
}

#[test]
fn the_commands_of_openopc_2() {
    let server = preset();
    let same = |old: &str, new: &str| {
        assert_eq!(run(&server, old, "").expect(0).stdout, run(&server, new, "").expect(0).stdout, "{old}");
    };
    same("opc|list-tags|--recursive", "opc|list|-R");
    same("opc|list-servers", "opc|servers");
    assert!(opc(["-s", "sim:", "server-info"]).expect(0).stdout.contains("openopc simulator"));
    let config = opc(["-s", "sim:", "-t", "500", "list-config", "-o", "pairs"]).expect(0);
    assert_eq!(config.stdout, "server,sim:\nname,opc\ntimeout,500ms\naliases,\noutput,pairs\nlog,\n");
}
