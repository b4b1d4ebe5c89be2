//! From the client to the server: what is let through, and what is said for the client.

use super::Rules;
use super::edit::edited;
use super::frame::{BODY, End, Header, Kind, MAX_CHUNK, is_unsecured, resize};
use super::nesting::is_shallow;
use super::walk::Walk;
use crate::sim::Service;

/// Why a connection ends: the status and the reason the client is told.
pub(super) type Refusal = (u32, &'static str);

pub(super) const BAD_TIMEOUT: u32 = 0x800A_0000;
const BAD_ENCODING_LIMITS_EXCEEDED: u32 = 0x8008_0000;
const BAD_TCP_MESSAGE_TYPE_INVALID: u32 = 0x807E_0000;
const BAD_TCP_MESSAGE_TOO_LARGE: u32 = 0x8080_0000;

/// `HEL` has 32 bytes and a URL of 4,096 at most (Part 6, 7.1.2.3).
const MAX_HELLO: usize = 32 + 4096;

/// What follows the chunks of one client.
pub(super) struct Inward {
    rules: Rules,
    greeted: bool,
    unsecured: bool,
    /// The chunks of a message that is not complete, held back.
    held: Vec<Vec<u8>>,
    held_size: usize,
}

/// What becomes of a chunk.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It goes on as it is.
    Pass,
    /// It waits for the rest of its message.
    Hold,
    /// These bytes go on in its place.
    Replace(Vec<u8>),
}

impl Inward {
    pub(super) fn new(rules: Rules) -> Inward {
        Inward { rules, greeted: false, unsecured: false, held: Vec::new(), held_size: 0 }
    }

    pub(super) fn is_unsecured(&self) -> bool {
        self.unsecured
    }

    /// The header of the next chunk once it is there and acceptable.
    pub(super) fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Refusal> {
        let invalid = (BAD_TCP_MESSAGE_TYPE_INVALID, "this is not OPC UA");
        let Some(header) = Header::parse(bytes).map_err(|()| invalid)? else { return Ok(None) };
        if (header.kind == Kind::Hello) == self.greeted || header.kind == Kind::Other {
            return Err((BAD_TCP_MESSAGE_TYPE_INVALID, "this message does not belong here"));
        }
        if header.size > if self.greeted { MAX_CHUNK } else { MAX_HELLO } {
            return Err((BAD_TCP_MESSAGE_TOO_LARGE, "this message is larger than agreed"));
        }
        Ok(Some(header))
    }

    /// Looks at a whole chunk.
    pub(super) fn chunk(&mut self, header: Header, chunk: &[u8]) -> Result<Verdict, Refusal> {
        match header.kind {
            Kind::Hello => self.greeted = true,
            Kind::Open => self.unsecured = is_unsecured(chunk),
            Kind::Message if self.unsecured => return self.message(header, chunk),
            Kind::Message | Kind::Close | Kind::Other => {}
        }
        Ok(Verdict::Pass)
    }

    fn message(&mut self, header: Header, chunk: &[u8]) -> Result<Verdict, Refusal> {
        if header.end == End::Abort {
            self.held.clear();
            self.held_size = 0;
            return Ok(Verdict::Pass);
        }
        let body = chunk.get(BODY..).unwrap_or_default();
        self.held_size += body.len();
        if self.held_size > self.rules.message_size {
            return Err((BAD_TCP_MESSAGE_TOO_LARGE, "this message is larger than this server takes"));
        }
        if header.end == End::More {
            self.held.push(chunk.to_vec());
            return Ok(Verdict::Hold);
        }
        if self.held.is_empty() {
            self.held_size = 0;
            self.check(body)?;
            return Ok(edited(body).map_or(Verdict::Pass, |new| Verdict::Replace(rebuilt(&[chunk], &new))));
        }
        let held = std::mem::take(&mut self.held);
        let mut whole = Vec::with_capacity(std::mem::take(&mut self.held_size));
        let chunks: Vec<&[u8]> = held.iter().map(Vec::as_slice).chain([chunk]).collect();
        for chunk in &chunks {
            whole.extend(chunk.get(BODY..).unwrap_or_default());
        }
        self.check(&whole)?;
        Ok(Verdict::Replace(match edited(&whole) {
            Some(new) => rebuilt(&chunks, &new),
            None => chunks.concat(),
        }))
    }

