//! A tag against servers that divide, lose and repeat what they have.

use std::time::Duration;

use super::*;
use crate::Value;
use crate::engine::Sample;
use crate::engine::client::Past;

fn second(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + n, 0).unwrap()
}

fn row(n: i64) -> Row {
    let sample =
        Sample { value: Value::Int64(n), source_time: Some(second(n)), ..Sample::status(Status::GOOD) };
    Row { sample, extra: None }
}

fn page(times: impl IntoIterator<Item = i64>, point: Option<&str>) -> PastPage {
    let next = point.map(Point::new);
    PastPage { rows: times.into_iter().map(row).collect(), next }
}

fn raw(start: Option<i64>, end: Option<i64>, count: Option<usize>) -> Question {
    Question {
        asked: Asked::Raw { modified: false, start: start.map(second), end: end.map(second) },
        count,
        bounds: false,
        page: 10,
        server_times: false,
        patience: Duration::ZERO,
        undecoded: false,
    }
}

fn numbers(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| (time(row).unwrap() - second(0)).num_seconds()).collect()
}

/// A tag, and the server that it asks.
struct Reader<'a> {
    series: Series,
    question: Question,
    answer: Box<dyn FnMut(Past, Option<Point>) -> PastPage + 'a>,
    requests: usize,
    released: Vec<Point>,
}

impl<'a> Reader<'a> {
    fn new(question: Question, answer: impl FnMut(Past, Option<Point>) -> PastPage + 'a) -> Reader<'a> {
        let series = Series::new(0, Tag::numeric(0, 1));
        Reader { series, question, answer: Box::new(answer), requests: 0, released: Vec::new() }
    }

    /// Everything that there is, or what stopped it.
    fn all(&mut self) -> (Vec<i64>, Option<Error>) {
        let mut rows = Vec::new();
        loop {
            if self.series.point.is_none() {
                self.series.begin(&self.question);
            }
            self.requests += 1;
            assert!(self.requests < 1000, "it goes on for ever");
            let past = self.question.past(&self.series);
            let page = (self.answer)(past, self.series.point.clone());
            let (mut rows_of_page, then) = self.series.absorb(&self.question, page);
            rows.append(&mut rows_of_page);
            match then {
                Ok(Then::More) => {}
                Ok(Then::Anew(point)) => self.released.extend(point),
                Ok(Then::Over(point)) => {
                    self.released.extend(point);
                    return (numbers(&rows), None);
                }
                Err(error) => return (numbers(&rows), Some(error)),
            }
        }
    }
}

/// What a server without faults has of `all` for these details, newest first where it is asked so.
fn having(all: &[i64], past: &Past) -> Vec<i64> {
    let Past::Raw { start, end, most, .. } = past else { panic!("{past:?}") };
    let number = |time: &DateTime<Utc>| (*time - second(0)).num_seconds();
    let (start, end) = (start.as_ref().map(number), end.as_ref().map(number));
    let backward = match (start, end) {
        (None, _) => true,
        (Some(start), Some(end)) => start > end,
        (Some(_), None) => false,
    };
    let (low, high) = if backward { (end.filter(|_| start.is_some()), start.or(end)) } else { (start, end) };
    let within = |n: &&i64| low.is_none_or(|low| **n >= low) && high.is_none_or(|high| **n <= high);
    let mut found: Vec<i64> = all.iter().filter(within).copied().collect();
    if backward {
        found.reverse();
    }
    found.truncate(usize::try_from(*most).unwrap());
    found
}

#[test]
fn pages_follow_points_until_there_is_none() {
    let mut reader = Reader::new(raw(Some(0), Some(100), None), |_, point| match point {
        None => page(0..4, Some("a")),
        // The same point again and again is a place in a list, as long as something comes.
        Some(point) if point == Point::new("a") => page(4..8, Some("b")),
        Some(_) => page(8..9, None),
    });
    assert!(matches!(reader.all(), (rows, None) if rows == (0..9).collect::<Vec<_>>()));
    assert_eq!(reader.requests, 3);
}

#[test]
fn a_server_that_takes_the_page_for_all_that_is_wanted_is_asked_again() {
    let all: Vec<i64> = (0..47).collect();
    for (start, end) in [(0, 100), (100, 0)] {
        let answer = |past: Past, _| page(having(&all, &past), None);
        let mut reader = Reader::new(raw(Some(start), Some(end), None), answer);
        let (mut rows, error) = reader.all();
        assert!(error.is_none());
        if start > end {
            rows.reverse();
        }
        assert_eq!(rows, all);
    }
}

#[test]
fn one_time_and_a_count_go_on_over_pages_and_values_of_one_time() {
    let all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22];
    for count in [1, 9, 10, 11, 12, 13, 14, 20, 26, 40] {
        let answer = |past: Past, _| page(having(&all, &past), None);
        let (rows, error) = Reader::new(raw(Some(0), None, Some(count)), answer).all();
        assert!(error.is_none());
        assert_eq!(rows, all[..count.min(all.len())]);
        let answer = |past: Past, _| page(having(&all, &past), None);
        let (rows, error) = Reader::new(raw(None, Some(100), Some(count)), answer).all();
        assert!(error.is_none());
        let newest: Vec<i64> = all.iter().rev().take(count).copied().collect();
        assert_eq!(rows, newest);
    }
}

