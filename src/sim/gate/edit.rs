//! Requests the engine would misunderstand, said so that it understands them.

use super::walk::Walk;

/// The numbers of the requests' binary encodings (Part 6, A.4).
const READ: u16 = 631;
const HISTORY_READ: u16 = 664;
const WRITE: u16 = 673;
const CREATE_MONITORED_ITEMS: u16 = 751;
const MODIFY_MONITORED_ITEMS: u16 = 763;

/// A `DataChangeFilter` that asks for nothing but the default: trigger `StatusValue`, no deadband.
const STATUS_VALUE: [u8; 25] =
    [1, 0, 0xD4, 2, 1, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Stands for an index range that is none. A correct range never has it: no array is that long.
pub(crate) const NO_RANGE: (u32, u32) = (u32::MAX - 1, u32::MAX);
const NO_RANGE_TEXT: &[u8] = b"4294967294:4294967295";

/// A change: these bytes go, those come.
type Edit = (std::ops::Range<usize>, Vec<u8>);

/// The request with what has to be changed; `None` where nothing has.
///
/// - A monitored item without a filter is notified of changes of the status too (Part 4, 7.22.2); the engine compares
///   only values then (async-opcua-server 0.19.0, `monitored_item.rs:514`). With the default written out it does right.
/// - An index range that cannot be parsed concerns one node; the engine answers with a fault for the whole request
///   (async-opcua-types 0.19.0, `numeric_range.rs:91`). A range that no value has takes its place.
pub(super) fn edited(body: &[u8]) -> Option<Vec<u8>> {
    let edits = edits(body)?;
    if edits.is_empty() {
        return None;
    }
    let mut result = Vec::with_capacity(body.len() + edits.iter().map(|(_, new)| new.len()).sum::<usize>());
    let mut done = 0;
    for (range, new) in edits {
        result.extend(body.get(done..range.start)?);
        result.extend(new);
        done = range.end;
    }
    result.extend(body.get(done..)?);
    Some(result)
}

fn edits(body: &[u8]) -> Option<Vec<Edit>> {
    let mut walk = Walk::new(body);
    let message = walk.message_id()?;
    if !matches!(message, READ | HISTORY_READ | WRITE | CREATE_MONITORED_ITEMS | MODIFY_MONITORED_ITEMS) {
        return None;
    }
    walk.request_header()?;
    match message {
        READ => walk.skip(8 + 4)?,
        HISTORY_READ => {
            walk.extension_object()?;
            walk.skip(4 + 1)?
        }
        CREATE_MONITORED_ITEMS | MODIFY_MONITORED_ITEMS => walk.skip(4 + 4)?,
        _ => &[],
    };
    let mut edits = Vec::new();
    for _ in 0..walk.length()? {
        match message {
            READ => _ = read_value_id(&mut walk, &mut edits)?,
            HISTORY_READ => {
                walk.node_id()?;
                index_range(&mut walk, &mut edits)?;
                walk.skip(2)?;
                walk.text()?;
                walk.text()?;
            }
            WRITE => {
                walk.node_id()?;
                walk.skip(4)?;
                index_range(&mut walk, &mut edits)?;
                walk.written_value()?;
            }
            _ => {
                let value = if message == CREATE_MONITORED_ITEMS {
                    let attribute = read_value_id(&mut walk, &mut edits)?;
                    walk.skip(4)?;
                    attribute == 13
                } else {
                    // The attribute is not said again. A filter for data does no harm to what is not the value: it
                    // was accepted once without one.
                    walk.skip(4)?;
                    true
                };
                monitoring_parameters(&mut walk, value, &mut edits)?;
            }
        }
    }
    Some(edits)
}

/// The attribute.
fn read_value_id(walk: &mut Walk<'_>, edits: &mut Vec<Edit>) -> Option<i32> {
    walk.node_id()?;
    let attribute = walk.int()?;
    index_range(walk, edits)?;
    walk.skip(2)?;
    walk.text()?;
    Some(attribute)
}

fn index_range(walk: &mut Walk<'_>, edits: &mut Vec<Edit>) -> Option<()> {
    let start = walk.at;
    let text = walk.text()?;
    if !text.is_empty() && !is_range(text) {
        let mut new = u32::try_from(NO_RANGE_TEXT.len()).ok()?.to_le_bytes().to_vec();
        new.extend(NO_RANGE_TEXT);
        edits.push((start..walk.at, new));
    }
    Some(())
}

fn monitoring_parameters(walk: &mut Walk<'_>, value: bool, edits: &mut Vec<Edit>) -> Option<()> {
    // Client handle and sampling interval.
    walk.skip(4 + 8)?;
    let start = walk.at;
    if walk.extension_object()? && value {
        edits.push((start..walk.at, STATUS_VALUE.to_vec()));
    }
    // Queue size and which end of it is thrown away.
    walk.skip(4 + 1).map(|_| ())
}

/// The grammar of Part 4, 7.27, with the engine's limits: ten digits and ten dimensions.
fn is_range(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let number = |text: &str| {
        let digits = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| digits)
    };
    text.split(',').count() <= 10
        && text.split(',').all(|part| match part.split_once(':') {
            None => number(part).is_some(),
            Some((first, last)) => {
                matches!((number(first), number(last)), (Some(first), Some(last)) if first < last)
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_from_noise() {
        for text in ["0", "7", "0:1", "5:10", "1:2,0:1", "1,2,3", "0123456789", "4294967295"] {
            assert!(is_range(text.as_bytes()), "{text}");
        }
        for text in
            [" 1", "1 ", ":", "1:", ":1", "1:1", "2:1", "1,", ",1", "1:2:3", "x", "4294967296", "00000000000"]
        {
            assert!(!is_range(text.as_bytes()), "{text}");
        }
        assert!(!is_range(b"0,1,2,3,4,5,6,7,8,9,10"));
    }

    fn text(text: &[u8]) -> Vec<u8> {
        [&u32::try_from(text.len()).unwrap().to_le_bytes(), text].concat()
    }

    fn header(message: u16) -> Vec<u8> {
        let audit = text(b"me");
        [&[1, 0][..], &message.to_le_bytes(), &[2, 1, 0, 9, 9, 9, 9], &[0; 16], &audit, &[0; 4], &[0; 3]]
            .concat()
    }

    fn read(ranges: &[&[u8]]) -> Vec<u8> {
        let mut body = header(READ);
        body.extend([0; 12]);
        body.extend(u32::try_from(ranges.len()).unwrap().to_le_bytes());
        for range in ranges {
            body.extend(
                [&[3, 2, 0][..], &text(b"Tag"), &13u32.to_le_bytes(), &text(range), &[0; 2], &text(b"")]
                    .concat(),
            );
        }
        body
    }

    fn history_read(range: &[u8]) -> Vec<u8> {
        let details = [&[1, 0, 0x8B, 2, 1][..], &text(b"the details")].concat();
        let node =
            [&[3, 2, 0][..], &text(b"Tag"), &text(range), &[0; 2], &text(b""), &text(b"point")].concat();
        [&header(HISTORY_READ)[..], &details, &[2, 0, 0, 0, 0], &1u32.to_le_bytes(), &node].concat()
    }

    fn monitor(filter: &[u8], range: &[u8]) -> Vec<u8> {
        let mut body = header(CREATE_MONITORED_ITEMS);
        body.extend([0; 8]);
        body.extend(1u32.to_le_bytes());
        let item = [&[0, 9][..], &13u32.to_le_bytes(), &text(range), &[0; 2], &text(b"")].concat();
        body.extend([&item[..], &[2, 0, 0, 0], &[7; 12], filter, &[1, 0, 0, 0], &[1]].concat());
        body
    }

    #[test]
    fn ranges_that_are_none_are_replaced_and_others_kept() {
        assert_eq!(edited(&read(&[b"", b"1", b"1:2"])), None);
        assert_eq!(edited(&read(&[b"", b"2:1", b"x"])), Some(read(&[b"", NO_RANGE_TEXT, NO_RANGE_TEXT])));
        assert_eq!(edited(&history_read(b"1:2")), None);
        assert_eq!(edited(&history_read(b"2:1")), Some(history_read(NO_RANGE_TEXT)));
    }

    #[test]
    fn the_default_filter_is_written_out() {
        assert_eq!(edited(&monitor(&[0; 3], b"")), Some(monitor(&STATUS_VALUE, b"")));
        assert_eq!(edited(&monitor(&[0; 3], b"1:1")), Some(monitor(&STATUS_VALUE, NO_RANGE_TEXT)));
        assert_eq!(edited(&monitor(&STATUS_VALUE, b"")), None);
    }

    #[test]
    fn what_is_cut_short_is_left_alone() {
        for body in [read(&[b"x", b"2:1"]), monitor(&[0; 3], b"")] {
            for length in 0..body.len() {
                assert_eq!(edited(&body[..length]), None);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(kind in 0usize..5, rest: Vec<u8>) {
            let message = [READ, HISTORY_READ, WRITE, CREATE_MONITORED_ITEMS, MODIFY_MONITORED_ITEMS][kind];
            let _ = edited(&[header(message), rest.clone()].concat());
            let _ = edited(&rest);
        }
    }
}
