//! [`Memory`]: a store that lasts as long as the simulator.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Mutex;

use chrono::{DateTime, Utc};

use super::event::{self, EventRecord, Events};
use super::store::{Annotation, Change, ChangeKind, Direction, Modified, Store};
use crate::history::Sample;
use crate::sim::node::lock;
use crate::{Status, Value};

/// Every series in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    series: Mutex<HashMap<String, Kept>>,
    events: Mutex<Events>,
}

/// One series.
#[derive(Debug, Default)]
struct Kept {
    samples: BTreeMap<DateTime<Utc>, (Value, Status)>,
    modified: BTreeMap<DateTime<Utc>, Vec<Modified>>,
    annotations: BTreeMap<DateTime<Utc>, Vec<Annotation>>,
}

fn sample((time, (value, status)): (&DateTime<Utc>, &(Value, Status))) -> Sample {
    Sample { time: *time, value: value.clone(), status: *status }
}

impl Kept {
    fn put(&mut self, sample: Sample) -> Option<Sample> {
        let time = sample.time;
        let before = self.samples.insert(time, (sample.value, sample.status))?;
        Some(Sample { time, value: before.0, status: before.1 })
    }

    fn note(&mut self, sample: Sample, kind: ChangeKind, time: DateTime<Utc>, user: &str) {
        let modified = Modified { sample, kind, time, user: user.to_owned() };
        self.modified.entry(modified.sample.time).or_default().push(modified);
    }

    fn take(&mut self, time: DateTime<Utc>) -> Option<Sample> {
        let (value, status) = self.samples.remove(&time)?;
        Some(Sample { time, value, status })
    }

    fn change(&mut self, change: Change, user: &str, now: DateTime<Utc>) -> Status {
        let (answer, kind) = match change.outcome(self.samples.contains_key(&change.time())) {
            Ok(outcome) => outcome,
            Err(refusal) => return refusal,
        };
        let noted = match change {
            Change::Insert(new) | Change::Replace(new) | Change::Update(new) => {
                Some(self.put(new.clone()).unwrap_or(new))
            }
            Change::Delete(time) => self.take(time),
        };
        if let Some(sample) = noted {
            self.note(sample, kind, now, user);
        }
        answer
    }
}

impl Memory {
    fn with<T>(&self, series: &str, look: impl FnOnce(&mut Kept) -> T) -> T {
        let mut all = lock(&self.series);
        if let Some(kept) = all.get_mut(series) {
            return look(kept);
        }
        look(all.entry(series.to_owned()).or_default())
    }
}

