//! The preset items: the tree OPC DA users know from the Matrikon simulation server.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::history::History;
use super::item::{Item, Refusal, Source};
use super::rand::{Rand, hash, mix};
use super::signal::{Signal, fit};
use crate::{DataType, Status, Value};

/// The members of `Bucket Brigade`, `Random`, `Read Error`, `Write Error` and `Write Only`, by name and type.
const MEMBERS: [(&str, DataType, bool); 14] = [
    ("ArrayOfReal8", DataType::Double, true),
    ("ArrayOfString", DataType::String, true),
    ("Boolean", DataType::Boolean, false),
    ("Int1", DataType::SByte, false),
    ("Int2", DataType::Int16, false),
    ("Int4", DataType::Int32, false),
    ("Money", DataType::Double, false),
    ("Real4", DataType::Float, false),
    ("Real8", DataType::Double, false),
    ("String", DataType::String, false),
    ("Time", DataType::DateTime, false),
    ("UInt1", DataType::Byte, false),
    ("UInt2", DataType::UInt16, false),
    ("UInt4", DataType::UInt32, false),
];

/// The members of the waves with their bounds; `Money` has no square wave and `Boolean` nothing else.
const WAVES: [(&str, DataType, f64, f64); 10] = [
    ("Boolean", DataType::Boolean, 0.0, 1.0),
    ("Int1", DataType::SByte, -100.0, 100.0),
    ("Int2", DataType::Int16, -1000.0, 1000.0),
    ("Int4", DataType::Int32, -100_000.0, 100_000.0),
    ("Money", DataType::Double, 0.0, 1000.0),
    ("Real4", DataType::Float, -100.0, 100.0),
    ("Real8", DataType::Double, -100.0, 100.0),
    ("UInt1", DataType::Byte, 0.0, 200.0),
    ("UInt2", DataType::UInt16, 0.0, 2000.0),
    ("UInt4", DataType::UInt32, 0.0, 200_000.0),
];

const PERIOD: Duration = Duration::from_secs(60);

/// How long before the start the past begins: far enough for a month of daily averages.
const BACK: Duration = Duration::from_secs(40 * 24 * 3600);

/// What the original says of every item.
const SCAN_RATE: Duration = Duration::from_millis(100);

/// Every preset item, in browse order.
pub(crate) fn items() -> Vec<Item> {
    let mut items = Vec::with_capacity(116);
    for (name, data_type, array) in MEMBERS {
        let initial = zero(data_type, array);
        let item = plain("Bucket Brigade", name, initial).writable().description("Bucket brigade item.");
        // Whole arrays and texts may be long.
        let short = array || data_type == DataType::String;
        items.push(item.history(History::recorded().capacity(if short { 1_000 } else { 10_000 })));
    }
    for (name, data_type, array) in MEMBERS {
        items.push(random(name, zero(data_type, array), Dice::of(name, data_type, array)));
        if name == "Money" {
            items.push(random("Qualities", Value::Int32(0), Dice::Qualities));
        }
    }
    // Newer versions have these two. They come last, so that the others draw the numbers they are known for.
    items.push(random("Int8", Value::Int64(0), Dice::Scaled(DataType::Int64)));
    items.push(random("UInt8", Value::UInt64(0), Dice::Scaled(DataType::UInt64)));
    for (name, data_type, array) in MEMBERS {
        let item = plain("Read Error", name, zero(data_type, array)).writable();
        items.push(item.source(Source::Refused(Refusal::Read)).description("Reading it fails."));
    }
    for (name, data_type, array) in MEMBERS {
        let item = plain("Write Error", name, zero(data_type, array)).writable();
        items.push(item.source(Source::Refused(Refusal::Write)).description("Writing it fails."));
    }
    for (name, data_type, array) in MEMBERS {
        items.push(
            plain("Write Only", name, zero(data_type, array)).write_only().description("Write only item."),
        );
    }
    for (name, data_type, low, high) in WAVES {
        if data_type != DataType::Boolean {
            let saw = Signal::Ramp { from: low, to: high, period: PERIOD };
            items.push(wave("Saw-toothed Waves", name, data_type, saw));
        }
        if name != "Money" {
            let square = Signal::Square { low, high, period: Duration::from_secs(20) };
            items.push(wave("Square Waves", name, data_type, square));
        }
        if data_type != DataType::Boolean {
            let triangle = Signal::Triangle { low, high, period: PERIOD };
            items.push(wave("Triangle Waves", name, data_type, triangle));
        }
    }
    items.push(root("#MonitorACLFile", Value::Boolean(true)));
    items.push(root("@ClientCount", Value::Int32(0)).source(Source::Clients));
    items.push(root("@Clients", Value::from(Vec::<String>::new())).source(Source::Clients));
    items
}

