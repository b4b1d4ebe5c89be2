//! `[limits]`

use super::finding::Sheet;
use super::section::Section;
use crate::sim::Limits;

macro_rules! numbers {
    ($sheet:ident, $section:ident, $limits:ident, $($key:ident),*) => {
        $(if let Some(number) = $section.whole($sheet, stringify!($key), (least(stringify!($key)), u32::MAX.into())) {
            $limits.$key = number;
        })*
    };
}

/// Below these nothing would work.
fn least(key: &str) -> i128 {
    match key {
        "references_per_node" | "history_values" | "history_events" => 1,
        "message_size" => 8192,
        _ => 0,
    }
}

pub(super) fn limits(sheet: &mut Sheet<'_>, mut section: Section<'_>) -> Limits {
    let mut limits = Limits::default();
    numbers!(
        sheet,
        section,
        limits,
        nodes_per_read,
        nodes_per_write,
        nodes_per_browse,
        nodes_per_translate,
        nodes_per_register,
        monitored_items_per_call,
        methods_per_call,
        references_per_node,
        sessions,
        subscriptions_per_session,
        monitored_items_per_subscription,
        publish_requests,
        queue_size,
        notifications_per_publish,
        message_size,
        array_length,
        nodes_per_history_read,
        nodes_per_history_update,
        history_values,
        history_events
    );
    if let Some(number) = section.whole(sheet, "continuation_points", (0, u16::MAX.into())) {
        limits.continuation_points = number;
    }
    if let Some(number) = section.whole(sheet, "history_continuation_points", (1, u16::MAX.into())) {
        limits.history_continuation_points = number;
    }
    for (key, limit) in [
        ("publishing_interval", &mut limits.publishing_interval),
        ("sampling_interval", &mut limits.sampling_interval),
        ("session_timeout", &mut limits.session_timeout),
    ] {
        if let Some(span) = section.duration(sheet, key) {
            *limit = span;
        }
    }
    section.finish(sheet);
    limits
}
