//! The queue by itself.

use super::*;
use crate::Value;

fn sample(n: i32) -> Sample {
    Sample { value: Value::Int32(n), ..Sample::status(Status::GOOD) }
}

fn push_all<const N: usize>(queue: &Queue, samples: [(Slot, Sample); N]) {
    let mut inlet = queue.open();
    for (slot, sample) in samples {
        inlet.push(slot, sample);
    }
}

fn drain(queue: &Queue) -> Vec<(String, Value)> {
    let mut readings = vec![];
    while let Ok(Some(reading)) = queue.wait(Some(Instant::now())) {
        readings.push((reading.tag.to_string(), reading.value));
    }
    readings
}

fn filled(capacity: usize, overflow: Overflow) -> Queue {
    let queue = Queue::new(capacity, overflow);
    let (a, b) = (queue.add(&Tag::item("a")).0, queue.add(&Tag::item("b")).0);
    push_all(&queue, [(a, sample(1)), (b, sample(2)), (a, sample(3)), (a, sample(4))]);
    queue
}

#[test]
fn a_full_queue_keeps_the_newest_of_every_tag() {
    let queue = filled(1, Overflow::KeepLatest);
    assert_eq!(drain(&queue), [("a".into(), Value::Int32(4)), ("b".into(), Value::Int32(2))]);
    assert_eq!((queue.stats().delivered, queue.stats().dropped), (2, 2));
}

#[test]
fn a_full_queue_drops_the_oldest_or_the_newest_when_told() {
    let queue = filled(2, Overflow::DropOldest);
    assert_eq!(drain(&queue), [("a".into(), Value::Int32(3)), ("a".into(), Value::Int32(4))]);
    let queue = filled(2, Overflow::DropNewest);
    assert_eq!(drain(&queue), [("a".into(), Value::Int32(1)), ("b".into(), Value::Int32(2))]);
    assert_eq!((queue.stats().delivered, queue.stats().dropped), (2, 2));
}

/// Where a reading that says that values before it were lost is dropped itself, the next one of its tag says so.
#[test]
fn a_loss_is_told_even_where_the_reading_that_told_it_is_dropped() {
    let lossy = |n| Sample { status: Status::GOOD.with_overflow(), ..sample(n) };
    let told = |overflow| {
        let queue = Queue::new(2, overflow);
        let (a, b) = (queue.add(&Tag::item("a")).0, queue.add(&Tag::item("b")).0);
        let first = if overflow == Overflow::DropNewest { sample(1) } else { lossy(1) };
        let late = if overflow == Overflow::DropNewest { lossy(3) } else { sample(3) };
        push_all(&queue, [(a, first), (b, sample(2)), (a, late)]);
        let mut told = Vec::new();
        while let Ok(Some(reading)) = queue.wait(Some(Instant::now())) {
            told.push((reading.value, reading.status.overflowed()));
        }
        push_all(&queue, [(b, sample(4)), (a, sample(5))]);
        while let Ok(Some(reading)) = queue.wait(Some(Instant::now())) {
            told.push((reading.value, reading.status.overflowed()));
        }
        told.into_iter().filter(|(_, lost)| *lost).map(|(value, _)| value).collect::<Vec<Value>>()
    };
    assert_eq!(told(Overflow::KeepLatest), [Value::Int32(3)]);
    assert_eq!(told(Overflow::DropOldest), [Value::Int32(3)]);
    assert_eq!(told(Overflow::DropNewest), [Value::Int32(5)]);
}

#[test]
fn a_removed_tag_is_never_delivered_and_its_place_is_used_again() {
    let queue = filled(10, Overflow::KeepLatest);
    let slot = queue.remove(&Tag::item("a")).unwrap();
    assert_eq!(queue.add(&Tag::item("c")), (slot, true));
    queue.push(slot, sample(9));
    assert_eq!(drain(&queue), [("b".into(), Value::Int32(2)), ("c".into(), Value::Int32(9))]);
}

