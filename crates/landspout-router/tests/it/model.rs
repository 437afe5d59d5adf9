//! The router against a linear scan.

use landspout_router::{InsertError, Match, Miss, Router, TrailingSlash};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use std::ops::Range;

/// A character of a path, as far as text can equal it, and where it is.
#[derive(Clone, Debug)]
struct Character {
    text: Option<char>,
    range: Range<usize>,
}

/// Reads a path one character after the other.
fn characters(path: &str) -> Vec<Character> {
    let mut characters = Vec::new();
    let mut at = 0;
    while let Some(first) = path[at..].chars().next() {
        let (text, len) = match (1..=4).find_map(|count| escaped(&path[at..], count)) {
            Some('/') => (None, 3),
            Some(character) => (Some(character), 3 * character.len_utf8()),
            None if escaped_byte(&path[at..]).is_some() => (None, 3),
            None => (Some(first), first.len_utf8()),
        };
        characters.push(Character { text, range: at..at + len });
        at += len;
    }
    characters
}

/// The character that `count` escapes at the start of the text spell.
fn escaped(text: &str, count: usize) -> Option<char> {
    let bytes = (0..count).map(|place| text.get(3 * place..).and_then(escaped_byte));
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    let mut characters = std::str::from_utf8(&bytes).ok()?.chars();
    characters.next().filter(|_| characters.next().is_none())
}

fn escaped_byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| u8::from_str_radix(digits, 16).unwrap())
}

/// A segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Text(String),
    Around(String, String),
    Rest,
}

impl Shape {
    fn of(segment: &str) -> Self {
        match (segment.find('{'), segment.find('}')) {
            (Some(start), Some(_)) if segment[start..].starts_with("{*") => Self::Rest,
            (Some(start), Some(end)) => {
                Self::Around(segment[..start].to_owned(), segment[end + 1..].to_owned())
            }
            _ => Self::Text(segment.to_owned()),
        }
    }

    /// Orders the shapes that a segment may have: the least one comes first.
    fn rank(&self) -> (u8, usize, usize) {
        match self {
            Self::Text(_) => (0, 0, 0),
            Self::Around(before, after) => (1, 99 - before.len(), 99 - after.len()),
            Self::Rest => (2, 0, 0),
        }
    }
}

/// What a scan found: the place of the pattern, and where its parameters are.
type Found = (usize, Vec<Range<usize>>);

struct Scan<'model> {
    patterns: &'model [Vec<Shape>],
    /// Where each segment starts, and its characters.
    segments: Vec<(usize, Vec<Character>)>,
    path_len: usize,
}

impl<'model> Scan<'model> {
    fn run(patterns: &'model [Vec<Shape>], path: &str) -> Option<Found> {
        let mut segments = Vec::new();
        for character in characters(path) {
            match (character.text, segments.last_mut()) {
                (Some('/'), _) => segments.push((character.range.end, Vec::new())),
                (_, Some((_, segment))) => segment.push(character),
                (_, None) => return None,
            }
        }
        segments.first()?;
        let scan = Scan { patterns, segments, path_len: path.len() };
        scan.step((0..patterns.len()).collect(), 0)
    }

    /// The best of the patterns in `places`, which agree with the path and with each
    /// other before segment `at`.
    fn step(&self, mut places: Vec<usize>, at: usize) -> Option<Found> {
        if at == self.segments.len() {
            return places.first().map(|&place| (place, Vec::new()));
        }
        places.retain(|&place| self.capture(place, at).is_some());
        while let Some(&best) = places.iter().min_by_key(|place| self.patterns[**place][at].rank())
        {
            let shape = &self.patterns[best][at];
            let capture = self.capture(best, at)?;
            if *shape == Shape::Rest {
                return Some((best, Vec::from_iter(capture)));
            }
            let same = |place: &usize| self.patterns[*place][at] == *shape;
            let group = places.iter().copied().filter(same).collect();
            if let Some((place, ranges)) = self.step(group, at + 1) {
                return Some((place, capture.into_iter().chain(ranges).collect()));
            }
            places.retain(|&place| !is_settled_by(shape, &self.patterns[place][at]));
        }
        None
    }

    /// What the parameter of segment `at` stands for, if there is one, when the
    /// segment fits and the pattern ends where the path does.
    fn capture(&self, place: usize, at: usize) -> Option<Option<Range<usize>>> {
        let pattern = &self.patterns[place];
        let shape = pattern.get(at)?;
        let (start, segment) = &self.segments[at];
        if *shape == Shape::Rest {
            return (*start < self.path_len).then_some(Some(*start..self.path_len));
        }
        let last = at + 1 == self.segments.len();
        let text: Vec<_> = segment.iter().map(|character| character.text).collect();
        let chars = |text: &str| text.chars().map(Some).collect::<Vec<_>>();
        let (fits, range) = match shape {
            Shape::Around(before, after) => {
                let (before, after) = (chars(before), chars(after));
                let inside =
                    segment.get(before.len()..segment.len().saturating_sub(after.len()))?;
                let range = inside.first()?.range.start..inside.last()?.range.end;
                (text.starts_with(&before) && text.ends_with(&after), Some(range))
            }
            Shape::Text(expected) => (text == chars(expected), None),
            Shape::Rest => unreachable!("it was answered above"),
        };
        (fits && last == (at + 1 == pattern.len())).then_some(range)
    }
}

