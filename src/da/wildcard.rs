//! [`Wildcard`]: OpenOPC's patterns for browsing.

use std::ops::Range;

/// A pattern for names on levels of a tree: `Sim*.R*.Real?`.
///
/// `*` is any characters of one name, `?` one, `[a-c]` one of these, `[!x]` one that is not; everything else is itself,
/// and a `[` that nothing closes too. `[*]`, `[?]` and `[[]` are those characters themselves. `.` and `/` go one level
/// down, or are themselves in a name that has them.
#[derive(Clone, Debug)]
pub(crate) struct Wildcard {
    tokens: Vec<Token>,
    /// The tokens of each level; between two levels is one separator.
    levels: Vec<Range<usize>>,
    exact: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Char(char),
    /// Between two levels, or itself in a name.
    Separator(char),
    /// `?`
    One,
    /// `*`
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
        /// The text comes without its case: either case of a character counts.
        folded: bool,
    },
}

/// What separates levels in a pattern.
const SEPARATORS: [char; 2] = ['.', '/'];

impl Wildcard {
    /// `exact` tells upper and lower case apart. A pattern of nothing is `*`; a separator in front of everything says
    /// nothing.
    pub(crate) fn new(text: &str, exact: bool) -> Wildcard {
        let text = text.strip_prefix(SEPARATORS).unwrap_or(text);
        Wildcard::of(parse(if text.is_empty() { "*" } else { text }), exact)
    }

    /// These names and nothing else, one on each level, whatever is in them.
    pub(crate) fn literal<'a>(names: impl IntoIterator<Item = &'a str>, exact: bool) -> Wildcard {
        let mut tokens = Vec::new();
        for name in names {
            tokens.push(Token::Separator('/'));
            tokens.extend(name.chars().map(Token::Char));
        }
        tokens.drain(..1.min(tokens.len()));
        Wildcard::of(tokens, exact)
    }

    fn of(mut tokens: Vec<Token>, exact: bool) -> Wildcard {
        if !exact {
            tokens.iter_mut().for_each(fold_token);
        }
        let mut levels = Vec::new();
        let mut start = 0;
        for (at, token) in tokens.iter().enumerate() {
            if matches!(token, Token::Separator(_)) {
                levels.push(start..at);
                start = at + 1;
            }
        }
        levels.push(start..tokens.len());
        Wildcard { tokens, levels, exact }
    }

    /// How many levels the pattern has.
    pub(crate) fn levels(&self) -> usize {
        self.levels.len()
    }

    /// No level has a wildcard: the pattern names one place.
    pub(crate) fn is_literal(&self) -> bool {
        self.tokens.iter().all(Token::is_literal)
    }

    /// How many levels of the pattern, from the one with this number, such a name can stand for. More than one only
    /// where it has separators in it.
    pub(crate) fn spans(&self, from: usize, name: &str) -> impl Iterator<Item = usize> {
        let name = self.fold(name);
        let most = name.iter().filter(|c| SEPARATORS.contains(c)).count() + 1;
        (1..=most.min(self.levels.len().saturating_sub(from)))
            .filter(move |count| glob(self.tokens_of(from, *count), &name))
    }

    /// The pattern against the whole of a text, levels or not.
    pub(crate) fn matches(&self, text: &str) -> bool {
        glob(&self.tokens, &self.fold(text))
    }

    /// The first level has no wildcard and is this name.
    pub(crate) fn begins_with(&self, name: &str) -> bool {
        let first = self.tokens_of(0, 1);
        first.iter().all(Token::is_literal) && glob(first, &self.fold(name))
    }

    fn tokens_of(&self, from: usize, count: usize) -> &[Token] {
        let first = self.levels.get(from);
        let last = self.levels.get((from + count).saturating_sub(1));
        let range = first.zip(last).map(|(first, last)| first.start..last.end);
        range.and_then(|range| self.tokens.get(range)).unwrap_or_default()
    }

    fn fold(&self, text: &str) -> Vec<char> {
        if self.exact { text.chars().collect() } else { text.chars().map(fold).collect() }
    }
}

impl Token {
    fn is_literal(&self) -> bool {
        matches!(self, Token::Char(_) | Token::Separator(_))
    }