impl Store for Memory {
    fn scan(
        &self,
        series: &str,
        from: DateTime<Utc>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Sample>, Status> {
        Ok(self.with(series, |kept| match direction {
            Direction::Forward => kept.samples.range(from..).take(limit).map(sample).collect(),
            Direction::Backward => kept.samples.range(..=from).rev().take(limit).map(sample).collect(),
        }))
    }

    fn modified(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Modified>, Status> {
        Ok(self.with(series, |kept| between(&kept.modified, from, to)))
    }

    fn record(&self, samples: &[(&str, Sample)]) -> Result<(), Status> {
        for (series, sample) in samples {
            self.with(series, |kept| kept.put(sample.clone()));
        }
        Ok(())
    }

    fn change(
        &self,
        series: &str,
        changes: Vec<Change>,
        user: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Status>, Status> {
        Ok(self
            .with(series, |kept| changes.into_iter().map(|change| kept.change(change, user, now)).collect()))
    }

    fn delete(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        user: &str,
        now: DateTime<Utc>,
    ) -> Result<usize, Status> {
        Ok(self.with(series, |kept| {
            let times: Vec<_> = range(&kept.samples, from, to).map(|(time, _)| *time).collect();
            for time in &times {
                kept.change(Change::Delete(*time), user, now);
            }
            times.len()
        }))
    }

    fn forget(&self, series: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<usize, Status> {
        Ok(self.with(series, |kept| {
            let times: Vec<_> = range(&kept.modified, from, to).map(|(time, _)| *time).collect();
            times.iter().filter_map(|time| kept.modified.remove(time)).map(|gone| gone.len()).sum()
        }))
    }

    fn annotations(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Annotation>, Status> {
        Ok(self.with(series, |kept| between(&kept.annotations, from, to)))
    }

    fn annotate(&self, series: &str, annotations: Vec<Annotation>) -> Result<(), Status> {
        self.with(series, |kept| {
            for new in annotations {
                let there = kept.annotations.entry(new.time).or_default();
                match there.iter_mut().find(|old| old.is(&new)) {
                    Some(old) => *old = new,
                    None => there.push(new),
                }
            }
        });
        Ok(())
    }

    fn erase(&self, series: &str, annotations: &[Annotation]) -> Result<Vec<bool>, Status> {
        Ok(self.with(series, |kept| {
            let gone = annotations.iter().map(|gone| {
                let Some(there) = kept.annotations.get_mut(&gone.time) else { return false };
                let before = there.len();
                there.retain(|one| !one.is(gone));
                let erased = there.len() < before;
                if there.is_empty() {
                    kept.annotations.remove(&gone.time);
                }
                erased
            });
            gone.collect()
        }))
    }

    fn trim(&self, series: &str, capacity: usize) -> Result<(), Status> {
        self.with(series, |kept| {
            if kept.samples.len() <= capacity {
                return;
            }
            while kept.samples.len() > capacity {
                kept.samples.pop_first();
            }
            if let Some((first, _)) = kept.samples.first_key_value() {
                let first = *first;
                kept.modified = kept.modified.split_off(&first);
                kept.annotations = kept.annotations.split_off(&first);
            }
        });
        Ok(())
    }

    fn happen(
        &self,
        event: &EventRecord,
        time: DateTime<Utc>,
        capacity: usize,
    ) -> Result<event::Kept, Status> {
        Ok(lock(&self.events).add(event, time, capacity))
    }

    fn events(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<event::Kept>, Status> {
        Ok(lock(&self.events).between(from, to))
    }
}

/// Everything from one time to another, both included.
fn between<T: Clone>(
    map: &BTreeMap<DateTime<Utc>, Vec<T>>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<T> {
    if from > to {
        return Vec::new();
    }
    map.range(from..=to).flat_map(|(_, all)| all.iter().cloned()).collect()
}

/// Everything from one time to before another.
fn range<T>(
    map: &BTreeMap<DateTime<Utc>, T>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> impl Iterator<Item = (&DateTime<Utc>, &T)> {
    // A range that ends before it starts would be a panic.
    let to = to.max(from);
    map.range((Bound::Included(from), Bound::Excluded(to)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::code;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn one(second: i64, value: i32) -> Sample {
        Sample::new(at(second), value)
    }

    fn filled() -> Memory {
        let memory = Memory::default();
        let samples: Vec<_> = (0..5).map(|n| ("A", one(i64::from(n) * 10, n))).collect();
        memory.record(&samples).unwrap();
        memory
    }

    #[test]
    fn scans_go_both_ways_from_any_time() {
        let memory = filled();
        let scan = |from, direction, limit| memory.scan("A", at(from), direction, limit).unwrap();
        assert_eq!(scan(10, Direction::Forward, 2), [one(10, 1), one(20, 2)]);
        assert_eq!(scan(11, Direction::Forward, 9), [one(20, 2), one(30, 3), one(40, 4)]);
        assert_eq!(scan(10, Direction::Backward, 9), [one(10, 1), one(0, 0)]);
        assert_eq!(scan(9, Direction::Backward, 1), [one(0, 0)]);
        assert_eq!(scan(-1, Direction::Backward, 9), []);
        assert_eq!(memory.scan("B", at(0), Direction::Forward, 9), Ok(vec![]));
    }

    #[test]
    fn each_edit_has_its_answer_and_leaves_its_trace() {
        let memory = filled();
        let changes = vec![
            Change::Insert(one(10, 7)),
            Change::Insert(one(15, 7)),
            Change::Replace(one(16, 7)),
            Change::Replace(one(20, 8)),
            Change::Update(one(30, 9)),
            Change::Update(one(31, 9)),
            Change::Delete(at(40)),
            Change::Delete(at(41)),
        ];
        let answers = memory.change("A", changes, "me", at(100)).unwrap();
        let expected = [
            code::BAD_ENTRY_EXISTS,
            Status::GOOD,
            code::BAD_NO_ENTRY_EXISTS,
            Status::GOOD,
            code::GOOD_ENTRY_REPLACED,
            code::GOOD_ENTRY_INSERTED,
            Status::GOOD,
            code::BAD_NO_ENTRY_EXISTS,
        ];
        assert_eq!(answers, expected);
        let left = memory.scan("A", at(0), Direction::Forward, 99).unwrap();
        assert_eq!(left, [one(0, 0), one(10, 1), one(15, 7), one(20, 8), one(30, 9), one(31, 9)]);
        let modified = memory.modified("A", at(15), at(40)).unwrap();
        let traces: Vec<_> = modified.iter().map(|m| (m.sample.clone(), m.kind)).collect();
        let expected = [
            (one(15, 7), ChangeKind::Insert),
            (one(20, 2), ChangeKind::Replace),
            (one(30, 3), ChangeKind::Replace),
            (one(31, 9), ChangeKind::Insert),
            (one(40, 4), ChangeKind::Delete),
        ];
        assert_eq!(traces, expected);
        assert!(modified.iter().all(|m| m.user == "me" && m.time == at(100)));
        assert_eq!(memory.forget("A", at(15), at(40)), Ok(4));
        assert_eq!(memory.modified("A", at(0), at(99)).unwrap().len(), 1);
    }

    #[test]
    fn a_range_is_deleted_up_to_before_its_end() {
        let memory = filled();
        assert_eq!(memory.delete("A", at(10), at(30), "me", at(100)), Ok(2));
        assert_eq!(memory.delete("A", at(30), at(10), "me", at(100)), Ok(0));
        let left = memory.scan("A", at(0), Direction::Forward, 99).unwrap();
        assert_eq!(left, [one(0, 0), one(30, 3), one(40, 4)]);
    }

    #[test]
    fn capacity_takes_the_oldest_with_what_was_noted_of_them() {
        let memory = filled();
        let note = |second| Annotation {
            time: at(second),
            message: "looked at".into(),
            user: "me".into(),
            written: at(99),
        };
        memory
            .change("A", vec![Change::Replace(one(0, 9)), Change::Replace(one(40, 9))], "me", at(9))
            .unwrap();
        memory.annotate("A", vec![note(0), note(40), note(40)]).unwrap();
        memory.trim("A", 2).unwrap();
        assert_eq!(memory.scan("A", at(0), Direction::Forward, 99).unwrap(), [one(30, 3), one(40, 9)]);
        assert_eq!(memory.modified("A", at(0), at(99)).unwrap().len(), 1);
        assert_eq!(memory.annotations("A", at(0), at(99)), Ok(vec![note(40)]));
        assert_eq!(memory.erase("A", &[note(0), note(40)]), Ok(vec![false, true]));
        assert_eq!(memory.annotations("A", at(0), at(99)), Ok(vec![]));
    }
}
