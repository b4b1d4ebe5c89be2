//! [`Messages`]: the messages of one subscription in their order, without holes where the server can still fill them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use opcua::client::{MonitoredItemMap, OnSubscriptionNotificationCore};
use opcua::types::{DataChangeNotification, NotificationMessage, StatusChangeNotification, StatusCode};

use crate::Status;

use super::call::call;
use super::subscription::{Changes, Notice, Sink};
use super::{Failure, Link};

/// At most so many messages are asked for again; a larger hole is none: the server counts in its own way.
const MAX_MISSING: u32 = 1000;

/// At most so many messages wait for the ones before them.
const MAX_WAITING: usize = 1000;

/// The messages of one subscription on the server. Each has a number, which the engine does not look at.
pub(crate) struct Messages {
    sink: Arc<dyn Sink>,
    flow: Mutex<Flow>,
}

/// Messages that the server could not send again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap {
    /// The server was last heard before it.
    pub(crate) from: DateTime<Utc>,
    /// No message at all had come before.
    pub(crate) first: bool,
}

struct Flow {
    /// The number of the last message that was passed on.
    last: Option<u32>,
    heard: DateTime<Utc>,
    /// As `heard`, or when it began to be listened to.
    alive: Instant,
    /// Nothing has come by itself since [`Messages::listen`].
    listening: bool,
    waiting: Option<Waiting>,
    /// Numbers of messages that were asked for, lest they come by themselves as well.
    fetched: VecDeque<u32>,
}

/// Messages that came while others before them are missing.
struct Waiting {
    gap: Gap,
    messages: Vec<Message>,
}

struct Message {
    number: u32,
    /// Carries nothing but the number that the next one will have (Part 4, 5.14.1.1).
    keep_alive: bool,
    notices: Vec<Notice>,
}

impl From<NotificationMessage> for Message {
    fn from(message: NotificationMessage) -> Message {
        let bodies = message.notification_data.unwrap_or_default();
        let (number, keep_alive) = (message.sequence_number, bodies.is_empty());
        let mut notices = Vec::with_capacity(bodies.len());
        for body in bodies {
            if body.inner_as::<DataChangeNotification>().is_some() {
                let Some(data) = body.into_inner_as::<DataChangeNotification>() else { continue };
                notices.push(Notice::Data(Changes(data.monitored_items.unwrap_or_default())));
            } else if let Some(change) = body.inner_as::<StatusChangeNotification>() {
                notices.push(Notice::Status(Status::from_bits(change.status.bits())));
            }
        }
        Message { number, keep_alive, notices }
    }
}

/// Where the engine hands over what it receives.
pub(super) struct Callback(pub(super) Arc<Messages>);

impl OnSubscriptionNotificationCore for Callback {
    fn on_subscription_notification(&mut self, message: NotificationMessage, _items: MonitoredItemMap<'_>) {
        self.0.receive(message.into());
    }
}

impl Messages {
    pub(super) fn new(sink: Arc<dyn Sink>) -> Arc<Messages> {
        let flow = Flow {
            last: None,
            heard: Utc::now(),
            alive: Instant::now(),
            listening: false,
            waiting: None,
            fetched: VecDeque::new(),
        };
        Arc::new(Messages { sink, flow: Mutex::new(flow) })
    }

    fn lock(&self) -> MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the server last said something, by this machine's clock.
    pub(crate) fn heard(&self) -> DateTime<Utc> {
        self.lock().heard
    }

    /// Waits for a message anew: [`has_spoken`](Self::has_spoken) is `false` until the next one comes by itself.
    pub(crate) fn listen(&self) {
        let mut flow = self.lock();
        (flow.alive, flow.listening) = (Instant::now(), true);
    }

    /// For how long nothing has come.
    pub(crate) fn silence(&self) -> Duration {
        self.lock().alive.elapsed()
    }

    pub(crate) fn has_spoken(&self) -> bool {
        !self.lock().listening
    }

