//! The rules that every driver has to pass, as tests.
//!
//! ```no_run
//! use stonechat_store::{Store, contract::Fixture};
//!
//! stonechat_store::contract_tests!(|| Fixture::new(Store::memory(), ()));
//! # fn main() {}
//! ```
//!
//! That makes one `#[test]` for each rule. The crate that uses it needs nothing else. Durability cannot be seen from inside
//! a process: a driver that keeps data adds tests that kill it.

mod batches;
mod blobs;
mod documents;
mod logs;
mod maps;
mod model;
mod peers;
mod random;

use crate::{Error, Owner, Store};
use std::any::Any;
use std::future::Future;

#[doc(hidden)]
pub mod rules {
    pub use super::batches::*;
    pub use super::blobs::*;
    pub use super::documents::*;
    pub use super::logs::*;
    pub use super::maps::*;
    pub use super::model::*;
    pub use super::peers::*;
}

/// An empty store to test, and what has to live as long as it does (a folder, a server).
#[derive(Debug)]
pub struct Fixture {
    store: Store,
    keep: Box<dyn Any>,
}

impl Fixture {
    /// A fixture of an empty store and what it needs to live.
    pub fn new(store: Store, keep: impl Any) -> Self {
        Self { store, keep: Box::new(keep) }
    }
}

/// Runs one rule on a fresh store.
///
/// # Panics
/// If the rule is broken.
pub fn check<F: Future<Output = Result<(), Error>>>(
    open: impl FnOnce() -> Fixture,
    rule: impl FnOnce(Store) -> F,
) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime starts");
    let Fixture { store, keep } = open();
    if let Err(error) = runtime.block_on(rule(store)) {
        panic!("{error:?}");
    }
    drop(keep);
}

fn juliet() -> Owner {
    Owner::account("juliet@capulet.example")
}

fn romeo() -> Owner {
    Owner::account("romeo@montague.example")
}

/// Makes a test of every rule that a driver has to pass. Takes a function or closure that returns a
/// [`Fixture`](crate::contract::Fixture).
#[macro_export]
macro_rules! contract_tests {
    ($open:expr) => {
        $crate::contract_tests! { @rules $open;
            a_document_is_what_was_put_last,
            deleting_a_document_says_whether_it_was_there,
            a_document_is_created_once_however_many_try,
            a_document_is_replaced_only_from_the_expected_value,
            owners_are_listed_in_order_page_by_page,
            accounts_and_hosts_of_one_address_are_apart,
            stores_of_one_name_and_different_kinds_are_apart,
            a_map_lists_its_keys_in_byte_order,
            a_map_pages_behind_any_key,
            any_text_is_a_key,
            a_map_with_a_limit_never_exceeds_it,
            clearing_a_map_says_how_many_keys_there_were,
            reads_that_belong_together_see_one_moment,
            a_log_keeps_the_order_of_appending_whatever_the_times,
            an_id_is_in_a_log_once,
            an_entry_that_is_to_be_new_is_appended_once,
            a_batch_that_failed_can_be_tried_again,
            a_range_excludes_its_ids_and_includes_its_times,
            a_range_backwards_ends_with_the_last_in_log_order,
            paging_in_both_directions_meets_every_entry_once,
            a_range_by_peer_has_only_that_peer,
            every_range_by_peer_has_what_the_same_range_of_all_has_of_that_peer,
            a_peer_is_found_after_others_were_removed_and_when_it_comes_again,
            what_a_failed_batch_appended_is_not_found_by_its_peer,
            an_unknown_id_in_a_query_is_an_error,
            a_page_of_large_values_ends_early_and_says_so,
            times_are_kept_in_whole_microseconds,
            a_log_with_a_limit_never_exceeds_it,
            usage_follows_every_removal,
            trimming_removes_the_oldest_first_in_steps,
            trimming_by_time_finds_old_entries_at_late_positions,
            no_entry_is_taken_twice,
            taken_ids_come_in_log_order,
            entries_asked_for_by_id_come_in_log_order_each_once,
            a_replaced_value_leaves_the_entry_where_it_was,
            a_blob_appears_whole_with_its_commit,
            an_abandoned_blob_never_appears,
            a_blob_of_many_chunks_is_read_by_any_range,
            an_empty_blob_is_a_blob,
            a_new_blob_replaces_the_old_one,
            a_blob_in_a_failed_batch_is_gone,
            blobs_are_listed_by_key_with_their_lengths,
            a_failed_batch_leaves_no_trace_of_any_kind,
            writes_of_a_batch_see_those_before_them,
            a_failing_batch_takes_no_other_with_it,
            handles_of_another_store_are_refused,
            what_is_too_large_is_refused,
            a_cancelled_commit_is_whole_or_absent,
            erasing_removes_one_owner_everywhere,
            an_export_has_every_record,
            an_export_goes_on_when_entries_vanish_meanwhile,
            a_closed_store_refuses_every_call,
            random_batches_do_what_a_simple_model_does,
        }
    };
    (@rules $open:expr; $($rule:ident),* $(,)?) => {
        $(
            #[test]
            fn $rule() {
                $crate::contract::check($open, $crate::contract::rules::$rule);
            }
        )*
    };
}
