//! Names of status codes, from the engine's table.

use opcua::types::SubStatusCode;

/// The standard name of a status code without info bits.
pub(crate) fn status_name(bits: u32) -> Option<&'static str> {
    SubStatusCode::from_value(bits).filter(|code| is_standard(*code)).map(|code| code.name())
}

/// The bits of the status code with this name.
pub(crate) fn status_named(name: &str) -> Option<u32> {
    let code = name.parse::<SubStatusCode>().ok().filter(|code| is_standard(*code))?;
    Some(opcua::types::StatusCode::from_category(code).bits())
}

/// The engine's table ends with a code of its own.
fn is_standard(code: SubStatusCode) -> bool {
    !matches!(code, SubStatusCode::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bits_are_each_others_reverse() {
        let mut found = 0;
        for code in 0..=0xFFFFu32 {
            if let Some(name) = status_name(code << 16) {
                assert_eq!(status_named(name), Some(code << 16), "{name}");
                found += 1;
            }
        }
        assert!(found > 250, "{found}");
        assert_eq!(status_named("Invalid"), None);
        assert_eq!(status_name(u32::MAX), None);
    }
}
