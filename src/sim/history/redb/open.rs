//! Opening a file of history, and saying why it cannot be.

use std::io::ErrorKind;
use std::path::Path;

use redb::{Database, ReadableTable as _, TableHandle as _};

use super::{ABOUT, CHUNKS, Fault, SERIES};

/// The key of the number of the format, and that number.
const FORMAT: &str = "format";
const VERSION: u64 = 1;

/// Opens a file of this format, or makes a new one.
pub(super) fn file(path: &Path) -> Result<Database, Fault> {
    let mut builder = Database::builder();
    let name = path.to_owned();
    builder.set_repair_callback(move |repair| {
        let percent = repair.progress() * 100.0;
        tracing::info!(file = %name.display(), "history: looking through a file that was not closed: {percent:.0} %");
    });
    let database = builder.create(path)?;
    prepare(&database)?;
    Ok(database)
}

/// Sees that the file is ours, which a new one becomes.
pub(super) fn prepare(database: &Database) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    let ours = transaction.list_tables()?.any(|table| table.name() == ABOUT.name());
    let others = transaction.list_tables()?.next().is_some();
    if !ours && others {
        return Err(Fault::Broken("it is a database, but none of this simulator's history"));
    }
    {
        let mut about = transaction.open_table(ABOUT)?;
        let version = about.get(FORMAT)?.map(|version| version.value());
        match version {
            Some(VERSION) => {}
            Some(_) => return Err(Fault::Broken("it was written by a newer version of this program")),
            None => _ = about.insert(FORMAT, VERSION)?,
        }
        // So that a reader finds them.
        transaction.open_table(SERIES)?;
        transaction.open_table(CHUNKS)?;
    }
    transaction.commit()?;
    Ok(())
}

/// For people.
pub(super) fn why(fault: &Fault) -> String {
    match fault {
        Fault::Broken(what) => (*what).to_owned(),
        Fault::Unstorable => "a value cannot be encoded".to_owned(),
        Fault::Closed => "the simulator is gone".to_owned(),
        Fault::File(redb::Error::DatabaseAlreadyOpen) => {
            "another process has the file open; end it, or name another file".to_owned()
        }
        Fault::File(redb::Error::Io(error)) => match error.kind() {
            ErrorKind::InvalidData => format!("the file is no history, or is broken ({error})"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                format!("the disk is full: nothing is recorded until there is room ({error})")
            }
            _ => error.to_string(),
        },
        Fault::File(redb::Error::Corrupted(what)) => format!("the file is broken ({what})"),
        Fault::File(redb::Error::UpgradeRequired(_)) => "the file was written by an older redb".to_owned(),
        Fault::File(error) => error.to_string(),
    }
}
