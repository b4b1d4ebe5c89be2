//! OPC Classic's times: [`FileTime`], [`VariantDate`], and HDA's texts, [`HdaTime`].

mod file_time;
mod hda;
mod parse;
mod variant_date;

pub use self::file_time::FileTime;
pub use self::hda::{HdaCalendar, HdaKeyword, HdaOffset, HdaTime, HdaUnit};
pub use self::parse::ParseHdaTimeError;
pub(super) use self::parse::absolute;
pub use self::variant_date::VariantDate;