/// As asyncua's store in memory: without a start the end is nothing to it.
fn without_an_end(all: &[i64], past: Past) -> Vec<i64> {
    match past {
        Past::Raw { modified, start: None, most, bounds, .. } => {
            having(all, &Past::Raw { modified, start: None, end: Some(second(1_000_000)), most, bounds })
        }
        other => having(all, &other),
    }
}

#[test]
fn a_server_that_ignores_an_end_alone_is_given_both_times() {
    let all = [0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 11, 12];
    for (until, count) in
        [(100, 5), (100, 10), (100, 11), (100, 24), (100, 40), (9, 3), (9, 15), (9, 40), (-1, 5)]
    {
        let answer = |past: Past, _| page(without_an_end(&all, past), None);
        let (rows, error) = Reader::new(raw(None, Some(until), Some(count)), answer).all();
        assert!(error.is_none(), "{error:?}");
        let newest = all.iter().rev().filter(|n| **n <= until).take(count).copied();
        assert_eq!(rows, newest.collect::<Vec<_>>(), "{count} until {until}");
    }
}

#[test]
fn a_server_without_points_that_begins_anew_each_time_is_an_error() {
    let all: Vec<i64> = (0..30).collect();
    for (start, end) in [(Some(0), Some(100)), (Some(0), None), (None, Some(100))] {
        let answer = |_: Past, _| {
            page(
                if start.is_some() { all[..10].to_vec() } else { all[20..].iter().rev().copied().collect() },
                None,
            )
        };
        let mut reader = Reader::new(raw(start, end, Some(25)), answer);
        let (rows, error) = reader.all();
        assert_eq!(rows.len(), 10);
        assert!(matches!(error, Some(Error::Endless { pages: 3, .. })), "{error:?}");
        assert_eq!(reader.requests, if start.is_some() { 4 } else { 5 });
    }
}