    fn check(&self, body: &[u8]) -> Result<(), Refusal> {
        if let Some(service) = Walk::new(body).message_id().and_then(Service::from_id) {
            self.rules.space.asked(service);
        }
        let refusal = (BAD_ENCODING_LIMITS_EXCEEDED, "diagnostics lie too deep in each other");
        if is_shallow(body, self.rules.nesting) { Ok(()) } else { Err(refusal) }
    }
}

/// The chunks with another body, as many as before: each has a sequence number, and the next message counts on.
fn rebuilt(chunks: &[&[u8]], body: &[u8]) -> Vec<u8> {
    let share = body.len().div_ceil(chunks.len().max(1)).max(1);
    let mut parts = body.chunks(share);
    let mut result = Vec::with_capacity(body.len() + chunks.len() * BODY);
    for chunk in chunks {
        let mut new = chunk.get(..BODY).unwrap_or_default().to_vec();
        new.extend(parts.next().unwrap_or_default());
        resize(&mut new);
        result.extend(new);
    }
    result
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sim::clock::{Clock, Time};
    use crate::sim::space::Space;

    fn rules() -> Rules {
        let space = Arc::new(Space::new(Time::start(Clock::Manual), 1));
        Rules { space, message_size: 1000, nesting: 100 }
    }

    fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
        let mut chunk = kind.to_vec();
        chunk.extend([0; BODY - 4]);
        chunk.extend(body);
        resize(&mut chunk);
        chunk
    }

    fn open() -> Inward {
        Inward { greeted: true, unsecured: true, ..Inward::new(rules()) }
    }

    fn give(inward: &mut Inward, chunk: &[u8]) -> Result<Verdict, Refusal> {
        let header = inward.header(chunk)?.unwrap();
        inward.chunk(header, chunk)
    }

    #[test]
    fn hello_comes_first_and_once() {
        let mut inward = Inward::new(rules());
        assert!(give(&mut inward, &chunk(*b"MSGF", b"")).is_err());
        assert_eq!(give(&mut inward, &chunk(*b"HELF", b"")), Ok(Verdict::Pass));
        assert!(give(&mut inward, &chunk(*b"HELF", b"")).is_err());
        assert_eq!(
            Inward::new(rules()).header(b"HELF\xFF\xFF\xFF\x7F").unwrap_err().0,
            BAD_TCP_MESSAGE_TOO_LARGE
        );
        assert_eq!(Inward::new(rules()).header(b"GET /").unwrap_err().0, BAD_TCP_MESSAGE_TYPE_INVALID);
    }

    #[test]
    fn a_message_in_chunks_is_looked_at_as_a_whole() {
        let mut inward = open();
        assert_eq!(give(&mut inward, &chunk(*b"MSGC", b"abc")), Ok(Verdict::Hold));
        assert_eq!(give(&mut inward, &chunk(*b"MSGC", b"def")), Ok(Verdict::Hold));
        let all = [chunk(*b"MSGC", b"abc"), chunk(*b"MSGC", b"def"), chunk(*b"MSGF", b"ghi")].concat();
        assert_eq!(give(&mut inward, &chunk(*b"MSGF", b"ghi")), Ok(Verdict::Replace(all)));
        // Half of a nest in each chunk.
        assert_eq!(give(&mut inward, &chunk(*b"MSGC", &[0x40; 60])), Ok(Verdict::Hold));
        assert_eq!(
            give(&mut inward, &chunk(*b"MSGF", &[0x40; 60])).unwrap_err().0,
            BAD_ENCODING_LIMITS_EXCEEDED
        );
    }

    #[test]
    fn a_message_has_a_largest_size() {
        let mut inward = open();
        for _ in 0..2 {
            assert_eq!(give(&mut inward, &chunk(*b"MSGC", &[1; 400])), Ok(Verdict::Hold));
        }
        assert_eq!(give(&mut inward, &chunk(*b"MSGF", &[1; 400])).unwrap_err().0, BAD_TCP_MESSAGE_TOO_LARGE);
    }

    #[test]
    fn edited_messages_keep_the_number_of_their_chunks() {
        let (first, second) = (chunk(*b"MSGC", b"ab"), chunk(*b"MSGF", b"c"));
        let rebuilt = rebuilt(&[&first, &second], b"wxyz!");
        assert_eq!(rebuilt, [chunk(*b"MSGC", b"wxy"), chunk(*b"MSGF", b"z!")].concat());
    }
}
