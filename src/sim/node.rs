//! [`Node`]: an item inside the simulator, and what its value is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::check::Shape;
use super::code;
use super::history::{Series, Turn};
use super::item::{Closures, Refusal, Source};
use super::preset::{self, Dice};
use super::signal::{Sampled, Signal, fit};
use super::space::{Key, Space};
use crate::{DataType, Status, Value, history};

/// An item as it is served. A hundred thousand of them must stay small, so what few items have is boxed.
pub(crate) struct Node {
    pub(crate) id: Arc<str>,
    /// Where the browse name starts in the id.
    pub(crate) name: usize,
    pub(crate) parent: Option<Key>,
    pub(crate) shape: Shape,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) source: Source,
    pub(crate) details: Option<Box<Details>>,
    pub(crate) history: Option<Arc<Series>>,
    pub(super) state: Mutex<State>,
}

/// What most items do not have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Details {
    pub(crate) unit: Option<String>,
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) instrument_range: Option<(f64, f64)>,
    pub(crate) states: Vec<String>,
    /// What true and what false means.
    pub(crate) labels: Option<(String, String)>,
    pub(crate) scan_rate: Option<Duration>,
    pub(crate) description: Option<String>,
    /// Where it is browsed, if its id does not say.
    pub(crate) folders: Option<&'static [&'static str]>,
}

/// What changes.
#[derive(Clone, Debug)]
pub(crate) struct State {
    value: Value,
    /// What it was at first, if it is something else now.
    initial: Option<Box<Value>>,
    status: Status,
    source_time: DateTime<Utc>,
    /// What writes have added to a signal.
    offset: f64,
    /// Counts changes, so that nobody is told of one twice.
    pub(crate) version: u32,
    pub(crate) reads: u32,
    pub(crate) writes: u32,
}

impl State {
    pub(super) fn new(value: Value, now: DateTime<Utc>) -> State {
        State {
            value,
            initial: None,
            status: Status::GOOD,
            source_time: now,
            offset: 0.0,
            version: 0,
            reads: 0,
            writes: 0,
        }
    }

    /// As a historian keeps it.
    fn kept(&self) -> history::Sample {
        let value = if self.status.is_bad() { Value::Null } else { self.value.clone() };
        history::Sample { time: self.source_time, value, status: self.status }
    }

    /// What the item had last, by its history.
    pub(super) fn at(last: history::Sample) -> State {
        State { status: last.status, ..State::new(last.value, last.time) }
    }
}

/// A value as a client sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) value: Value,
    pub(crate) status: Status,
    pub(crate) source_time: DateTime<Utc>,
    pub(crate) version: u32,
}

