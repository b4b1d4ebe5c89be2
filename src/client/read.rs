//! `read`, `read_as`, `read_many`, `read_with`.

use std::sync::Arc;
use std::time::Duration;

use crate::da::Source;
use crate::engine::Sample;
use crate::status::code;
use crate::subscribe::Held;
use crate::tag::{Answer, Resolved};
use crate::{Client, Error, FromValue, IntoTag, Operation, ParseTagError, Reading, Result, Tag};

use super::results::Chunks;
use super::{Inner, Results};

/// `maxAge` that lets the server answer with what it has (Part 4, 5.11.2.2: the maximum Int32 or more).
const ANY_AGE: f64 = 2_147_483_647.0;

/// Choices for [`Client::read_with`].
///
/// ```
/// use openopc::{ReadOptions, da::Source};
///
/// let options = ReadOptions::new().source(Source::Cache).chunk(500);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    source: Source,
    chunk: Option<usize>,
    pause: Duration,
    timeout: Option<Duration>,
}

impl ReadOptions {
    /// From the device, as many tags in one request as the server takes.
    pub fn new() -> ReadOptions {
        ReadOptions::default()
    }

    /// Where the values come from. Default [`Source::Hybrid`], which outside a group is the device.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// At most this many tags in one request, at least 1. The server's own limit holds as well.
    #[must_use]
    pub fn chunk(mut self, tags: usize) -> Self {
        self.chunk = Some(tags.max(1));
        self
    }

    /// How long to wait between two chunks, for devices that cannot take more. Default none.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// How long the whole call may take, pauses included; of a stream, one chunk. Default as long as its requests take,
    /// each of which has the client's request timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl Client {
    /// The current value of one tag.
    ///
    /// A value of bad *quality* is a reading; a tag that gives no value is an error. Part 8, Table A.65 draws the line:
    /// `BadNoCommunication` or `BadDeviceFailure` is a quality, `BadNodeIdUnknown` an error.
    ///
    /// # Errors
    /// [`Error::InvalidTag`], [`Error::Resolve`], [`Error::Item`] for this tag; [`Error::Disconnected`],
    /// [`Error::Timeout`], [`Error::Service`], [`Error::Closed`] for the call.
    pub async fn read(&self, tag: impl IntoTag) -> Result<Reading> {
        self.inner().read_one(tag.into_tag()).await
    }

    /// The current value of one tag as a Rust type. See [`FromValue`] for what can be read as what.
    ///
    /// # Errors
    /// Those of [`read`](Self::read); [`Error::Quality`] unless the quality is good, [`Error::Convert`] unless the
    /// conversion is exact.
    pub async fn read_as<T: FromValue>(&self, tag: impl IntoTag) -> Result<T> {
        self.read(tag).await?.get()
    }

    /// The current values of many tags: one result per tag, in the order given. A tag may be given twice.
    ///
    /// # Errors
    /// The outer error is the call's, as in [`read`](Self::read); each inner one is its tag's.
    pub async fn read_many<I>(&self, tags: I) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.read_with(tags, &ReadOptions::default()).await
    }

    /// As [`read_many`](Self::read_many), with choices.
    ///
    /// # Errors
    /// Those of [`read_many`](Self::read_many).
    pub async fn read_with<I>(&self, tags: I, options: &ReadOptions) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = tags.into_iter().map(IntoTag::into_tag).collect();
        self.inner().read_all(tags, options, None).await
    }

    /// As [`read_with`](Self::read_with), one result after the other, in the order of the tags (OpenOPC's `iread`). The
    /// tags are taken a chunk at a time, 1,000 unless the options say otherwise, so there may be any number of them.
    ///
    /// # Errors
    /// Those of [`read_with`](Self::read_with), as results. One of the whole call is the last.
    pub fn read_stream<I>(&self, tags: I, options: &ReadOptions) -> Results<Reading>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: IntoTag + 'static,
    {
        read_stream(self, Box::new(tags.into_iter().map(IntoTag::into_tag)), options.clone())
    }
}

type Tags = Box<dyn Iterator<Item = Result<Tag, ParseTagError>> + Send>;

fn read_stream(client: &Client, tags: Tags, options: ReadOptions) -> Results<Reading> {
    let chunks = Chunks { items: tags, size: options.chunk, pause: options.pause };
    Results::in_chunks(client, Operation::Read, chunks, move |client, tags| {
        let options = options.clone();
        async move { Ok(client.inner().read_all(tags, &options, None).await?.into()) }
    })
}

impl Inner {
    async fn read_one(&self, tag: Result<Tag, ParseTagError>) -> Result<Reading> {
        let operation = Operation::Read;
        self.check_open(operation)?;
        let tag = tag.map_err(|error| Error::InvalidTag { operation, error })?;
        self.check_connected(operation)?;
        let look = self.resolver().look();
        let resolved = match self.resolver().known(&tag) {
            Some(resolved) => resolved,
            None => match self.find(operation, &[&tag]).await?.pop() {
                Some(Ok(resolved)) => resolved,
                Some(Err(unresolved)) => return Err(unresolved.into_error(operation, tag)),
                None => return Err(Error::Resolve { operation, tag, candidates: Vec::new() }),
            },
        };
        let samples = self.batch(vec![resolved.clone()], 0.0).await;
        let sample = samples.map_err(|failure| self.error(operation, failure))?.pop();
        self.check_same(operation, look)?;
        match sample {
            Some(sample) => self.finish(tag, &resolved, sample, None),
            None => Err(Error::Item { operation, tag, status: code::BAD_UNKNOWN_RESPONSE }),
        }
    }