#[test]
fn a_lost_connection_is_told_once_with_the_last_value() {
    let queue = filled(10, Overflow::KeepLatest);
    drain(&queue);
    let lost = Status::named("BadNoCommunication").unwrap();
    queue.push_lost(lost);
    queue.push_lost(lost);
    assert_eq!(drain(&queue), [("a".into(), Value::Int32(4)), ("b".into(), Value::Int32(2))]);
    assert_eq!(queue.last(&Tag::item("a")).unwrap().status, lost);
}

#[test]
fn what_is_held_does_not_go_back_in_time() {
    let at = |n: i32| Sample { source_time: chrono::DateTime::from_timestamp(i64::from(n), 0), ..sample(n) };
    let (queue, tag) = (Queue::held(), Tag::item("a"));
    let slot = queue.add(&tag).0;
    let held = || queue.last(&tag).unwrap().value;
    queue.note(&tag, &at(5));
    queue.push(slot, at(4));
    assert_eq!(held(), Value::Int32(5), "it was on its way while 5 was read");
    queue.push(slot, at(3));
    assert_eq!(held(), Value::Int32(3), "the device's clock was set back");
    queue.push(slot, at(6));
    queue.note(&tag, &at(5));
    assert_eq!(held(), Value::Int32(6));
    // A server whose clock was set back is believed.
    queue.push(slot, at(1));
    assert_eq!(held(), Value::Int32(1));
    assert_eq!(queue.stats().queued, 0);
}

#[test]
fn the_heart_beats_for_silent_tags_only() {
    let queue = filled(10, Overflow::KeepLatest);
    queue.push_again(true);
    drain(&queue);
    let (slot, _) = queue.add(&Tag::item("a"));
    queue.push(slot, sample(5));
    queue.push_again(true);
    assert_eq!(drain(&queue), [("a".into(), Value::Int32(5)), ("b".into(), Value::Int32(2))]);
}

#[test]
fn a_finished_queue_gives_out_what_waits_and_a_closed_one_does_not() {
    let queue = filled(10, Overflow::KeepLatest);
    queue.finish();
    assert!(matches!(queue.wait(None), Ok(Some(_))));
    queue.close();
    assert!(matches!(queue.wait(None), Ok(None)));
}

#[test]
fn what_was_lost_returns_once_and_what_is_newer_wins() {
    let queue = filled(10, Overflow::KeepLatest);
    drain(&queue);
    let (a, b) = (queue.add(&Tag::item("a")).0, queue.add(&Tag::item("b")).0);
    let lost = Status::named("BadNoCommunication").unwrap();
    assert!(!queue.is_open(a));
    queue.push_lost_of(&[Tag::item("a")], lost);
    assert_eq!(drain(&queue), [("a".into(), Value::Int32(4))], "the one concerned and no other");
    assert!(queue.is_open(a) && !queue.is_open(b));
    queue.push_again(false);
    assert!(queue.is_open(a), "a lost value that is told again is lost all the same");
    drain(&queue);
    queue.push_lost(Status::named("BadTooManySubscriptions").unwrap());
    drain(&queue);
    for _ in 0..2 {
        queue.push_returned(a);
    }
    assert_eq!(drain(&queue), [("a".into(), Value::Int32(4))]);
    assert_eq!(queue.last(&Tag::item("a")).unwrap().status, Status::GOOD);
    queue.push(b, sample(9));
    queue.push_found(b, sample(8));
    queue.push_returned(b);
    assert_eq!(drain(&queue), [("b".into(), Value::Int32(9))]);
}

