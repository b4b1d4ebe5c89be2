//! `list`, `list_with`, `list_stream`.

mod entry;
mod finish;
mod options;
mod place;
mod rules;
mod run;
mod spaces;
mod walk;

pub use self::entry::{Entry, EntryKind};
pub use self::options::{ListOptions, Patterns};

use super::Results;
use crate::{Client, Operation, Result};

const OPERATION: Operation = Operation::List;

impl Client {
    /// What there is on the server, by OpenOPC's patterns: `*` or nothing is the first level, `Simulation Items` what is in
    /// that branch, `Sim*.R*.Real*` whatever matches on the third level.
    ///
    /// In each part of a pattern, `*` is any characters, `?` one, `[a-c]` one of these and `[!x]` any other; everything
    /// else is itself, and so are `[*]`, `[?]` and `[[]`. Upper and lower case are the same. Parts are separated by `.` or
    /// `/`; a browse name with a dot in it is one level of the tree, and `A.B` is that name too. A browse path with
    /// namespaces, `/2:Plant/2:Boiler`, is that one place, so that an [`Entry`] or its path lists what is in it. A pattern without
    /// wildcards that names a branch gives what is in it; all else gives what matches. Branches and leaves are given
    /// together, in the server's order; several patterns one after the other, and nothing twice. Where nothing matches, the
    /// list is empty.
    ///
    /// Leaves are variables, branches objects; properties, methods, types and views are not listed, and the standard's own
    /// objects (`Server`) only where the pattern begins with their name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::ListOptions;
    ///
    /// let opc = openopc::open("sim:").await?;
    /// for entry in opc.list("Simulation Items.Random.*Real*").await? {
    ///     println!("{entry} at {}", entry.path);
    /// }
    /// let real4 = opc.list_with("*.Real4", &ListOptions::new().flat(true)).await?;
    /// assert_eq!(real4.len(), 8);
    /// let readings = opc.read_many(opc.list("Sim*.R*om.Real*").await?).await?;
    /// assert_eq!(readings.len(), 2);
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`list_with`](Self::list_with).
    pub async fn list(&self, patterns: impl Into<Patterns>) -> Result<Vec<Entry>> {
        self.list_with(patterns, &ListOptions::default()).await
    }

    /// As [`list`](Self::list), with choices.
    ///
    /// # Errors
    /// [`Error::Service`](crate::Error::Service) where the server lets nobody browse, and
    /// [`Error::Item`](crate::Error::Item) with the branch where it forbids that one or loses its place in it again and
    /// again: [`list_stream`](Self::list_stream) goes on with the rest. [`Error::TooDeep`](crate::Error::TooDeep) below 64
    /// levels. [`Error::Disconnected`](crate::Error::Disconnected), [`Error::Timeout`](crate::Error::Timeout) once
    /// [`patience`](ListOptions::patience) is over, [`Error::Closed`](crate::Error::Closed).
    pub async fn list_with(
        &self,
        patterns: impl Into<Patterns>,
        options: &ListOptions,
    ) -> Result<Vec<Entry>> {
        let mut results = stream(self, patterns.into(), options.clone());
        let mut entries = Vec::new();
        while let Some(chunk) = results.next_chunk().await {
            for entry in chunk {
                entries.push(entry?);
            }
        }
        Ok(entries)
    }

    /// The same entries one by one as they are found, in little memory however large the tree: about 10,000 references for
    /// each level of it, and 16 bytes for every node, by which loops end.
    ///
    /// A branch that cannot be browsed is an error in its place, and the others follow. A connection that is lost on the
    /// way is waited for, see [`patience`](ListOptions::patience); the listing then goes on where it was.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::ListOptions;
    ///
    /// let opc = openopc::open("sim:").await?;
    /// let mut entries = opc.list_stream("*", &ListOptions::new().recursive(true));
    /// while let Some(entry) = entries.next().await {
    ///     println!("{}", entry?);
    /// }
    /// # opc.close().await
    /// # }
    /// ```
    pub fn list_stream(&self, patterns: impl Into<Patterns>, options: &ListOptions) -> Results<Entry> {
        stream(self, patterns.into(), options.clone())
    }
}

fn stream(client: &Client, patterns: Patterns, options: ListOptions) -> Results<Entry> {
    Results::of(client, OPERATION, None, move |client, outlet| run::run(client, patterns, options, outlet))
}