/// The folders of the tree in the order they are browsed.
pub(crate) const FOLDERS: [&[&str]; 10] = [
    &["Simulation Items"],
    &["Configured Aliases"],
    &["Simulation Items", "Bucket Brigade"],
    &["Simulation Items", "Random"],
    &["Simulation Items", "Read Error"],
    &["Simulation Items", "Saw-toothed Waves"],
    &["Simulation Items", "Square Waves"],
    &["Simulation Items", "Triangle Waves"],
    &["Simulation Items", "Write Error"],
    &["Simulation Items", "Write Only"],
];

fn plain(group: &str, name: &str, initial: Value) -> Item {
    let folders = FOLDERS.into_iter().find(|path| path.get(1) == Some(&group)).unwrap_or_default();
    Item::new(format!("{group}.{name}"), initial).folders(folders).scan_rate(SCAN_RATE)
}

fn random(name: &str, initial: Value, dice: Dice) -> Item {
    plain("Random", name, initial).source(Source::Dice(dice)).description("Random value.").history(past())
}

fn wave(group: &str, name: &str, data_type: DataType, signal: Signal) -> Item {
    plain(group, name, fit(0.0, data_type)).signal(signal).writable().history(past())
}

/// The past that costs nothing: a value each second.
fn past() -> History {
    History::computed(Duration::from_secs(1)).back(BACK)
}

fn root(id: &str, initial: Value) -> Item {
    Item::new(id, initial).folders(&[])
}

/// What an item holds before the first write.
fn zero(data_type: DataType, array: bool) -> Value {
    match (data_type, array) {
        (DataType::String, true) => Vec::<String>::new().into(),
        (_, true) => Vec::<f64>::new().into(),
        (DataType::String, false) => "".into(),
        (DataType::DateTime, false) => Value::DateTime(day(0)),
        (_, false) => fit(0.0, data_type),
    }
}

/// A `VT_DATE` of whole days: 0 is 1899-12-30.
fn day(number: u16) -> DateTime<Utc> {
    // 25,569 days lie between that day and 1970.
    DateTime::UNIX_EPOCH + TimeDelta::days(i64::from(number) - 25_569)
}

/// One kind of `Random.*` item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dice {
    /// A number made from one output.
    Scaled(DataType),
    /// An output as it is, as a `Double`.
    Money,
    /// Five of `Real8`.
    Doubles,
    /// A word.
    Word,
    /// Five words.
    Words,
    /// A day.
    Time,
    /// The next of [`QUALITIES`].
    Qualities,
}

/// How many elements the arrays have.
const LEN: usize = 5;

/// The statuses that stand for the qualities of OPC DA (Part 8, Table A.61), which `Random.Qualities` goes through.
const QUALITIES: [Status; 15] = [
    Status::GOOD,
    Status::from_bits(0x0096_0000), // GoodLocalOverride
    Status::from_bits(0x4000_0000), // Uncertain
    Status::from_bits(0x4090_0000), // UncertainLastUsableValue
    Status::from_bits(0x4093_0000), // UncertainSensorNotAccurate
    Status::from_bits(0x4094_0000), // UncertainEngineeringUnitsExceeded
    Status::from_bits(0x4095_0000), // UncertainSubNormal
    Status::from_bits(0x8000_0000), // Bad
    Status::from_bits(0x8089_0000), // BadConfigurationError
    Status::from_bits(0x808A_0000), // BadNotConnected
    Status::from_bits(0x808B_0000), // BadDeviceFailure
    Status::from_bits(0x808C_0000), // BadSensorFailure
    Status::from_bits(0x8031_0000), // BadNoCommunication
    Status::from_bits(0x808D_0000), // BadOutOfService
    Status::from_bits(0x8032_0000), // BadWaitingForInitialData
];

/// A quality by its number, which is the value where it may have one.
pub(crate) fn quality(number: u64) -> (Value, Status) {
    let index = usize::try_from(number).unwrap_or_default() % QUALITIES.len();
    let status = QUALITIES.get(index).copied().unwrap_or_default();
    let value =
        if status.is_bad() { Value::Null } else { Value::Int32(i32::try_from(index).unwrap_or_default()) };
    (value, status)
}

