//! The bytes of a list as UTF-8.

use std::borrow::Cow;

use super::Broken;

/// Without what Windows programs put in front of it; UTF-16, which spreadsheets call Unicode text, is converted.
pub(super) fn utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Broken> {
    let units = |pairs: &[u8], unit: fn([u8; 2]) -> u16| -> Option<Vec<u16>> {
        let (pairs, rest) = pairs.as_chunks::<2>();
        rest.is_empty().then(|| pairs.iter().map(|pair| unit(*pair)).collect())
    };
    let units = match bytes {
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => return Ok(Cow::Borrowed(rest)),
        _ => return Ok(Cow::Borrowed(bytes)),
    };
    match units.map(|units| String::from_utf16(&units)) {
        Some(Ok(text)) => Ok(Cow::Owned(text.into_bytes())),
        _ => Err(Broken { line: 1, why: "the text begins as UTF-16 and does not go on so".to_owned() }),
    }
}
