//! [`Item`]: one value the simulator serves.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::history::History;
use super::node::Details;
use super::preset::Dice;
use super::signal::Signal;
use crate::{DataType, Status, Value};

/// One value for a simulator to serve: what it is, who may write it and where its values come from.
///
/// The id is the item's string identifier in the simulator's namespace. Its parts between the dots are the folders it
/// is browsed under: `Plant.Boiler.Temp` is `Temp` in `Boiler` in `Plant`.
///
/// ```
/// use openopc::sim::{Item, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let simulator = Simulator::builder()
///     .item(Item::new("Plant.Boiler.Temp", 20.5).unit("°C").range(0.0, 150.0))
///     .item(Item::new("Plant.Boiler.Setpoint", 70.0).writable())
///     .start()
///     .await?;
///
/// simulator.set("Plant.Boiler.Temp", 21.0)?;
/// assert_eq!(simulator.get("Plant.Boiler.Temp")?.get::<f64>()?, 21.0);
/// # Ok(())
/// # }
/// ```
#[must_use = "an item does nothing until it is given to a simulator's builder"]
pub struct Item {
    pub(crate) id: String,
    pub(crate) initial: Value,
    pub(crate) data_type: Option<DataType>,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) source: Source,
    pub(crate) details: Details,
    pub(crate) history: Option<Box<History>>,
}

/// Where the values of an item come from.
#[derive(Clone, Default)]
pub(crate) enum Source {
    /// It holds the last one written.
    #[default]
    Stored,
    /// A function of time; a write moves it.
    Signal(Box<Signal>),
    /// The program's own closures.
    Closures(Arc<Closures>),
    /// One of the `Random.*` items.
    Dice(Dice),
    /// Stored, but every read or every write is refused.
    Refused(Refusal),
    /// How many clients there are, or their names.
    Clients,
}

