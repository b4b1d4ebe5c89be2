//! What answers do to the walk.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::Status;
use crate::engine::client::{Page, PageResult};
use crate::status::code;

use super::{Child, HELD, MAX_DEPTH, Out, Place, Step, Trail, Walk, Why};

/// How often a node is browsed from its start because the server lost its place, without getting further.
const ATTEMPTS: usize = 4;

/// More pages than any real node has.
const MAX_PAGES: usize = 100_000;

impl Walk {
    /// The answer to what was asked last: one result each, in order.
    pub(in super::super) fn answered(&mut self, results: Vec<PageResult>) {
        let asked = std::mem::take(&mut self.asked);
        let count = results.len();
        let in_use = self.front.iter().chain(asked.iter().map(|(step, _)| step));
        let alone = count == 1 && !in_use.into_iter().any(|step| matches!(step, Step::More { .. }));
        let (mut starved, mut continued, mut opened) = (false, 0, false);
        let mut results = results.into_iter();
        let mut steps = Vec::with_capacity(asked.len());
        for (step, was_asked) in asked {
            if !was_asked {
                steps.push(step);
                continue;
            }
            let result = results.next().unwrap_or(Err(code::BAD_UNKNOWN_RESPONSE));
            let (place, trail) = match step {
                Step::Open { place, trail } => {
                    opened = true;
                    if let Err(status) = &result
                        && status.code() == code::BAD_NO_CONTINUATION_POINTS
                        && !alone
                    {
                        starved = true;
                        steps.push(Step::Open { place, trail });
                        continue;
                    }
                    if let Ok(page) = &result {
                        self.learn(place.is_variable, page.children.len());
                        continued += usize::from(page.next.is_some());
                    }
                    (place, trail)
                }
                Step::More { place, trail, .. } => (place, trail),
                step @ Step::Out(_) => {
                    steps.push(step);
                    continue;
                }
            };
            match result {
                Ok(page) => self.page(&place, trail, page, &mut steps),
                Err(status) => steps.extend(refused(place, trail, status)),
            }
        }
        if starved {
            // As many at a time as got one, and only when those in use are done (Part 4, 5.9.2).
            self.cap = continued.min(count / 2).max(1);
        } else if opened {
            self.cap = self.cap.saturating_mul(2);
            self.most = (self.most * 2).min(HELD);
        }
        self.starved = starved || (self.starved && self.has_more(&steps));
        for step in steps.into_iter().rev() {
            self.front.push_front(step);
        }
    }

    fn has_more(&self, steps: &[Step]) -> bool {
        self.front.iter().chain(steps).any(|step| matches!(step, Step::More { .. }))
    }

    /// A moving average, so that the next request asks for as much as should come.
    fn learn(&mut self, is_variable: bool, children: usize) {
        // A tree of empty folders says little about the next folder.
        let (expected, least) = if is_variable { (&mut self.variables, 1) } else { (&mut self.objects, 400) };
        *expected = ((*expected * 7 + children.saturating_mul(100)) / 8).max(least);
    }

    /// Children in the place of their parent.
    fn page(&mut self, place: &Arc<Place>, mut trail: Trail, page: Page, steps: &mut Vec<Step>) {
        let new = page.children.is_empty() || trail.prints.insert(print(&page.children));
        for child in page.children {
            self.child(place, child, steps);
        }
        trail.page += 1;
        if let Some(point) = page.next {
            let place = place.clone();
            steps.push(if new && trail.page < MAX_PAGES {
                Step::More { place, trail, point }
            } else {
                // It would never end.
                failed(place, Why::Status(code::BAD_UNKNOWN_RESPONSE))
            });
        }
    }

    fn child(&mut self, place: &Arc<Place>, child: Child, steps: &mut Vec<Step>) {
        let (shown, wanted) = self.rules.child(place, &child);
        let wanted = wanted.filter(|wanted| self.seen.insert((self.pattern, &child.node, wanted)));
        if shown && self.seen.insert(&child.node) {
            steps.push(Step::Out(Out::Found { parent: place.clone(), child: child.clone() }));
        }
        if let Some(wanted) = wanted {
            let below = Arc::new(Place::below(place, child, wanted));
            steps.push(if below.depth < MAX_DEPTH {
                Step::Open { place: below, trail: Trail::default() }
            } else {
                failed(below, Why::TooDeep)
            });
        }
    }
}

/// A node that cannot be browsed, or not to its end.
fn refused(place: Arc<Place>, mut trail: Trail, status: Status) -> Option<Step> {
    if status.code() == code::BAD_CONTINUATION_POINT_INVALID && trail.page > 0 {
        // The server lost its place: from the start again, of which only what is new will be given.
        trail.attempts = if trail.page > trail.furthest { 1 } else { trail.attempts + 1 };
        if trail.attempts < ATTEMPTS {
            let furthest = trail.furthest.max(trail.page);
            let trail = Trail { furthest, attempts: trail.attempts, ..Trail::default() };
            return Some(Step::Open { place, trail });
        }
    }
    // Gone since its parent was browsed, or never there: nothing is below it.
    let gone = [code::BAD_NODE_ID_UNKNOWN, code::BAD_NODE_ID_INVALID].contains(&status.code());
    (!gone || place.is_root()).then(|| failed(place, Why::Status(status)))
}

fn failed(place: Arc<Place>, why: Why) -> Step {
    Step::Out(Out::Failed { place, why })
}

fn print(children: &[Child]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for child in children {
        (&child.node, &child.name).hash(&mut hasher);
    }
    hasher.finish()
}
