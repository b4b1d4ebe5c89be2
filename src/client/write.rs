//! `write`, `write_many`, `write_with`, `write_stream`.

use std::sync::Arc;
use std::time::Duration;

use crate::da::coerce_lossy;
use crate::engine::client::Failure;
use crate::status::code;
use crate::tag::Resolved;
use crate::{Client, ConvertError, Error, IntoTag, NodeType, Operation, Result, Status, Tag, Value};

use super::into_write::IntoWrite;
use super::limits::{Service, chunked_until_failure};
use super::results::{Called, Chunks};
use super::{Inner, Results};

const OPERATION: Operation = Operation::Write;

/// Choices for [`Client::write_with`].
///
/// ```
/// use std::time::Duration;
///
/// let options = openopc::WriteOptions::new().chunk(100).pause(Duration::from_millis(50));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    chunk: Option<usize>,
    pause: Duration,
    coerce: bool,
}

impl WriteOptions {
    /// As many values in one request as the server takes, without a pause.
    pub fn new() -> WriteOptions {
        WriteOptions::default()
    }

    /// At most this many values in one request, at least 1. The server's own limit holds as well.
    #[must_use]
    pub fn chunk(mut self, values: usize) -> Self {
        self.chunk = Some(values.max(1));
        self
    }

    /// How long to wait between two chunks, for devices that cannot take more. Default none.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Converts as COM did for OPC DA's clients, instead of exactly: text becomes a number, 2.5 the `Int32` 2. The rules are
    /// those of [`da::coerce_lossy`](crate::da::coerce_lossy). Default `false`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::WriteOptions;
    ///
    /// let opc = openopc::open("sim:").await?;
    /// let value = [("Bucket Brigade.Int4", "71.6")];
    /// assert!(opc.write_many(value).await?[0].is_err());
    /// assert!(opc.write_with(value, &WriteOptions::new().coerce(true)).await?[0].is_ok());
    /// assert_eq!(opc.read_as::<i32>("Bucket Brigade.Int4").await?, 72);
    /// # opc.close().await
    /// # }
    /// ```
    #[must_use]
    pub fn coerce(mut self, yes: bool) -> Self {
        self.coerce = yes;
        self
    }
}

