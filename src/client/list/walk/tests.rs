//! Trees and servers as odd as they come.

use std::collections::HashMap;

use super::*;
use crate::QualifiedName;
use crate::client::list::options::Pattern;
use crate::client::list::{EntryKind, ListOptions};
use crate::engine::client::{Page, PageResult};
use crate::status::code;

/// What is below a node: names of branches end with `/`. Nothing where there is no such node.
type Tree = Box<dyn Fn(&str) -> Option<Vec<String>>>;

struct Server {
    tree: Tree,
    /// References on a page, nodes in a request, continuation points at a time.
    page: usize,
    limit: usize,
    points: usize,
    open: HashMap<Vec<u8>, (String, usize)>,
    next_point: u32,
    /// Forgets so many continuation points, one after the other.
    forgets: usize,
    browses: usize,
    nexts: usize,
    nodes: usize,
    waiting: usize,
}

fn server(tree: impl Fn(&str) -> Option<Vec<String>> + 'static) -> Server {
    Server {
        tree: Box::new(tree),
        page: 1_000,
        limit: 10_000,
        points: 1_000,
        open: HashMap::new(),
        next_point: 0,
        forgets: 0,
        browses: 0,
        nexts: 0,
        nodes: 0,
        waiting: 0,
    }
}

/// A node by its path, which is also its string identifier.
fn child(path: &str) -> Child {
    let bare = path.trim_end_matches('/');
    let name = bare.rsplit('/').next().unwrap();
    Child {
        node: NodeId::string(1, path),
        name: QualifiedName::new(1, name),
        is_variable: !path.ends_with('/'),
    }
}

fn text(node: &NodeId) -> String {
    match &node.identifier {
        crate::Identifier::String(text) => text.clone(),
        _ => String::new(),
    }
}

impl Server {
    fn page_of(&mut self, path: &str, from: usize) -> PageResult {
        let children = (self.tree)(path).ok_or(code::BAD_NODE_ID_UNKNOWN)?;
        let rest = children.get(from..).unwrap_or_default();
        let size = self.page.min(rest.len());
        let next = if size < rest.len() {
            if self.open.len() >= self.points {
                return Err(code::BAD_NO_CONTINUATION_POINTS);
            }
            self.next_point += 1;
            let point = self.next_point.to_be_bytes().to_vec();
            self.open.insert(point.clone(), (path.to_owned(), from + size));
            Some(Continuation::new(point))
        } else {
            None
        };
        Ok(Page { children: rest[..size].iter().map(|path| child(path)).collect(), next })
    }

    fn answer(&mut self, ask: Ask) -> Vec<PageResult> {
        match ask {
            Ask::Browse { nodes, most } => {
                assert!(nodes.len() <= self.limit && !nodes.is_empty() && most > 0);
                self.browses += 1;
                self.nodes += nodes.len();
                nodes.iter().map(|node| self.page_of(&text(node), 0)).collect()
            }
            Ask::Next(points) => {
                assert!(points.len() <= self.limit && !points.is_empty());
                self.nexts += 1;
                let next = |point: Continuation| {
                    let (path, from) =
                        self.open.remove(point.bytes()).ok_or(code::BAD_CONTINUATION_POINT_INVALID)?;
                    if self.forgets > 0 {
                        self.forgets -= 1;
                        return Err(code::BAD_CONTINUATION_POINT_INVALID);
                    }
                    self.page_of(&path, from)
                };
                points.into_iter().map(next).collect()
            }
        }
    }

    /// All that is given; an error as `!name status`.
    fn list(&mut self, pattern: &str, options: &ListOptions) -> Vec<String> {
        let mut walk = Walk::new(Rules::new(&Pattern::text(pattern), options), options.limit);
        self.go(&mut walk, usize::MAX)
    }

    fn go(&mut self, walk: &mut Walk, most: usize) -> Vec<String> {
        let mut given = Vec::new();
        for _ in 0..1_000_000 {
            self.waiting = self.waiting.max(walk.front.len());
            let ready = walk.ready(most);
            if !ready.is_empty() {
                given.extend(ready.iter().map(shown));
                if given.len() >= most {
                    return given;
                }
                continue;
            }
            let Some(ask) = walk.ask(self.limit) else { return given };
            let answer = self.answer(ask);
            walk.answered(answer);
        }
        panic!("it never ends");
    }
}

fn shown(out: &Out) -> String {
    match out {
        Out::Found { child, .. } => text(&child.node),
        Out::Failed { place, why: Why::Status(status) } => {
            format!("!{} {}", text(&place.node), status.name())
        }
        Out::Failed { place, why: Why::TooDeep } => format!("!{} TooDeep", place.depth),
    }
}

fn recursive() -> ListOptions {
    ListOptions::new().recursive(true)
}

/// `folders` folders of `leaves` leaves each.
fn even(folders: usize, leaves: usize) -> impl Fn(&str) -> Option<Vec<String>> {
    move |path: &str| {
        let bare = path.trim_end_matches('/');
        Some(match (path.is_empty(), path.ends_with('/')) {
            (true, _) => (0..folders).map(|n| format!("F{n}/")).collect(),
            (_, true) => (0..leaves).map(|n| format!("{bare}/L{n}")).collect(),
            _ => Vec::new(),
        })
    }
}

