//! `read`, `read_as`, `read_many`, `read_with`.

use std::sync::Arc;

use crate::da::Source;
use crate::engine::Sample;
use crate::tag::Resolved;
use crate::{Client, Error, FromValue, IntoTag, Operation, ParseTagError, Reading, Result, Status, Tag};

use super::Inner;

/// `maxAge` that lets the server answer with what it has (Part 4, 5.11.2.2: the maximum Int32 or more).
const ANY_AGE: f64 = 2_147_483_647.0;

/// Bad codes that say how good a value is, not that there is none to be had (Part 8, Table A.65).
const BAD_QUALITIES: [u32; 8] = [
    0x8000_0000, // Bad
    0x8089_0000, // BadConfigurationError
    0x808A_0000, // BadNotConnected
    0x8031_0000, // BadNoCommunication
    0x808D_0000, // BadOutOfService
    0x808B_0000, // BadDeviceFailure
    0x808C_0000, // BadSensorFailure
    0x8032_0000, // BadWaitingForInitialData
];

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
        self.inner().read_all(tags, options).await
    }
}

impl Inner {
    async fn read_one(&self, tag: Result<Tag, ParseTagError>) -> Result<Reading> {
        let operation = Operation::Read;
        self.check_open(operation)?;
        let tag = tag.map_err(|error| Error::InvalidTag { operation, error })?;
        self.check_connected(operation)?;
        let resolved = match self.resolver().known(&tag) {
            Some(resolved) => resolved,
            None => match self.resolve(operation, &[&tag]).await?.pop() {
                Some(resolved) => resolved?,
                None => return Err(Error::Resolve { operation, tag, candidates: Vec::new() }),
            },
        };
        let samples = self.batch(vec![resolved.target.clone()], 0.0).await;
        match samples.map_err(|failure| self.error(operation, failure))?.pop() {
            Some(sample) => self.finish(tag, &resolved, sample),
            None => Err(Error::Item {
                operation,
                tag,
                status: Status::named("BadUnknownResponse").unwrap_or_default(),
            }),
        }
    }

    async fn read_all(
        &self,
        tags: Vec<Result<Tag, ParseTagError>>,
        options: &ReadOptions,
    ) -> Result<Vec<Result<Reading>>> {
        let operation = Operation::Read;
        self.check_open(operation)?;
        let mut results: Vec<Option<Result<Reading>>> = Vec::with_capacity(tags.len());
        let mut open = Vec::with_capacity(tags.len());
        for tag in tags {
            let cached = match &tag {
                Ok(tag) if options.source == Source::Cache => self.cached(tag),
                _ => None,
            };
            match (tag, cached) {
                (Err(error), _) => results.push(Some(Err(Error::InvalidTag { operation, error }))),
                (Ok(tag), Some(sample)) => results.push(Some(classify(tag, sample))),
                (Ok(tag), None) => {
                    open.push((results.len(), tag));
                    results.push(None);
                }
            }
        }
        for (index, result) in self.read_resolved(open, options).await? {
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Resolves and reads; each result comes with the index that came with its tag.
    async fn read_resolved(
        &self,
        tags: Vec<(usize, Tag)>,
        options: &ReadOptions,
    ) -> Result<Vec<(usize, Result<Reading>)>> {
        let operation = Operation::Read;
        if !tags.is_empty() {
            self.check_connected(operation)?;
        }
        let names: Vec<&Tag> = tags.iter().map(|(_, tag)| tag).collect();
        let answers = self.resolve(operation, &names).await?;
        let mut results = Vec::with_capacity(tags.len());
        let mut nodes = Vec::with_capacity(tags.len());
        for ((index, tag), answer) in tags.into_iter().zip(answers) {
            match answer {
                Ok(resolved) => nodes.push((index, tag, resolved)),
                Err(error) => results.push((index, Err(error))),
            }
        }
        let max_age = if options.source == Source::Cache { ANY_AGE } else { 0.0 };
        let size = options.chunk.unwrap_or(usize::MAX).min(nodes.len().max(1));
        let mut nodes = nodes.into_iter().peekable();
        while nodes.peek().is_some() {
            let part: Vec<_> = nodes.by_ref().take(size).collect();
            let targets = part.iter().map(|(_, _, resolved)| resolved.target.clone()).collect();
            let samples =
                self.batch(targets, max_age).await.map_err(|failure| self.error(operation, failure))?;
            for ((index, tag, resolved), sample) in part.into_iter().zip(samples) {
                results.push((index, self.finish(tag, &resolved, sample)));
            }
        }
        Ok(results)
    }

    /// A sample of a tag, as the user sees it.
    fn finish(&self, tag: Tag, resolved: &Arc<Resolved>, mut sample: Sample) -> Result<Reading> {
        if sample.status.name() == "BadNodeIdUnknown" {
            // It may have moved; the next read looks again.
            self.resolver().forget(&tag);
        }
        match resolved.cut(sample.value) {
            Ok(value) => sample.value = value,
            Err(status) => return Err(Error::Item { operation: Operation::Read, tag, status }),
        }
        classify(tag, sample)
    }
}

/// A reading where the status is a quality, an error where it is not.
fn classify(tag: Tag, sample: Sample) -> Result<Reading> {
    if sample.status.is_bad() && !BAD_QUALITIES.contains(&sample.status.code().bits()) {
        return Err(Error::Item { operation: Operation::Read, tag, status: sample.status });
    }
    Ok(sample.into_reading(tag))
}
