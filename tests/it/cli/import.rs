//! `opc import` and `--aliases`

use std::path::{Path, PathBuf};

use openopc::Tag;
use openopc::da::Aliases;
use openopc::sim::{Item, Limits, Service, Simulator, SimulatorBuilder};

use super::process::{command, opc, opc_with, start};

/// A folder of this test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("openopc-import-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn files(&self) -> Vec<String> {
        let name =
            |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = std::fs::read_dir(&self.0).unwrap().map(name).collect();
        names.sort_unstable();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const KEPWARE: &str = "KEPServerEX";

/// A server that looks like KEPServerEX and has alias names.
fn plant() -> SimulatorBuilder {
    let ids = [
        "Channel1.Device1.Tag1",
        "Channel1.Device1.Tag2",
        "Channel1.Device1.K0001",
        "Channel1.Device1.Line 1.Speed",
    ];
    Simulator::builder()
        .items((0..).zip(ids).map(|(n, id)| Item::new(id, n)))
        .namespace_uri(KEPWARE)
        .alias("Old.Tag1", "Channel1.Device1.Tag1")
        .alias("Both", "Channel1.Device1.Tag1")
        .alias("Both", "Channel1.Device1.Tag2")
}

fn import(server: &Simulator, arguments: &[&str], code: i32) -> (String, String) {
    let done = opc(["-s", server.url(), "import"].iter().chain(arguments)).expect(code);
    (done.stdout, done.stderr)
}

#[test]
fn a_list_is_placed_written_down_and_used() {
    let plant = plant().start_blocking().unwrap();
    let folder = Folder::new("placed");
    let list = folder.file("tags.txt", "Channel1.Device1.Tag1\nChannel1.Device1.K0001@Long\n# a comment\nOld.Tag1\nOld.Tag1\nns=2;s=Channel1.Device1.Tag2\n");
    let save = folder.path("aliases.toml");
    let (rows, notes) = import(&plant, &[&list, "--save", &save, "-o", "json"], 0);
    assert_eq!(
        rows,
        "{\"tag\":\"Channel1.Device1.Tag1\",\"node\":\"ns=2;s=Channel1.Device1.Tag1\",\"how\":\"identifier\",\"candidates\":[]}\n\
         {\"tag\":\"Channel1.Device1.K0001@Long\",\"node\":\"ns=2;s=Channel1.Device1.K0001\",\"how\":\"convention of KEPServerEX\",\"candidates\":[]}\n\
         {\"tag\":\"Old.Tag1\",\"node\":\"ns=2;s=Channel1.Device1.Tag1\",\"how\":\"alias name\",\"candidates\":[]}\n\
         {\"tag\":\"ns=2;s=Channel1.Device1.Tag2\",\"node\":\"ns=2;s=Channel1.Device1.Tag2\",\"how\":\"node id\",\"candidates\":[]}\n"
    );
    assert_eq!(
        notes,
        format!(
            "4 of 4 placed (1 by node id, 1 by identifier, 1 by convention of KEPServerEX, 1 by alias name); 1 repeated\n\
             wrote 2 aliases to {save}\n"
        )
    );
    let aliases = Aliases::load(&save).unwrap();
    assert_eq!(aliases.len(), 2);
    let node = |id: &str| Tag::parse(format!("nsu={KEPWARE};s={id}")).unwrap();
    assert_eq!(aliases.get("Old.Tag1"), Some(&node("Channel1.Device1.Tag1")));
    assert_eq!(aliases.get("Channel1.Device1.K0001@Long"), Some(&node("Channel1.Device1.K0001")));
    assert_eq!(folder.files(), ["aliases.toml", "tags.txt"], "nothing is left beside it");

    // A server that knows no alias names reads them by the file, from the option or the environment.
    let bare = Simulator::builder()
        .item(Item::new("Channel1.Device1.Tag1", 7))
        .namespace_uri(KEPWARE)
        .start_blocking()
        .unwrap();
    let read = ["-s", bare.url(), "read", "Old.Tag1", "-o", "values"];
    opc(read).expect(1);
    assert_eq!(opc(read.iter().chain(&["--aliases", &save])).expect(0).stdout, "7\n");
    let by_environment = start(command(read).env("OPC_ALIASES", &save)).finish().expect(0);
    assert_eq!(by_environment.stdout, "7\n");
    let config = opc(["--aliases", &save, "config", "-o", "json"]).expect(0);
    assert!(
        config.stdout.contains(&format!("{{\"name\":\"aliases\",\"value\":\"{save}\"}}")),
        "{}",
        config.stdout
    );
    // What an alias stands for may be gone meanwhile.
    let list = folder.file("again.txt", "Old.Tag1\nChannel1.Device1.K0001@Long\n");
    let again = folder.path("again.csv");
    let arguments = [&list, "--aliases", &save, "--save", &again, "-o", "json", "--left-over"];
    let (rows, notes) = import(&bare, &arguments, 1);
    assert!(rows.starts_with("{\"tag\":\"Channel1.Device1.K0001@Long\",\"node\":null,"), "{rows}");
    assert!(notes.starts_with("1 of 2 placed (1 by alias); 1 not found\nwrote 1 alias to"), "{notes}");
    assert_eq!(Aliases::load(&again).unwrap(), aliases, "and it keeps what was known");
}

