//! [`RedbStore`]: history on disk, in one file.
//!
//! Each call that changes something is one transaction of [redb](https://docs.rs/redb): it is on the disk, whole, when the
//! call returns, or nothing of it is. A series is cut into chunks of up to 512 samples, kept by the time of the first.

mod chunks;
mod codec;
mod events;
mod open;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase as _, ReadableTable as _,
    ReadableTableMetadata as _, TableDefinition, TableError, WriteTransaction,
};

use self::chunks::{ChunkKey, Editor, samples};
use self::codec::{Input, signed, text, ticks, time};
use super::event::{EventRecord, Kept};
use super::store::{Annotation, Change, ChangeKind, Direction, Modified, Store};
use crate::history::Sample;
use crate::status::code;
use crate::{Error, Result, Status};

/// The number of a series, and how many samples it has.
const SERIES: TableDefinition<'_, &str, (u32, u64)> = TableDefinition::new("series");
const CHUNKS: TableDefinition<'_, ChunkKey, &[u8]> = TableDefinition::new("chunks");
/// The series, the time it is about, and a number that counts up, as several can be about one time.
type NoteKey = (u32, i64, u64);
const MODIFIED: TableDefinition<'_, NoteKey, &[u8]> = TableDefinition::new("modified");
const ANNOTATIONS: TableDefinition<'_, NoteKey, &[u8]> = TableDefinition::new("annotations");
/// The time, and the number.
const EVENTS: TableDefinition<'_, (i64, u64), &[u8]> = TableDefinition::new("events");
/// Numbers about the file: its format, and what is counted.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("openopc history");

/// Why a transaction came to nothing.
#[derive(Debug)]
enum Fault {
    /// The file, or the disk it is on.
    File(redb::Error),
    /// What is in the file is not what was put there.
    Broken(&'static str),
    /// A value that the engine cannot encode.
    Unstorable,
    /// The simulator is gone.
    Closed,
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Fault {
        Fault::File(error.into())
    }
}

type Reopen = Box<dyn Fn() -> Result<Database, Fault> + Send + Sync>;

/// A file of history.
pub(crate) struct RedbStore {
    path: PathBuf,
    database: RwLock<File>,
    reopen: Reopen,
}

/// The file, as far as it is open.
enum File {
    Open(Database),
    /// After a failure of the disk, until it can be opened again.
    Failed,
    /// For good.
    Closed,
}

impl File {
    fn open(&self) -> Result<Option<&Database>, Fault> {
        match self {
            File::Open(database) => Ok(Some(database)),
            File::Failed => Ok(None),
            File::Closed => Err(Fault::Closed),
        }
    }
}

impl RedbStore {
    /// Opens the file, or makes it where there is none.
    pub(crate) fn open(path: &Path) -> Result<RedbStore> {
        let database = open::file(path)
            .map_err(|fault| Error::Sim(format!("history in {}: {}", path.display(), open::why(&fault))))?;
        let again = path.to_owned();
        let reopen: Reopen = Box::new(move || open::file(&again));
        Ok(RedbStore { path: path.to_owned(), database: RwLock::new(File::Open(database)), reopen })
    }