    fn receive(&self, message: Message) {
        let mut flow = self.lock();
        let before = std::mem::replace(&mut flow.heard, Utc::now());
        (flow.alive, flow.listening) = (Instant::now(), false);
        if let Some(waiting) = &mut flow.waiting {
            if waiting.messages.len() >= MAX_WAITING {
                // Nobody asks for those that are missing, nor for these then: all of it is the gap.
                waiting.messages.clear();
            }
            waiting.messages.push(message);
            return;
        }
        if !message.keep_alive && flow.fetched.contains(&message.number) {
            return;
        }
        if message.number > flow.expected() {
            let gap = Gap { from: before, first: flow.last.is_none() };
            flow.waiting = Some(Waiting { gap, messages: vec![message] });
            self.sink.notice(Notice::Missing);
            return;
        }
        flow.pass(message, &*self.sink);
    }

    /// The numbers of messages that have to be asked for; none where there are too many of them.
    fn missing(&self) -> Vec<u32> {
        let flow = self.lock();
        let Some(waiting) = &flow.waiting else { return Vec::new() };
        // A keep-alive has the number of the message to come.
        let end =
            waiting.messages.iter().map(|m| if m.keep_alive { m.number } else { m.number.saturating_add(1) });
        let (from, end) = (flow.expected(), end.max().unwrap_or_default());
        if end.saturating_sub(from) > MAX_MISSING {
            return Vec::new();
        }
        let there = |number: u32| waiting.messages.iter().any(|m| !m.keep_alive && m.number == number);
        (from..end).filter(|number| !there(*number)).collect()
    }

    /// A message that was asked for.
    fn fetch(&self, message: NotificationMessage) {
        let message = Message::from(message);
        let mut flow = self.lock();
        flow.fetched.push_back(message.number);
        if flow.fetched.len() > MAX_WAITING {
            flow.fetched.pop_front();
        }
        if let Some(waiting) = &mut flow.waiting {
            waiting.messages.push(message);
        } else if message.number == flow.expected() {
            // Else it came by itself meanwhile.
            flow.pass(message, &*self.sink);
        }
    }

    /// Passes on what waited, in order; the gap where something is still missing.
    fn release(&self) -> Option<Gap> {
        let mut flow = self.lock();
        let Waiting { gap, mut messages } = flow.waiting.take()?;
        messages.sort_by_key(|message| (message.number, !message.keep_alive));
        let mut whole = true;
        for message in messages {
            if message.number < flow.expected() {
                // Came twice.
                continue;
            }
            whole &= message.number == flow.expected();
            flow.pass(message, &*self.sink);
        }
        (!whole).then_some(gap)
    }

    fn expected(&self) -> u32 {
        self.lock().expected()
    }
}

impl Flow {
    /// They count from 1, and after the largest number from 1 again (Part 4, 7.26).
    fn expected(&self) -> u32 {
        self.last.map_or(1, |last| last.wrapping_add(1).max(1))
    }

    fn pass(&mut self, message: Message, sink: &dyn Sink) {
        if !message.keep_alive {
            self.last = Some(message.number);
        } else if message.number > self.expected() {
            self.last = Some(message.number.wrapping_sub(1));
        }
        for notice in message.notices {
            sink.notice(notice);
        }
    }
}

impl Link {
    /// Asks again for the messages of a subscription that are missing (`Republish`, Part 4, 5.14.6), and where `beyond` for
    /// those that may have been sent since as well. The gap where the server no longer has them all.
    ///
    /// Fails where the subscription is gone, or the connection.
    pub(crate) async fn catch_up(
        &self,
        subscription: u32,
        messages: &Messages,
        beyond: bool,
    ) -> Result<Option<Gap>, Failure> {
        for number in messages.missing() {
            self.republish(subscription, number, messages).await?;
        }
        let gap = messages.release();
        if beyond {
            for _ in 0..MAX_MISSING {
                if !self.republish(subscription, messages.expected(), messages).await? {
                    break;
                }
            }
        }
        Ok(gap)
    }

    /// `false` where the server does not have that message.
    async fn republish(&self, subscription: u32, number: u32, messages: &Messages) -> Result<bool, Failure> {
        match call("Republish", 1, self.session.republish(subscription, number)).await {
            Ok(message) if message.sequence_number == number => {
                messages.fetch(message);
                Ok(true)
            }
            Err(failure) if failure.is_disconnected() || failure.is_timeout() || is_gone(failure.status) => {
                Err(failure)
            }
            // Not available, or the server does not know this service. One with another number would be passed on as what
            // it is not.
            Ok(_) | Err(_) => Ok(false),
        }
    }
}

