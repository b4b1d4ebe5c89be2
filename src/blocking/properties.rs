//! `properties`, `property` and their forms for many tags, blocking.

use crate::da::PropertyId;
use crate::{IntoTag, Operation, Properties, PropertiesOptions, Result, Value};

use super::client::parse_all;
use super::{Client, Results};

const OPERATION: Operation = Operation::Properties;

impl Client {
    /// Everything the server knows about one tag.
    ///
    /// # Errors
    /// Those of [`openopc::Client::properties`](crate::Client::properties).
    pub fn properties(&self, tag: impl IntoTag) -> Result<Properties> {
        let tag = tag.into_tag();
        self.run(OPERATION, |opc| async move { opc.properties(tag).await })
    }

    /// Everything about many tags: one result per tag, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::properties_many`](crate::Client::properties_many).
    pub fn properties_many<I>(&self, tags: I) -> Result<Vec<Result<Properties>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.properties_with(tags, &PropertiesOptions::default())
    }

    /// As [`properties_many`](Self::properties_many), with choices.
    ///
    /// # Errors
    /// Those of [`openopc::Client::properties_with`](crate::Client::properties_with).
    pub fn properties_with<I>(&self, tags: I, options: &PropertiesOptions) -> Result<Vec<Result<Properties>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (tags, options) = (parse_all(tags), options.clone());
        self.run(OPERATION, |opc| async move { opc.properties_with(tags, &options).await })
    }

    /// As [`properties_with`](Self::properties_with), as an iterator over the results.
    ///
    /// # Errors
    /// Those of [`openopc::Client::properties_stream`](crate::Client::properties_stream), as results.
    pub fn properties_stream<I>(&self, tags: I, options: &PropertiesOptions) -> Results<Properties>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: IntoTag + 'static,
    {
        Results::new(self.as_async().properties_stream(tags, options), self.clone())
    }

    /// One property of one tag.
    ///
    /// # Errors
    /// Those of [`openopc::Client::property`](crate::Client::property).
    pub fn property(&self, tag: impl IntoTag, id: impl Into<PropertyId>) -> Result<Value> {
        let (tag, id) = (tag.into_tag(), id.into());
        self.run(OPERATION, |opc| async move { opc.property(tag, id).await })
    }

    /// One property of many tags: one result per tag, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::property_many`](crate::Client::property_many).
    pub fn property_many<I>(&self, tags: I, id: impl Into<PropertyId>) -> Result<Vec<Result<Value>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (tags, id) = (parse_all(tags), id.into());
        self.run(OPERATION, |opc| async move { opc.property_many(tags, id).await })
    }
}
