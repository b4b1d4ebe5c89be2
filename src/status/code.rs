//! The status codes this crate itself gives or looks for (Part 6, Annex A.2).

use super::Status;

macro_rules! codes {
    ($($name:ident = $bits:literal;)*) => {
        $(
            #[cfg_attr(
                not(all(feature = "client", feature = "sim")),
                allow(dead_code, reason = "some are only the client's, some only the simulator's")
            )]
            pub(crate) const $name: Status = Status::from_bits($bits);
        )*

        #[cfg(test)]
        const ALL: &[(&str, Status)] = &[$((stringify!($name), $name)),*];
    };
}

codes! {
    GOOD_CLAMPED = 0x0030_0000;
    GOOD_LOCAL_OVERRIDE = 0x0096_0000;
    GOOD_ENTRY_INSERTED = 0x00A2_0000;
    GOOD_ENTRY_REPLACED = 0x00A3_0000;
    GOOD_NO_DATA = 0x00A5_0000;
    GOOD_MORE_DATA = 0x00A6_0000;
    UNCERTAIN = 0x4000_0000;
    UNCERTAIN_NO_COMMUNICATION_LAST_USABLE_VALUE = 0x408F_0000;
    UNCERTAIN_LAST_USABLE_VALUE = 0x4090_0000;
    UNCERTAIN_SUBSTITUTE_VALUE = 0x4091_0000;
    UNCERTAIN_INITIAL_VALUE = 0x4092_0000;
    UNCERTAIN_SENSOR_NOT_ACCURATE = 0x4093_0000;
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED = 0x4094_0000;
    UNCERTAIN_SUB_NORMAL = 0x4095_0000;
    BAD = 0x8000_0000;
    BAD_UNEXPECTED_ERROR = 0x8001_0000;
    BAD_INTERNAL_ERROR = 0x8002_0000;
    BAD_OUT_OF_MEMORY = 0x8003_0000;
    BAD_RESOURCE_UNAVAILABLE = 0x8004_0000;
    BAD_COMMUNICATION_ERROR = 0x8005_0000;
    BAD_UNKNOWN_RESPONSE = 0x8009_0000;
    BAD_TIMEOUT = 0x800A_0000;
    BAD_SERVICE_UNSUPPORTED = 0x800B_0000;
    BAD_SHUTDOWN = 0x800C_0000;
    BAD_NOTHING_TO_DO = 0x800F_0000;
    BAD_TOO_MANY_OPERATIONS = 0x8010_0000;
    BAD_USER_ACCESS_DENIED = 0x801F_0000;
    BAD_SESSION_CLOSED = 0x8026_0000;
    BAD_NO_COMMUNICATION = 0x8031_0000;
    BAD_WAITING_FOR_INITIAL_DATA = 0x8032_0000;
    BAD_NODE_ID_INVALID = 0x8033_0000;
    BAD_NODE_ID_UNKNOWN = 0x8034_0000;
    BAD_ATTRIBUTE_ID_INVALID = 0x8035_0000;
    BAD_INDEX_RANGE_INVALID = 0x8036_0000;
    BAD_INDEX_RANGE_NO_DATA = 0x8037_0000;
    BAD_NOT_READABLE = 0x803A_0000;
    BAD_NOT_WRITABLE = 0x803B_0000;
    BAD_OUT_OF_RANGE = 0x803C_0000;
    BAD_NOT_SUPPORTED = 0x803D_0000;
    BAD_NOT_IMPLEMENTED = 0x8040_0000;
    BAD_MONITORED_ITEM_FILTER_INVALID = 0x8043_0000;
    BAD_MONITORED_ITEM_FILTER_UNSUPPORTED = 0x8044_0000;
    BAD_FILTER_NOT_ALLOWED = 0x8045_0000;
    BAD_CONTINUATION_POINT_INVALID = 0x804A_0000;
    BAD_NO_CONTINUATION_POINTS = 0x804B_0000;
    BAD_TOO_MANY_MATCHES = 0x806D_0000;
    BAD_NO_MATCH = 0x806F_0000;
    BAD_HISTORY_OPERATION_INVALID = 0x8071_0000;
    BAD_HISTORY_OPERATION_UNSUPPORTED = 0x8072_0000;
    BAD_WRITE_NOT_SUPPORTED = 0x8073_0000;
    BAD_TYPE_MISMATCH = 0x8074_0000;
    BAD_METHOD_INVALID = 0x8075_0000;
    BAD_CONFIGURATION_ERROR = 0x8089_0000;
    BAD_NOT_CONNECTED = 0x808A_0000;
    BAD_DEVICE_FAILURE = 0x808B_0000;
    BAD_SENSOR_FAILURE = 0x808C_0000;
    BAD_OUT_OF_SERVICE = 0x808D_0000;
    BAD_DEADBAND_FILTER_INVALID = 0x808E_0000;
    BAD_NO_DATA = 0x809B_0000;
    BAD_DATA_LOST = 0x809D_0000;
    BAD_ENTRY_EXISTS = 0x809F_0000;
    BAD_NO_ENTRY_EXISTS = 0x80A0_0000;
    BAD_CONNECTION_CLOSED = 0x80AE_0000;
    BAD_AGGREGATE_NOT_SUPPORTED = 0x80D5_0000;
    BAD_BOUND_NOT_FOUND = 0x80D7_0000;
    BAD_BOUND_NOT_SUPPORTED = 0x80D8_0000;
    BAD_NOT_EXECUTABLE = 0x8111_0000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_bits_of_its_name() {
        for (name, status) in ALL {
            let camel: String = name
                .split('_')
                .map(|word| {
                    word.chars().take(1).chain(word.to_lowercase().chars().skip(1)).collect::<String>()
                })
                .collect();
            assert_eq!(status.name(), camel);
            assert_eq!(Status::named(&camel), Some(*status));
        }
    }
}
