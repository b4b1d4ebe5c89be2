//! The library and the command against our own simulator; one file a topic.

// The lints then know helpers for what they are: parts of tests.
#![cfg(test)]
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "tests compare what must be equal to the last bit, and count small numbers"
)]

mod cli;
mod client_alias_names;
mod client_blocking;
mod client_discover;
mod client_group;
mod client_history;
mod client_history_change;
mod client_history_compute;
mod client_item_ids;
mod client_life;
mod client_limits;
mod client_list;
mod client_list_network;
mod client_list_odd;
mod client_list_scale;
mod client_merge;
mod client_network;
mod client_open;
mod client_properties;
mod client_read;
mod client_reconnect;
mod client_record;
mod client_redundancy;
mod client_resolve;
mod client_resume;
mod client_sharing;
mod client_stream;
mod client_structures;
mod client_subscribe;
mod client_tags;
mod client_trace;
mod client_types;
mod client_watch;
mod client_write;
mod from_opc_da;
mod from_openopc;
mod history_aggregates;
mod history_by_hand;
mod peer;
mod security;
mod sim;
mod sim_browse;
mod sim_build;
mod sim_config;
mod sim_fault;
mod sim_fault_item;
mod sim_fault_process;
mod sim_history;
mod sim_history_events;
mod sim_history_kinds;
mod sim_history_preset;
mod sim_history_redb;
mod sim_history_space;
mod sim_history_tables;
mod sim_history_update;
mod sim_scale;
mod sim_subscribe;
mod sim_values;
mod sim_wire;
mod support;
mod tutorial;