impl Source {
    /// Its values change by themselves.
    pub(crate) fn is_live(&self) -> bool {
        match self {
            Source::Signal(_) | Source::Dice(_) | Source::Clients => true,
            Source::Closures(closures) => closures.read.is_some(),
            Source::Stored | Source::Refused(_) => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Read,
    Write,
}

type Read = Box<dyn FnMut() -> Result<Value, Status> + Send>;
type Write = Box<dyn FnMut(Value) -> Result<(), Status> + Send>;

#[derive(Default)]
pub(crate) struct Closures {
    pub(crate) read: Option<Mutex<Read>>,
    pub(crate) write: Option<Mutex<Write>>,
}

impl Item {
    /// An item that holds `initial`, read-only for clients.
    ///
    /// The item keeps the type of `initial`, and its number of dimensions if it is an array. With `None` or
    /// [`Value::Null`], [`data_type`](Item::data_type) says the type of a single value that is not known yet.
    pub fn new(id: impl Into<String>, initial: impl Into<Value>) -> Item {
        Item {
            id: id.into(),
            initial: initial.into(),
            data_type: None,
            readable: true,
            writable: false,
            source: Source::Stored,
            details: Details::default(),
            history: None,
        }
    }

    /// Clients may write it. Without this a write is answered with `BadNotWritable`.
    pub fn writable(mut self) -> Item {
        self.writable = true;
        self
    }

    /// Clients may write it, but a read is answered with `BadNotReadable`.
    pub fn write_only(mut self) -> Item {
        self.writable = true;
        self.readable = false;
        self
    }

    /// Its values follow a signal. If it is writable too, a write moves the signal up or down for good, so that it has
    /// the written value at that moment; a `Boolean` signal is inverted where that gives the written value.
    pub fn signal(mut self, signal: Signal) -> Item {
        self.source = Source::Signal(Box::new(signal));
        self
    }

    /// Its past is kept, from the start on: short for [`history(History::recorded())`](Item::history).
    pub fn historizing(self) -> Item {
        self.history(History::recorded())
    }

    /// Its past is kept, or computed; clients can read it, and change what is kept.
    pub fn history(mut self, history: History) -> Item {
        self.history = Some(Box::new(history));
        self
    }

    /// The unit of the values, such as `°C`, served as the property `EngineeringUnits`.
    pub fn unit(mut self, unit: impl Into<String>) -> Item {
        self.details.unit = Some(unit.into());
        self
    }

    /// The range the values normally keep to, served as the property `EURange`; a percent deadband refers to it.
    /// Values outside it are served and accepted all the same.
    pub fn range(mut self, low: f64, high: f64) -> Item {
        self.details.range = Some((low, high));
        self
    }

    /// The range the instrument can measure, served as the property `InstrumentRange`.
    pub fn instrument_range(mut self, low: f64, high: f64) -> Item {
        self.details.instrument_range = Some((low, high));
        self
    }

    /// What the values 0, 1, 2 and so on mean, served as the property `EnumStrings`.
    pub fn states<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Item {
        self.details.states = names.into_iter().map(Into::into).collect();
        self
    }

    /// What `true` and what `false` means, served as the properties `TrueState` and `FalseState`.
    pub fn labels(mut self, when_true: impl Into<String>, when_false: impl Into<String>) -> Item {
        self.details.labels = Some((when_true.into(), when_false.into()));
        self
    }

    /// How often the value can change, served as the attribute `MinimumSamplingInterval`. Without this it is 0: whenever it
    /// likes. What the simulator does is the same either way.
    pub fn scan_rate(mut self, rate: Duration) -> Item {
        self.details.scan_rate = Some(rate);
        self
    }

    /// A sentence for people.
    pub fn description(mut self, text: impl Into<String>) -> Item {
        self.details.description = Some(text.into());
        self
    }

    /// The type of the values, where the initial value does not tell it. The initial value is converted exactly.
    pub fn data_type(mut self, data_type: DataType) -> Item {
        self.data_type = Some(data_type);
        self
    }

    /// Its values come from this closure: one call for each read and each sample of a subscription.
    ///
    /// The closure runs on the simulator's thread, so it should answer at once; it may use the simulator, but not its own
    /// item. What it returns is converted exactly to
    /// the type of the item, else clients see `BadTypeMismatch`; `Err` is what clients see as the status. If it
    /// panics, they see `BadInternalError`, and [`Simulator::panics`](super::Simulator::panics) counts it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicI32, Ordering};
    ///
    /// use openopc::sim::Item;
    ///
    /// let level = Arc::new(AtomicI32::new(7));
    /// let live = Arc::clone(&level);
    /// let item = Item::new("Level", 0).read_with(move || Ok(live.load(Ordering::Relaxed)));
    /// ```
    pub fn read_with<V: Into<Value>>(
        mut self,
        mut read: impl FnMut() -> Result<V, Status> + Send + 'static,
    ) -> Item {
        let mut closures = self.take_closures();
        closures.read = Some(Mutex::new(Box::new(move || read().map(Into::into))));
        self.source(Source::Closures(Arc::new(closures)))
    }

    /// Clients may write it, and what they write goes to this closure, its type already checked; `Err` is the status
    /// they are answered with.
    ///
    /// Without [`read_with`](Item::read_with) the item holds what the closure accepted. The closure runs on the
    /// simulator's thread; a panic is answered with `BadInternalError`.
    pub fn write_with(mut self, write: impl FnMut(Value) -> Result<(), Status> + Send + 'static) -> Item {
        self.writable = true;
        let mut closures = self.take_closures();
        closures.write = Some(Mutex::new(Box::new(write)));
        self.source(Source::Closures(Arc::new(closures)))
    }

    /// The closures it has so far.
    fn take_closures(&mut self) -> Closures {
        match std::mem::take(&mut self.source) {
            // Nobody else has them before the item is served.
            Source::Closures(closures) => Arc::into_inner(closures).unwrap_or_default(),
            _ => Closures::default(),
        }
    }

    pub(crate) fn source(mut self, source: Source) -> Item {
        self.source = source;
        self
    }

    pub(crate) fn folders(mut self, folders: &'static [&'static str]) -> Item {
        self.details.folders = Some(folders);
        self
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("id", &self.id)
            .field("initial", &self.initial)
            .field("readable", &self.readable)
            .field("writable", &self.writable)
            .finish_non_exhaustive()
    }
}
