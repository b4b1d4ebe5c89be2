//! What people wrote beside the values: the past of the property `Annotations` (Part 11, 5.1.2 and 6.6.6).

use chrono::{DateTime, Utc};
use opcua::server::node_manager::HistoryNode;
use opcua::types as ua;
use opcua::types::{
    DataValue, ExtensionObject, HistoryData, ReadAnnotationDataDetails, ReadRawModifiedDetails, StatusCode,
    Variant,
};

use super::super::attributes::stamped;
use super::modified::list;
use super::point::{resumed, suspend};
use super::raw::Domain;
use super::{Reader, Target, given, settle, status_of};
use crate::Status;
use crate::engine::convert;
use crate::sim::code;
use crate::sim::history::Past;
use crate::sim::history::store::Annotation;

/// Where a read goes on: so many of the domain have been told.
struct Next {
    domain: Domain,
    told: usize,
}

impl Reader<'_> {
    pub(super) fn annotations(
        &self,
        details: &ReadRawModifiedDetails,
        past: Past<'_>,
        node: &mut HistoryNode,
    ) -> Result<(), Status> {
        if details.is_read_modified {
            return Err(code::BAD_HISTORY_OPERATION_UNSUPPORTED);
        }
        if details.return_bounds {
            return Err(code::BAD_BOUND_NOT_SUPPORTED);
        }
        let mut next = match resumed::<Next>(node)? {
            Some(next) => next,
            None => Next { domain: Domain::new(details)?, told: 0 },
        };
        let domain = next.domain;
        let all = list(domain, domain.start, |from, to| past.annotations(from, to), |one| one.time)?;
        let most = domain.most(self.page);
        let page: Vec<_> = all.iter().skip(next.told).take(most).map(|one| self.annotation(one)).collect();
        node.set_status(status_of(&page));
        next.told += page.len();
        let over = next.domain.given(page.len()) || next.told >= all.len();
        node.set_result(HistoryData { data_values: Some(page) });
        if !over {
            suspend(node, next);
        }
        Ok(())
    }

    /// The annotations of values of these times (Part 11, 6.5.6).
    pub(in super::super) fn annotations_at(
        &self,
        details: &ReadAnnotationDataDetails,
        node: &mut HistoryNode,
    ) {
        let result = self.open(node).and_then(|(target, _)| {
            let (Target::Item(past) | Target::Annotations(past)) = target;
            let times: Vec<_> = details.req_times.iter().flatten().copied().filter_map(given).collect();
            if times.is_empty() {
                return Err(code::BAD_NOTHING_TO_DO);
            }
            let mut values = Vec::new();
            for time in times {
                let found = past.annotations(time, time)?;
                if found.is_empty() {
                    values.push(self.none(time));
                }
                values.extend(found.iter().map(|one| self.annotation(one)));
            }
            node.set_result(HistoryData { data_values: Some(values) });
            node.set_status(StatusCode::Good);
            Ok(())
        });
        settle(node, result);
    }

    fn annotation(&self, annotation: &Annotation) -> DataValue {
        let message = ua::Annotation {
            message: annotation.message.as_str().into(),
            user_name: annotation.user.as_str().into(),
            annotation_time: convert::to_date_time(annotation.written),
        };
        let value = Some(Variant::from(ExtensionObject::from_message(message)));
        let value = DataValue { value, status: Some(StatusCode::Good), ..DataValue::default() };
        stamped(value, self.stamps, Some(annotation.time), annotation.written)
    }

    fn none(&self, time: DateTime<Utc>) -> DataValue {
        let status = Some(convert::to_status(code::GOOD_NO_DATA));
        stamped(DataValue { status, ..DataValue::default() }, self.stamps, Some(time), time)
    }
}
