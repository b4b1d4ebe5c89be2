//! `properties`, `property` and their forms for many tags.

mod answer;
mod ask;
mod raw;
mod wanted;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use answer::Properties;

use self::wanted::Wanted;
use super::results::{Chunks, Results};
use crate::da::PropertyId;
use crate::status::code;
use crate::{Client, Error, IntoTag, Operation, ParseTagError, Result, Tag, Value};

/// Choices for [`Client::properties_with`] and [`Client::properties_stream`].
///
/// ```
/// use openopc::{PropertiesOptions, da::PropertyId};
///
/// let options = PropertiesOptions::new().ids([PropertyId::DATA_TYPE, PropertyId::EU_UNITS]);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct PropertiesOptions {
    ids: Option<Arc<BTreeSet<PropertyId>>>,
    chunk: Option<usize>,
}

impl PropertiesOptions {
    /// Everything there is to know.
    pub fn new() -> PropertiesOptions {
        PropertiesOptions::default()
    }

    /// Only these properties: the server is asked for nothing that they do not need, so a value that nobody wants is not
    /// read.
    #[must_use]
    pub fn ids<I>(mut self, ids: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<PropertyId>,
    {
        self.ids = Some(Arc::new(ids.into_iter().map(Into::into).collect()));
        self
    }

    /// How many tags [`properties_stream`](Client::properties_stream) asks for at a time, at least 1. Default 1,000.
    #[must_use]
    pub fn chunk(mut self, tags: usize) -> Self {
        self.chunk = Some(tags.max(1));
        self
    }

    fn wanted(&self) -> Wanted {
        Wanted::new(self.ids.clone())
    }
}

impl Client {
    /// Everything the server knows about one tag: OPC DA's properties by their numbers, and the same things by name.
    ///
    /// The first requests go out at the same time, one for attributes and one for what properties the node has; one more
    /// reads the values of those. An enumeration whose names are kept at its data type needs another.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// let opc = openopc::open("sim:").await?;
    /// let properties = opc.properties("Random.Int4").await?;
    /// assert_eq!(properties.description.as_deref(), Some("Random value."));
    /// for (id, value) in properties.iter() {
    ///     println!("{id:>3} {} {}", id.name().unwrap_or_default(), id.text(&value));
    /// }
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidTag`], [`Error::Resolve`], [`Error::Item`] for this tag; [`Error::Disconnected`],
    /// [`Error::Timeout`], [`Error::Service`], [`Error::Closed`] for the call. A single property that the server refuses is
    /// no error: see [`Properties::refusal`].
    pub async fn properties(&self, tag: impl IntoTag) -> Result<Properties> {
        let tag = tag.into_tag();
        only(properties(self, vec![tag.clone()], &Wanted::new(None)).await?, tag)
    }

    /// Everything about many tags: one result per tag, in the order given. The number of requests does not depend on the
    /// number of tags, as far as the server's limits allow.
    ///
    /// # Errors
    /// The outer error is the call's, as in [`properties`](Self::properties); each inner one is its tag's.
    pub async fn properties_many<I>(&self, tags: I) -> Result<Vec<Result<Properties>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.properties_with(tags, &PropertiesOptions::default()).await
    }

    /// As [`properties_many`](Self::properties_many), with choices.
    ///
    /// # Errors
    /// Those of [`properties_many`](Self::properties_many).
    pub async fn properties_with<I>(
        &self,
        tags: I,
        options: &PropertiesOptions,
    ) -> Result<Vec<Result<Properties>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = tags.into_iter().map(IntoTag::into_tag).collect();
        properties(self, tags, &options.wanted()).await
    }

    /// As [`properties_with`](Self::properties_with), one result after the other, in the order of the tags (OpenOPC's
    /// `iproperties`). The tags are taken a chunk at a time, so there may be any number of them.
    ///
    /// # Errors
    /// Those of [`properties_with`](Self::properties_with), as results. One of the whole call is the last.
    pub fn properties_stream<I>(&self, tags: I, options: &PropertiesOptions) -> Results<Properties>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: IntoTag + 'static,
    {
        stream(self, Box::new(tags.into_iter().map(IntoTag::into_tag)), options)
    }

    /// One property of one tag, as [`Properties::get`] gives it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::da::PropertyId;
    ///
    /// let opc = openopc::open("sim:").await?;
    /// let value = opc.property("Random.Int4", PropertyId::DATA_TYPE).await?;
    /// assert_eq!(PropertyId::DATA_TYPE.text(&value), "VT_I4");
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`properties`](Self::properties). A property that the node does not have is an [`Error::Item`] with
    /// `BadAttributeIdInvalid` (Part 8, A.4.3.4), one that the server refuses has the server's status.
    pub async fn property(&self, tag: impl IntoTag, id: impl Into<PropertyId>) -> Result<Value> {
        let (tag, id) = (tag.into_tag(), id.into());
        let properties = properties(self, vec![tag.clone()], &one(id)).await?;
        take(only(properties, tag)?, id)
    }

    /// One property of many tags: one result per tag, in the order given.
    ///
    /// # Errors
    /// The outer error is the call's, each inner one its tag's, as in [`property`](Self::property).
    pub async fn property_many<I>(&self, tags: I, id: impl Into<PropertyId>) -> Result<Vec<Result<Value>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (tags, id) = (tags.into_iter().map(IntoTag::into_tag).collect(), id.into());
        let properties = properties(self, tags, &one(id)).await?;
        Ok(properties.into_iter().map(|properties| take(properties?, id)).collect())
    }
}

async fn properties(
    client: &Client,
    tags: Vec<Result<Tag, ParseTagError>>,
    wanted: &Wanted,
) -> Result<Vec<Result<Properties>>> {
    client.inner().properties_of(tags, wanted).await
}

fn one(id: PropertyId) -> Wanted {
    PropertiesOptions::new().ids([id]).wanted()
}

/// The only result there is.
fn only(mut results: Vec<Result<Properties>>, tag: Result<Tag, ParseTagError>) -> Result<Properties> {
    let operation = Operation::Properties;
    results.pop().unwrap_or_else(|| match tag {
        Ok(tag) => Err(Error::Item { operation, tag, status: code::BAD_UNKNOWN_RESPONSE }),
        Err(error) => Err(Error::InvalidTag { operation, error }),
    })
}

fn take(properties: Properties, id: PropertyId) -> Result<Value> {
    properties.get(id).ok_or_else(|| Error::Item {
        operation: Operation::Properties,
        status: properties.refusal(id).unwrap_or(code::BAD_ATTRIBUTE_ID_INVALID),
        tag: properties.tag,
    })
}

type Tags = Box<dyn Iterator<Item = Result<Tag, ParseTagError>> + Send>;

fn stream(client: &Client, tags: Tags, options: &PropertiesOptions) -> Results<Properties> {
    let wanted = Arc::new(options.wanted());
    let chunks = Chunks { items: tags, size: options.chunk, pause: Duration::ZERO };
    Results::in_chunks(client, Operation::Properties, chunks, move |client, tags| {
        let wanted = wanted.clone();
        async move { Ok(client.inner().properties_of(tags, &wanted).await?.into()) }
    })
}
