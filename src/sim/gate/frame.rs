//! Messages in chunks (Part 6, 6.7.2 and 7.1.2).

/// The header every chunk starts with: three letters, one that says whether more follows, and the size of it all.
pub(super) const HEADER: usize = 8;

/// A symmetric chunk without security goes on with channel, token, sequence number and request id.
pub(super) const BODY: usize = 24;

/// The largest chunk, which is the buffer size the engine offers.
pub(super) const MAX_CHUNK: usize = 65_535;

/// What a chunk is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hello,
    Open,
    Message,
    Close,
    /// What only servers send: `ACK`, `ERR`.
    Other,
}

/// Whether a message ends with this chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Final,
    More,
    Abort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) end: End,
    pub(super) size: usize,
}

impl Header {
    /// `Ok(None)` where more bytes are needed, `Err` where no bytes would make this a chunk.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Header>, ()> {
        let Some((kind, rest)) = bytes.split_first_chunk::<3>() else {
            // Not yet three letters, but those there are must be the right ones.
            let known =
                [b"HEL", b"OPN", b"MSG", b"CLO", b"ACK", b"ERR"].iter().any(|kind| kind.starts_with(bytes));
            return if known { Ok(None) } else { Err(()) };
        };
        let kind = match kind {
            b"HEL" => Kind::Hello,
            b"OPN" => Kind::Open,
            b"MSG" => Kind::Message,
            b"CLO" => Kind::Close,
            b"ACK" | b"ERR" => Kind::Other,
            _ => return Err(()),
        };
        let Some((end, rest)) = rest.split_first() else { return Ok(None) };
        let end = match end {
            b'F' => End::Final,
            b'C' => End::More,
            b'A' => End::Abort,
            _ => return Err(()),
        };
        let Some(size) = rest.first_chunk::<4>() else { return Ok(None) };
        let size = usize::try_from(u32::from_le_bytes(*size)).map_err(|_| ())?;
        if size < HEADER { Err(()) } else { Ok(Some(Header { kind, end, size })) }
    }
}

/// Corrects the size in the header of a chunk that has become longer.
pub(super) fn resize(chunk: &mut [u8]) {
    let size = u32::try_from(chunk.len()).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(place) = chunk.get_mut(4..HEADER) {
        place.copy_from_slice(&size);
    }
}

/// An `ERR` message: the last thing a client hears (Part 6, 7.1.2.5).
pub(super) fn error(status: u32, reason: &str) -> Vec<u8> {
    let mut message = b"ERRF\0\0\0\0".to_vec();
    message.extend(status.to_le_bytes());
    message.extend(u32::try_from(reason.len()).unwrap_or_default().to_le_bytes());
    message.extend(reason.as_bytes());
    resize(&mut message);
    message
}

/// The security policy of an `OPN` chunk is `None`.
pub(super) fn is_unsecured(open: &[u8]) -> bool {
    // Header, channel id, then the URI of the policy with its length.
    let Some(rest) = open.get(HEADER + 4..) else { return false };
    let Some((length, rest)) = rest.split_first_chunk::<4>() else { return false };
    let length = usize::try_from(i32::from_le_bytes(*length)).unwrap_or_default();
    rest.get(..length).is_some_and(|uri| uri.ends_with(b"#None"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_from_noise() {
        assert_eq!(Header::parse(b"MSG"), Ok(None));
        assert_eq!(Header::parse(b"M"), Ok(None));
        assert_eq!(Header::parse(b"G"), Err(()));
        assert_eq!(Header::parse(b"GET / HTTP/1.1"), Err(()));
        assert_eq!(Header::parse(b"\x16\x03\x01\x02\x00"), Err(()));
        assert_eq!(Header::parse(b"MSGX\0\0\0\0"), Err(()));
        assert_eq!(Header::parse(b"MSGF\x07\0\0\0"), Err(()));
        let header = Header { kind: Kind::Message, end: End::More, size: 0x0102_0304 };
        assert_eq!(Header::parse(b"MSGC\x04\x03\x02\x01rest"), Ok(Some(header)));
    }

    #[test]
    fn errors_say_how_long_they_are() {
        let message = error(0x807E_0000, "no");
        assert_eq!(message, b"ERRF\x12\0\0\0\0\0\x7E\x80\x02\0\0\0no");
    }

    #[test]
    fn the_policy_is_read_from_the_open_message() {
        let uri = b"http://opcfoundation.org/UA/SecurityPolicy#None";
        let mut open = b"OPNF\0\0\0\0\x01\0\0\0".to_vec();
        open.extend(u32::try_from(uri.len()).unwrap().to_le_bytes());
        open.extend(uri);
        assert!(is_unsecured(&open));
        open.truncate(open.len() - 4);
        assert!(!is_unsecured(&open));
    }
}
