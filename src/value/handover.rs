//! Values and readings pass through serde whole: under a name that only our own serializers and deserializers know, the
//! thing itself waits beside the call, on the same thread.

use std::cell::RefCell;

use crate::{Reading, Value};

/// The name under which a [`Value`] asks for the value itself.
pub(crate) const VALUE: &str = "$openopc::Value";
/// The name under which a [`Reading`] asks for the reading itself.
pub(crate) const READING: &str = "$openopc::Reading";

thread_local! {
    static VALUES: RefCell<Option<Value>> = const { RefCell::new(None) };
    static READINGS: RefCell<Option<Reading>> = const { RefCell::new(None) };
    /// A serializer of ours waits for a value.
    static WANTED: RefCell<bool> = const { RefCell::new(false) };
}

/// Puts a value where the visitor that is called next finds it.
pub(crate) fn put(value: Value) {
    VALUES.with_borrow_mut(|slot| *slot = Some(value));
}

pub(crate) fn take() -> Option<Value> {
    VALUES.with_borrow_mut(Option::take)
}

#[cfg(feature = "client")]
pub(crate) fn put_reading(reading: Reading) {
    READINGS.with_borrow_mut(|slot| *slot = Some(reading));
}

pub(crate) fn take_reading() -> Option<Reading> {
    READINGS.with_borrow_mut(Option::take)
}

/// Says that the value that is serialized next is to be put here.
#[cfg(feature = "client")]
pub(crate) fn want() {
    WANTED.with_borrow_mut(|wanted| *wanted = true);
}

/// Whether a value was wanted; asked once.
pub(crate) fn wanted() -> bool {
    WANTED.with_borrow_mut(|wanted| std::mem::replace(wanted, false))
}