/// What a client wants an item to hold.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) value: Value,
    pub(crate) status: Option<Status>,
    pub(crate) source_time: Option<DateTime<Utc>>,
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking holder left behind is a whole value: every field is set in one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Node {
    pub(crate) fn browse_name(&self) -> &str {
        self.id.get(self.name..).unwrap_or(&self.id)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Its value changes by itself, so subscriptions have to look at it again and again.
    pub(crate) fn is_live(&self) -> bool {
        self.source.is_live()
    }

    /// A client may write the status and the source time with the value.
    pub(crate) fn takes_status(&self) -> bool {
        self.writable && matches!(self.source, Source::Stored | Source::Refused(Refusal::Write))
    }

    /// The value at this time. A bad status comes without a value (Part 4, 7.11).
    pub(crate) fn sample(&self, space: &Space, now: DateTime<Utc>) -> Sample {
        let (status, version, offset) = {
            let state = self.state();
            if !self.is_live() {
                return match self.source {
                    Source::Refused(Refusal::Read) => bad(code::BAD_NOT_READABLE, now, state.version),
                    _ if state.status.is_bad() => bad(state.status, state.source_time, state.version),
                    _ => Sample {
                        value: state.value.clone(),
                        status: state.status,
                        source_time: state.source_time,
                        version: state.version,
                    },
                };
            }
            (state.status, state.version, state.offset)
        };
        // The lock is free: a closure may well set an item of the same simulator.
        let good = |value| Sample { value, status, source_time: now, version };
        let sample = match &self.source {
            Source::Signal(signal) => good(self.shift(signal.at(now, space.seed), offset)),
            Source::Dice(Dice::Qualities) => return quality(space, now, version),
            Source::Dice(dice) => good(dice.throw(&mut lock(&space.rand))),
            Source::Clients => good(space.clients(self.shape)),
            Source::Closures(closures) => match self.call(closures, space) {
                Ok(value) => good(value),
                Err(status) => return bad(status, now, version),
            },
            Source::Stored | Source::Refused(_) => good(Value::Null),
        };
        if status.is_bad() { bad(status, now, version) } else { sample }
    }

    fn call(&self, closures: &Closures, space: &Space) -> Result<Value, Status> {
        let Some(read) = &closures.read else { return Ok(Value::Null) };
        let called = catch_unwind(AssertUnwindSafe(|| (*lock(read))()));
        let value = called.map_err(|_| space.panicked())??;
        if self.shape.data_type == DataType::Variant {
            return Ok(value);
        }
        let value = value.convert(self.shape.data_type).map_err(|_| code::BAD_TYPE_MISMATCH)?;
        self.shape.accept(value)
    }

    fn shift(&self, sampled: Sampled, offset: f64) -> Value {
        match sampled {
            Sampled::Value(value) => value,
            Sampled::Number(number) if self.shape.data_type == DataType::Boolean => {
                Value::Boolean((number >= 0.5) != (offset != 0.0))
            }
            Sampled::Number(number) => fit(number + offset, self.shape.data_type),
        }
    }

    /// Takes a value that a client wrote.
    pub(crate) fn write(&self, space: &Space, change: Change) -> Result<(), Status> {
        if !self.writable {
            return Err(code::BAD_NOT_WRITABLE);
        }
        let value = self.shape.accept(change.value)?;
        let now = space.time.now();
        match &self.source {
            Source::Refused(Refusal::Write) => Err(code::BAD_NOT_WRITABLE),
            Source::Stored | Source::Refused(Refusal::Read) => {
                self.store(value, change.status.unwrap_or_default(), change.source_time.unwrap_or(now));
                Ok(())
            }
            // A value that is made on the spot keeps neither. A time does no harm, and some clients always send one.
            _ if change.status.is_some_and(|status| status != Status::GOOD) => {
                Err(code::BAD_WRITE_NOT_SUPPORTED)
            }
            Source::Signal(signal) => self.move_to(signal, &value, now, space.seed),
            Source::Closures(closures) => {
                let Some(write) = &closures.write else { return Err(code::BAD_NOT_WRITABLE) };
                let called = catch_unwind(AssertUnwindSafe(|| (*lock(write))(value.clone())));
                called.map_err(|_| space.panicked())??;
                if closures.read.is_none() {
                    self.store(value, Status::GOOD, now);
                }
                Ok(())
            }
            Source::Dice(_) | Source::Clients => Err(code::BAD_NOT_WRITABLE),
        }
    }

    fn move_to(&self, signal: &Signal, value: &Value, now: DateTime<Utc>, seed: u64) -> Result<(), Status> {
        let offset = match (signal.at(now, seed), value) {
            (Sampled::Number(number), Value::Boolean(wanted)) => {
                f64::from(u8::from((number >= 0.5) != *wanted))
            }
            (Sampled::Number(number), _) => value.to_f64_lossy().ok_or(code::BAD_TYPE_MISMATCH)? - number,
            (Sampled::Value(_), _) => return Err(code::BAD_NOT_WRITABLE),
        };
        let mut state = self.state();
        state.offset = offset;
        state.version = state.version.wrapping_add(1);
        self.turned(&state, now);
        Ok(())
    }

    pub(crate) fn store(&self, value: Value, status: Status, source_time: DateTime<Utc>) {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.value, value);
        state.initial.get_or_insert_with(|| Box::new(before));
        state.status = status;
        state.source_time = source_time;
        state.version = state.version.wrapping_add(1);
        self.note(&state);
    }

    /// Its past takes in what it starts with, unless that is what was kept last.
    pub(super) fn look(&self) {
        if let Some(series) = self.history.as_ref().filter(|_| !self.is_live()) {
            series.look(self.state().kept());
        }
    }

    /// Its past takes in what it has now. Under the lock of the state, or of two changes the older could be noted last.
    pub(super) fn note(&self, state: &State) {
        let Some(series) = self.history.as_ref().filter(|_| !self.is_live()) else { return };
        series.note(state.kept());
    }

    /// The past of its signal, where nobody keeps it, has a turn here.
    fn turned(&self, state: &State, from: DateTime<Utc>) {
        if let Some(series) = &self.history {
            series.turn(Turn { from, offset: state.offset, status: state.status });
        }
    }

    /// What its signal was at a time when it was moved this far and had this status.
    pub(super) fn was(&self, time: DateTime<Utc>, seed: u64, offset: f64, status: Status) -> history::Sample {
        let value = match &self.source {
            _ if status.is_bad() => Value::Null,
            Source::Dice(dice) => {
                let (value, own) = dice.was(time, seed, &self.id);
                return history::Sample { time, value, status: if status.is_good() { own } else { status } };
            }
            Source::Signal(signal) => self.shift(signal.at(time, seed), offset),
            _ => Value::Null,
        };
        history::Sample { time, value, status }
    }

    /// What the program sets: as a write, but without regard to who may write.
    pub(crate) fn set(&self, space: &Space, value: Value) -> Result<(), Status> {
        let now = space.time.now();
        match &self.source {
            Source::Stored | Source::Refused(_) => {
                let status = self.state().status;
                self.store(value, status, now);
                Ok(())
            }
            Source::Closures(closures) if closures.read.is_none() => {
                self.store(value, Status::GOOD, now);
                Ok(())
            }
            Source::Signal(signal) => self.move_to(signal, &value, now, space.seed),
            _ => Err(code::BAD_NOT_WRITABLE),
        }
    }

    /// The same item in a server that has been started again, with its value or, where that is reset, its first one.
    pub(super) fn renewed(&self, name: usize, parent: Option<Key>, reset: Option<DateTime<Utc>>) -> Node {
        let mut state = self.state().clone();
        if let Some(now) = reset {
            let initial = state.initial.take().map_or(state.value, |value| *value);
            // What was counted stays counted.
            state = State { reads: state.reads, writes: state.writes, ..State::new(initial, now) };
        }
        let node = Node {
            id: Arc::clone(&self.id),
            name,
            parent,
            shape: self.shape,
            readable: self.readable,
            writable: self.writable,
            source: self.source.clone(),
            details: self.details.clone(),
            history: self.history.clone(),
            state: Mutex::new(state),
        };
        if let Some(now) = reset {
            let state = node.state();
            node.note(&state);
            node.turned(&state, now);
        }
        node
    }

    /// Makes subscriptions look at it again, as if it had changed.
    pub(super) fn touch(&self) {
        let mut state = self.state();
        state.version = state.version.wrapping_add(1);
    }

    pub(crate) fn set_status(&self, status: Status, now: DateTime<Utc>) {
        let mut state = self.state();
        state.status = status;
        state.source_time = now;
        state.version = state.version.wrapping_add(1);
        self.note(&state);
        self.turned(&state, now);
    }
}

pub(super) fn bad(status: Status, source_time: DateTime<Utc>, version: u32) -> Sample {
    Sample { value: Value::Null, status, source_time, version }
}

/// The next quality, with its number as the value where it may have one.
fn quality(space: &Space, now: DateTime<Utc>, version: u32) -> Sample {
    let (value, status) = preset::quality(space.next_quality());
    Sample { value, status, source_time: now, version }
}
