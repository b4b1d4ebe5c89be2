//! [`IntoWrite`]: what can be written.

use crate::{Error, IntoTag, Operation, Quality, Reading, Result, Tag, Value};

/// What `write_many` takes: a tag and a value, or what a read gave, so that reads and writes chain.
///
/// A reading is written back to its own tag. One of bad quality is no value to write, and the error of a read is the error
/// of its write: neither is sent.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let opc = openopc::open("sim:").await?;
/// opc.write_many([("Bucket Brigade.Int2", 1), ("Bucket Brigade.Int4", 2)]).await?;
/// opc.write_many(opc.read_many(["Bucket Brigade.Int2", "Bucket Brigade.Int4"]).await?).await?;
/// # opc.close().await
/// # }
/// ```
///
/// Sealed: the list may grow, but only here.
pub trait IntoWrite: sealed::Sealed {
    #[doc(hidden)]
    fn into_write(self) -> Result<(Tag, Value)>;
}

mod sealed {
    pub trait Sealed {}
}

impl<T: IntoTag, V: Into<Value>> sealed::Sealed for (T, V) {}
impl<T: IntoTag, V: Into<Value>> IntoWrite for (T, V) {
    fn into_write(self) -> Result<(Tag, Value)> {
        let (tag, value) = self;
        let tag = tag.into_tag().map_err(|error| Error::InvalidTag { operation: Operation::Write, error })?;
        Ok((tag, value.into()))
    }
}

impl sealed::Sealed for Reading {}
impl IntoWrite for Reading {
    fn into_write(self) -> Result<(Tag, Value)> {
        match self.quality() {
            Quality::Bad => Err(Error::Quality {
                operation: Operation::Write,
                tag: self.tag,
                quality: Quality::Bad,
                status: self.status,
            }),
            Quality::Good | Quality::Uncertain => Ok((self.tag, self.value)),
        }
    }
}

impl sealed::Sealed for &Reading {}
impl IntoWrite for &Reading {
    fn into_write(self) -> Result<(Tag, Value)> {
        self.clone().into_write()
    }
}

impl sealed::Sealed for Result<Reading> {}
impl IntoWrite for Result<Reading> {
    fn into_write(self) -> Result<(Tag, Value)> {
        self?.into_write()
    }
}

impl sealed::Sealed for Result<(Tag, Value)> {}
impl IntoWrite for Result<(Tag, Value)> {
    fn into_write(self) -> Result<(Tag, Value)> {
        self
    }
}