/// A status that says that a subscription is not there.
pub(crate) fn is_gone(status: Status) -> bool {
    [StatusCode::BadSubscriptionIdInvalid, StatusCode::BadNoSubscription]
        .iter()
        .any(|gone| gone.bits() == status.code().bits())
}

#[cfg(test)]
mod tests {
    use opcua::types::{DataValue, ExtensionObject, MonitoredItemNotification};

    use super::*;

    /// Writes down the numbers of what is passed on.
    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Sink for Heard {
        fn notice(&self, notice: Notice) {
            let text = match notice {
                Notice::Data(changes) => {
                    changes.into_values().next().map_or("fetched".into(), |(number, _)| number.to_string())
                }
                Notice::Missing => "missing".into(),
                Notice::Status(status) => status.name().into_owned(),
            };
            self.0.lock().unwrap().push(text);
        }
    }

    fn data(number: u32) -> Message {
        let value = MonitoredItemNotification { client_handle: number, value: DataValue::null() };
        Message { number, keep_alive: false, notices: vec![Notice::Data(Changes(vec![value]))] }
    }

    fn alive(number: u32) -> Message {
        Message { number, keep_alive: true, notices: vec![] }
    }

    /// What is passed on of these messages, nothing being asked for.
    fn passed(messages: impl IntoIterator<Item = Message>) -> String {
        let heard = Arc::new(Heard::default());
        let flow = Messages::new(heard.clone());
        for message in messages {
            flow.receive(message);
        }
        let heard = heard.0.lock().unwrap();
        heard.join(" ")
    }

    #[test]
    fn missing_messages_are_noticed_and_nothing_else() {
        assert_eq!(passed([alive(1), data(1), data(2), alive(3), alive(3), data(3)]), "1 2 3");
        assert_eq!(passed([data(1), data(3), data(4)]), "1 missing");
        assert_eq!(passed([data(1), alive(3), data(3)]), "1 missing", "told by a keep-alive");
        assert_eq!(passed([alive(2), data(2)]), "missing", "the first one never came");
        assert_eq!(passed([data(1), alive(1), data(2)]), "1 2", "a keep-alive with the last number");
        assert_eq!(passed([data(0), data(0), data(1)]), "0 0 1", "a server that counts in its own way");
    }

    #[test]
    fn after_the_largest_number_comes_one() {
        let heard = Arc::new(Heard::default());
        let flow = Messages::new(heard.clone());
        flow.lock().last = Some(u32::MAX);
        flow.receive(data(1));
        assert_eq!(*heard.0.lock().unwrap(), ["1"]);
    }

    #[test]
    fn what_was_missing_is_passed_on_in_its_place_and_once() {
        let heard = Arc::new(Heard::default());
        let flow = Messages::new(heard.clone());
        for message in [data(1), data(4), alive(5), data(5)] {
            flow.receive(message);
        }
        assert_eq!(flow.missing(), [2, 3]);
        for number in [3, 2] {
            let mut asked = NotificationMessage::keep_alive(number, opcua::types::DateTime::now());
            asked.notification_data =
                Some(vec![ExtensionObject::from_message(DataChangeNotification::default())]);
            flow.fetch(asked);
        }
        // It was on its way after all.
        flow.receive(data(3));
        assert!(flow.release().is_none());
        flow.receive(data(2));
        flow.receive(data(6));
        let told = heard.0.lock().unwrap().join(" ");
        assert_eq!(told, "1 missing fetched fetched 4 5 6");
    }

    #[test]
    fn what_stays_missing_is_a_gap() {
        let heard = Arc::new(Heard::default());
        let flow = Messages::new(heard.clone());
        flow.receive(data(1));
        flow.receive(data(3));
        let gap = flow.release().expect("nobody sent number 2");
        assert!(gap.from <= flow.heard() && !gap.first);
        flow.receive(data(4));
        assert_eq!(heard.0.lock().unwrap().join(" "), "1 missing 3 4");
        flow.receive(data(1_000_000));
        assert!(flow.missing().is_empty(), "nobody asks for so many");
        assert!(flow.release().is_some());
    }
}
