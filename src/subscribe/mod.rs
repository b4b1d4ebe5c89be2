//! Subscriptions: intents that outlive the connection, delivered in order on a thread of their own.

mod dispatch;
mod held;
mod monitor;
mod options;
mod queue;
mod subscription;
mod verbs;
mod watch;

pub(crate) use held::Held;
pub(crate) use monitor::Monitor;
pub use options::{Deadband, Delivery, Overflow, Refresh, SubscribeOptions};
pub use queue::SubscriptionStats;
pub use subscription::Subscription;
#[cfg(feature = "blocking")]
pub(crate) use subscription::parse;
pub use watch::Watch;
