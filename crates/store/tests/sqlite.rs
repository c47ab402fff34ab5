//! The SQLite driver passes the rules for all drivers.

use stonechat_store::{Store, contract::Fixture, sqlite::Options};

stonechat_store::contract_tests!(|| {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::sqlite(folder.path().join("test.db"), Options::default()).unwrap();
    Fixture::new(store, folder)
});
