//! The queue by itself.

use super::*;
use crate::Value;

fn sample(n: i32) -> Sample {
    Sample { value: Value::Int32(n), ..Sample::status(Status::GOOD) }
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
    queue.push_all([(a, sample(1)), (b, sample(2)), (a, sample(3)), (a, sample(4))].into_iter());
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
        queue.push_all([(a, first), (b, sample(2)), (a, late)].into_iter());
        let mut told = Vec::new();
        while let Ok(Some(reading)) = queue.wait(Some(Instant::now())) {
            told.push((reading.value, reading.status.overflowed()));
        }
        queue.push_all([(b, sample(4)), (a, sample(5))].into_iter());
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
    assert!(!queue.knows(slot, &at(5)));
    queue.push(slot, at(5));
    assert!(queue.knows(slot, &at(5)) && queue.knows(slot, &at(4)) && !queue.knows(slot, &at(6)));
    let worse = Sample { status: Status::named("BadDeviceFailure").unwrap(), ..at(5) };
    assert!(!queue.knows(slot, &worse), "another status is news");
    queue.push_lost(Status::named("BadNoCommunication").unwrap());
    assert!(!queue.knows(slot, &at(5)), "its return is news");
    assert!(queue.knows(slot, &at(4)), "a message that was still on its way is none");
}