fn expected(folders: usize, leaves: usize) -> Vec<String> {
    (0..folders).flat_map(|f| (0..leaves).map(move |n| format!("F{f}/L{n}"))).collect()
}

#[test]
fn a_large_tree_takes_few_requests_and_little_memory() {
    let mut one = server(even(1, 100_000));
    assert_eq!(one.list("*", &recursive()), expected(1, 100_000));
    assert_eq!(one.nexts, 99, "pages are as large as the server makes them");
    assert!(one.browses <= 13, "{} for 100,000 leaves", one.browses);
    assert!(one.waiting < 4 * HELD, "{} waiting", one.waiting);
    let mut many = server(even(1_000, 100));
    assert_eq!(many.list("*", &recursive()), expected(1_000, 100));
    assert_eq!(many.nodes, 101_001, "every node once");
    assert!(many.browses <= 40, "{} for 101,001 nodes", many.browses);
    assert!(many.waiting < 4 * HELD, "{} waiting", many.waiting);
    let mut plain = server(even(1, 100_000));
    assert_eq!(plain.list("F0", &ListOptions::new()).len(), 100_000);
    assert_eq!((plain.browses, plain.nexts), (2, 99), "leaves are not looked below");
    assert!(plain.waiting <= 1_001, "{} waiting", plain.waiting);
}

#[test]
fn deep_and_wide_stays_bounded() {
    // Ten folders in each of ten, five levels down: 111,110 folders and leaves.
    let mut deep = server(|path: &str| {
        let depth = path.matches('/').count();
        let last = if depth < 4 { "/" } else { "" };
        Some(if path.is_empty() || path.ends_with('/') {
            (0..10).map(|n| format!("{path}{n}{last}")).collect()
        } else {
            Vec::new()
        })
    });
    let given = deep.list("*", &recursive());
    assert_eq!(given.len(), 100_000);
    assert!(given.is_sorted(), "from top to bottom");
    assert!(deep.waiting < 6 * HELD, "{} waiting", deep.waiting);
    assert!(deep.browses < 60, "{}", deep.browses);
}

#[test]
fn a_limit_asks_for_little() {
    let mut large = server(even(1_000, 100));
    let options = recursive().limit(10);
    let mut walk = Walk::new(Rules::new(&Pattern::text("*"), &options), options.limit);
    assert_eq!(large.go(&mut walk, 10)[..10], expected(1, 10));
    assert!(large.nodes < 150, "{} nodes for ten leaves", large.nodes);
}

#[test]
fn loops_end_and_nothing_is_given_twice() {
    let tree = |path: &str| {
        Some(match path {
            "" => vec!["A/".into(), "B/".into()],
            "A/" => vec!["B/".into(), "x".into(), "A/".into(), "up/".into()],
            "B/" => vec!["A/".into(), "y".into(), "x".into()],
            "up/" => vec!["A/".into(), "z".into()],
            // A leaf that is its own component.
            "z" => vec!["z".into(), "B/".into()],
            _ => vec![],
        })
    };
    let mut given = server(tree).list("*", &recursive());
    given.sort();
    assert_eq!(given, ["x", "y", "z"]);
    assert_eq!(server(tree).list("A.B.A.B.A.x", &ListOptions::new()), ["x"]);
    assert_eq!(server(tree).list("*.*.*.*.*.*.*.*.*.x", &ListOptions::new()), ["x"]);
    let branches = recursive().kind(EntryKind::Branch);
    assert_eq!(server(tree).list("*", &branches).len(), 3);
    let mut walk = Walk::new(Rules::new(&Pattern::text("A.x"), &ListOptions::new()), None);
    let mut server = server(tree);
    assert_eq!(server.go(&mut walk, 10), ["x"]);
    walk.restart(Rules::new(&Pattern::text("*.[xyz]"), &ListOptions::new()));
    assert_eq!(server.go(&mut walk, 10), ["y"], "x was given before");
}

#[test]
fn a_tree_without_end_ends() {
    let mut turtles = server(|path: &str| Some(vec![format!("{path}t/")]));
    assert_eq!(turtles.list("*", &recursive()), ["!64 TooDeep"]);
    assert!(turtles.browses < 70);
    // Still one that grows sideways too: whoever wants no more stops.
    let mut bush =
        server(|path: &str| Some(vec![format!("{path}a/"), format!("{path}b"), format!("{path}c/")]));
    let options = recursive().limit(500);
    let mut walk = Walk::new(Rules::new(&Pattern::text("*"), &options), options.limit);
    assert_eq!(bush.go(&mut walk, 500).len(), 500);
}

