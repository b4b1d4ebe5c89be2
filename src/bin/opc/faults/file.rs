//! The file of faults, in TOML.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use openopc::Status;
use openopc::sim::{Direction, Fault, ItemFault, Restart, When};
use serde::Deserialize;

use super::{Planned, What};
use crate::duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: Kind,
    at: Option<String>,
    #[serde(rename = "for")]
    span: Option<String>,
    every: Option<String>,
    way: Option<Way>,
    by: Option<String>,
    rate: Option<NonZeroU32>,
    bytes: Option<u64>,
    items: Option<String>,
    status: Option<String>,
    nth: Option<NonZeroU64>,
    every_nth: Option<NonZeroU64>,
    probability: Option<f64>,
    times: Option<u64>,
    connection: Option<u64>,
    reset: Option<bool>,
    namespaces_first: Option<Vec<String>>,
    without: Option<Vec<String>>,
    new_certificate: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Drop,
    Reset,
    Refuse,
    Stall,
    Delay,
    Throttle,
    Cut,
    Crash,
    Status,
    Null,
    WrongType,
    OldTime,
    Latency,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    ToServer,
    ToClient,
    Both,
}

/// How a server comes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Crash {
    reset: bool,
    namespaces_first: Option<Vec<String>>,
    without: Vec<String>,
    new_certificate: bool,
}

impl Crash {
    pub(super) fn restart(&self) -> Restart {
        let mut restart = Restart::new();
        if self.reset {
            restart = restart.reset_values();
        }
        if let Some(namespaces) = &self.namespaces_first {
            restart = restart.namespaces_first(namespaces.clone());
        }
        if self.new_certificate {
            restart = restart.new_certificate();
        }
        self.without.iter().fold(restart, Restart::without)
    }
}

pub(super) fn parse(text: &str) -> Result<Vec<Planned>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let numbered = file.fault.into_iter().zip(1u32..);
    numbered.map(|(entry, number)| entry.plan(number)).collect()
}

impl Entry {
    fn plan(mut self, number: u32) -> Result<Planned, String> {
        let name = format!("fault {number} ({})", self.kind.name());
        let named = |message: String| format!("{name}: {message}");
        let at = time("at", self.at.take()).map_err(named)?.unwrap_or_default();
        let span = time("for", self.span.take()).map_err(named)?;
        let every = time("every", self.every.take()).map_err(named)?;
        let what = self.what().map_err(named)?;
        if let Some(key) = self.left_over() {
            return Err(named(format!("`{key}` has no meaning here")));
        }
        Ok(Planned { name, what, at, span, every })
    }

    /// What goes wrong; the keys that say so are taken out.
    fn what(&mut self) -> Result<What, String> {
        let fault = match self.kind {
            Kind::Crash => {
                return Ok(What::Crash(Crash {
                    reset: self.reset.take().unwrap_or_default(),
                    namespaces_first: self.namespaces_first.take(),
                    without: self.without.take().unwrap_or_default(),
                    new_certificate: self.new_certificate.take().unwrap_or_default(),
                }));
            }
            Kind::Drop => Fault::Drop,
            Kind::Reset => Fault::Reset,
            Kind::Refuse => Fault::Refuse,
            Kind::Stall => Fault::Stall(self.way()),
            Kind::Delay => Fault::Delay(self.way(), self.by()?),
            Kind::Throttle => Fault::Throttle(self.way(), needed("rate", self.rate.take())?),
            Kind::Cut => Fault::Cut(self.way(), needed("bytes", self.bytes.take())?),
            Kind::Status => {
                let text = needed("status", self.status.take())?;
                let status = Status::named(&text).ok_or_else(|| format!("`{text}` is no status"))?;
                self.item(ItemFault::Status(status))?
            }
            Kind::Null => self.item(ItemFault::Null)?,
            Kind::WrongType => self.item(ItemFault::WrongType)?,
            Kind::OldTime => {
                let by = self.by()?;
                self.item(ItemFault::OldTime(by))?
            }
            Kind::Latency => {
                let by = self.by()?;
                self.item(ItemFault::Latency(by))?
            }
        };
        let when = self.when(matches!(fault, Fault::Item { .. }))?;
        Ok(What::Fault(fault, when))
    }

    fn way(&mut self) -> Direction {
        match self.way.take() {
            Some(Way::ToServer) => Direction::ToServer,
            Some(Way::ToClient) => Direction::ToClient,
            Some(Way::Both) | None => Direction::Both,
        }
    }

    fn by(&mut self) -> Result<Duration, String> {
        needed("by", time("by", self.by.take())?)
    }

    fn item(&mut self, fault: ItemFault) -> Result<Fault, String> {
        Ok(Fault::item(needed("items", self.items.take())?, fault))
    }