#[test]
fn the_same_and_what_is_older_is_known() {
    let at = |n: i32| Sample { source_time: chrono::DateTime::from_timestamp(i64::from(n), 0), ..sample(n) };
    let queue = Queue::new(10, Overflow::KeepLatest);
    let slot = queue.add(&Tag::item("a")).0;
    assert!(!queue.open().knows(slot, &at(5)));
    queue.push(slot, at(5));
    for (n, known) in [(5, true), (4, true), (6, false)] {
        assert_eq!(queue.open().knows(slot, &at(n)), known, "{n}");
    }
    let worse = Sample { status: Status::named("BadDeviceFailure").unwrap(), ..at(5) };
    assert!(!queue.open().knows(slot, &worse), "another status is news");
    queue.push_lost(Status::named("BadNoCommunication").unwrap());
    assert!(!queue.open().knows(slot, &at(5)), "its return is news");
}

/// A queue in which so many readings of each of these tags wait, `0` and on.
fn full_of(tags: &[&str], each: i32) -> Queue {
    let queue = Queue::new(1024, Overflow::KeepLatest);
    let slots: Vec<Slot> = tags.iter().map(|tag| queue.add(&Tag::item(*tag)).0).collect();
    for n in 0..each {
        for slot in &slots {
            queue.push(*slot, sample(n));
        }
    }
    queue
}

/// The callback's thread takes several readings at a time; nobody can tell.
#[test]
fn what_the_callback_is_given_is_in_order_and_counted_one_by_one() {
    let queue = full_of(&["a", "b"], 100);
    let mut taken = Taken::default();
    for n in 0..200 {
        let (slot, reading) = queue.take(&mut taken).unwrap();
        assert_eq!((queue.tag(slot).unwrap(), &reading.value), (reading.tag, &Value::Int32(n / 2)));
        let (delivered, queued) = (u64::try_from(n).unwrap() + 1, 199 - usize::try_from(n).unwrap());
        assert_eq!((queue.stats().delivered, queue.stats().queued), (delivered, queued));
    }
    queue.finish();
    assert!(queue.take(&mut taken).is_none());
}

#[test]
fn what_was_taken_of_a_removed_tag_is_taken_back() {
    let queue = full_of(&["a", "b"], 10);
    let mut taken = Taken::default();
    queue.take(&mut taken).unwrap();
    let (b, again) = (Tag::item("b"), 50);
    let slot = queue.remove(&b).unwrap();
    assert_eq!(queue.add(&b), (slot, true));
    queue.push(slot, sample(again));
    let rest: Vec<Value> = (0..10).map(|_| queue.take(&mut taken).unwrap().1.value).collect();
    assert_eq!(rest, [1, 2, 3, 4, 5, 6, 7, 8, 9, again].map(Value::Int32), "and of the old b none");
    let stats = queue.stats();
    assert_eq!((stats.delivered, stats.queued, stats.dropped), (11, 0, 0));
}

#[test]
fn what_was_taken_is_given_out_when_finished_and_not_when_closed() {
    let mut taken = Taken::default();
    let queue = full_of(&["a"], 10);
    queue.take(&mut taken).unwrap();
    queue.finish();
    assert_eq!(std::iter::from_fn(|| queue.take(&mut taken)).count(), 9);
    let queue = full_of(&["a"], 10);
    queue.take(&mut taken).unwrap();
    queue.close();
    assert!(queue.take(&mut taken).is_none());
    assert_eq!((queue.stats().delivered, queue.stats().queued), (1, 0));
}

/// What the callback's thread has taken still fills the queue, and a small queue has nothing taken out of it early.
#[test]
fn a_queue_is_no_larger_for_what_was_taken() {
    for (capacity, ahead) in [(1, 0), (31, 0), (32, 1), (1024, 63), (100_000, 63)] {
        let queue = Queue::new(capacity, Overflow::DropNewest);
        let slot = queue.add(&Tag::item("a")).0;
        let push = |count: usize| (0..count).for_each(|_| queue.push(slot, sample(1)));
        push(capacity);
        let mut taken = Taken::default();
        queue.take(&mut taken).unwrap();
        assert_eq!(queue.ahead.left(), ahead, "{capacity}");
        push(3);
        assert_eq!((queue.stats().queued, queue.stats().dropped), (capacity, 2), "{capacity}");
    }
}