#[test]
fn more_values_of_one_time_than_a_page_holds_all_come() {
    let mut all = vec![0, 1];
    all.extend([2; 45]);
    all.extend([3, 4]);
    all.extend([5; 25]);
    // Up to the very time that they are of, as servers have it whose ranges include their ends.
    for (start, end) in [(0, 100), (100, 0), (0, 5), (5, 0), (2, 5), (5, 2), (2, 2)] {
        let mut expected: Vec<i64> =
            all.iter().copied().filter(|n| (start.min(end)..=start.max(end)).contains(n)).collect();
        if start > end {
            expected.reverse();
        }
        // Without points.
        let answer = |past: Past, _| page(having(&all, &past), None);
        let (rows, error) = Reader::new(raw(Some(start), Some(end), None), answer).all();
        assert!(error.is_none(), "{error:?}");
        assert_eq!(rows, expected, "{start} to {end}");
        // With points, and pages of the server's own.
        let mut place = 0;
        let answer = |past: Past, point: Option<Point>| {
            place = if point.is_some() { place + 3 } else { 0 };
            let found = having(
                &all,
                &Past::Raw {
                    modified: false,
                    start: Some(second(start)),
                    end: Some(second(end)),
                    most: 1000,
                    bounds: false,
                },
            );
            assert!(matches!(past, Past::Raw { .. }));
            let more = place + 3 < found.len();
            let mut page = page(found.into_iter().skip(place).take(3), more.then_some("on"));
            for (n, row) in (place..).zip(&mut page.rows) {
                row.sample.value = Value::String(n.to_string());
            }
            page
        };
        let (rows, error) = Reader::new(raw(Some(start), Some(end), None), answer).all();
        assert!(error.is_none(), "{error:?}");
        assert_eq!(rows, expected, "{start} to {end}, with points");
    }
}

#[test]
fn many_pages_of_one_time_are_no_hang_until_they_come_again() {
    let mut n = 0;
    // Each page has other values of the one time, until the 300th comes for ever.
    let answer = |_: Past, _: Option<Point>| {
        n = (n + 1).min(300);
        let mut page = page([7, 7], Some("on"));
        for row in &mut page.rows {
            row.sample.value = Value::Int64(n);
        }
        page
    };
    let mut reader = Reader::new(raw(Some(0), Some(100), None), answer);
    let (rows, error) = reader.all();
    assert!(matches!(error, Some(Error::Endless { .. })), "{error:?}");
    assert!(rows.len() >= 600 && reader.requests < 400, "{} in {}", rows.len(), reader.requests);
}

#[test]
fn events_that_fill_a_page_without_a_point_are_asked_on_by_time() {
    let all = [0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9];
    for (start, end, count) in
        [(Some(0), Some(100), None), (Some(100), Some(0), None), (None, Some(100), Some(18))]
    {
        let asked =
            Asked::Events { start: start.map(second), end: end.map(second), select: Vec::new().into() };
        let question = Question { asked, ..raw(None, None, count) };
        let answer = |past: Past, _| {
            let Past::Events { start, end, most, .. } = past else { panic!("{past:?}") };
            page(having(&all, &Past::Raw { modified: false, start, end, most, bounds: false }), None)
        };
        let (rows, error) = Reader::new(question, answer).all();
        assert!(error.is_none(), "{error:?}");
        let mut expected = all.to_vec();
        if start != Some(0) {
            expected.reverse();
        }
        expected.truncate(count.unwrap_or(all.len()));
        assert_eq!(rows, expected);
    }
}

#[test]
fn what_is_more_than_wanted_is_cut_and_its_point_given_back() {
    let mut reader = Reader::new(raw(Some(0), Some(100), Some(5)), |_, point| match point {
        None => page(0..3, Some("a")),
        Some(_) => page(3..6, Some("b")),
    });
    assert!(matches!(reader.all(), (rows, None) if rows == [0, 1, 2, 3, 4]));
    assert_eq!(reader.released, [Point::new("b")]);
}

#[test]
fn a_lost_place_is_found_again_by_time() {
    let all = [0, 1, 2, 3, 3, 3, 4, 5, 6];
    for lost_after in 0..5 {
        let mut reader = Reader::new(raw(Some(0), Some(100), None), |past, point| match point {
            None => {
                let mut found = having(&all, &past);
                let more = found.len() > 3;
                found.truncate(if more { 5 } else { 3 });
                page(found, more.then_some("a"))
            }
            Some(_) => panic!("it was lost"),
        });
        let mut rows = Vec::new();
        for _ in 0..20 {
            reader.series.cap = 5;
            reader.series.begin(&reader.question);
            let past = reader.question.past(&reader.series);
            let answer = (reader.answer)(past, None);
            let (mut rows_of_page, then) = reader.series.absorb(&reader.question, answer);
            rows.append(&mut rows_of_page);
            if let Ok(Then::Over(_)) = then {
                break;
            }
            reader.series.resume(&reader.question);
        }
        assert_eq!(numbers(&rows), all, "{lost_after}");
    }
}

