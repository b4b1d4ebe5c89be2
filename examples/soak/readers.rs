//! [`Readers`]: a client that subscribes to everything in three ways.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openopc::{Client, Delivery, Event, Overflow, Reading, Refresh, SubscribeOptions, Subscription, Tag};

use crate::Failure;
use crate::chance::Chance;
use crate::ledger::{Account, Ledger};
use crate::plant::{Background, FAULTY, Plant};
use crate::polls::{Polls, Tally};

pub(crate) struct Readers {
    client: Client,
    gaps: Arc<Mutex<u64>>,
    /// Of what is read and written beside.
    pub(crate) tally: Tally,
    subscriptions: Vec<(Subscription, Arc<Book>)>,
}

/// The ledgers of one subscription.
struct Book {
    delivery: Delivery,
    ledgers: Mutex<HashMap<Tag, Ledger>>,
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, HashMap<Tag, Ledger>> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enlist(&self, tags: &[String]) {
        let tags = tags.iter().filter_map(|tag| Tag::parse(tag).ok());
        self.lock().extend(tags.map(|tag| (tag, Ledger::new(self.delivery))));
    }

    fn enter(&self, reading: &Reading) {
        if let Some(ledger) = self.lock().get_mut(&reading.tag) {
            ledger.enter(reading);
        }
    }
}

/// The longest that a value may take to arrive once all is well.
const PATIENCE: Duration = Duration::from_secs(60);

impl Readers {
    pub(crate) async fn open(plant: &Plant) -> Result<Readers, Failure> {
        let gaps = Arc::new(Mutex::new(0));
        let told = gaps.clone();
        let client = Client::builder(plant.simulator.url())
            .reconnect(None, Duration::from_secs(2))
            .request_timeout(Duration::from_secs(5))
            .keep_alive(Duration::from_secs(1))
            .on_event(move |event| {
                if let Event::Gap { .. } = event {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                }
            })
            .open()
            .await?;
        let fast = Refresh::every(Duration::from_millis(100)).sampling(Duration::ZERO);
        let every = Delivery::Every { queue: 100 };
        // Everything; the newest only; and everything, for a reader who is often too slow.
        let options = |delivery| SubscribeOptions::new(fast).delivery(delivery);
        let kinds = [
            (every, options(every).capacity(1_000_000), false),
            (Delivery::Latest, options(Delivery::Latest).refresh(Duration::from_millis(250)), false),
            (every, options(every).capacity(500).overflow(Overflow::DropOldest), true),
        ];
        let mut subscriptions = Vec::new();
        for (delivery, options, slow) in kinds {
            let book = Arc::new(Book { delivery, ledgers: Mutex::default() });
            let page = book.clone();
            let mut chance = Chance::new(7);
            let callback = move |reading: Reading| {
                if slow && chance.below(2000) == 0 {
                    std::thread::sleep(chance.millis(0, 1000));
                }
                page.enter(&reading);
            };
            let mut tags = plant.tags();
            if slow {
                // A bad reading that is dropped would be all that was to be told of many values.
                tags.retain(|tag| !tag.starts_with(FAULTY));
            }
            book.enlist(&tags);
            subscriptions.push((client.subscribe_with(tags, options, callback).await?, book));
        }
        Ok(Readers { client, gaps, tally: Tally::default(), subscriptions })
    }

    /// Subscriptions that come and go beside the others, and values that are read and written.
    pub(crate) fn churn(&self, mut chance: Chance) -> Background {
        let (client, tally) = (self.client.clone(), self.tally.clone());
        Background::start(async move |stop: Arc<AtomicBool>| {
            let mut polls = Polls::new(client.clone(), tally.clone());
            while !stop.load(Ordering::SeqCst) {
                tokio::time::sleep(chance.millis(10, 500)).await;
                let tags: Vec<String> = (0..=chance.below(20))
                    .map(|_| Plant::tag(usize::try_from(chance.below(20)).unwrap_or(0)))
                    .collect();
                let rate = chance.millis(50, 400);
                match client.subscribe(tags.clone(), rate, |_| {}).await {
                    Ok(subscription) => {
                        let _ = subscription.add([Plant::tag(0), Plant::tag(1)]).await;
                        let _ = subscription.remove([Plant::tag(1)]).await;
                        tokio::time::sleep(chance.millis(0, 300)).await;
                    }
                    Err(error) => tally.note_wrong(format_args!("subscribe: {error}")),
                }
                polls.read(tags).await;
                polls.write("Written").await;
            }
        })
    }

    pub(crate) fn account(&self) -> Account {
        let mut all = Account::default();
        for (subscription, book) in &self.subscriptions {
            let mut one = Account::default();
            book.lock().values().for_each(|ledger| one += ledger.account);
            one.excuse(subscription.stats().dropped);
            all += one;
        }
        all
    }

    /// Waits until everybody has what every tag counted to.
    pub(crate) async fn wait_for_last(&self, plant: &Plant) {
        let started = Instant::now();
        while self.behind(plant) > 0 && started.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        println!(
            "{} tags are behind after {:?}; {} gaps were told",
            self.behind(plant),
            started.elapsed(),
            self.gaps.lock().unwrap_or_else(PoisonError::into_inner)
        );
        for (_, book) in &self.subscriptions {
            for (tag, ledger, open) in Self::open_ones(plant, &mut book.lock()) {
                println!("FAULT: {ledger} of {tag} stays {open} behind");
                ledger.account.never_came += u64::try_from(open).unwrap_or_default();
            }
        }
    }

    /// Which ledgers miss the newest values, and how many.
    fn open_ones<'a>(
        plant: &Plant,
        ledgers: &'a mut HashMap<Tag, Ledger>,
    ) -> Vec<(&'a Tag, &'a mut Ledger, i64)> {
        let all = ledgers.iter_mut().map(|(tag, ledger)| {
            let open = plant.count_of(tag.as_str()) - ledger.last();
            (tag, ledger, open)
        });
        all.filter(|(_, _, open)| *open > 0).collect()
    }

    fn behind(&self, plant: &Plant) -> usize {
        self.subscriptions.iter().map(|(_, book)| Self::open_ones(plant, &mut book.lock()).len()).sum()
    }

    pub(crate) async fn close(self) -> Result<Account, Failure> {
        let account = self.account();
        for (subscription, _) in self.subscriptions {
            subscription.unsubscribe().await?;
        }
        self.client.close().await?;
        Ok(account)
    }
}