impl Client {
    /// Writes one value. The value is converted to the node's data type first, exactly or not at all: `1` fits a `Double`
    /// node, `1.5` does not fit an `Int32` one, text is never taken for a number.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// let opc = openopc::open("sim:").await?;
    /// opc.write("Bucket Brigade.Real8", 1).await?;
    /// assert_eq!(opc.read_as::<f64>("Bucket Brigade.Real8").await?, 1.0);
    /// assert!(opc.write("Bucket Brigade.Int4", 1.5).await.is_err());
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidTag`], [`Error::Resolve`], [`Error::Convert`]: nothing was sent. [`Error::Item`]: the server
    /// refused. [`Error::Disconnected`], [`Error::Timeout`]: the write may have been carried out or not.
    /// [`Error::Service`], [`Error::Closed`].
    pub async fn write(&self, tag: impl IntoTag, value: impl Into<Value>) -> Result<()> {
        let value = (tag, value).into_write();
        self.inner().write_all(vec![value], &WriteOptions::default()).await?.pop().unwrap_or(Ok(()))
    }

    /// Writes many values: one result per value, in the order given. What cannot be written is not sent; the rest is.
    ///
    /// Takes pairs of a tag and a value, from an array, a map or anything else, and what a read gave: see [`IntoWrite`].
    /// A tag may be given twice; the last one wins, if the server writes in order (Part 4, 5.11.4 leaves that open).
    ///
    /// # Errors
    /// The outer error is the call's, each inner one its value's, as in [`write`](Self::write).
    pub async fn write_many<I>(&self, values: I) -> Result<Vec<Result<()>>>
    where
        I: IntoIterator,
        I::Item: IntoWrite,
    {
        self.write_with(values, &WriteOptions::default()).await
    }

    /// As [`write_many`](Self::write_many), with choices.
    ///
    /// # Errors
    /// Those of [`write_many`](Self::write_many).
    pub async fn write_with<I>(&self, values: I, options: &WriteOptions) -> Result<Vec<Result<()>>>
    where
        I: IntoIterator,
        I::Item: IntoWrite,
    {
        let values = values.into_iter().map(IntoWrite::into_write).collect();
        self.inner().write_all(values, options).await
    }

    /// As [`write_with`](Self::write_with), one result after the other, in the order of the values (OpenOPC's `iwrite`):
    /// the tag that was written, or why it was not. The values are taken a chunk at a time, 1,000 unless the options say
    /// otherwise.
    ///
    /// Chunks are written as results are asked for, at most one ahead; dropping the results leaves the rest unwritten.
    ///
    /// # Errors
    /// Those of [`write_with`](Self::write_with), as results. One of the whole call is the last: its chunk may have been
    /// written or not, and what follows was not.
    pub fn write_stream<I>(&self, values: I, options: &WriteOptions) -> Results<Tag>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: IntoWrite + 'static,
    {
        write_stream(self, Box::new(values.into_iter().map(IntoWrite::into_write)), options.clone())
    }
}

/// What is to be written, or why it cannot be.
type Item = Result<(Tag, Value)>;

fn write_stream(
    client: &Client,
    values: Box<dyn Iterator<Item = Item> + Send>,
    options: WriteOptions,
) -> Results<Tag> {
    let chunks = Chunks { items: values, size: options.chunk, pause: options.pause };
    Results::in_chunks(client, OPERATION, chunks, move |client, values: Vec<Item>| {
        let options = options.clone();
        async move {
            let tags: Vec<Option<Tag>> =
                values.iter().map(|item| item.as_ref().ok().map(|(tag, _)| tag.clone())).collect();
            let Written { results, broken } = client.inner().write_until(values, &options).await?;
            let named = |(result, tag): (Result<()>, Option<Tag>)| match (result, tag) {
                (Ok(()), Some(tag)) => Some(Ok(tag)),
                (Err(error), _) => Some(Err(error)),
                (Ok(()), None) => None,
            };
            let results = results.into_iter().zip(tags);
            // A hole is not written past: the call that failed is the last to be told of.
            Ok(match broken {
                None => Called { results: results.filter_map(named).collect(), over: false },
                Some(at) => Called { results: results.take(at + 1).filter_map(named).collect(), over: true },
            })
        }
    })
}

/// How writing went.
struct Written {
    /// One per value.
    results: Vec<Result<()>>,
    /// The first value of a call that failed; those behind it share its error.
    broken: Option<usize>,
}

impl Inner {
    pub(super) async fn write_all(
        &self,
        values: Vec<Item>,
        options: &WriteOptions,
    ) -> Result<Vec<Result<()>>> {
        Ok(self.write_until(values, options).await?.results)
    }

    async fn write_until(&self, values: Vec<Item>, options: &WriteOptions) -> Result<Written> {
        self.check_open(OPERATION)?;
        let tags: Vec<&Tag> = values.iter().flatten().map(|(tag, _)| tag).collect();
        // Before anything is awaited: the order of calls is the order of writes.
        let _turn = self.order().line_up(tags.iter().map(|tag| (*tag).clone())).await;
        if !tags.is_empty() {
            self.check_connected(OPERATION)?;
        }
        let look = self.resolver().look();
        let nodes = self.resolve(OPERATION, &tags).await?;
        let known: Vec<Arc<Resolved>> = nodes.iter().filter_map(|node| node.as_ref().ok().cloned()).collect();
        self.learn_types(&known).await.map_err(|failure| self.error(OPERATION, failure))?;

        let mut results = Vec::with_capacity(values.len());
        let mut outgoing: Vec<(usize, Tag, (Arc<Resolved>, Value))> = Vec::with_capacity(values.len());
        let mut nodes = nodes.into_iter();
        for item in values {
            let index = results.len();
            let prepared = item.and_then(|(tag, value)| match nodes.next() {
                Some(node) => node.and_then(|node| prepare(tag, &node, value, options)),
                None => Err(Error::Resolve { operation: OPERATION, tag, candidates: Vec::new() }),
            });
            match prepared {
                Ok((tag, item)) => {
                    outgoing.push((index, tag, item));
                    results.push(Ok(()));
                }
                Err(error) => results.push(Err(error)),
            }
        }
        let (items, owners): (Vec<_>, Vec<_>) =
            outgoing.into_iter().map(|(index, tag, item)| (item, (index, tag))).unzip();
        let (statuses, failure) = self.send_chunks(&items, options, look).await;
        if let (Some(failure), true) = (&failure, statuses.is_empty()) {
            return Err(self.error(OPERATION, failure.clone()));
        }
        let mut broken = None;
        let mut statuses = statuses.into_iter();
        for (index, tag) in owners {
            let result = match (statuses.next(), &failure) {
                (Some(status), _) => self.written(tag, status),
                // What was written before a failure was written; the rest may have been or not.
                (None, Some(failure)) => {
                    broken = broken.or(Some(index));
                    Err(self.error(OPERATION, failure.clone()))
                }
                (None, None) => Ok(()),
            };
            if let Some(slot) = results.get_mut(index) {
                *slot = result;
            }
        }
        Ok(Written { results, broken })
    }

    /// The statuses up to the first call that failed, and why it did. A value that is too much all by itself has its own
    /// status, and its neighbours are written.
    async fn send_chunks(
        &self,
        items: &[(Arc<Resolved>, Value)],
        options: &WriteOptions,
        look: u64,
    ) -> (Vec<Status>, Option<Failure>) {
        let mut statuses = Vec::with_capacity(items.len());
        let size = options.chunk.unwrap_or(usize::MAX);
        while let Some(rest) = items.get(statuses.len()..).filter(|rest| !rest.is_empty()) {
            if !statuses.is_empty() && !options.pause.is_zero() {
                tokio::time::sleep(options.pause).await;
            }
            let chunk = rest.get(..size).unwrap_or(rest);
            let send = |part| async move {
                // A node found before a reconnect may be another one now.
                match self.link_of(OPERATION, look) {
                    Ok(link) => link.write(part).await,
                    Err(_) => Err(Failure::disconnected()),
                }
            };
            let (mut part, failure) = chunked_until_failure(self.limits(), Service::Write, chunk, send).await;
            statuses.append(&mut part);
            match failure {
                Some(failure) if failure.is_too_much() => statuses.push(failure.status),
                Some(failure) => return (statuses, Some(failure)),
                None => {}
            }
        }
        (statuses, None)
    }

    fn written(&self, tag: Tag, status: Status) -> Result<()> {
        // Uncertain and informational good codes, such as GoodClamped, are done as well.
        if !status.is_bad() {
            return Ok(());
        }
        // A node that is gone or has changed its type is looked at again by the next write.
        if [code::BAD_NODE_ID_UNKNOWN, code::BAD_TYPE_MISMATCH].contains(&status.code()) {
            self.resolver().forget(&tag);
        }
        Err(Error::Item { operation: OPERATION, tag, status })
    }
}

/// The value as the node takes it.
fn prepare(
    tag: Tag,
    node: &Arc<Resolved>,
    value: Value,
    options: &WriteOptions,
) -> Result<(Tag, (Arc<Resolved>, Value))> {
    let (part, element) = (node.target.has_range(), node.target.is_element());
    let fitted: Result<Value, ConvertError> = match node.node_type.get() {
        Some(node_type) => {
            let value = if options.coerce { coerced(value, node_type, part) } else { Ok(value) };
            value.and_then(|value| node_type.fit(value, part, element))
        }
        None => Ok(value),
    };
    match fitted {
        Ok(value) => Ok((tag, (node.clone(), value))),
        Err(source) => Err(Error::Convert { operation: OPERATION, tag, source }),
    }
}

/// As COM would have made it. A node that takes several types gets what there is, and a part of an array keeps its shape.
fn coerced(value: Value, node_type: &NodeType, part: bool) -> Result<Value, ConvertError> {
    let Some(data_type) = node_type.data_type else { return Ok(value) };
    let is_array = matches!(value, Value::Array(_));
    let array = match node_type.value_rank {
        _ if part => is_array,
        // A single value, and nothing else (Part 3, 5.6.2).
        -1 => false,
        // Anything, or a single value as well as a plain array.
        -2 | -3 => is_array,
        _ => true,
    };
    Ok(coerce_lossy(value, data_type, array)?)
}
