//! Every code with its name and its message.

use super::HResult;

/// One code.
pub(super) struct Entry {
    pub(super) code: HResult,
    pub(super) name: &'static str,
    pub(super) message: &'static str,
}

macro_rules! codes {
    ($($name:ident = $bits:literal $message:literal;)*) => {
        impl HResult {
            $(#[doc = concat!($message, ".")] pub const $name: HResult = HResult($bits);)*

            /// Every code with a name: COM's and RPC's that OPC clients saw, then those of DA, then those of HDA.
            pub const ALL: &'static [HResult] = &[$(HResult::$name),*];
        }

        pub(super) static ENTRIES: &[Entry] = &[$(Entry {
            code: HResult::$name,
            name: stringify!($name),
            message: $message,
        }),*];
    };
}

codes! {
    S_OK = 0x0000_0000 "The operation completed successfully";
    S_FALSE = 0x0000_0001 "The operation completed, but not for every item";
    E_NOTIMPL = 0x8000_4001 "Not implemented";
    E_FAIL = 0x8000_4005 "Unspecified error";
    RPC_E_TIMEOUT = 0x8001_011F "This operation returned because the timeout period expired";
    DISP_E_TYPEMISMATCH = 0x8002_0005 "Type mismatch";
    DISP_E_OVERFLOW = 0x8002_000A "Out of present range";
    CO_E_OBJNOTCONNECTED = 0x8004_01FD "Object is not connected to server";
    E_ACCESSDENIED = 0x8007_0005 "Access is denied";
    E_OUTOFMEMORY = 0x8007_000E "Not enough storage is available to complete this operation";
    E_INVALIDARG = 0x8007_0057 "The parameter is incorrect";
    RPC_S_SERVER_UNAVAILABLE = 0x8007_06BA "The RPC server is unavailable";

    OPC_E_INVALIDHANDLE = 0xC004_0001 "The value of the handle is invalid";
    OPC_E_BADTYPE = 0xC004_0004 "The server cannot convert the data between the specified format and/or requested data type and the canonical data type";
    OPC_E_PUBLIC = 0xC004_0005 "The requested operation cannot be done on a public group";
    OPC_E_BADRIGHTS = 0xC004_0006 "The item's access rights do not allow the operation";
    OPC_E_UNKNOWNITEMID = 0xC004_0007 "The item ID is not defined in the server address space or no longer exists in the server address space";
    OPC_E_INVALIDITEMID = 0xC004_0008 "The item ID does not conform to the server's syntax";
    OPC_E_INVALIDFILTER = 0xC004_0009 "The filter string was not valid";
    OPC_E_UNKNOWNPATH = 0xC004_000A "The item's access path is not known to the server";
    OPC_E_RANGE = 0xC004_000B "The value was out of range";
    OPC_E_DUPLICATENAME = 0xC004_000C "Duplicate name not allowed";
    OPC_S_UNSUPPORTEDRATE = 0x0004_000D "The server does not support the requested data rate but will use the closest available rate";
    OPC_S_CLAMP = 0x0004_000E "A value passed to write was accepted but the output was clamped";
    OPC_S_INUSE = 0x0004_000F "The operation cannot be performed because the object is being referenced";
    OPC_E_INVALIDCONFIGFILE = 0xC004_0010 "The server's configuration file is an invalid format";
    OPC_E_NOTFOUND = 0xC004_0011 "The requested object (e.g. a public group) was not found";
    OPC_E_INVALID_PID = 0xC004_0203 "The specified property ID is not valid for the item";
    OPC_E_DEADBANDNOTSET = 0xC004_0400 "The item deadband has not been set for this item";
    OPC_E_DEADBANDNOTSUPPORTED = 0xC004_0401 "The item does not support deadband";
    OPC_E_NOBUFFERING = 0xC004_0402 "The server does not support buffering of data items that are collected at a faster rate than the group update rate";
    OPC_E_INVALIDCONTINUATIONPOINT = 0xC004_0403 "The continuation point is not valid";
    OPC_S_DATAQUEUEOVERFLOW = 0x0004_0404 "Not every detected change has been returned since the server's buffer reached its limit and had to purge out the oldest data";
    OPC_E_RATENOTSET = 0xC004_0405 "There is no sampling rate set for the specified item";
    OPC_E_NOTSUPPORTED = 0xC004_0406 "The server does not support writing of quality and/or timestamp";

    OPC_E_MAXEXCEEDED = 0xC004_1001 "The maximum number of values requested exceeds the server's limit";
    OPC_S_NODATA = 0x4004_1002 "There is no data within the specified parameters";
    OPC_S_MOREDATA = 0x4004_1003 "There is more data satisfying the query than was returned";
    OPC_E_INVALIDAGGREGATE = 0xC004_1004 "The aggregate requested is not valid";
    OPC_S_CURRENTVALUE = 0x4004_1005 "The server only returns current values for the requested item attributes";
    OPC_S_EXTRADATA = 0x4004_1006 "Additional data satisfying the query was found";
    OPC_W_NOFILTER = 0x8004_1007 "The server does not support this filter";
    OPC_E_UNKNOWNATTRID = 0xC004_1008 "The server does not support this attribute";
    OPC_E_NOT_AVAIL = 0xC004_1009 "The requested aggregate is not available for the specified item";
    OPC_E_INVALIDDATATYPE = 0xC004_100A "The supplied value for the attribute is not a correct data type";
    OPC_E_DATAEXISTS = 0xC004_100B "Unable to insert - data already present";
    OPC_E_INVALIDATTRID = 0xC004_100C "The supplied attribute ID is not valid";
    OPC_E_NODATAEXISTS = 0xC004_100D "The server has no value for the specified time and item ID";
    OPC_S_INSERTED = 0x4004_100E "The requested insert occurred";
    OPC_S_REPLACED = 0x4004_100F "The requested replace occurred";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_has_two_names_and_success_is_in_the_name() {
        for (index, entry) in ENTRIES.iter().enumerate() {
            let others = || ENTRIES.iter().skip(index + 1);
            assert!(
                others().all(|other| other.code != entry.code && other.name != entry.name),
                "{}",
                entry.name
            );
            let success = entry.name.starts_with("S_") || entry.name.starts_with("OPC_S_");
            assert_eq!(entry.code.is_success(), success, "{}", entry.name);
            assert!(!entry.message.ends_with(['.', ' ']), "{}", entry.name);
        }
        assert_eq!(ENTRIES.len(), HResult::ALL.len());
    }
}
