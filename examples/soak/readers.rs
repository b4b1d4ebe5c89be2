//! [`Readers`]: a client that subscribes to everything in three ways.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openopc::{
    Client, Delivery, Error, Event, Overflow, Reading, Refresh, SubscribeOptions, Subscription, Tag,
};

use crate::Failure;
use crate::chance::Chance;
use crate::ledger::{Account, Ledger};
use crate::plant::{Background, Plant};

pub(crate) struct Readers {
    client: Client,
    gaps: Arc<Mutex<u64>>,
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

    fn enter(&self, reading: &Reading) {
        let mut ledgers = self.lock();
        let new = || Ledger::new(self.delivery);
        ledgers.entry(reading.tag.clone()).or_insert_with(new).enter(reading);
    }
}

/// The longest that a value may take to arrive once all is well.
const PATIENCE: Duration = Duration::from_secs(120);

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
            subscriptions.push((client.subscribe_with(plant.tags(), options, callback).await?, book));
        }
        Ok(Readers { client, gaps, subscriptions })
    }

    /// Subscriptions that come and go beside the others, and a value that is written.
    pub(crate) fn churn(&self, mut chance: Chance) -> Background {
        let client = self.client.clone();
        Background::start(async move |stop: Arc<AtomicBool>| {
            let mut written = 0_i64;
            while !stop.load(Ordering::SeqCst) {
                tokio::time::sleep(chance.millis(10, 500)).await;
                let tags: Vec<String> = (0..=chance.below(20))
                    .map(|_| Plant::tag(usize::try_from(chance.below(20)).unwrap_or(0)))
                    .collect();
                let rate = chance.millis(50, 400);
                match client.subscribe(tags, rate, |_| {}).await {
                    Ok(subscription) => {
                        let _ = subscription.add([Plant::tag(0), Plant::tag(1)]).await;
                        let _ = subscription.remove([Plant::tag(1)]).await;
                        tokio::time::sleep(chance.millis(0, 300)).await;
                    }
                    Err(error) => println!("FAULT: subscribe: {error}"),
                }
                written += 1;
                match client.write("Written", written).await {
                    Ok(()) => match client.read_as::<i64>("Written").await {
                        Ok(value) if value < written => println!("FAULT: a write of {written} left {value}"),
                        _ => {}
                    },
                    Err(error @ (Error::Disconnected { .. } | Error::Timeout { .. }))
                        if error.is_retryable() =>
                    {
                        println!("FAULT: a write that may have landed is retryable: {error}");
                    }
                    Err(_) => {}
                }
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
            let mut ledgers = book.lock();
            for (n, tag) in plant.tags().into_iter().enumerate() {
                let Ok(tag) = Tag::parse(tag) else { continue };
                let ledger = ledgers.entry(tag).or_insert_with(|| Ledger::new(book.delivery));
                let open = plant.count_of(n) - ledger.last();
                ledger.account.never_came += u64::try_from(open).unwrap_or_default();
            }
        }
    }

    fn behind(&self, plant: &Plant) -> usize {
        let tags: Vec<Tag> = plant.tags().into_iter().filter_map(|tag| Tag::parse(tag).ok()).collect();
        let mut behind = 0;
        for (_, book) in &self.subscriptions {
            let ledgers = book.lock();
            behind += tags
                .iter()
                .enumerate()
                .filter(|(n, tag)| ledgers.get(*tag).map_or(0, Ledger::last) < plant.count_of(*n))
                .count();
        }
        behind
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