#[test]
fn few_continuation_points_are_enough() {
    for (points, page, limit) in
        [(1, 7, 10_000), (2, 4, 10_000), (2, 4, 2), (3, 10, 5), (1, 1, 1), (5, 100, 100)]
    {
        let mut small = server(even(20, 30));
        (small.points, small.page, small.limit) = (points, page, limit);
        assert_eq!(small.list("*", &recursive()), expected(20, 30), "{points} {page} {limit}");
        assert!(small.open.is_empty());
    }
    // None at all: what needs one cannot be listed, and everything else is.
    let mut none = server(|path: &str| {
        Some(match path {
            "" => vec!["A/".into(), "B/".into()],
            "A/" => (0..20).map(|n| format!("A/{n}")).collect(),
            "B/" => vec!["B/x".into()],
            _ => vec![],
        })
    });
    (none.points, none.page) = (0, 10);
    assert_eq!(none.list("*", &recursive()), ["!A/ BadNoContinuationPoints", "B/x"]);
}

#[test]
fn a_lost_place_is_found_again() {
    for forgets in [1, 3, 12] {
        let mut forgetful = server(even(5, 95));
        forgetful.page = 10;
        forgetful.forgets = forgets;
        assert_eq!(forgetful.list("*", &recursive()).len(), 5 * 95, "{forgets}");
    }
    let mut hopeless = server(even(2, 20));
    (hopeless.page, hopeless.forgets) = (10, usize::MAX);
    let given = hopeless.list("*", &recursive());
    assert_eq!(given.len(), 22);
    assert_eq!(given[10], "!F0/ BadContinuationPointInvalid");
    assert_eq!(given[21], "!F1/ BadContinuationPointInvalid");
    assert!(hopeless.browses < 20);
}

#[test]
fn a_server_that_repeats_itself_is_stopped() {
    let mut walk = Walk::new(Rules::new(&Pattern::text("*"), &ListOptions::new()), None);
    let (mut given, mut rounds) = (Vec::new(), 0);
    loop {
        given.extend(walk.ready(10).iter().map(shown));
        if walk.ask(10).is_none() {
            break;
        }
        rounds += 1;
        let children = vec![child(if rounds % 2 == 0 { "a" } else { "b" })];
        walk.answered(vec![Ok(Page { children, next: Some(Continuation::new([1])) })]);
    }
    assert_eq!(given, ["b", "a", "! BadUnknownResponse"]);
    assert_eq!(rounds, 3);
}

#[test]
fn what_fails_is_in_its_place_and_what_is_gone_is_not() {
    let tree = |path: &str| {
        Some(match path {
            "" => vec!["A/".into(), "B/".into(), "C/".into()],
            "A/" => vec!["A/x".into()],
            "B/" => return None,
            "C/" => vec!["C/x".into()],
            _ => vec![],
        })
    };
    assert_eq!(server(tree).list("*", &recursive()), ["A/x", "C/x"]);
    let mut walk = Walk::new(Rules::new(&Pattern::text("*"), &recursive()), None);
    let mut forbidding = server(tree);
    let mut given = Vec::new();
    loop {
        given.extend(walk.ready(10).iter().map(shown));
        let Some(ask) = walk.ask(10) else { break };
        let mut answer = forbidding.answer(ask);
        for result in &mut answer {
            if result.is_err() {
                *result = Err(Status::named("BadUserAccessDenied").unwrap());
            }
        }
        walk.answered(answer);
    }
    assert_eq!(given, ["A/x", "!B/ BadUserAccessDenied", "C/x"]);
}

#[test]
fn less_is_asked_for_when_it_was_too_much() {
    let mut small = server(even(50, 50));
    let mut walk = Walk::new(Rules::new(&Pattern::text("*"), &recursive()), None);
    let mut given = Vec::new();
    loop {
        let ready = walk.ready(1_000);
        given.extend(ready.iter().map(shown));
        if !ready.is_empty() {
            continue;
        }
        let Some(ask) = walk.ask(10_000) else { break };
        let size = match &ask {
            Ask::Browse { nodes, most } => nodes.len() * (*most).min(20),
            Ask::Next(points) => points.len() * 20,
        };
        if size > 100 {
            assert!(walk.less());
            continue;
        }
        small.page = 20;
        let answer = small.answer(ask);
        walk.answered(answer);
    }
    assert_eq!(given, expected(50, 50));
    // One reference of one node is the least there is.
    let mut walk = Walk::new(Rules::new(&Pattern::text("*"), &recursive()), None);
    let mut rounds = 0;
    while walk.ask(10).is_some() && walk.less() {
        rounds += 1;
    }
    assert_eq!(rounds, 13);
}

#[test]
fn abandoned_places_are_told() {
    let mut large = server(even(3, 1_000));
    large.page = 10;
    let options = recursive().limit(5);
    let mut walk = Walk::new(Rules::new(&Pattern::text("*"), &options), options.limit);
    assert!(large.go(&mut walk, 5).len() >= 5);
    let mut points: Vec<Vec<u8>> = walk.abandon().iter().map(|point| point.bytes().to_vec()).collect();
    let mut open: Vec<Vec<u8>> = large.open.keys().cloned().collect();
    points.sort();
    open.sort();
    assert!(!open.is_empty());
    assert_eq!(points, open);
}
