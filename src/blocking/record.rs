//! `read_into`, `write_from`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Shape;
use crate::value::Draft;
use crate::{IntoTag, Operation, Result};

use super::Client;

impl Client {
    /// Fills a struct from the tags under a branch.
    ///
    /// # Errors
    /// Those of [`openopc::Client::read_into`](crate::Client::read_into).
    pub fn read_into<T: DeserializeOwned>(&self, branch: impl IntoTag) -> Result<T> {
        let (branch, shape) = (branch.into_tag(), Shape::of::<T>());
        self.run(Operation::ReadInto, |opc| async move { opc.gather(branch, shape).await })?.fill()
    }

    /// Writes a struct to the tags under a branch.
    ///
    /// # Errors
    /// Those of [`openopc::Client::write_from`](crate::Client::write_from).
    pub fn write_from<T: Serialize + ?Sized>(&self, branch: impl IntoTag, value: &T) -> Result<()> {
        let (branch, draft) = (branch.into_tag(), Draft::of(value));
        self.run(Operation::WriteFrom, |opc| async move { opc.put_draft(branch, draft).await })
    }
}