    /// One character, whatever the token; `*` is not asked.
    fn takes(&self, c: char) -> bool {
        match self {
            Token::Char(own) | Token::Separator(own) => *own == c,
            Token::One => true,
            Token::Any => false,
            Token::Class { negated, ranges, folded } => {
                let has = |c: char| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                (has(c) || (*folded && has(upper(c)))) != *negated
            }
        }
    }
}

/// A character without its case. Those whose other case is several characters (`ß`) stay as they are.
fn fold(c: char) -> char {
    let upper = upper(c);
    single(upper.to_lowercase()).unwrap_or(upper)
}

fn upper(c: char) -> char {
    single(c.to_uppercase()).unwrap_or(c)
}

fn single(mut cased: impl Iterator<Item = char>) -> Option<char> {
    match (cased.next(), cased.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn fold_token(token: &mut Token) {
    match token {
        Token::Char(c) => *c = fold(*c),
        Token::Class { folded, .. } => *folded = true,
        Token::Separator(_) | Token::One | Token::Any => {}
    }
}

fn parse(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::with_capacity(chars.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        at += 1;
        let token = match c {
            '*' if tokens.last() == Some(&Token::Any) => continue,
            '*' => Token::Any,
            '?' => Token::One,
            '[' => match class(chars.get(at..).unwrap_or_default()) {
                Some((token, length)) => {
                    at += length;
                    token
                }
                None => Token::Char('['),
            },
            c if SEPARATORS.contains(c) => Token::Separator(*c),
            c => Token::Char(*c),
        };
        tokens.push(token);
    }
    tokens
}

/// What is between the brackets, and how long it is with the closing one. A `]` that comes first is one of the
/// characters; a `-` at either end too.
fn class(rest: &[char]) -> Option<(Token, usize)> {
    let negated = rest.first() == Some(&'!');
    let start = usize::from(negated);
    let end = start + 1 + rest.get(start + 1..)?.iter().position(|c| *c == ']')?;
    let inside = rest.get(start..end)?;
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(low) = inside.get(at) {
        if let (Some('-'), Some(high)) = (inside.get(at + 1), inside.get(at + 2)) {
            ranges.push((*low, *high));
            at += 3;
        } else {
            ranges.push((*low, *low));
            at += 1;
        }
    }
    let token = match (negated, ranges.as_slice()) {
        (false, [(only, same)]) if only == same => Token::Char(*only),
        _ => Token::Class { negated, ranges, folded: false },
    };
    Some((token, end + 1))
}

/// All of the text, in time proportional to the product of both lengths at worst: only the last `*` is ever tried again.
fn glob(tokens: &[Token], text: &[char]) -> bool {
    let (mut token, mut at) = (0, 0);
    // After the last `*`: its token, and where in the text what follows it was tried.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (tokens.get(token), text.get(at)) {
            (None, None) => return true,
            (Some(Token::Any), _) => {
                token += 1;
                star = Some((token, at));
            }
            (Some(own), Some(c)) if own.takes(*c) => {
                token += 1;
                at += 1;
            }
            _ => match star {
                Some((after, tried)) if tried < text.len() => {
                    star = Some((after, tried + 1));
                    token = after;
                    at = tried + 1;
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tries everything.
    fn naive(tokens: &[Token], text: &[char]) -> bool {
        match tokens.split_first() {
            None => text.is_empty(),
            Some((Token::Any, rest)) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
            Some((token, rest)) => {
                text.split_first().is_some_and(|(c, after)| token.takes(*c) && naive(rest, after))
            }
        }
    }

    fn one(pattern: &str, name: &str) -> bool {
        Wildcard::new(pattern, false).matches(name)
    }

    #[test]
    fn wildcards_mean_what_openopc_says() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("", "anything", true),
            ("Real*", "Real8", true),
            ("Real*", "UnReal8", false),
            ("*Real*", "UnReal8", true),
            ("real?", "REAL8", true),
            ("Real?", "Real", false),
            ("Int[124]", "Int2", true),
            ("Int[1-3]", "Int4", false),
            ("[!A]*", "Aha", false),
            ("[!A]*", "Oho", true),
            ("[a-c]*", "Bucket", true),
            ("[A-C]*", "bucket", true),
            ("[!a-c]*", "BUCKET", false),
            ("[ä-ö]", "Ä", true),
            ("[É]", "é", true),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[a-]", "-", true),
            ("[-a]", "-", true),
            ("[c-a]", "b", false),
            ("[*]", "*", true),
            ("[*]", "x", false),
            ("[[]PLC]Motor", "[PLC]Motor", true),
            ("[PLC", "[plc", true),
            ("[]", "[]", true),
            ("a+b(c)$", "a+b(c)$", true),
            ("a+b", "aab", false),
            ("^Tag!", "^tag!", true),
            ("Straße", "STRAßE", true),
            ("Ωmega", "ωMEGA", true),
        ] {
            assert_eq!(one(pattern, name), expected, "{pattern} {name}");
        }
        assert!(!Wildcard::new("real", true).matches("Real"));
        assert!(Wildcard::new("Re[a-c]l", true).matches("Real"));
        assert!(!Wildcard::new("Re[A-C]l", true).matches("Real"));
    }

    #[test]
    fn levels_are_told_apart() {
        let spans = |pattern: &str, from, name: &str| {
            Wildcard::new(pattern, false).spans(from, name).collect::<Vec<_>>()
        };
        assert_eq!(spans("Sim*.R*.Real*", 0, "Simulation Items"), [1]);
        assert_eq!(spans("Sim*.R*.Real*", 1, "Random"), [1]);
        assert_eq!(spans("Sim*/R*/Real*", 2, "Real8"), [1]);
        assert_eq!(spans("Sim*.R*.Real*", 3, "Real8"), [0; 0]);
        // A name with dots in it stands for several levels, or for one.
        assert_eq!(spans("A.B.C", 0, "A.B"), [2]);
        assert_eq!(spans("A.B.C", 0, "a.b.c"), [3]);
        assert_eq!(spans("*", 0, "A.B"), [1]);
        assert_eq!(spans("*.B", 0, "A.B"), [1, 2]);
        assert_eq!(spans("A/B", 0, "A/B"), [2]);
        assert_eq!(spans("A.B", 0, "A/B"), [0; 0]);
        assert!(Wildcard::new("A.[[]b]", false).is_literal());
        assert!(!Wildcard::new("A.b?", false).is_literal());
        assert!(Wildcard::new("server.*", false).begins_with("Server"));
        assert!(!Wildcard::new("S*.*", false).begins_with("Server"));
        assert_eq!(Wildcard::new("/A/B", false).levels(), 2);
        let literal = Wildcard::literal(["A.*", "[b]"], false);
        assert!(literal.is_literal() && literal.levels() == 2);
        assert_eq!(literal.spans(0, "a.*").collect::<Vec<_>>(), [1]);
        assert_eq!(literal.spans(1, "[B]").collect::<Vec<_>>(), [1]);
        assert_eq!(literal.spans(1, "b").count() + literal.spans(0, "A.x").count(), 0);
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(2_000) + "b";
        assert!(!one(&pattern, &"a".repeat(20_000)));
    }

    proptest! {
        #[test]
        fn as_the_naive_one(pattern in "[ab.*?\\[\\]!-]{0,9}", text in "[ab.!\\[\\]-]{0,8}") {
            let wildcard = Wildcard::new(&pattern, false);
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(wildcard.matches(&text), naive(&wildcard.tokens, &chars));
        }

        #[test]
        fn any_text_is_a_pattern_and_what_is_escaped_is_itself(text in ".{0,12}") {
            let _ = Wildcard::new(&text, false).spans(0, &text).count();
            let escaped: String = text
                .chars()
                .map(|c| if "*?[".contains(c) { format!("[{c}]") } else { c.to_string() })
                .collect();
            let escaped = format!("x{escaped}");
            let wildcard = Wildcard::new(&escaped, true);
            prop_assert!(wildcard.is_literal());
            let name = format!("x{text}");
            prop_assert!(wildcard.matches(&name));
            prop_assert!(Wildcard::new(&escaped, false).matches(&name));
        }
    }
}
