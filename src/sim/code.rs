//! The status codes the simulator answers with (Part 6, A.2).

use crate::Status;

macro_rules! codes {
    ($($name:ident = $bits:literal;)*) => {
        $(pub(crate) const $name: Status = Status::from_bits($bits);)*
    };
}

codes! {
    BAD_INTERNAL_ERROR = 0x8002_0000;
    BAD_NODE_ID_UNKNOWN = 0x8034_0000;
    BAD_ATTRIBUTE_ID_INVALID = 0x8035_0000;
    BAD_INDEX_RANGE_INVALID = 0x8036_0000;
    BAD_INDEX_RANGE_NO_DATA = 0x8037_0000;
    BAD_NOT_READABLE = 0x803A_0000;
    BAD_NOT_WRITABLE = 0x803B_0000;
    BAD_WRITE_NOT_SUPPORTED = 0x8073_0000;
    BAD_TYPE_MISMATCH = 0x8074_0000;
}
