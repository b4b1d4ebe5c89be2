//! [`Walk`]: the way through the tree, without the server: it says what to ask for, and is told the answers.
//!
//! What waits is one sequence in the order in which it will be given. Nodes to be browsed stand in it where their children
//! will; the first of them are browsed together, and the children take their places. So the order is that of a walk from
//! top to bottom, as many nodes go into a request as the server takes, and what waits is about [`HELD`] references for each
//! level of the tree, however large it is.

mod absorb;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::engine::client::{Child, Continuation};
use crate::{NodeId, Status};

use super::place::{Place, Seen};
use super::rules::Rules;

/// How many references one answer should bring, and may wait before the first of them is looked below.
const HELD: usize = 10_000;

/// References of one node on a page at least, where many nodes are browsed at once.
const PAGE: usize = 100;

/// Deeper than any plant's tree: where a server makes up its address space as one walks, the walk ends all the same.
pub(super) const MAX_DEPTH: usize = 64;

/// What to expect below an object and a variable before the first was looked at, in hundredths of a reference.
const OBJECT: usize = 50_000;
const VARIABLE: usize = 100;

/// Something for whoever asked.
#[derive(Debug)]
pub(super) enum Out {
    Found { parent: Arc<Place>, child: Child },
    Failed { place: Arc<Place>, why: Why },
}

/// Why a branch is not listed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Why {
    Status(Status),
    TooDeep,
}

/// A request.
#[derive(Debug, PartialEq)]
pub(super) enum Ask {
    Browse { nodes: Vec<NodeId>, most: usize },
    Next(Vec<Continuation>),
}

#[derive(Debug)]
enum Step {
    Out(Out),
    /// A node to be browsed from its first reference.
    Open {
        place: Arc<Place>,
        trail: Trail,
    },
    /// A node of which the server has more.
    More {
        place: Arc<Place>,
        trail: Trail,
        point: Continuation,
    },
}

/// How the pages of a node have come so far.
#[derive(Debug, Default)]
struct Trail {
    /// In this attempt, and in the best one.
    page: usize,
    furthest: usize,
    /// Attempts since there was progress.
    attempts: usize,
    /// Of the pages of this attempt, to know when they come round again.
    prints: HashSet<u64>,
}

pub(super) struct Walk {
    rules: Rules,
    /// Which pattern this is: what was walked for another is walked again.
    pattern: usize,
    seen: Seen,
    front: VecDeque<Step>,
    /// The first steps, while a request is under way; `true` for what was asked.
    asked: Vec<(Step, bool)>,
    /// References wanted at a time.
    held: usize,
    /// Nodes in one request, where fewer than the server's limit are wise.
    cap: usize,
    /// References on a page.
    most: usize,
    /// The server has too few continuation points: those in use go first.
    starved: bool,
    /// References of an object and a variable, as seen lately, in hundredths.
    objects: usize,
    variables: usize,
}

impl Walk {
    /// `limit` is how many results are wanted at all.
    pub(super) fn new(rules: Rules, limit: Option<usize>) -> Walk {
        let mut walk = Walk {
            rules,
            pattern: 0,
            seen: Seen::default(),
            front: VecDeque::new(),
            asked: Vec::new(),
            held: limit.map_or(HELD, |limit| limit.saturating_mul(2).clamp(100, HELD)),
            cap: usize::MAX,
            most: HELD,
            starved: false,
            objects: OBJECT,
            variables: VARIABLE,
        };
        walk.begin();
        walk
    }

    /// The next pattern, which gives nothing that an earlier one has given.
    pub(super) fn restart(&mut self, rules: Rules) {
        self.rules = rules;
        self.pattern += 1;
        self.begin();
    }

    fn begin(&mut self) {
        let root = Place::root(self.rules.start());
        self.seen.insert((self.pattern, &root.node, &root.wanted));
        self.front.push_back(Step::Open { place: Arc::new(root), trail: Trail::default() });
    }

