//! `read_into`, `write_from`: a whole struct at once.

mod fill;
mod put;
mod shape;
mod tree;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::value::Draft;
use crate::{Client, Error, IntoTag, Operation, ParseTagError, Result};

pub(crate) use shape::Shape;
pub(crate) use tree::Tree;

impl Client {
    /// Fills a struct, or anything else that serde can make, from the tags under a branch: a field is the tag of that
    /// browse name, a nested struct a branch below. What serde's attributes say holds: `rename`, `default`, `skip`.
    ///
    /// The tags are found level by level and all values come in one read. Only what the struct names is looked for;
    /// a map, a list of branches or `flatten` takes all there is, and each of those tags must then be good.
    ///
    /// Conversions are exact, as in [`Value::deserialize_into`](crate::Value::deserialize_into). A field must be of
    /// good quality, unless it is a [`Reading`](crate::Reading), which takes every quality. An `Option` is `None` where
    /// there is no such tag or it is null; a bad quality is an error there too, or a broken sensor would look like one
    /// that was never installed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::Reading;
    ///
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "PascalCase")]
    /// struct Random {
    ///     int4: i32,
    ///     real8: f64,
    ///     string: Reading,
    ///     missing: Option<f64>,
    /// }
    ///
    /// let opc = openopc::open("sim:").await?;
    /// let random: Random = opc.read_into("Simulation Items.Random").await?;
    /// println!("{} {} {}", random.int4, random.real8, random.string.quality());
    /// assert_eq!(random.missing, None);
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Each names the full tag of its field: [`Error::Resolve`] where there is none or several, [`Error::Item`],
    /// [`Error::Quality`], [`Error::Convert`]. [`Error::InvalidTag`] for the branch; [`Error::Disconnected`],
    /// [`Error::Timeout`], [`Error::Service`], [`Error::Closed`] for the call.
    pub async fn read_into<T: DeserializeOwned>(&self, branch: impl IntoTag) -> Result<T> {
        self.gather(branch.into_tag(), Shape::of::<T>()).await?.fill()
    }

    /// Writes a struct, or anything else that serde can take apart, to the tags under a branch: the reverse of
    /// [`read_into`](Self::read_into). Fields that are `None`, or skipped, are left as they are on the server.
    ///
    /// Every tag is looked for and every value converted, exactly, before anything is sent: where one does not fit,
    /// nothing is written. Then all values go in one write.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// #[derive(serde::Serialize)]
    /// #[serde(rename_all = "PascalCase")]
    /// struct Bucket {
    ///     int4: Option<i32>,
    ///     real8: f64,
    /// }
    ///
    /// let opc = openopc::open("sim:").await?;
    /// opc.write_from("Simulation Items.Bucket Brigade", &Bucket { int4: None, real8: 2.5 }).await?;
    /// assert_eq!(opc.read_as::<f64>("Bucket Brigade.Real8").await?, 2.5);
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Nothing was sent: [`Error::InvalidTag`], [`Error::Resolve`], [`Error::Convert`], each with the full tag of its
    /// field. The server refused: [`Error::Item`] where there was but one field, else [`Error::Fields`], which says what
    /// was written and what was not. [`Error::Disconnected`], [`Error::Timeout`], [`Error::Service`],
    /// [`Error::Closed`] for the call.
    pub async fn write_from<T: Serialize + ?Sized>(&self, branch: impl IntoTag, value: &T) -> Result<()> {
        // Before anything is awaited: the value need not be `Send`.
        let (branch, draft) = (branch.into_tag(), Draft::of(value));
        self.put_draft(branch, draft).await
    }

    /// [`read_into`](Self::read_into) up to where the type matters.
    pub(crate) async fn gather(
        &self,
        branch: Result<crate::Tag, ParseTagError>,
        shape: Shape,
    ) -> Result<Tree> {
        let operation = Operation::ReadInto;
        let branch = branch.map_err(|error| Error::InvalidTag { operation, error })?;
        self.inner().gather(branch, &shape).await
    }

    /// [`write_from`](Self::write_from) without the type.
    pub(crate) async fn put_draft(
        &self,
        branch: Result<crate::Tag, ParseTagError>,
        draft: Result<Draft, crate::ConvertError>,
    ) -> Result<()> {
        let operation = Operation::WriteFrom;
        let tag = branch.map_err(|error| Error::InvalidTag { operation, error })?;
        match draft {
            Ok(draft) => self.inner().put(tag, draft).await,
            Err(source) => Err(Error::Convert { operation, tag, source }),
        }
    }
}
