use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::sync::Semaphore;

use super::*;
use crate::{Status, Value};

/// A server whose value of item `n` is `n`; items from 900 up make it refuse the whole request.
struct Fake {
    requests: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
    limit: usize,
}

impl Wire for Fake {
    type Item = u32;

    fn limit(&self) -> usize {
        self.limit
    }

    async fn read(&self, items: &[u32], _max_age: f64) -> Result<Vec<Sample>, Failure> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let _turn = self.gate.acquire().await.unwrap();
        tokio::task::yield_now().await;
        if items.iter().any(|item| *item >= 900) {
            return Err(Failure {
                status: Status::named("BadDecodingError").unwrap(),
                detail: String::new(),
            });
        }
        Ok(items
            .iter()
            .map(|n| Sample { value: Value::UInt32(*n), ..Sample::status(Status::GOOD) })
            .collect())
    }
}

struct Rig {
    batch: Arc<Batch<Fake>>,
    requests: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

fn rig(limit: usize, open: bool) -> Rig {
    let (requests, gate) =
        (Arc::<AtomicUsize>::default(), Arc::new(Semaphore::new(if open { 1000 } else { 0 })));
    let fake = Fake { requests: requests.clone(), gate: gate.clone(), limit };
    Rig { batch: Arc::new(Batch::new(fake, Handle::current())), requests, gate }
}

const LONG: Duration = Duration::from_secs(3600);

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::task::yield_now().await;
    }
}

impl Rig {
    fn waiting(&self) -> usize {
        self.batch.shared.lock().waiting.len()
    }

    fn spawn(&self, items: Vec<u32>) -> tokio::task::JoinHandle<Result<Vec<Sample>, Failure>> {
        let batch = self.batch.clone();
        tokio::spawn(async move { batch.read(items, 0.0, LONG).await })
    }
}

#[tokio::test(start_paused = true)]
async fn reads_that_arrive_meanwhile_go_out_together() {
    let rig = rig(1000, false);
    let mut tasks = vec![rig.spawn(vec![0])];
    until(|| rig.requests.load(Ordering::SeqCst) == 1).await;
    tasks.extend((1..64).map(|n| rig.spawn(vec![n])));
    until(|| rig.waiting() == 63).await;
    rig.gate.add_permits(2);
    for (n, task) in (0..).zip(tasks) {
        assert_eq!(task.await.unwrap().unwrap()[0].value, Value::UInt32(n));
    }
    assert_eq!(rig.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn reads_that_are_ready_at_once_go_out_as_one() {
    let rig = rig(1000, true);
    let tasks: Vec<_> = (0..64).map(|n| rig.spawn(vec![n])).collect();
    for (n, task) in (0..).zip(tasks) {
        assert_eq!(task.await.unwrap().unwrap()[0].value, Value::UInt32(n));
    }
    assert_eq!(rig.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_return_holds_nobody_up() {
    let rig = rig(1000, false);
    let stuck = rig.spawn(vec![1]);
    until(|| rig.requests.load(Ordering::SeqCst) == 1).await;
    let other = rig.spawn(vec![2]);
    // The clock is paused and runs ahead only when everything waits: past the patience, not to the timeout.
    until(|| rig.waiting() == 1).await;
    tokio::time::sleep(PATIENCE * 2).await;
    assert_eq!(rig.requests.load(Ordering::SeqCst), 2);
    rig.gate.add_permits(2);
    assert_eq!(other.await.unwrap().unwrap()[0].value, Value::UInt32(2));
    assert_eq!(stuck.await.unwrap().unwrap()[0].value, Value::UInt32(1));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_read_lets_the_next_one_through() {
    let rig = rig(1000, false);
    let leader = rig.spawn(vec![1]);
    until(|| rig.requests.load(Ordering::SeqCst) == 1).await;
    let (gone, kept) = (rig.spawn(vec![2]), rig.spawn(vec![3]));
    until(|| rig.waiting() == 2).await;
    gone.abort();
    leader.abort();
    rig.gate.add_permits(1);
    assert_eq!(kept.await.unwrap().unwrap()[0].value, Value::UInt32(3));
    assert_eq!(rig.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn each_caller_has_its_own_timeout() {
    let rig = rig(1000, false);
    let stuck = rig.spawn(vec![1]);
    until(|| rig.requests.load(Ordering::SeqCst) == 1).await;
    let failure = rig.batch.read(vec![2], 0.0, Duration::from_secs(2)).await.unwrap_err();
    assert!(failure.is_timeout());
    assert!(!stuck.is_finished());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever runs at the same time, everybody gets exactly his own values, and a refused request only his own error.
    #[test]
    fn results_are_never_mixed_up(
        jobs in prop::collection::vec(prop::collection::vec(0_u32..930, 1..12), 1..80),
        limit in 1_usize..64,
        workers in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
        runtime.block_on(async {
            let rig = rig(limit, true);
            let tasks: Vec<_> = jobs.iter().map(|items| rig.spawn(items.clone())).collect();
            for (items, task) in jobs.iter().zip(tasks) {
                let answer = task.await.unwrap();
                if items.iter().any(|item| *item >= 900) {
                    assert_eq!(answer.unwrap_err().status.name(), "BadDecodingError");
                } else {
                    let values: Vec<Value> = answer.unwrap().into_iter().map(|sample| sample.value).collect();
                    assert_eq!(values, items.iter().map(|n| Value::UInt32(*n)).collect::<Vec<_>>());
                }
            }
            assert_eq!(rig.batch.shared.lock().in_flight, 0);
        });
    }
}