/// Whether `other` is not tried any more after `shape` was: itself, and because the
/// longest suffix is not reconsidered, every other one behind the same text.
fn is_settled_by(shape: &Shape, other: &Shape) -> bool {
    match (shape, other) {
        (Shape::Around(before, _), Shape::Around(same, _)) => before == same,
        _ => shape == other,
    }
}

/// A pattern with short segments, so that many overlap.
fn pattern() -> impl Strategy<Value = String> {
    let segments =
        ["a", "b", "ab", "é", "{}", "{}", "a{}", "ab{}", "é{}", "{}b", "{}ab", "a{}b", "{*}"];
    (vec(select(segments.to_vec()), 1..4), any::<bool>()).prop_map(|(segments, slash)| {
        let mut pattern = String::new();
        for (place, segment) in segments.into_iter().enumerate() {
            if pattern.ends_with("}") && pattern.contains('*') {
                break;
            }
            let name = format!("p{place}}}");
            pattern.extend(["/", &segment.replace('}', &name)]);
        }
        pattern.push_str(if slash && !pattern.contains('*') { "/" } else { "" });
        pattern
    })
}

fn path() -> impl Strategy<Value = String> {
    let segments = [
        "a",
        "b",
        "ab",
        "aab",
        "abb",
        "é",
        "éa",
        "",
        "%61",
        "%C3%A9",
        "%2F",
        "a%2fb",
        "%FFb",
        "%61%62%62",
        "%C3%A9%C3",
        "a%25b",
        "%",
    ];
    prop_oneof![
        9 => vec(select(segments.to_vec()), 1..5).prop_map(|segments| format!("/{}", segments.join("/"))),
        1 => "[/ab%26FCé]{0,12}",
    ]
}

fn routers(patterns: &[String]) -> (Router<usize>, Vec<Vec<Shape>>) {
    let mut router = Router::new();
    let mut shapes: Vec<Vec<Shape>> = Vec::new();
    for pattern in patterns {
        let shape: Vec<_> = pattern.split('/').skip(1).map(Shape::of).collect();
        match router.insert(pattern, shapes.len()) {
            Ok(()) => {
                assert!(!shapes.contains(&shape), "{pattern} is there twice");
                shapes.push(shape);
            }
            Err(InsertError::Conflict { existing, .. }) => {
                assert!(router.get(&existing).is_some(), "{existing} is no route");
            }
            Err(error) => panic!("{error}"),
        }
    }
    (router, shapes)
}

fn found(found: Match<'_, '_, usize>) -> Found {
    (*found.value, found.params.ranges().collect())
}

proptest! {
    #![proptest_config(crate::cases(2_000))]

    #[test]
    fn the_router_finds_what_a_scan_finds(
        patterns in vec(pattern(), 1..12),
        paths in vec(path(), 1..20),
    ) {
        let (router, shapes) = routers(&patterns);
        for path in paths {
            let expected = Scan::run(&shapes, &path);
            prop_assert_eq!(router.at(&path).ok().map(found), expected, "at {}", path);
        }
    }

    #[test]
    fn the_other_ending_is_the_other_path(
        patterns in vec(pattern(), 1..8),
        paths in vec(path(), 1..8),
    ) {
        let (router, shapes) = routers(&patterns);
        let redirect = router.clone().trailing_slash(TrailingSlash::Redirect);
        let merge = router.trailing_slash(TrailingSlash::Merge);
        for path in paths {
            let other = path.strip_suffix('/').map_or(format!("{path}/"), str::to_owned);
            let exact = Scan::run(&shapes, &path);
            let expected = exact.clone().or_else(|| Scan::run(&shapes, &other));
            prop_assert_eq!(merge.at(&path).ok().map(found), expected.clone(), "at {}", path);
            match redirect.at(&path) {
                Ok(matched) => prop_assert_eq!(Some(found(matched)), exact),
                Err(Miss::Redirect(to)) => {
                    prop_assert!(to.starts_with('/') && !to.starts_with("//") && to.is_ascii());
                    prop_assert_eq!(redirect.at(&to).ok().map(|found| *found.value), expected.map(|found| found.0));
                }
                Err(Miss::NotFound) => prop_assert!(expected.is_none() || other.starts_with("//")),
            }
        }
    }

    #[test]
    fn no_pattern_and_no_path_panics(
        patterns in vec("[/ab{}*é.%]{0,12}", 1..8),
        others in vec(any::<String>(), 1..4),
    ) {
        let mut router = Router::new().trailing_slash(TrailingSlash::Redirect);
        for pattern in patterns.iter().chain(&others) {
            let _ = router.insert(pattern, ());
            let _ = router.insert(&format!("/{pattern}"), ());
        }
        for path in patterns.iter().chain(&others) {
            if let Ok(found) = router.at(path) {
                for param in found.params.iter() {
                    prop_assert!(!param.raw().is_empty());
                    let _ = param.decode();
                }
            }
        }
    }
}
