//! [`Table`]: routes by the handle that the server puts into every notification.

use std::collections::VecDeque;

use super::route::Route;

/// So many bits of a handle say where in the table its route is; those above, how often the place was used before.
const PLACE_BITS: u32 = 22;

/// Places count from 0.
const MAX_PLACES: u32 = 1 << PLACE_BITS;

/// Then the count of a place begins again. By then nobody has a handle from the last time round.
const MAX_USE: u32 = u32::MAX >> PLACE_BITS;

/// Found for every value that comes, so a handle leads straight to its place; and used again in a later life of that
/// place it is another, so that a late value of a tag that was taken out finds no other.
#[derive(Default)]
pub(super) struct Table {
    places: Vec<Place>,
    /// Those without a route, the one that has been free for longest first.
    free: VecDeque<u32>,
}

struct Place {
    /// From 1: 0 is the handle of nothing.
    uses: u32,
    route: Option<Route>,
}

impl Table {
    /// The handle of a route; `None` where there are too many.
    pub(super) fn insert(&mut self, route: Route) -> Option<u32> {
        let place = if let Some(place) = self.free.pop_front() {
            place
        } else {
            let place = u32::try_from(self.places.len()).ok().filter(|place| *place < MAX_PLACES)?;
            self.places.push(Place { uses: 0, route: None });
            place
        };
        let entry = self.places.get_mut(index(place))?;
        entry.uses = if entry.uses < MAX_USE { entry.uses + 1 } else { 1 };
        entry.route = Some(route);
        Some(entry.uses << PLACE_BITS | place)
    }

    pub(super) fn get(&self, handle: u32) -> Option<&Route> {
        let (uses, place) = parts(handle);
        self.places.get(index(place)).filter(|entry| entry.uses == uses)?.route.as_ref()
    }

    pub(super) fn remove(&mut self, handle: u32) {
        let (uses, place) = parts(handle);
        let entry = self.places.get_mut(index(place)).filter(|entry| entry.uses == uses);
        if entry.is_some_and(|entry| entry.route.take().is_some()) {
            self.free.push_back(place);
        }
    }

    pub(super) fn clear(&mut self) {
        for (place, entry) in (0..).zip(&mut self.places) {
            if entry.route.take().is_some() {
                self.free.push_back(place);
            }
        }
    }
}

fn parts(handle: u32) -> (u32, u32) {
    (handle >> PLACE_BITS, handle & (MAX_PLACES - 1))
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::NodeId;
    use crate::subscribe::queue::Queue;
    use crate::subscribe::{Delivery, Overflow};
    use crate::tag::Resolved;

    use super::*;

    fn route(slot: usize) -> Route {
        let queue = Arc::new(Queue::new(1, Overflow::KeepLatest));
        Route::new(queue, slot, Resolved::whole(&NodeId::numeric(2, 1)), Delivery::Latest, false)
    }

    fn slot(table: &Table, handle: u32) -> Option<usize> {
        table.get(handle).map(|route| route.slot)
    }

    #[test]
    fn a_handle_finds_its_route_and_no_later_one() {
        let mut table = Table::default();
        let (a, b) = (table.insert(route(1)).unwrap(), table.insert(route(2)).unwrap());
        assert_eq!((slot(&table, a), slot(&table, b)), (Some(1), Some(2)));
        assert_eq!((slot(&table, 0), slot(&table, b + 1), slot(&table, u32::MAX)), (None, None, None));
        table.remove(a);
        table.remove(a);
        let c = table.insert(route(3)).unwrap();
        assert_eq!((slot(&table, a), slot(&table, b), slot(&table, c)), (None, Some(2), Some(3)));
        table.remove(a);
        assert_eq!(slot(&table, c), Some(3), "an old handle takes nothing out");
        table.clear();
        assert_eq!((slot(&table, b), slot(&table, c)), (None, None));
        let again = [table.insert(route(4)).unwrap(), table.insert(route(5)).unwrap()];
        assert!(!again.contains(&a) && !again.contains(&b) && !again.contains(&c));
        assert_eq!(table.places.len(), 2, "places are used again");
    }

    #[test]
    fn a_place_that_is_used_for_ever_never_has_the_handle_of_nothing() {
        let mut table = Table::default();
        let mut last = 0;
        for _ in 0..=MAX_USE {
            let handle = table.insert(route(1)).unwrap();
            assert!(handle >= MAX_PLACES && handle != last);
            table.remove(handle);
            last = handle;
        }
        assert_eq!(parts(last), (1, 0), "counted anew");
    }
}
