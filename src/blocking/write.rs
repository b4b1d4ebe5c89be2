//! `write`, `write_many`, `write_with`, `write_stream`, blocking.

use crate::{IntoTag, IntoWrite, Operation, Result, Tag, Value, WriteOptions};

use super::{Client, Results};

impl Client {
    /// Writes one value, converted exactly to the node's data type.
    ///
    /// # Errors
    /// Those of [`openopc::Client::write`](crate::Client::write).
    pub fn write(&self, tag: impl IntoTag, value: impl Into<Value>) -> Result<()> {
        let (tag, value) = (tag.into_tag(), value.into());
        self.run(Operation::Write, |opc| async move { opc.write(tag, value).await })
    }

    /// Writes many values: one result per value, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::write_many`](crate::Client::write_many).
    pub fn write_many<I>(&self, values: I) -> Result<Vec<Result<()>>>
    where
        I: IntoIterator,
        I::Item: IntoWrite,
    {
        self.write_with(values, &WriteOptions::default())
    }

    /// As [`write_many`](Self::write_many), with choices.
    ///
    /// # Errors
    /// Those of [`openopc::Client::write_with`](crate::Client::write_with).
    pub fn write_with<I>(&self, values: I, options: &WriteOptions) -> Result<Vec<Result<()>>>
    where
        I: IntoIterator,
        I::Item: IntoWrite,
    {
        let values: Vec<Result<(Tag, Value)>> = values.into_iter().map(IntoWrite::into_write).collect();
        let options = options.clone();
        self.run(Operation::Write, |opc| async move { opc.write_with(values, &options).await })
    }

    /// As [`write_with`](Self::write_with), as an iterator over the results: values are written as they are asked for.
    ///
    /// # Errors
    /// Those of [`openopc::Client::write_stream`](crate::Client::write_stream), as results.
    pub fn write_stream<I>(&self, values: I, options: &WriteOptions) -> Results<Tag>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: IntoWrite + 'static,
    {
        Results::new(self.as_async().write_stream(values, options), self.clone())
    }
}