    fn read<T>(&self, work: impl Fn(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Status> {
        self.with(|database| work(&database.begin_read()?))
    }

    fn write<T>(
        &self,
        durability: Durability,
        work: impl Fn(&WriteTransaction) -> Result<T, Fault>,
    ) -> Result<T, Status> {
        self.with(|database| {
            let mut transaction = database.begin_write()?;
            // Refused only after a savepoint was made, and none ever is.
            let _ = transaction.set_durability(durability);
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    /// After a failure of the disk redb refuses everything until the file is opened again, so that is done first.
    fn with<T>(&self, work: impl Fn(&Database) -> Result<T, Fault>) -> Result<T, Status> {
        let attempt = || {
            let file = self.database.read().unwrap_or_else(PoisonError::into_inner);
            file.open().transpose().map(|open| open.and_then(&work))
        };
        let result = match attempt() {
            Some(Err(Fault::File(redb::Error::PreviousIo))) | None => {
                self.again().and_then(|()| attempt().unwrap_or(Err(Fault::File(redb::Error::DatabaseClosed))))
            }
            Some(result) => result,
        };
        result.map_err(|fault| {
            if !matches!(fault, Fault::Closed) {
                tracing::error!(file = %self.path.display(), "history: {}", open::why(&fault));
            }
            match fault {
                Fault::Unstorable => code::BAD_TYPE_MISMATCH,
                Fault::Closed => code::BAD_SHUTDOWN,
                Fault::Broken(_) | Fault::File(redb::Error::Corrupted(_)) => code::BAD_DATA_LOST,
                Fault::File(_) => code::BAD_RESOURCE_UNAVAILABLE,
            }
        })
    }

    fn again(&self) -> Result<(), Fault> {
        let mut file = self.database.write().unwrap_or_else(PoisonError::into_inner);
        file.open()?;
        // Closed first: a file is open once.
        *file = File::Failed;
        *file = File::Open((self.reopen)()?);
        Ok(())
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The number of a series, made where it has none yet, and its length.
fn series(transaction: &WriteTransaction, name: &str) -> Result<(u32, u64), Fault> {
    let mut table = transaction.open_table(SERIES)?;
    if let Some(known) = table.get(name)? {
        return Ok(known.value());
    }
    let number = count_up(transaction, "series")?;
    let number = u32::try_from(number).map_err(|_| Fault::Broken("there are more series than numbers"))?;
    table.insert(name, (number, 0))?;
    Ok((number, 0))
}

fn count_up(transaction: &WriteTransaction, what: &str) -> Result<u64, Fault> {
    let mut about = transaction.open_table(ABOUT)?;
    let next = about.get(what)?.map_or(0, |number| number.value());
    about.insert(what, next + 1)?;
    Ok(next)
}

/// Changes a series, and its length with it.
fn edit<T>(
    transaction: &WriteTransaction,
    name: &str,
    work: impl FnOnce(&mut Editor<'_, '_>, u32) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let (number, length) = series(transaction, name)?;
    let mut chunks = transaction.open_table(CHUNKS)?;
    let mut editor = Editor::new(&mut chunks, number);
    let done = work(&mut editor, number)?;
    let grown = editor.finish()?;
    if grown != 0 {
        let mut table = transaction.open_table(SERIES)?;
        table.insert(name, (number, length.saturating_add_signed(grown)))?;
    }
    Ok(done)
}

fn known(transaction: &ReadTransaction, name: &str) -> Result<Option<u32>, Fault> {
    Ok(transaction.open_table(SERIES)?.get(name)?.map(|series| series.value().0))
}

/// Keeps a modification, one at a time; the sample goes with it.
fn note(transaction: &WriteTransaction, series: u32, modified: &Modified) -> Result<(), Fault> {
    let bytes = modified_bytes(modified).ok_or(Fault::Unstorable)?;
    let number = count_up(transaction, "notes")?;
    let mut table = transaction.open_table(MODIFIED)?;
    table.insert((series, ticks(modified.sample.time), number), &*bytes)?;
    Ok(())
}

impl Store for RedbStore {
    fn close(&self) {
        // Who reads or writes right now is waited for.
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = File::Closed;
    }

    fn scan(
        &self,
        series: &str,
        from: DateTime<Utc>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Sample>, Status> {
        let from = ticks(from);
        self.read(|transaction| {
            let mut found = Vec::new();
            let Some(series) = known(transaction, series)? else { return Ok(found) };
            let table = transaction.open_table(CHUNKS)?;
            if direction == Direction::Backward {
                for chunk in table.range((series, i64::MIN)..=(series, from))?.rev() {
                    if found.len() >= limit {
                        break;
                    }
                    let before = samples(chunk?.1.value())?.into_iter().rev();
                    let before = before.skip_while(|sample| ticks(sample.time) > from);
                    found.extend(before.take(limit - found.len()));
                }
                return Ok(found);
            }
            // The chunk that the time is in may begin before it.
            let first = table.range((series, i64::MIN)..=(series, from))?.next_back().transpose()?;
            let first = first.map_or(from, |(key, _)| key.value().1);
            for chunk in table.range((series, first)..=(series, i64::MAX))? {
                if found.len() >= limit {
                    break;
                }
                let after = samples(chunk?.1.value())?.into_iter();
                let after = after.skip_while(|sample| ticks(sample.time) < from);
                found.extend(after.take(limit - found.len()));
            }
            Ok(found)
        })
    }

    fn modified(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Modified>, Status> {
        self.read(|transaction| {
            let Some(series) = known(transaction, series)? else { return Ok(Vec::new()) };
            notes(transaction, MODIFIED, series, from, to, modified_of)
        })
    }

    fn record(&self, new: &[(&str, Sample)]) -> Result<(), Status> {
        if new.is_empty() {
            return Ok(());
        }
        // A series at a time, each in the order it came.
        let mut sorted: Vec<&(&str, Sample)> = new.iter().collect();
        sorted.sort_by_key(|(series, _)| *series);
        self.write(Durability::Immediate, |transaction| {
            for of_one in sorted.chunk_by(|(one, _), (other, _)| one == other) {
                let Some((series, _)) = of_one.first() else { continue };
                edit(transaction, series, |editor, _| {
                    of_one.iter().try_for_each(|(_, sample)| editor.put(sample.clone()).map(drop))
                })?;
            }
            Ok(())
        })
    }

    fn change(
        &self,
        series: &str,
        changes: Vec<Change>,
        user: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Status>, Status> {
        self.write(Durability::Immediate, |transaction| {
            edit(transaction, series, |editor, number| {
                let mut answers = Vec::with_capacity(changes.len());
                for change in &changes {
                    let (answer, noted) = apply(editor, change)?;
                    answers.push(answer);
                    if let Some((sample, kind)) = noted {
                        let user = user.to_owned();
                        note(transaction, number, &Modified { sample, kind, time: now, user })?;
                    }
                }
                Ok(answers)
            })
        })
    }

    fn delete(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        user: &str,
        now: DateTime<Utc>,
    ) -> Result<usize, Status> {
        self.write(Durability::Immediate, |transaction| {
            edit(transaction, series, |editor, number| {
                let mut count = 0;
                editor.drain(ticks(from), ticks(to), |sample| {
                    count += 1;
                    let user = user.to_owned();
                    note(transaction, number, &Modified { sample, kind: ChangeKind::Delete, time: now, user })
                })?;
                Ok(count)
            })
        })
    }

    fn annotations(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Annotation>, Status> {
        self.read(|transaction| {
            let Some(series) = known(transaction, series)? else { return Ok(Vec::new()) };
            notes(transaction, ANNOTATIONS, series, from, to, annotation_of)
        })
    }

    fn forget(&self, series: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<usize, Status> {
        let (from, to) = (ticks(from), ticks(to));
        self.write(Durability::Immediate, |transaction| {
            let (number, _) = self::series(transaction, series)?;
            let mut gone = 0;
            if from < to {
                let mut table = transaction.open_table(MODIFIED)?;
                table.retain_in((number, from, 0)..(number, to, 0), |_, _| {
                    gone += 1;
                    false
                })?;
            }
            Ok(gone)
        })
    }

    fn annotate(&self, series: &str, annotations: Vec<Annotation>) -> Result<(), Status> {
        self.write(Durability::Immediate, |transaction| {
            let (number, _) = self::series(transaction, series)?;
            for annotation in &annotations {
                let at = match same(transaction, number, annotation)? {
                    Some(at) => at,
                    None => (number, ticks(annotation.time), count_up(transaction, "notes")?),
                };
                transaction.open_table(ANNOTATIONS)?.insert(at, &*annotation_bytes(annotation))?;
            }
            Ok(())
        })
    }

    fn erase(&self, series: &str, annotations: &[Annotation]) -> Result<Vec<bool>, Status> {
        self.write(Durability::Immediate, |transaction| {
            let (number, _) = self::series(transaction, series)?;
            let erase = |annotation| {
                let Some(at) = same(transaction, number, annotation)? else { return Ok(false) };
                transaction.open_table(ANNOTATIONS)?.remove(at)?;
                Ok(true)
            };
            annotations.iter().map(erase).collect()
        })
    }

    fn trim(&self, series: &str, capacity: usize) -> Result<(), Status> {
        let capacity = u64::try_from(capacity).unwrap_or(u64::MAX);
        let surplus = self.read(|transaction| {
            let length = transaction.open_table(SERIES)?.get(series)?.map_or(0, |series| series.value().1);
            Ok(length.saturating_sub(capacity))
        })?;
        if surplus == 0 {
            return Ok(());
        }
        // What is forgotten here and comes back after a crash is forgotten again: no need to wait for the disk.
        self.write(Durability::None, |transaction| forget(transaction, series, capacity))
    }

    fn happen(&self, event: &EventRecord, time: DateTime<Utc>, capacity: usize) -> Result<Kept, Status> {
        let capacity = u64::try_from(capacity).unwrap_or(u64::MAX);
        self.write(Durability::Immediate, |transaction| {
            let kept = Kept::new(count_up(transaction, "events")? + 1, time, event);
            let bytes = events::encode(event).ok_or(Fault::Unstorable)?;
            let mut table = transaction.open_table(EVENTS)?;
            table.insert((ticks(kept.time), kept.number), &*bytes)?;
            while table.len()? > capacity {
                table.pop_first()?;
            }
            Ok(kept)
        })
    }

    fn events(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Kept>, Status> {
        let (from, to) = (ticks(from), ticks(to));
        self.read(|transaction| {
            let table = match transaction.open_table(EVENTS) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                table => table?,
            };
            if from > to {
                return Ok(Vec::new());
            }
            let mut found = Vec::new();
            for event in table.range((from, 0)..=(to, u64::MAX))? {
                let (key, bytes) = event?;
                let (ticks, number) = key.value();
                let record = time(ticks).zip(events::decode(bytes.value()));
                let (time, record) = record.ok_or(Fault::Broken("an event cannot be read"))?;
                found.push(Kept { number, time, record });
            }
            Ok(found)
        })
    }
}

/// Takes out the oldest samples until no more than `capacity` are left, and the notes about what is before them.
fn forget(transaction: &WriteTransaction, name: &str, capacity: u64) -> Result<(), Fault> {
    let (number, length) = series(transaction, name)?;
    let mut surplus = length.saturating_sub(capacity);
    let mut chunks = transaction.open_table(CHUNKS)?;
    let mut oldest = i64::MAX;
    while surplus > 0 {
        let first = chunks.range((number, i64::MIN)..=(number, i64::MAX))?.next().transpose()?;
        let Some((key, mut left)) =
            first.map(|(key, bytes)| Ok::<_, Fault>((key.value(), samples(bytes.value())?))).transpose()?
        else {
            break;
        };
        let gone = usize::try_from(surplus).unwrap_or(usize::MAX).min(left.len());
        surplus -= u64::try_from(gone).unwrap_or(surplus);
        left.drain(..gone);
        chunks.remove(key)?;
        if let Some(first) = left.first() {
            let bytes = codec::encode(&left).ok_or(Fault::Unstorable)?;
            chunks.insert((number, ticks(first.time)), &*bytes)?;
        }
    }
    if let Some(first) = chunks.range((number, i64::MIN)..=(number, i64::MAX))?.next().transpose()? {
        oldest = first.0.value().1;
    }
    transaction.open_table(SERIES)?.insert(name, (number, length.min(capacity)))?;
    let before = (number, i64::MIN, 0)..(number, oldest, 0);
    transaction.open_table(MODIFIED)?.retain_in(before.clone(), |_, _| false)?;
    transaction.open_table(ANNOTATIONS)?.retain_in(before, |_, _| false)?;
    Ok(())
}

/// Carries it out: the answer, and the sample to be noted as modified with how.
fn apply(
    editor: &mut Editor<'_, '_>,
    change: &Change,
) -> Result<(Status, Option<(Sample, ChangeKind)>), Fault> {
    let there = editor.get(ticks(change.time()))?.is_some();
    let (answer, kind) = match change.outcome(there) {
        Ok(outcome) => outcome,
        Err(refusal) => return Ok((refusal, None)),
    };
    let noted = match change {
        Change::Insert(new) | Change::Replace(new) | Change::Update(new) => {
            Some(editor.put(new.clone())?.unwrap_or_else(|| new.clone()))
        }
        Change::Delete(time) => editor.take(ticks(*time))?,
    };
    Ok((answer, noted.map(|sample| (sample, kind))))
}

/// Where the annotation is kept that this one [is](Annotation::is).
fn same(
    transaction: &WriteTransaction,
    series: u32,
    annotation: &Annotation,
) -> Result<Option<NoteKey>, Fault> {
    let table = transaction.open_table(ANNOTATIONS)?;
    let time = ticks(annotation.time);
    for note in table.range((series, time, 0)..=(series, time, u64::MAX))? {
        let (key, bytes) = note?;
        let there =
            annotation_of(time, bytes.value()).ok_or(Fault::Broken("an annotation cannot be read"))?;
        if there.is(annotation) {
            return Ok(Some(key.value()));
        }
    }
    Ok(None)
}

/// The notes about times of a span, both ends included, in the order of time and of one time as they were made.
fn notes<T>(
    transaction: &ReadTransaction,
    table: TableDefinition<'_, NoteKey, &[u8]>,
    series: u32,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    read: fn(i64, &[u8]) -> Option<T>,
) -> Result<Vec<T>, Fault> {
    let table = match transaction.open_table(table) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        table => table?,
    };
    let (from, to) = (ticks(from), ticks(to));
    if from > to {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for note in table.range((series, from, 0)..=(series, to, u64::MAX))? {
        let (key, bytes) = note?;
        found.push(read(key.value().1, bytes.value()).ok_or(Fault::Broken("a note cannot be read"))?);
    }
    Ok(found)
}

fn modified_bytes(modified: &Modified) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.push(match modified.kind {
        ChangeKind::Insert => 1,
        ChangeKind::Replace => 2,
        ChangeKind::Update => 3,
        ChangeKind::Delete => 4,
    });
    signed(&mut bytes, ticks(modified.time));
    text(&mut bytes, &modified.user);
    bytes.extend(codec::encode(std::slice::from_ref(&modified.sample))?);
    Some(bytes)
}

fn modified_of(_: i64, bytes: &[u8]) -> Option<Modified> {
    let mut input = Input(bytes);
    let kind = match input.array::<1>()? {
        [1] => ChangeKind::Insert,
        [2] => ChangeKind::Replace,
        [3] => ChangeKind::Update,
        [4] => ChangeKind::Delete,
        _ => return None,
    };
    let (time, user) = (time(input.signed()?)?, input.text()?);
    Some(Modified { sample: codec::decode(input.0)?.pop()?, kind, time, user })
}

fn annotation_bytes(annotation: &Annotation) -> Vec<u8> {
    let mut bytes = Vec::new();
    signed(&mut bytes, ticks(annotation.written));
    text(&mut bytes, &annotation.user);
    text(&mut bytes, &annotation.message);
    bytes
}

fn annotation_of(at: i64, bytes: &[u8]) -> Option<Annotation> {
    let mut input = Input(bytes);
    let (written, user, message) = (time(input.signed()?)?, input.text()?, input.text()?);
    input.0.is_empty().then_some(Annotation { time: time(at)?, message, user, written })
}
