//! [`Vqt`].

use chrono::{DateTime, Utc};

use super::QualityWord;
use crate::{Reading, Value};

/// Value, quality, time: what an OPC DA read gives.
///
/// ```
/// use openopc::da::{QualityWord, Vqt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let opc = openopc::open("sim:").await?;
/// let vqt = Vqt::from(opc.read("Random.Int4").await?);
/// assert_eq!(vqt.quality, QualityWord::GOOD);
/// assert!(vqt.time.is_some());
/// # opc.close().await
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Vqt {
    /// The value.
    pub value: Value,
    /// How good it is.
    pub quality: QualityWord,
    /// When it was taken: DA has one time, which is the source time, else the server time (Part 8, A.4.2.3).
    pub time: Option<DateTime<Utc>>,
}

impl From<Reading> for Vqt {
    fn from(reading: Reading) -> Vqt {
        let (quality, time) = (reading.status.into(), reading.time());
        Vqt { value: reading.value, quality, time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IntoTag, Status};

    #[test]
    fn a_reading_keeps_its_source_time_and_its_limits() {
        let mut reading = Reading::new("Tank.Level".into_tag().unwrap(), 99.5);
        reading.server_time = DateTime::from_timestamp(2, 0);
        reading.status = Status::from_bits(0x4094_0600);
        let vqt = Vqt::from(reading.clone());
        assert_eq!(
            (vqt.value, vqt.quality.bits(), vqt.time),
            (Value::Double(99.5), 0x56, reading.server_time)
        );
        reading.source_time = DateTime::from_timestamp(1, 0);
        assert_eq!(Vqt::from(reading.clone()).time, reading.source_time);
    }
}
