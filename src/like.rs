//! Patterns of the `Like` operator (Part 4, 7.7.3), which `FindAlias` takes (Part 17, 6.3.2).
//!
//! `%` is any text, `_` any character, `[abc]` and `[a-c]` one of these, `[^abc]` one of the others, and `\` takes the
//! meaning of the character behind it away.

#![cfg_attr(
    not(all(feature = "client", feature = "sim")),
    allow(dead_code, reason = "the client writes patterns, the simulator reads them")
)]

/// The pattern that only this text fits.
pub(crate) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\' | '[' | ']') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// A pattern, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text,
    Any,
    Char(char),
    Set { ranges: Vec<(char, char)>, negated: bool },
}

impl Pattern {
    /// `None` where a list is not closed or empty, or nothing follows the last `\`.
    pub(crate) fn parse(text: &str) -> Option<Pattern> {
        let mut parts = Vec::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            parts.push(match c {
                '%' => Part::Text,
                '_' => Part::Any,
                '\\' => Part::Char(rest.next()?),
                '[' => set(&mut rest)?,
                other => Part::Char(other),
            });
        }
        Some(Pattern(parts))
    }

    /// The only text that fits, where there are no wildcards.
    pub(crate) fn text(&self) -> Option<String> {
        let char = |part: &Part| if let Part::Char(c) = part { Some(*c) } else { None };
        self.0.iter().map(char).collect()
    }

    /// Whether the whole text fits, letter case included.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut part) = (0, 0);
        // Where the last `%` was, and how much it has taken: the only place to go back to.
        let mut back: Option<(usize, usize)> = None;
        while let Some(&c) = text.get(at) {
            match self.0.get(part) {
                Some(Part::Text) => {
                    back = Some((part, at));
                    part += 1;
                    continue;
                }
                Some(other) if other.takes(c) => {
                    at += 1;
                    part += 1;
                    continue;
                }
                _ => {}
            }
            let Some((wild, taken)) = back else { return false };
            back = Some((wild, taken + 1));
            at = taken + 1;
            part = wild + 1;
        }
        self.0.iter().skip(part).all(|part| *part == Part::Text)
    }
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Part::Text | Part::Any => true,
            Part::Char(wanted) => *wanted == c,
            Part::Set { ranges, negated } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *negated
            }
        }
    }
}

/// What is behind `[`, up to and with `]`.
fn set(rest: &mut std::str::Chars<'_>) -> Option<Part> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut negated = false;
    let mut first = true;
    loop {
        let c = match rest.next()? {
            '^' if first => {
                first = false;
                negated = true;
                continue;
            }
            ']' => break,
            '-' if !ranges.is_empty() && !rest.as_str().starts_with(']') => {
                let end = match rest.next()? {
                    '\\' => rest.next()?,
                    other => other,
                };
                if let Some(range) = ranges.last_mut() {
                    range.1 = end;
                }
                continue;
            }
            '\\' => rest.next()?,
            other => other,
        };
        first = false;
        ranges.push((c, c));
    }
    (!ranges.is_empty()).then_some(Part::Set { ranges, negated })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn wildcards_as_the_standard_has_them() {
        for (pattern, yes, no) in [
            ("main%", &["main", "main.c"][..], &["amain", "Main"][..]),
            ("%en%", &["en", "open", "entity"], &["e", "n"]),
            ("_dog", &["hdog", "\u{e4}dog"], &["dog", "hhdog"]),
            ("abc[13-68]", &["abc1", "abc3", "abc5", "abc8"], &["abc2", "abc7", "abc"]),
            ("xyz[c-f]", &["xyzc", "xyzf"], &["xyzg"]),
            ("ABC[^13-5]", &["ABC2", "ABC6"], &["ABC1", "ABC4", "ABC"]),
            ("10\\%", &["10%"], &["10", "100"]),
            ("5[%]", &["5%"], &["5", "55"]),
            ("a%b%c", &["abc", "axbxbxc"], &["ab", "acb"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("", &[""], &["x"]),
        ] {
            for text in yes {
                assert!(fits(pattern, text), "{pattern} {text}");
            }
            for text in no {
                assert!(!fits(pattern, text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern() {
        for pattern in ["[", "[]", "[^]", "[a", "a\\", "[a-", "[\\"] {
            assert_eq!(Pattern::parse(pattern), None, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_literal_fits_itself_and_nothing_else(
            text in "[-%_\\\\\\[\\]^a-c.]{0,8}",
            other in "[-%_\\\\\\[\\]^a-c.]{0,8}",
        ) {
            prop_assert_eq!(Pattern::parse(&literal(&text)).unwrap().text(), Some(text.clone()));
            prop_assert!(fits(&literal(&text), &text));
            prop_assert_eq!(fits(&literal(&text), &other), text == other);
        }

        #[test]
        fn no_pattern_panics_or_hangs(pattern in "[-%_\\\\\\[\\]^ab]{0,24}", text in "[ab%]{0,200}") {
            if let Some(pattern) = Pattern::parse(&pattern) {
                pattern.matches(&text);
            }
        }
    }
}
