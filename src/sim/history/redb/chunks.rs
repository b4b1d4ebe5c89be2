//! The samples of one series, in chunks: opened at a time, changed, written back.

use redb::{ReadableTable, Table};

use super::Fault;
use super::codec::{decode, encode, ticks, weight};
use crate::history::Sample;

/// Samples of one chunk, and about how many bytes they may take. A chunk is read and written as a whole.
const MOST: usize = 512;
const HEAVIEST: usize = 64 * 1024;

/// The series and the time of the first sample. A chunk ends where the next one begins.
pub(super) type ChunkKey = (u32, i64);

/// Reads a chunk that must be whole.
pub(super) fn samples(bytes: &[u8]) -> Result<Vec<Sample>, Fault> {
    decode(bytes).ok_or(Fault::Broken("a chunk of samples cannot be read"))
}

/// One series in a transaction. What was changed is written when another chunk is opened, and by [`finish`](Editor::finish).
pub(super) struct Editor<'a, 'txn> {
    table: &'a mut Table<'txn, ChunkKey, &'static [u8]>,
    series: u32,
    open: Option<Chunk>,
    /// By how many samples the series has grown.
    pub(super) grown: i64,
}

struct Chunk {
    /// The time it is kept by, if it is in the file.
    key: Option<i64>,
    samples: Vec<Sample>,
    /// Times from here to before there belong to it.
    from: i64,
    until: i64,
    changed: bool,
}

impl<'a, 'txn> Editor<'a, 'txn> {
    pub(super) fn new(table: &'a mut Table<'txn, ChunkKey, &'static [u8]>, series: u32) -> Self {
        Editor { table, series, open: None, grown: 0 }
    }

    /// Puts a sample in, and gives the one that was there.
    pub(super) fn put(&mut self, sample: Sample) -> Result<Option<Sample>, Fault> {
        let (chunk, found) = self.find(ticks(sample.time))?;
        chunk.changed = true;
        match found {
            Ok(at) => Ok(chunk.samples.get_mut(at).map(|there| std::mem::replace(there, sample))),
            Err(at) => {
                chunk.samples.insert(at, sample);
                self.grown += 1;
                Ok(None)
            }
        }
    }

    /// The sample at this time.
    pub(super) fn get(&mut self, time: i64) -> Result<Option<Sample>, Fault> {
        let (chunk, found) = self.find(time)?;
        Ok(found.ok().and_then(|at| chunk.samples.get(at).cloned()))
    }

    /// Takes a sample out.
    pub(super) fn take(&mut self, time: i64) -> Result<Option<Sample>, Fault> {
        let (chunk, found) = self.find(time)?;
        let Ok(at) = found else { return Ok(None) };
        chunk.changed = true;
        let taken = chunk.samples.remove(at);
        self.grown -= 1;
        Ok(Some(taken))
    }

    /// Takes all samples out from one time to before another, a chunk at a time.
    pub(super) fn drain(
        &mut self,
        from: i64,
        to: i64,
        mut each: impl FnMut(Sample) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut at = from;
        while at < to {
            let (chunk, found) = self.find(at)?;
            let start = found.unwrap_or_else(|start| start);
            let end = chunk.samples.partition_point(|sample| ticks(sample.time) < to);
            let next = chunk.until;
            if start < end {
                chunk.changed = true;
                let taken: Vec<Sample> = chunk.samples.drain(start..end).collect();
                self.grown -= i64::try_from(taken.len()).unwrap_or(i64::MAX);
                taken.into_iter().try_for_each(&mut each)?;
            }
            if next == i64::MAX {
                return Ok(());
            }
            at = next;
        }
        Ok(())
    }

    /// Writes what is left to be written.
    pub(super) fn finish(mut self) -> Result<i64, Fault> {
        self.close()?;
        Ok(self.grown)
    }

    /// The chunk that a time belongs to, and where in it the time is or would be.
    fn find(&mut self, time: i64) -> Result<(&mut Chunk, Result<usize, usize>), Fault> {
        let mut chunk = match self.open.take() {
            Some(chunk) if chunk.from <= time && time < chunk.until => chunk,
            other => {
                self.open = other;
                self.close()?;
                self.load(time)?
            }
        };
        let after_last = chunk.samples.last().is_none_or(|last| ticks(last.time) < time);
        if after_last && chunk.until == i64::MAX && is_full(&chunk.samples) {
            // The series grows at its end: the next chunk begins here.
            let from = chunk.samples.last().map_or(chunk.from, |last| ticks(last.time).saturating_add(1));
            self.open = Some(chunk);
            self.close()?;
            chunk = Chunk { key: None, samples: Vec::new(), from, until: i64::MAX, changed: false };
        }
        let at = if after_last {
            Err(chunk.samples.len())
        } else {
            chunk.samples.binary_search_by_key(&time, |sample| ticks(sample.time))
        };
        Ok((self.open.insert(chunk), at))
    }

    fn load(&self, time: i64) -> Result<Chunk, Fault> {
        let (series, table) = (self.series, &*self.table);
        let next = |from: i64| -> Result<Option<(i64, Vec<Sample>)>, Fault> {
            match table.range((series, from)..=(series, i64::MAX))?.next().transpose()? {
                Some((key, bytes)) => Ok(Some((key.value().1, samples(bytes.value())?))),
                None => Ok(None),
            }
        };
        let until = |after: i64| -> Result<i64, Fault> {
            let next =
                table.range((series, after.saturating_add(1))..=(series, i64::MAX))?.next().transpose()?;
            Ok(next.map_or(i64::MAX, |(key, _)| key.value().1))
        };
        let last = table.range((series, i64::MIN)..=(series, time))?.next_back().transpose()?;
        if let Some((key, bytes)) = last {
            let key = key.value().1;
            let samples = samples(bytes.value())?;
            return Ok(Chunk { key: Some(key), samples, from: key, until: until(key)?, changed: false });
        }
        // Before the first one. That takes it in if there is room.
        let chunk = |key, samples, until| Chunk { key, samples, from: i64::MIN, until, changed: false };
        Ok(match next(time)? {
            Some((key, samples)) if !is_full(&samples) => chunk(Some(key), samples, until(key)?),
            Some((key, _)) => chunk(None, Vec::new(), key),
            None => chunk(None, Vec::new(), i64::MAX),
        })
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(chunk) = self.open.take().filter(|chunk| chunk.changed) else { return Ok(()) };
        if let Some(key) = chunk.key {
            self.table.remove((self.series, key))?;
        }
        // At its end a series grows, so chunks there are filled; one that grows in the middle is halved.
        let at_end = chunk.until == i64::MAX;
        let most = if at_end || chunk.samples.len() <= MOST { MOST } else { MOST / 2 };
        let mut rest = &*chunk.samples;
        while let Some(first) = rest.first() {
            let (piece, after) = rest.split_at_checked(fitting(rest, most)).unwrap_or((rest, &[]));
            let bytes = encode(piece).ok_or(Fault::Unstorable)?;
            self.table.insert((self.series, ticks(first.time)), &*bytes)?;
            rest = after;
        }
        Ok(())
    }
}

fn is_full(samples: &[Sample]) -> bool {
    samples.len() >= MOST || samples.iter().map(|sample| weight(&sample.value)).sum::<usize>() >= HEAVIEST
}

/// How many samples go into one chunk: at least one.
fn fitting(samples: &[Sample], most: usize) -> usize {
    let mut heavy = 0;
    let fits = samples.iter().take(most).take_while(|sample| {
        let room = heavy < HEAVIEST;
        heavy += weight(&sample.value);
        room
    });
    fits.count().max(1)
}
