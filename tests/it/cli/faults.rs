//! `opc simulate --faults FILE`

use super::process::{command, opc, start};

fn file(name: &str, text: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("openopc-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn faults_take_their_course_and_are_told() {
    let path = file(
        "course",
        "[[fault]]\nkind = 'status'\nitems = 'Bucket*'\nstatus = 'BadSensorFailure'\n\
         [[fault]]\nkind = 'crash'\nat = '100ms'\nfor = '100ms'\nwithout = ['Random.Int4']\n",
    );
    let arguments = ["simulate", "--listen", "127.0.0.1:0", "--faults", path.to_str().unwrap()];
    let mut simulator = start(&mut command(arguments));
    let url = simulator.line();
    let url = url.trim_end();
    let mut notes = vec![];
    while notes.last().is_none_or(|note: &String| !note.contains("is back")) {
        notes.push(simulator.note());
    }
    let told: Vec<&str> =
        notes.iter().map(String::as_str).filter(|note| note.starts_with("fault ")).collect();
    assert_eq!(
        told,
        ["fault 1 (status) begins", "fault 2 (crash) begins", "fault 2 (crash) ends; the server is back"]
    );
    let read = opc(["-s", url, "read", "Bucket Brigade.Int4", "Random.Int2", "-o", "csv"]).expect(1);
    assert!(read.stdout.contains("BadSensorFailure") && read.stdout.contains(",41,"), "{}", read.stdout);
    opc(["-s", url, "read", "Random.Int4"]).expect(1);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_server_comes_back_with_another_certificate() {
    let path = file(
        "certificate",
        "[[fault]]\nkind = 'crash'\nat = '100ms'\nfor = '10ms'\nnew_certificate = true\n",
    );
    let faults = path.to_str().unwrap();
    let back = |security: &str| {
        let arguments = ["simulate", "--listen", "127.0.0.1:0", "--security", security, "--faults", faults];
        let simulator = start(&mut command(arguments));
        loop {
            let note = simulator.note();
            if note.contains("(crash) ends") || note.contains("(crash) goes on") {
                return note;
            }
        }
    };
    assert!(back("best").contains("the server is back"));
    assert!(back("none").contains("there is no certificate to be new"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_file_that_makes_no_sense_is_two() {
    let path = file("sense", "[[fault]]\nkind = 'delay'\n");
    let done = opc(["simulate", "--listen", "127.0.0.1:0", "--faults", path.to_str().unwrap()]).expect(2);
    assert!(done.stderr.contains("fault 1 (delay): needs `by`"), "{}", done.stderr);
    assert_eq!(done.stdout, "");
    std::fs::remove_file(path).unwrap();
    let done = opc(["simulate", "--listen", "127.0.0.1:0", "--faults", "/no/such/file"]).expect(2);
    assert!(done.stderr.contains("cannot read /no/such/file"), "{}", done.stderr);
}