    /// One result per tag. `cache` is where cached values come from, if not from every subscription of this client.
    pub(crate) async fn read_all(
        &self,
        tags: Vec<Result<Tag, ParseTagError>>,
        options: &ReadOptions,
        cache: Option<&Held>,
    ) -> Result<Vec<Result<Reading>>> {
        let read = self.read_in_time(tags, options, cache);
        let Some(after) = options.timeout else { return read.await };
        let expired = |_| Err(Error::Timeout { operation: Operation::Read, after });
        tokio::time::timeout(after, read).await.unwrap_or_else(expired)
    }

    async fn read_in_time(
        &self,
        tags: Vec<Result<Tag, ParseTagError>>,
        options: &ReadOptions,
        cache: Option<&Held>,
    ) -> Result<Vec<Result<Reading>>> {
        let operation = Operation::Read;
        self.check_open(operation)?;
        let newest = |tag: &Tag| match cache {
            Some(held) => held.last(tag),
            None => self.cached(tag),
        };
        // What a subscription was refused may still be read.
        let newest = |tag: &Tag| newest(tag).filter(Sample::gives_value);
        let cached: Vec<Option<Sample>> = match options.source {
            Source::Cache => tags.iter().map(|tag| newest(tag.as_ref().ok()?)).collect(),
            Source::Device | Source::Hybrid => Vec::new(),
        };
        let is_open = |index: usize| cached.get(index).is_none_or(Option::is_none);
        let open: Vec<&Tag> = (0..)
            .zip(&tags)
            .filter(|(index, _)| is_open(*index))
            .filter_map(|(_, tag)| tag.as_ref().ok())
            .collect();
        if !open.is_empty() {
            self.check_connected(operation)?;
        }
        let look = self.resolver().look();
        let answers = self.find(operation, &open).await?;
        let samples = self.read_nodes(&answers, options, look).await?;

        // Everything is in the order of the tags; what a tag does not need is not there.
        let (mut cached, mut answers, mut samples) =
            (cached.into_iter(), answers.into_iter(), samples.into_iter());
        Ok(tags
            .into_iter()
            .map(|tag| {
                let cached = cached.next().flatten();
                let tag = tag.map_err(|error| Error::InvalidTag { operation, error })?;
                if let Some(sample) = cached {
                    return classify(tag, sample);
                }
                match answers.next() {
                    Some(Ok(resolved)) => match samples.next() {
                        Some(sample) => self.finish(tag, &resolved, sample, cache),
                        None => Err(Error::Item { operation, tag, status: code::BAD_UNKNOWN_RESPONSE }),
                    },
                    Some(Err(unresolved)) => Err(unresolved.into_error(operation, tag)),
                    None => Err(Error::Resolve { operation, tag, candidates: Vec::new() }),
                }
            })
            .collect())
    }

    /// One sample for each node that was found, in order.
    async fn read_nodes(&self, answers: &[Answer], options: &ReadOptions, look: u64) -> Result<Vec<Sample>> {
        let max_age = if options.source == Source::Cache { ANY_AGE } else { 0.0 };
        let nodes: Vec<Arc<Resolved>> =
            answers.iter().filter_map(|answer| answer.as_ref().ok().cloned()).collect();
        let read = |nodes: Vec<Arc<Resolved>>| async move {
            if nodes.is_empty() {
                return Ok(Vec::new());
            }
            let samples = self.batch(nodes, max_age).await;
            let samples = samples.map_err(|failure| self.error(Operation::Read, failure))?;
            self.check_same(Operation::Read, look)?;
            Ok(samples)
        };
        let Some(size) = options.chunk.filter(|size| *size < nodes.len()) else {
            return read(nodes).await;
        };
        let mut samples = Vec::with_capacity(nodes.len());
        for part in nodes.chunks(size) {
            if !samples.is_empty() && !options.pause.is_zero() {
                tokio::time::sleep(options.pause).await;
            }
            samples.append(&mut read(part.to_vec()).await?);
        }
        Ok(samples)
    }

    /// A sample of a tag, as the user sees it.
    fn finish(
        &self,
        tag: Tag,
        resolved: &Arc<Resolved>,
        mut sample: Sample,
        cache: Option<&Held>,
    ) -> Result<Reading> {
        if sample.status.code() == code::BAD_NODE_ID_UNKNOWN {
            // It may have moved; the next read looks again.
            self.resolver().forget(&tag);
        }
        match resolved.cut(sample.value) {
            Ok(value) => sample.value = value,
            Err(status) => return Err(Error::Item { operation: Operation::Read, tag, status }),
        }
        if let Some(held) = cache.filter(|_| sample.gives_value()) {
            held.note(&tag, &sample);
        }
        classify(tag, sample)
    }
}

/// A reading where the status is a quality, an error where it is not.
fn classify(tag: Tag, sample: Sample) -> Result<Reading> {
    if !sample.gives_value() {
        return Err(Error::Item { operation: Operation::Read, tag, status: sample.status });
    }
    Ok(sample.into_reading(tag))
}