#[test]
fn a_server_that_turns_round_is_asked_by_time() {
    let all: Vec<i64> = (0..30).collect();
    let place = std::cell::Cell::new(0);
    let mut reader = Reader::new(raw(None, Some(100), Some(25)), |past, point| match point {
        None => {
            let found: Vec<i64> = having(&all, &past).into_iter().take(7).collect();
            place.set(found[found.len() - 1] - 1);
            page(found, Some("wrong"))
        }
        // From where it was, and forward.
        Some(_) => page(place.get()..place.get() + 7, Some("worse")),
    });
    let (rows, error) = reader.all();
    assert!(error.is_none(), "{error:?}");
    assert_eq!(rows, (5..30).rev().collect::<Vec<_>>());
    assert!(reader.released.contains(&Point::new("worse")));
}

#[test]
fn a_point_that_leads_nowhere_is_an_error_and_no_hang() {
    for (empty, most) in [(true, 5), (false, 220)] {
        let repeat = |_: Past, _: Option<Point>| page(if empty { 0..0 } else { 0..3 }, Some("for ever"));
        let mut reader = Reader::new(raw(Some(0), Some(100), None), repeat);
        let (rows, error) = reader.all();
        assert!(matches!(error, Some(Error::Endless { .. })), "{error:?}");
        assert_eq!(rows, if empty { vec![] } else { vec![0, 1, 2] });
        assert!(reader.requests <= most, "{}", reader.requests);
    }
    let mut n = 0;
    let fresh = |_: Past, _: Option<Point>| {
        n += 1;
        page(0..0, Some(&format!("{n}")))
    };
    let (rows, error) = Reader::new(raw(Some(0), Some(100), None), fresh).all();
    assert!(rows.is_empty());
    let text = error.unwrap().to_string();
    assert!(text.ends_with("gives nothing new (100 pages)"), "{text}");
}

#[test]
fn empty_pages_before_a_full_one_are_waited_for() {
    let mut n = 0;
    let mut reader = Reader::new(raw(Some(0), Some(100), None), |_, _| {
        n += 1;
        if n % 50 == 0 { page(n..=n, Some(&format!("{n}"))) } else { page(0..0, Some(&format!("{n}"))) }
    });
    let mut given = 0;
    while given < 4 {
        if reader.series.point.is_none() {
            reader.series.begin(&reader.question);
        }
        let past = reader.question.past(&reader.series);
        let answer = (reader.answer)(past, reader.series.point.clone());
        let (rows, then) = reader.series.absorb(&reader.question, answer);
        assert!(matches!(then, Ok(Then::More)));
        given += rows.len();
    }
}

#[test]
fn each_time_has_one_value() {
    let times: Vec<DateTime<Utc>> = (0..25).map(second).collect();
    let at = |times: &[DateTime<Utc>]| Question {
        asked: Asked::At { times: times.to_vec().into(), simple_bounds: false },
        ..raw(None, None, None)
    };
    let numbers_of = |past: &Past| match past {
        Past::At { times, .. } => times.iter().map(|t| (*t - second(0)).num_seconds()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    // Ten at a time, and a server that divides those again.
    let mut under_way = Vec::new();
    let mut reader = Reader::new(at(&times), |past, point| {
        if point.is_none() {
            under_way = numbers_of(&past);
        }
        let rest = under_way.split_off(under_way.len().min(7));
        let now = std::mem::replace(&mut under_way, rest);
        page(now, (!under_way.is_empty()).then_some("more"))
    });
    assert!(matches!(reader.all(), (rows, None) if rows == (0..25).collect::<Vec<_>>()));
    assert_eq!(reader.requests, 5);
    for wrong in [9, 11] {
        let mut reader = Reader::new(at(&times), |_, _| page(0..wrong, None));
        let (_, error) = reader.all();
        assert!(matches!(error, Some(Error::Item { status, .. }) if status == code::BAD_UNKNOWN_RESPONSE));
    }
}