#[test]
fn what_is_left_over_is_told_with_what_it_could_be() {
    let plant = plant().start_blocking().unwrap();
    let list = "Channel1.Device1.Tag1\nChanel1.Device1.Tag2\nBoth\nQuite different\n/also/an.id\n";
    let run = |arguments: &[&str]| {
        let done = opc_with(list, ["-s", plant.url(), "import", "-"].iter().chain(arguments)).expect(1);
        (done.stdout, done.stderr)
    };
    let (rows, notes) = run(&["-o", "csv", "--candidates", "1"]);
    assert_eq!(
        rows,
        "tag,node,how,candidates,error\n\
         Channel1.Device1.Tag1,ns=2;s=Channel1.Device1.Tag1,identifier,,\n\
         Chanel1.Device1.Tag2,,,Channel1.Device1.Tag2,no such node on this server\n\
         Both,,,ns=2;s=Channel1.Device1.Tag1 | ns=2;s=Channel1.Device1.Tag2,it could be 2 nodes\n\
         Quite different,,,,no such node on this server\n\
         /also/an.id,,,,no such node on this server\n"
    );
    assert_eq!(notes, "1 of 5 placed (1 by identifier); 3 not found, 1 ambiguous\n");
    let (rows, _) = run(&["--left-over", "-o", "pairs", "-e"]);
    assert!(!rows.contains("Tag1,ns=2") && rows.contains("Both,,it could be 2 nodes\n"), "{rows}");
    let (rows, _) = run(&["-o", "table", "--candidates", "0"]);
    assert!(rows.starts_with("Tag ") && rows.contains("no such node"), "{rows}");
    // Without candidates nothing is listed.
    let count = plant.request_count(Service::Browse);
    run(&["--candidates", "0", "-o", "json"]);
    let browsed = plant.request_count(Service::Browse) - count;
    run(&["-o", "json"]);
    assert!(plant.request_count(Service::Browse) - count > 2 * browsed);
    let (page, _) = run(&["-o", "html"]);
    assert!(page.contains("<tr class=\"bad\"><td>Both</td>"), "{page}");
    let (values, notes) = run(&["-o", "values"]);
    assert!(values.starts_with("ns=2;s=Channel1.Device1.Tag1\n"), "{values}");
    assert!(notes.contains("error: it could be 2 nodes\n"), "{notes}");
}

#[test]
fn a_tag_export_needs_its_channel_and_device() {
    let plant = plant().start_blocking().unwrap();
    let folder = Folder::new("kepware");
    let export = folder.file(
        "export.csv",
        "Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate\r\n\
         \"Tag1\",\"K0001\",Word,1,R/W,100\r\nTag2,K0002,Word,1,R/W,100\r\n\"Line 1.Speed\",K0004,Float,1,RO,100\r\n",
    );
    let (_, notes) = import(&plant, &[&export, "--candidates", "1"], 1);
    assert_eq!(
        notes,
        "0 of 3 placed; 3 not found\n\
         hint: 3 of those not found are there with `Channel1.Device1.` in front: --prefix Channel1.Device1.\n"
    );
    let (_, notes) = import(&plant, &[&export, "--candidates", "0"], 1);
    assert!(notes.contains("hint: a tag export has no channel"), "{notes}");
    let (rows, notes) = import(&plant, &[&export, "--prefix", "Channel1.Device1.", "-o", "pairs"], 0);
    assert_eq!(rows.lines().count(), 3);
    assert!(rows.contains("Channel1.Device1.Line 1.Speed,ns=2;s=Channel1.Device1.Line 1.Speed\n"), "{rows}");
    assert_eq!(notes, "3 of 3 placed (3 by identifier)\n");
}