    fn when(&mut self, of_items: bool) -> Result<When, String> {
        let mut when = When::always();
        if let Some(n) = self.nth.take() {
            when = when.nth(n);
        }
        if let Some(n) = self.every_nth.take() {
            when = when.every(n);
        }
        if let Some(probability) = self.probability.take() {
            if !(0.0..=1.0).contains(&probability) {
                return Err(format!("a probability is from 0 to 1, not {probability}"));
            }
            when = when.probability(probability);
        }
        if let Some(times) = self.times.take() {
            when = when.times(times);
        }
        if let Some(number) = self.connection.take_if(|_| !of_items) {
            when = when.connection(number);
        }
        Ok(when)
    }

    /// A key that is for other kinds.
    fn left_over(&self) -> Option<&'static str> {
        [
            ("way", self.way.is_some()),
            ("by", self.by.is_some()),
            ("rate", self.rate.is_some()),
            ("bytes", self.bytes.is_some()),
            ("items", self.items.is_some()),
            ("status", self.status.is_some()),
            ("nth", self.nth.is_some()),
            ("every_nth", self.every_nth.is_some()),
            ("probability", self.probability.is_some()),
            ("times", self.times.is_some()),
            ("connection", self.connection.is_some()),
            ("reset", self.reset.is_some()),
            ("namespaces_first", self.namespaces_first.is_some()),
            ("without", self.without.is_some()),
            ("new_certificate", self.new_certificate.is_some()),
        ]
        .into_iter()
        .find_map(|(key, there)| there.then_some(key))
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Drop => "drop",
            Kind::Reset => "reset",
            Kind::Refuse => "refuse",
            Kind::Stall => "stall",
            Kind::Delay => "delay",
            Kind::Throttle => "throttle",
            Kind::Cut => "cut",
            Kind::Crash => "crash",
            Kind::Status => "status",
            Kind::Null => "null",
            Kind::WrongType => "wrong-type",
            Kind::OldTime => "old-time",
            Kind::Latency => "latency",
        }
    }
}

fn needed<T>(key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("needs `{key}`"))
}

fn time(key: &str, text: Option<String>) -> Result<Option<Duration>, String> {
    let parse = if key == "at" { duration::any } else { duration::some };
    text.map(|text| parse(&text).map_err(|error| format!("`{key}`: {error}"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_keys() {
        let faults = parse(
            "[[fault]]\nkind = 'drop'\nat = '5s'\nevery = '1m'\nconnection = 2\n\
             [[fault]]\nkind = 'status'\nitems = 'Random.*'\nstatus = 'BadSensorFailure'\nfor = '2s'\nnth = 3\n\
             [[fault]]\nkind = 'crash'\nreset = true\nwithout = ['A']\n\
             new_certificate = true\n",
        )
        .unwrap();
        let status = Status::named("BadSensorFailure").unwrap();
        let seconds = Duration::from_secs;
        assert_eq!(faults[0].what, What::Fault(Fault::Drop, When::always().connection(2)));
        assert_eq!((faults[0].at, faults[0].span, faults[0].every), (seconds(5), None, Some(seconds(60))));
        let third = When::always().nth(NonZeroU64::new(3).unwrap());
        let fault = Fault::item("Random.*", ItemFault::Status(status));
        assert_eq!(faults[1].what, What::Fault(fault, third));
        assert_eq!(faults[1].name, "fault 2 (status)");
        let crash =
            Crash { reset: true, namespaces_first: None, without: vec!["A".into()], new_certificate: true };
        assert_eq!(faults[2].what, What::Crash(crash));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (text, word) in [
            ("kind = 'explode'", "unknown variant `explode`"),
            ("kind = 'drop'\nwhen = 1", "unknown field `when`"),
            ("kind = 'drop'\nat = 'soon'", "fault 1 (drop): `at`: write a time"),
            ("kind = 'drop'\nfor = '0s'", "no time"),
            ("kind = 'delay'", "fault 1 (delay): needs `by`"),
            ("kind = 'null'", "needs `items`"),
            ("kind = 'status'\nitems = '*'\nstatus = 'Worse'", "`Worse` is no status"),
            ("kind = 'drop'\nitems = 'X'", "`items` has no meaning here"),
            ("kind = 'drop'\nnew_certificate = true", "`new_certificate` has no meaning here"),
            ("kind = 'crash'\nnth = 1", "`nth` has no meaning here"),
            ("kind = 'null'\nitems = 'X'\nconnection = 1", "`connection` has no meaning here"),
            ("kind = 'refuse'\nprobability = 2.0", "from 0 to 1"),
        ] {
            let error = parse(&format!("[[fault]]\n{text}\n")).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(parse("").is_err());
    }
}