    /// What can be given now, at most so much.
    pub(super) fn ready(&mut self, most: usize) -> Vec<Out> {
        let mut ready = Vec::new();
        while ready.len() < most
            && matches!(self.front.front(), Some(Step::Out(_)))
            && let Some(Step::Out(out)) = self.front.pop_front()
        {
            ready.push(out);
        }
        ready
    }

    /// The next request for a server that takes so many nodes in one; `None` at the end. An answer must follow.
    pub(super) fn ask(&mut self, limit: usize) -> Option<Ask> {
        let limit = limit.min(self.cap).max(1);
        let (mut opens, mut mores) = (Vec::new(), Vec::new());
        let mut expected = 0_usize;
        for (at, step) in self.front.iter().enumerate() {
            match step {
                Step::Open { place, .. } => {
                    expected += if place.is_variable { self.variables } else { self.objects };
                    let room = opens.is_empty() || expected <= self.held.saturating_mul(100);
                    if room && opens.len() < limit {
                        opens.push(at);
                    } else if !self.starved {
                        break;
                    }
                }
                Step::More { .. } if mores.len() < limit => mores.push(at),
                Step::More { .. } | Step::Out(_) => {}
            }
        }
        let more_first = mores.first().is_some_and(|more| opens.first().is_none_or(|open| more < open));
        let on = !mores.is_empty() && (more_first || self.starved || self.front.len() / 2 < self.held);
        let chosen = if on { mores } else { opens };
        let last = *chosen.last()?;
        let mut chosen = chosen.into_iter().peekable();
        self.asked = self
            .front
            .drain(..=last)
            .enumerate()
            .map(|(at, step)| (step, chosen.next_if_eq(&at).is_some()))
            .collect();
        Some(if on { Ask::Next(self.points()) } else { self.browse() })
    }

    fn browse(&self) -> Ask {
        let nodes: Vec<NodeId> = self
            .asked
            .iter()
            .filter_map(|(step, asked)| match step {
                Step::Open { place, .. } if *asked => Some(place.node.clone()),
                _ => None,
            })
            .collect();
        let most = (4 * HELD / nodes.len().max(1)).clamp(PAGE, HELD).min(self.most);
        Ask::Browse { nodes, most }
    }

    fn points(&self) -> Vec<Continuation> {
        let point = |(step, asked): &(Step, bool)| match step {
            Step::More { point, .. } if *asked => Some(point.clone()),
            _ => None,
        };
        self.asked.iter().filter_map(point).collect()
    }

    /// Nothing came back: the same again.
    pub(super) fn unanswered(&mut self) {
        for (step, _) in std::mem::take(&mut self.asked).into_iter().rev() {
            self.front.push_front(step);
        }
    }

    /// As much was more than the server, or the time, allows; `false` where less cannot be asked for.
    pub(super) fn less(&mut self) -> bool {
        let count = self.asked.iter().filter(|(_, asked)| *asked).count();
        self.unanswered();
        if count > 1 {
            self.cap = count / 2;
        } else if self.most > 1 {
            self.most /= 2;
        } else {
            return false;
        }
        true
    }

    /// The server remembers nothing for us any more: what it has more of is browsed from the start, and only what is new
    /// is given.
    pub(super) fn begin_again(&mut self) {
        self.unanswered();
        for step in &mut self.front {
            if let Step::More { place, trail, .. } = step {
                let trail = Trail { furthest: trail.furthest.max(trail.page), ..Trail::default() };
                *step = Step::Open { place: place.clone(), trail };
            }
        }
    }

    /// What the server still remembers for us, when nobody wants to know any more.
    pub(super) fn abandon(&mut self) -> Vec<Continuation> {
        self.unanswered();
        let point = |step| match step {
            Step::More { point, .. } => Some(point),
            _ => None,
        };
        std::mem::take(&mut self.front).into_iter().filter_map(point).collect()
    }
}