#[test]
fn aliases_of_a_list_lead_to_what_they_stand_for() {
    let plant = Simulator::builder().preset().start_blocking().unwrap();
    let folder = Folder::new("matrikon");
    let export = folder.file(
        "aliases.csv",
        "\"North\",\"PV\",\"Random.Int4\",5,1,0,0,0\n\"\",\"Root\",\"Random.Real8\",5,1,0,0,0\n\
         \"North\",\"Scaled\",\"Random.Int4\",5,1,0,0,1,0,100,0,1\n\"North\",\"Gone\",\"Random.Itn4\",5,1,0,0,0\n",
    );
    let save = folder.path("aliases.toml");
    let (rows, notes) = import(&plant, &[&export, "--save", &save, "-o", "csv", "--candidates", "1"], 1);
    assert_eq!(
        rows,
        "tag,node,how,candidates,error\n\
         North.PV,ns=2;s=Random.Int4,alias,,\n\
         .Root,ns=2;s=Random.Real8,alias,,\n\
         North.Scaled,,,,\"`North.Scaled` is not there, and its item `Random.Int4` has another value: it is scaled\"\n\
         North.Gone,,,Random.Int4,neither `North.Gone` nor its item `Random.Itn4` is there\n"
    );
    assert_eq!(notes, format!("2 of 4 placed (2 by alias); 2 not found\nwrote 2 aliases to {save}\n"));
    let read =
        opc(["-s", plant.url(), "--aliases", &save, "read", "North.PV", ".Root", "-o", "csv"]).expect(0);
    assert_eq!(read.stdout.lines().count(), 3);
    // Two columns with a header.
    let list = folder.file("two.csv", "Alias,Item ID\nA,Random.Int4\nRandom.Int2,Random.Int2\n");
    let (_, notes) = import(&plant, &[&list, "--save", &save, "--all"], 0);
    assert_eq!(notes, format!("2 of 2 placed (1 by identifier, 1 by alias)\nwrote 2 aliases to {save}\n"));
}

#[test]
fn a_broken_line_is_told_by_its_number_before_anything_is_asked() {
    let plant = plant().start_blocking().unwrap();
    let folder = Folder::new("broken");
    let list = folder.file("list.csv", "Item ID,Note\nA,1\n\"B,2\n");
    let save = folder.path("aliases.toml");
    let (rows, notes) = import(&plant, &[&list, "--save", &save], 2);
    assert_eq!(rows, "");
    assert!(notes.starts_with(&format!("error: {list}, line 3: a quote is not closed")), "{notes}");
    let done = opc_with("", ["-s", plant.url(), "import", "-"]).expect(2);
    assert!(done.stderr.starts_with("error: standard input has no item ids"), "{}", done.stderr);
    assert!(import(&plant, &[&folder.path("none.txt")], 2).1.contains("cannot read "));
    let list = folder.file("list.txt", "A\n");
    let nowhere = Path::new(&folder.0).join("none/aliases.toml");
    let (_, notes) = import(&plant, &[&list, "--save", nowhere.to_str().unwrap()], 2);
    assert!(notes.contains("no such folder"), "{notes}");
    let (_, notes) = import(&plant, &[&list, "--aliases", &folder.path("none.toml")], 2);
    assert!(notes.contains("none.toml"), "{notes}");
    assert_eq!(plant.connections(), 0);
    assert_eq!(plant.request_count(Service::Read), 0, "nobody has been asked");
    assert_eq!(folder.files(), ["list.csv", "list.txt"]);
}

