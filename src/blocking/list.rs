//! `list`, `list_with`, `list_stream`, blocking.

use crate::{Entry, ListOptions, Operation, Patterns, Result};

use super::{Client, Results};

impl Client {
    /// What there is on the server, by OpenOPC's patterns.
    ///
    /// # Errors
    /// Those of [`openopc::Client::list`](crate::Client::list).
    pub fn list(&self, patterns: impl Into<Patterns>) -> Result<Vec<Entry>> {
        self.list_with(patterns, &ListOptions::default())
    }

    /// As [`list`](Self::list), with choices.
    ///
    /// # Errors
    /// Those of [`openopc::Client::list_with`](crate::Client::list_with).
    pub fn list_with(&self, patterns: impl Into<Patterns>, options: &ListOptions) -> Result<Vec<Entry>> {
        let (patterns, options) = (patterns.into(), options.clone());
        self.run(Operation::List, |opc| async move { opc.list_with(patterns, &options).await })
    }

    /// As [`list_with`](Self::list_with), as an iterator over the entries as they are found.
    ///
    /// # Errors
    /// Those of [`openopc::Client::list_stream`](crate::Client::list_stream), as results.
    pub fn list_stream(&self, patterns: impl Into<Patterns>, options: &ListOptions) -> Results<Entry> {
        Results::new(self.as_async().list_stream(patterns, options), self.clone())
    }
}
