//! `opc list`, `opc properties`, `opc servers`, `opc endpoints`

use openopc::sim::{Item, Simulator};

use super::process::{command, opc, opc_with, start};

fn plant() -> Simulator {
    let names = ["Plant.Tank, 1.Level", "Plant.Tank, 1.Setpoint", "Plant.Pump.Speed"];
    let items = names.map(|name| Item::new(name, 1.5).writable().unit("m").description("what it is"));
    Simulator::builder().items(items).item(Item::new("Plant.State", 3)).start_blocking().unwrap()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn a_list_is_read_back() {
    let plant = plant();
    let all = opc(["-s", plant.url(), "list", "-R"]).expect(0).stdout;
    assert_eq!(lines(&all).len(), 4, "{all}");
    assert!(all.contains("\"Plant.Tank, 1.Level\"\n"), "{all}");
    let read = opc_with(&all, ["-s", plant.url(), "read", "-", "-o", "csv"]).expect(0);
    assert_eq!(lines(&read.stdout).len(), 1 + 4);
    // And so is a csv of it, by its header.
    let csv = opc(["-s", plant.url(), "list", "-R", "-o", "csv"]).expect(0).stdout;
    assert!(csv.starts_with("tag,item_id,path,name,kind,access\n"), "{csv}");
    let again = opc_with(&csv, ["-s", plant.url(), "read", "-", "-o", "csv"]).expect(0);
    assert_eq!(lines(&again.stdout).len(), 1 + 4);
}

#[test]
fn a_line_of_json_says_all_of_an_entry() {
    let plant = plant();
    let done = opc(["-s", plant.url(), "list", "Plant.Pump.*", "-o", "json"]).expect(0);
    let entry: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (&entry["tag"], &entry["item_id"], &entry["name"], &entry["kind"], &entry["access"]),
        (
            &"Plant.Pump.Speed".into(),
            &"Plant.Pump.Speed".into(),
            &"Speed".into(),
            &"Leaf".into(),
            &"Read/Write".into()
        )
    );
    assert!(entry["path"].as_str().unwrap().ends_with("2:Pump/2:Speed"), "{entry}");
}

#[test]
fn choices_of_a_list() {
    let plant = plant();
    let list = |arguments: &[&str]| {
        opc(["-s", plant.url(), "list"].iter().chain(arguments)).expect(0).stdout.replace('"', "")
    };
    assert_eq!(
        list(&["plant"]),
        "Plant.State\nTank, 1\nPump\n",
        "branches by their names, as OpenOPC has them"
    );
    assert_eq!(list(&["Plant", "--kind", "leaf"]), "Plant.State\n");
    assert_eq!(list(&["*", "-R", "--access", "write", "--limit", "1"]), "Plant.Tank, 1.Level\n");
    assert_eq!(
        list(&["--flat", "*.S*", "Plant.State", "*.Speed"]),
        "Plant.State\nPlant.Tank, 1.Setpoint\nPlant.Pump.Speed\n"
    );
    let table = opc(["-s", plant.url(), "list", "Plant", "-o", "table"]).expect(0);
    assert!(table.stdout.starts_with("Tag") && table.stderr == "Listed 3 items\n", "{table:?}");
    let page = list(&["Plant", "-o", "html"]);
    assert!(page.contains("<td>Plant.State</td><td>Leaf</td><td>Read</td>"), "{page}");
}

#[test]
fn a_pattern_that_nothing_matches_is_said() {
    let plant = plant();
    let done = opc(["-s", plant.url(), "list", "Plant.State", "Plnat.*", "-o", "values"]).expect(1);
    assert_eq!(
        (done.stdout.as_str(), done.stderr.as_str()),
        ("Plant.State\n", "nothing matches `Plnat.*`\n")
    );
    assert_eq!(opc(["-s", plant.url(), "-f", "Nope"]).expect(1).stderr, "nothing matches `Nope`\n");
}

#[test]
fn properties_in_every_format() {
    let plant = plant();
    let run = |arguments: &[&str], code| {
        opc(["-s", plant.url(), "properties"].iter().chain(arguments)).expect(code)
    };
    let all = run(&["Plant.Pump.Speed", "-o", "csv"], 0).stdout;
    assert!(all.starts_with(
        "tag,id,name,value,error\nPlant.Pump.Speed,0,Item ID (virtual property),Plant.Pump.Speed,\n"
    ));
    for line in ["1,Item Canonical DataType,VT_R8,", "5,Item Access Rights,Read/Write,", "100,EU Units,m,"] {
        assert!(all.contains(&format!("\nPlant.Pump.Speed,{line}\n")), "{line}: {all}");
    }
    assert_eq!(
        run(&["Plant.State", "Plant.Pump.Speed", "-y", "1,EU Units", "-o", "json"], 1).stdout,
        "{\"tag\":\"Plant.State\",\"id\":1,\"name\":\"Item Canonical DataType\",\"value\":3}\n\
         {\"tag\":\"Plant.State\",\"id\":100,\"name\":\"EU Units\",\"error\":\"`Plant.State` has no such property\"}\n\
         {\"tag\":\"Plant.Pump.Speed\",\"id\":1,\"name\":\"Item Canonical DataType\",\"value\":5}\n\
         {\"tag\":\"Plant.Pump.Speed\",\"id\":100,\"name\":\"EU Units\",\"value\":\"m\"}\n"
    );
    let gone = run(&["Nope", "-o", "json"], 1).stdout;
    assert_eq!(gone, "{\"tag\":\"Nope\",\"error\":\"properties `Nope`: no such node on this server\"}\n");
    assert!(run(&["A", "-y", "often"], 2).stderr.contains("EU Units"));
}

#[test]
fn servers_and_endpoints() {
    let plant = plant();
    let server = opc(["servers", plant.url(), "-o", "json"]).expect(0).stdout;
    let server: serde_json::Value = serde_json::from_str(&server).unwrap();
    assert_eq!((&server["kind"], &server["urls"][0]), (&"Server".into(), &plant.url().into()));
    let endpoint = opc(["-s", plant.url(), "endpoints", "-o", "csv"]).expect(0).stdout;
    assert!(
        endpoint.contains(&format!("\n{},None,None,0,Anonymous,uatcp-uasc-uabinary,", plant.url())),
        "{endpoint}"
    );
    // The name of a host is enough, and one that does not answer does not keep the others.
    let host = plant.url().trim_start_matches("opc.tcp://");
    let done = opc(["servers", "-t", "5s", "127.0.0.1:1", host, "-o", "values"]).expect(3);
    assert_eq!(done.stdout, format!("{}\n", plant.url()));
    assert!(done.stderr.contains("127.0.0.1:1") && done.stderr.contains("hint: "), "{}", done.stderr);
    opc(["servers"]).expect(2);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_list_with_what_was_listed() {
    let items = (0..20_000).map(|n| Item::new(format!("Mass.N{n}"), n));
    let simulator = Simulator::builder().items(items).start_blocking().unwrap();
    let mut list = start(&mut command(["-s", simulator.url(), "list", "-R"]));
    let first = list.line();
    assert!(first.starts_with("Mass.N"), "{first}");
    // The pipe is full long before the end, so it is still there to hear it.
    list.signal("INT");
    let done = list.finish().expect(130);
    let listed = 1 + lines(&done.stdout).len();
    assert!(
        listed < 20_000 && done.stderr == format!("Listed {listed} items\n"),
        "{listed}: {}",
        done.stderr
    );
}