#[test]
fn a_dry_run_writes_nothing() {
    let plant = plant().start_blocking().unwrap();
    let folder = Folder::new("dry");
    let list = folder.file("list.txt", "Old.Tag1\n");
    let save = folder.file("aliases.toml", "[aliases]\n\"Mine\" = \"ns=2;s=X\"\n");
    let (_, notes) = import(&plant, &[&list, "--save", &save, "--dry-run"], 0);
    assert!(notes.ends_with(&format!("would write 1 alias to {save}\n")), "{notes}");
    assert_eq!(std::fs::read_to_string(&save).unwrap(), "[aliases]\n\"Mine\" = \"ns=2;s=X\"\n");
    let (_, notes) = import(&plant, &[&list], 0);
    assert!(notes.ends_with("1 of them need an alias: `--save aliases.toml` writes them\n"), "{notes}");
    assert_eq!(folder.files(), ["aliases.toml", "list.txt"]);
}

/// 18,000 lines: as many requests as the server's limits ask for, and no more.
#[test]
fn a_long_list_takes_few_round_trips() {
    let ids: Vec<String> = (0..18_000).map(|n| format!("Line{}.Unit{}.Tag{n}", n % 9, n % 150)).collect();
    let mut limits = Limits::default();
    limits.nodes_per_read = 10_000;
    let plant = Simulator::builder()
        .items(ids[..17_950].iter().map(|id| Item::new(id, 0)))
        .limits(limits)
        .start_blocking()
        .unwrap();
    let folder = Folder::new("long");
    let list = folder.file("list.txt", &ids.join("\r\n"));
    let arguments =
        [&list, "--save", &folder.path("a.toml"), "--candidates", "0", "--left-over", "-o", "json"];
    let (rows, notes) = import(&plant, &arguments, 1);
    assert_eq!(rows.lines().count(), 50);
    assert!(notes.starts_with("17,950 of 18,000 placed (17,950 by identifier); 50 not found\n"), "{notes}");
    // Two namespaces of the server's own, so 36,000 nodes; and what every client asks when it connects.
    assert_eq!(
        plant
            .requests()
            .iter()
            .filter(|request| request.service == Service::Read && request.items.len() > 100)
            .count(),
        4
    );
    assert!(plant.request_count(Service::Browse) <= 30, "{}", plant.request_count(Service::Browse));
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_what_was_done_and_writes_nothing() {
    use std::io::Read as _;
    use std::net::TcpListener;

    let items = (0..20_000).map(|n| Item::new(format!("Mass.N{n}"), n));
    let plant = Simulator::builder().items(items).start_blocking().unwrap();
    let folder = Folder::new("interrupted");
    let missing: Vec<String> = (0..20_000).map(|n| format!("Mass.M{n}")).collect();
    let list = folder.file("list.txt", &missing.join("\n"));
    // The server behind a door that is shut once the client is in: the import waits for what never comes.
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("opc.tcp://{}", door.local_addr().unwrap());
    let inside = plant.url().trim_start_matches("opc.tcp://").to_owned();
    let (sender, shut) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for client in door.incoming() {
            let (mut client, inside) = (client.unwrap(), std::net::TcpStream::connect(&inside).unwrap());
            let (mut answers, mut back) = (inside.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
            let (mut inside, sender) = (inside, sender.clone());
            std::thread::spawn(move || {
                let mut buffer = [0; 16_384];
                while let Ok(length) = client.read(&mut buffer) {
                    if length == 0 {
                        return;
                    }
                    // A large request is the look-up.
                    if length > 8_000 {
                        // To look at, and to keep: what is dropped here ends the connection.
                        let _ = sender.send((client, inside));
                        return;
                    }
                    let _ = std::io::Write::write_all(&mut inside, &buffer[..length]);
                }
            });
        }
    });
    let save = folder.path("aliases.toml");
    let import = start(&mut command(["-s", &url, "-t", "100s", "import", &list, "--save", &save]));
    let _kept = shut.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
    import.signal("INT");
    let done = import.finish().expect(130);
    assert!(
        done.stderr.contains("looked up 0 of 20,000, 0 of them placed; nothing was written\n"),
        "{}",
        done.stderr
    );
    assert_eq!(folder.files(), ["list.txt"]);
}