const WORDS: [&str; 16] = [
    "pump", "valve", "boiler", "tank", "mixer", "motor", "fan", "filter", "heater", "cooler", "sensor",
    "alarm", "batch", "recipe", "shift", "line",
];

impl Dice {
    fn of(name: &str, data_type: DataType, array: bool) -> Dice {
        match (data_type, array) {
            (DataType::String, true) => Dice::Words,
            (_, true) => Dice::Doubles,
            (DataType::String, false) => Dice::Word,
            (DataType::DateTime, false) => Dice::Time,
            _ if name == "Money" => Dice::Money,
            _ => Dice::Scaled(data_type),
        }
    }

    /// What it is said to have been: of this seed, item and time, and of nobody's reads.
    pub(crate) fn was(self, time: DateTime<Utc>, seed: u64, id: &str) -> (Value, Status) {
        if self == Dice::Qualities {
            return quality(u64::try_from(time.timestamp()).unwrap_or_default());
        }
        let moment = u64::from_le_bytes(time.timestamp_micros().to_le_bytes());
        let mut rand = Rand::new(mix(mix(mix(seed) ^ hash(id)) ^ moment));
        (self.throw(&mut rand), Status::GOOD)
    }

    /// The next value. `Qualities` takes no output: it counts on its own.
    pub(crate) fn throw(self, rand: &mut Rand) -> Value {
        match self {
            Dice::Scaled(data_type) => scaled(rand.next(), data_type),
            Dice::Money => Value::Double(rand.next().into()),
            Dice::Doubles => (0..LEN).map(|_| real8(rand.next())).collect::<Vec<_>>().into(),
            Dice::Word => word(rand.next()).into(),
            Dice::Words => (0..LEN).map(|_| word(rand.next())).collect::<Vec<_>>().into(),
            Dice::Time => Value::DateTime(day(rand.next())),
            Dice::Qualities => Value::Null,
        }
    }
}

fn real8(output: u16) -> f64 {
    f64::from(output) * 0.509_385_21
}

fn word(output: u16) -> &'static str {
    WORDS.get(usize::from(output) % WORDS.len()).copied().unwrap_or_default()
}

/// The scales that reproduce the numbers printed in OpenOPC's documents.
fn scaled(output: u16, data_type: DataType) -> Value {
    let (number, most) = (f64::from(output), f64::from(Rand::MAX));
    match data_type {
        DataType::Boolean => Value::Boolean(output & 1 == 1),
        DataType::SByte => fit((number * 127.0 / most).floor(), data_type),
        DataType::Byte => fit(number * 255.0 / most, data_type),
        DataType::Float => fit(number * 0.8172, data_type),
        DataType::Double => Value::Double(real8(output)),
        _ => fit(number, data_type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_outputs_come_out_as_published() {
        assert_eq!(scaled(41, DataType::SByte), Value::SByte(0));
        assert_eq!(scaled(25_667, DataType::SByte), Value::SByte(99));
        assert_eq!(scaled(26_500, DataType::Byte), Value::Byte(206));
        assert_eq!(scaled(9_894, DataType::Byte), Value::Byte(77));
        assert_eq!(scaled(23_281, DataType::Float), Value::Float(19_025.232));
        assert_eq!(scaled(18_467, DataType::Int32), Value::Int32(18_467));
        assert_eq!(scaled(32_391, DataType::Double).to_string().get(..10), Some("16499.4963"));
        assert_eq!(scaled(15_724, DataType::Double).to_string().get(..9), Some("8009.5730"));
    }

    #[test]
    fn the_groups_have_their_members() {
        let items = items();
        let count =
            |group: &str| items.iter().filter(|item| item.id.starts_with(&format!("{group}."))).count();
        for (group, members) in [
            ("Bucket Brigade", 14),
            ("Random", 17),
            ("Read Error", 14),
            ("Saw-toothed Waves", 9),
            ("Square Waves", 9),
            ("Triangle Waves", 9),
            ("Write Error", 14),
            ("Write Only", 14),
        ] {
            assert_eq!(count(group), members, "{group}");
        }
        assert_eq!(day(0).to_rfc3339(), "1899-12-30T00:00:00+00:00");
    }
}
