//! From the server to the client: one answer is corrected.

use super::frame::{BODY, End, Header, Kind, resize};
use super::walk::Walk;
use crate::sim::rand::mix;

/// The number of `ActivateSessionResponse` in binary.
const ACTIVATE_SESSION_RESPONSE: u16 = 470;

/// The nonce of a server is 32 bytes or longer (Part 4, 5.7.3).
const NONCE: usize = 32;

/// Adds the nonce the engine leaves out of the answer to `ActivateSession` where there is no security
/// (async-opcua-crypto 0.19.0, `security_policy.rs:179`); clients built with open62541 refuse such an answer.
///
/// `None` where the chunk is to be sent as it is.
pub(super) fn corrected(header: Header, chunk: &[u8], unsecured: bool, seed: u64) -> Option<Vec<u8>> {
    if !unsecured || header.kind != Kind::Message || header.end != End::Final {
        return None;
    }
    let mut walk = Walk::new(chunk);
    walk.skip(BODY)?;
    if walk.message_id()? != ACTIVATE_SESSION_RESPONSE {
        return None;
    }
    // Time and handle, then the result, which must be good for there to be a nonce.
    walk.skip(8 + 4)?;
    if walk.int()? != 0 || walk.byte()? != 0 || walk.length()? != 0 || !walk.extension_object()? {
        return None;
    }
    let (before, rest) = chunk.split_at_checked(walk.at)?;
    if walk.length()? != 0 {
        return None;
    }
    let after = rest.get(4..)?;
    let mut corrected = Vec::with_capacity(chunk.len() + NONCE);
    corrected.extend(before);
    corrected.extend(u32::try_from(NONCE).ok()?.to_le_bytes());
    corrected.extend(nonce(seed));
    corrected.extend(after);
    resize(&mut corrected);
    Some(corrected)
}

/// Bytes that differ each time. Nobody signs them: this is for connections without security only, where a guessable
/// nonce gives nothing away.
fn nonce(seed: u64) -> impl Iterator<Item = u8> {
    (0..4).flat_map(move |index| mix(seed ^ mix(index)).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with this nonce length, this service result and one result of its own.
    fn answer(result: u32, nonce: i32) -> Vec<u8> {
        let mut chunk = b"MSGF\0\0\0\0".to_vec();
        chunk.extend([7; BODY - 8]);
        chunk.extend([1, 0, 0xD6, 1]);
        chunk.extend([9; 12]);
        chunk.extend(result.to_le_bytes());
        chunk.push(0);
        chunk.extend((-1i32).to_le_bytes());
        chunk.extend([0, 0, 0]);
        chunk.extend(nonce.to_le_bytes());
        chunk.extend([5; 8]);
        resize(&mut chunk);
        chunk
    }

    fn corrected_one(chunk: &[u8], unsecured: bool) -> Option<Vec<u8>> {
        corrected(Header::parse(chunk).unwrap().unwrap(), chunk, unsecured, 42)
    }

    #[test]
    fn the_missing_nonce_is_added() {
        let chunk = answer(0, -1);
        let new = corrected_one(&chunk, true).unwrap();
        assert_eq!(new.len(), chunk.len() + 32);
        assert_eq!(Header::parse(&new).unwrap().unwrap().size, new.len());
        assert_eq!(new[new.len() - 44..][..4], 32u32.to_le_bytes());
        assert_eq!(new[new.len() - 8..], [5; 8]);
        assert_ne!(new[new.len() - 40..new.len() - 8], [0; 32]);
    }

    #[test]
    fn nothing_else_is_touched() {
        assert_eq!(corrected_one(&answer(0, -1), false), None);
        assert_eq!(corrected_one(&answer(0x8034_0000, -1), true), None);
        let mut with_nonce = answer(0, 4);
        with_nonce.extend([1; 4]);
        assert_eq!(corrected_one(&with_nonce, true), None);
        let mut other = answer(0, -1);
        other[BODY + 2] = 0xD7;
        assert_eq!(corrected_one(&other, true), None);
    }
}
