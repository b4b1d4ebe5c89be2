//! [`Trouble`]: faults that come and go as a seed says.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use openopc::Status;
use openopc::sim::{Direction, Fault, ItemFault, Restart};

use crate::Failure;
use crate::chance::Chance;
use crate::plant::{FAULTY, Plant};

pub(crate) struct Trouble {
    plant: Arc<Plant>,
    chance: Chance,
    /// How often each kind has come, and how often it had an effect.
    kinds: BTreeMap<&'static str, (u64, u64)>,
}

impl Trouble {
    pub(crate) fn new(plant: Arc<Plant>, chance: Chance) -> Trouble {
        Trouble { plant, chance, kinds: BTreeMap::new() }
    }

    /// One fault from its beginning to its end, and the quiet after it.
    pub(crate) async fn next(&mut self) -> Result<(), Failure> {
        let way = match self.chance.below(3) {
            0 => Direction::ToServer,
            1 => Direction::ToClient,
            _ => Direction::Both,
        };
        let some = format!("{FAULTY}*{}", 1 + 2 * self.chance.below(5));
        let item = |fault| Fault::item(some, fault);
        let (name, fault) = match self.chance.below(14) {
            0 => ("drop", Fault::Drop),
            1 => ("reset", Fault::Reset),
            2 => ("refuse", Fault::Refuse),
            3 | 4 => ("stall", Fault::Stall(way)),
            5 => ("delay", Fault::Delay(way, self.chance.millis(1, 500))),
            6 => {
                let rate = u32::try_from(2_000 + self.chance.below(200_000)).unwrap_or(u32::MAX);
                ("throttle", Fault::Throttle(way, NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN)))
            }
            7 | 8 => ("cut", Fault::Cut(way, self.chance.below(100_000))),
            9 => ("crash", Fault::Crash),
            10 => {
                self.restart().await?;
                return Ok(());
            }
            11 => ("item bad", item(ItemFault::Status(Status::from_bits(0x808D_0000)))),
            12 => ("item null", item(ItemFault::Null)),
            _ => ("item late", item(ItemFault::Latency(self.chance.millis(1, 300)))),
        };
        let refuses = fault == Fault::Refuse;
        let guard = self.plant.simulator.inject(fault);
        // Else nobody would come to be refused.
        let _lost = refuses.then(|| self.plant.simulator.inject(Fault::Drop));
        tokio::time::sleep(self.chance.millis(20, 3000)).await;
        let fired = guard.fired();
        drop(guard);
        self.note(name, fired);
        self.rest().await;
        Ok(())
    }

    /// The server ends and comes back with its namespaces in another order.
    async fn restart(&mut self) -> Result<(), Failure> {
        let spaces = (0..self.chance.below(4)).map(|n| format!("urn:soak:{n}"));
        self.plant.simulator.restart(Restart::new().namespaces_first(spaces)).await?;
        self.note("restart", 1);
        self.rest().await;
        Ok(())
    }

    fn note(&mut self, name: &'static str, fired: u64) {
        let kind = self.kinds.entry(name).or_default();
        kind.0 += 1;
        kind.1 += u64::from(fired > 0);
    }

    async fn rest(&mut self) {
        tokio::time::sleep(self.chance.millis(0, 2000)).await;
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count: u64 = self.kinds.values().map(|(count, _)| count).sum();
        write!(f, "{count} faults (")?;
        for (n, (name, (count, fired))) in self.kinds.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{name} {fired}/{count}")?;
        }
        f.write_str(")")
    }
}
