//! A store on disk does what the one in memory does, whatever is done to it, and still after it was closed.

use proptest::collection::vec;
use proptest::prelude::*;
use redb::StorageBackend;

use super::*;
use crate::Value;
use crate::sim::history::memory::Memory;

/// A file of its own, gone when dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Temporary {
        Temporary(std::env::temp_dir().join(format!("openopc-{}-{name}.redb", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

#[derive(Clone, Debug)]
enum Deed {
    Record(Vec<(bool, i64, Value)>),
    Change(Vec<(u8, i64, Value)>),
    Delete(i64, i64),
    Forget(i64, i64),
    Annotate(i64, u8, String),
    Erase(i64, u8),
    Trim(usize),
    Happen(i64, String, usize),
    Reopen,
}

/// Many more than go into one chunk, so that chunks are split, emptied and begun anew.
const LATEST: i64 = 3_000;

fn deed() -> impl Strategy<Value = Deed> {
    let value = || {
        prop_oneof![
            any::<f64>().prop_map(Value::Double),
            Just(Value::Null),
            "[a-z]{0,9}".prop_map(Value::from)
        ]
    };
    let span = || (0..LATEST, 0..LATEST);
    let run = (any::<bool>(), 0..LATEST, 1..1_500i64, value()).prop_map(|(other, from, length, value)| {
        Deed::Record((from..from + length).map(|time| (other, time, value.clone())).collect())
    });
    prop_oneof![
        4 => run,
        2 => vec((any::<bool>(), 0..LATEST, value()), 0..20).prop_map(Deed::Record),
        3 => vec((0..4u8, 0..LATEST, value()), 0..20).prop_map(Deed::Change),
        1 => span().prop_map(|(from, to)| Deed::Delete(from, to)),
        1 => span().prop_map(|(from, to)| Deed::Forget(from, to)),
        1 => (0..LATEST, 0..3u8, "[a-z]{0,5}").prop_map(|(time, user, text)| Deed::Annotate(time, user, text)),
        1 => (0..LATEST, 0..3u8).prop_map(|(time, user)| Deed::Erase(time, user)),
        1 => (1..3_000usize).prop_map(Deed::Trim),
        2 => (0..LATEST, "[a-z]{0,5}", 1..6_usize).prop_map(|(time, text, most)| Deed::Happen(time, text, most)),
        1 => Just(Deed::Reopen),
    ]
}

fn annotation(time: i64, user: u8, message: &str) -> Annotation {
    Annotation { time: at(time), message: message.into(), user: user.to_string(), written: at(time + 1) }
}

/// What is done is answered in the same way by every store.
fn answer(store: &dyn Store, deed: &Deed) -> String {
    let now = at(99_999);
    match deed {
        Deed::Record(samples) => {
            let series = |other| if other { "other" } else { "one" };
            let samples: Vec<(&str, Sample)> = samples
                .iter()
                .map(|(other, time, value)| (series(*other), Sample::new(at(*time), value.clone())))
                .collect();
            format!("{:?}", store.record(&samples))
        }
        Deed::Change(changes) => {
            let change = |(kind, time, value): &(u8, i64, Value)| {
                let sample = Sample::new(at(*time), value.clone());
                match kind {
                    0 => Change::Insert(sample),
                    1 => Change::Replace(sample),
                    2 => Change::Update(sample),
                    _ => Change::Delete(at(*time)),
                }
            };
            format!("{:?}", store.change("one", changes.iter().map(change).collect(), "me", now))
        }
        Deed::Delete(from, to) => format!("{:?}", store.delete("one", at(*from), at(*to), "me", now)),
        Deed::Forget(from, to) => format!("{:?}", store.forget("one", at(*from), at(*to))),
        Deed::Annotate(time, user, text) => {
            format!("{:?}", store.annotate("one", vec![annotation(*time, *user, text)]))
        }
        Deed::Erase(time, user) => format!("{:?}", store.erase("one", &[annotation(*time, *user, "")])),
        Deed::Happen(time, text, most) => {
            let event = EventRecord::new(text).source(text).field(text, *time);
            format!("{:?}", store.happen(&event, at(*time), *most))
        }
        Deed::Trim(capacity) => format!("{:?}", store.trim("one", *capacity)),
        Deed::Reopen => String::new(),
    }
}

/// All there is to see.
fn seen(store: &dyn Store, from: i64, limit: usize) -> String {
    let all = usize::MAX;
    format!(
        "{:?}",
        (
            store.scan("one", at(0), Direction::Forward, all),
            store.scan("other", at(LATEST * 2), Direction::Backward, all),
            store.scan("one", at(from), Direction::Forward, limit),
            store.scan("one", at(from), Direction::Backward, limit),
            store.modified("one", at(from), at(from + 500)),
            store.annotations("one", at(0), at(LATEST)),
            store.events(at(from), at(LATEST)),
        )
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn disk_and_memory_say_the_same(
        deeds in vec(deed(), 1..20),
        looks in vec((0..LATEST, 0..700usize), 20),
    ) {
        let file = Temporary::new("same");
        let memory = Memory::default();
        let mut disk = Some(RedbStore::open(&file.0).unwrap());
        for (deed, (from, limit)) in deeds.iter().zip(looks) {
            if matches!(deed, Deed::Reopen) {
                drop(disk.take());
            }
            let disk = disk.get_or_insert_with(|| RedbStore::open(&file.0).unwrap());
            prop_assert_eq!(answer(disk, deed), answer(&memory, deed));
            prop_assert_eq!(seen(disk, from, limit), seen(&memory, from, limit));
        }
    }
}

#[test]
fn what_is_no_history_is_told_apart() {
    let why = |path: &Path| RedbStore::open(path).unwrap_err().to_string();
    let file = Temporary::new("no-history");
    std::fs::write(&file.0, "time,value,status\n".repeat(100)).unwrap();
    assert!(why(&file.0).contains("is no history, or is broken"), "{}", why(&file.0));
    std::fs::remove_file(&file.0).unwrap();
    {
        let other = Database::create(&file.0).unwrap();
        let transaction = other.begin_write().unwrap();
        transaction.open_table(TableDefinition::<u32, u32>::new("birds")).unwrap();
        transaction.commit().unwrap();
    }
    assert!(why(&file.0).contains("none of this simulator's history"), "{}", why(&file.0));
    std::fs::remove_file(&file.0).unwrap();
    let _open = RedbStore::open(&file.0).unwrap();
    assert!(why(&file.0).contains("another process has the file open"), "{}", why(&file.0));
    let nowhere = why(Path::new("/no/such/folder/history.redb"));
    assert!(
        nowhere.contains("/no/such/folder/history.redb") && nowhere.contains("No such file"),
        "{nowhere}"
    );
}

#[test]
fn a_file_from_the_future_is_left_alone() {
    let file = Temporary::new("future");
    {
        let database = Database::create(&file.0).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(ABOUT).unwrap().insert("format", 2).unwrap();
        transaction.commit().unwrap();
    }
    let why = RedbStore::open(&file.0).unwrap_err().to_string();
    assert!(why.contains("newer version"), "{why}");
}

/// A disk that can be full.
#[derive(Debug, Clone, Default)]
struct Disk(std::sync::Arc<std::sync::Mutex<(Vec<u8>, bool)>>);

impl Disk {
    fn fill(&self, full: bool) {
        self.0.lock().unwrap().1 = full;
    }

    fn room(&self) -> std::io::Result<()> {
        if self.0.lock().unwrap().1 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        Ok(u64::try_from(self.0.lock().unwrap().0.len()).unwrap())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.0.lock().unwrap().0[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.room()?;
        self.0.lock().unwrap().0.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.room()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.room()?;
        let start = usize::try_from(offset).unwrap();
        self.0.lock().unwrap().0[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_and_got_over() {
    let disk = Disk::default();
    let again = disk.clone();
    let reopen: Reopen = Box::new(move || {
        let database = Database::builder().create_with_backend(again.clone())?;
        open::prepare(&database)?;
        Ok(database)
    });
    let database = RwLock::new(File::Open(reopen().unwrap()));
    let store = RedbStore { path: "disk".into(), database, reopen };
    let record = |second| store.record(&[("one", Sample::new(at(second), 1.0))]);
    record(1).unwrap();
    disk.fill(true);
    assert_eq!(record(2), Err(code::BAD_RESOURCE_UNAVAILABLE));
    assert_eq!(record(3), Err(code::BAD_RESOURCE_UNAVAILABLE));
    disk.fill(false);
    record(4).unwrap();
    let kept = store.scan("one", at(0), Direction::Forward, 9).unwrap();
    let times: Vec<i64> = kept.iter().map(|sample| sample.time.timestamp()).collect();
    assert_eq!(times, [1, 4]);
}

#[test]
fn a_closed_store_lets_go_of_its_file() {
    let file = Temporary::new("closed");
    let store = RedbStore::open(&file.0).unwrap();
    let record = || store.record(&[("one", Sample::new(at(1), 1.0))]);
    record().unwrap();
    store.close();
    let again = RedbStore::open(&file.0).unwrap();
    assert_eq!(record(), Err(code::BAD_SHUTDOWN));
    assert_eq!(store.scan("one", at(0), Direction::Forward, 9), Err(code::BAD_SHUTDOWN));
    assert_eq!(again.scan("one", at(0), Direction::Forward, 9).unwrap().len(), 1);
}
