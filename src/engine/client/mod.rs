//! The client side of the engine: one connection to one server, as a handful of services.

mod alias;
mod browse;
mod call;
mod connect;
mod discovery;
mod event_loop;
mod failure;
mod history;
mod messages;
mod node;
mod services;
mod subscription;
mod transport;
mod trust;

pub(crate) use browse::{Child, Continuation, NodeClass, Page, PageResult, Reference};
pub(crate) use connect::{ConnectError, ConnectOptions, Credentials, connect};
pub(crate) use discovery::{find_servers, get_endpoints};
pub(crate) use event_loop::{EventLoop, LinkEvent, Task, pause, progress};
pub(crate) use failure::Failure;
pub(crate) use history::{Edit, Edits, Extra, Note, Past, PastPage, Point, Row, Selected, notes};
pub(crate) use messages::{Gap, Messages, is_gone};
pub(crate) use node::{Aim, Attribute, Target};
pub(crate) use services::{Chosen, Link};
pub(crate) use subscription::{Changes, ItemRequest, Notice, Sink, Subscribed};
