//! What the SQLite driver does with files: new, old, newer, foreign, damaged, and open elsewhere.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use rusqlite::Connection;
use std::path::Path;
use stonechat_store::sqlite::{Options, SCHEMA_VERSION};
use stonechat_store::{CHUNK, Entry, Error, Fault, Limit, Owner, Store};

fn juliet() -> Owner {
    Owner::account("juliet@capulet.example")
}

fn open(file: &Path) -> Result<Store, Error> {
    Store::sqlite(file, Options::default())
}

#[tokio::test]
async fn what_was_put_is_there_after_closing_and_after_dropping() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let store = open(&file).unwrap();
    store.document("one").put(&juliet(), "1").await.unwrap();
    store.close().await.unwrap();
    let store = open(&file).unwrap();
    store.document("two").put(&juliet(), "2").await.unwrap();
    drop(store);
    let store = open(&file).unwrap();
    assert_eq!(store.document("one").get(&juliet()).await.unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(store.document("two").get(&juliet()).await.unwrap().as_deref(), Some(&b"2"[..]));
}

#[tokio::test]
async fn dropping_the_last_handle_writes_what_is_queued() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let map = open(&file).unwrap().map("map");
    let mut queued = Vec::new();
    for number in 0..200 {
        let key = format!("{number}");
        let mut put = Box::pin({
            let map = map.clone();
            async move { map.put(&juliet(), &key, "x").await }
        });
        // Polled once: queued, not waited for.
        std::future::poll_fn(|context| {
            drop(put.as_mut().poll(context));
            std::task::Poll::Ready(())
        })
        .await;
        queued.push(put);
    }
    drop((queued, map));
    assert_eq!(open(&file).unwrap().map("map").count(&juliet()).await.unwrap(), 200);
}

#[test]
fn a_newer_schema_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    drop(open(&file).unwrap());
    Connection::open(&file).unwrap().pragma_update(None, "user_version", SCHEMA_VERSION + 4).unwrap();
    for options in [Options::default(), Options::shared()] {
        let error = Store::sqlite(&file, options).unwrap_err();
        assert!(
            matches!(&error, Error::NewerSchema { found, known, .. }
                if (*found, *known) == (SCHEMA_VERSION + 4, SCHEMA_VERSION)),
            "{error:?}"
        );
        assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
        assert_eq!(error.fault(), Fault::Operator);
    }
}

#[test]
fn other_programs_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("database");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "certainly not a database, but longer than its header would be. ".repeat(20))
        .unwrap();
    for file in [database, text] {
        let before = std::fs::read(&file).unwrap();
        let error = open(&file).unwrap_err();
        assert!(matches!(error, Error::Foreign { .. }), "{error:?}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[tokio::test]
async fn damage_is_found_on_opening() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let store = open(&file).unwrap();
    for number in 0..500 {
        store.map("map").put(&juliet(), &format!("{number}"), vec![b'x'; 200]).await.unwrap();
    }
    store.close().await.unwrap();
    assert!(!folder.path().join("db-wal").exists(), "closing copies the WAL and removes it");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].iter_mut().for_each(|byte| *byte = 0x5a);
    std::fs::write(&file, bytes).unwrap();
    let error = open(&file).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    assert_eq!(error.fault(), Fault::Storage);
}

#[test]
fn a_file_that_cannot_be_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no such folder").join("db");
    let error = open(&file).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("no such folder"), "{error}");
}

#[test]
fn a_second_server_is_refused_also_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let first = open(&file).unwrap();
    assert!(matches!(open(&file), Err(Error::InUse { .. })));
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(matches!(open(&link), Err(Error::InUse { .. })));
    }
    drop(first);
    open(&file).unwrap();
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let _store = open(&file).unwrap();
    for name in ["db", "db-wal", "db.lock"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} has mode {mode:o}");
    }
}

#[tokio::test]
async fn a_server_and_tools_write_to_one_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    // The tool comes first, to a file that is not there.
    let tool = Store::sqlite(&file, Options::shared()).unwrap();
    let server = open(&file).unwrap();
    let limit = Limit { max_entries: 100, max_bytes: 1_000_000 };
    let write = |store: Store, name: &'static str| async move {
        let mut kept = 0;
        for number in 0..80 {
            let entry = Entry::new(format!("{name}{number}"), jiff::Timestamp::now(), "x");
            match store.log("log").append_if_below(&juliet(), entry, limit).await {
                Ok(()) => kept += 1,
                Err(error) => assert!(error.is_quota(), "{error:?}"),
            }
        }
        kept
    };
    let (one, two) = tokio::join!(write(server.clone(), "server"), write(tool.clone(), "tool"));
    assert_eq!(one + two, 100);
    tool.document("account").create(&juliet(), "by the tool").await.unwrap();
    assert!(
        server
            .document("account")
            .create(&juliet(), "too late")
            .await
            .is_err_and(|error| error.is_conflict())
    );
}

#[tokio::test]
async fn a_file_that_stays_locked_is_busy_and_later_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let options = Options { busy_timeout: std::time::Duration::from_millis(50), ..Options::default() };
    let store = Store::sqlite(&file, options).unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.document("x").put(&juliet(), "x").await.unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    assert_eq!(store.document("x").get(&juliet()).await.unwrap(), None, "readers do not wait for writers");
    other.execute_batch("ROLLBACK").unwrap();
    store.document("x").put(&juliet(), "x").await.unwrap();
}

/// What the file holds, counted beside the store.
fn rows(file: &Path, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    Connection::open(file).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_was_removed_leaves_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let store = open(&file).unwrap();
    let mut batch = store.batch();
    for number in 0..1_200 {
        let entry = Entry::new(format!("{number}"), jiff::Timestamp::now(), "x");
        let entry = entry.peer(format!("{}", number % 2));
        batch = batch.append(&store.log("log"), &juliet(), entry);
    }
    batch.commit().await.unwrap();
    let blob = store.blob("uploads");
    let mut writer = blob.writer(&juliet(), "key").await.unwrap();
    writer.write(&vec![1; 20 * CHUNK]).await.unwrap();
    writer.commit().await.unwrap();
    let mut abandoned = blob.writer(&juliet(), "abandoned").await.unwrap();
    abandoned.write(&vec![1; 2 * CHUNK]).await.unwrap();
    drop(abandoned);
    store.erase(&juliet()).await.unwrap();
    let empty = || ["entry", "run", "series", "chunk", "blob"].iter().all(|table| rows(&file, table) == 0);
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !empty() && std::time::Instant::now() < give_up {
        // Each write gives the collector a turn as well as each pause does.
        store.document("x").put(&Owner::host("x"), "x").await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(empty(), "{} entries and {} chunks are left", rows(&file, "entry"), rows(&file, "chunk"));
}

#[tokio::test]
async fn an_upload_of_yesterday_is_collected_and_one_of_today_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    drop(open(&file).unwrap());
    let insert = "INSERT INTO blob (state, chunks, length, touched) VALUES (0, 0, 0, ?1)";
    let now = jiff::Timestamp::now().as_second();
    let conn = Connection::open(&file).unwrap();
    conn.execute(insert, [now - 25 * 3_600]).unwrap();
    conn.execute(insert, [now - 3_600]).unwrap();
    drop(conn);
    let store = open(&file).unwrap();
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while rows(&file, "blob") != 1 && std::time::Instant::now() < give_up {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(rows(&file, "blob"), 1);
    drop(store);
    assert_eq!(rows(&file, "blob"), 1);
}

#[tokio::test]
async fn the_wal_is_copied_in_quiet_moments_without_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let store = open(&file).unwrap();
    let before = std::fs::metadata(&file).unwrap().len();
    store.document("large").put(&juliet(), vec![b'x'; 1 << 20]).await.unwrap();
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let grown = || std::fs::metadata(&file).unwrap().len() > before + (1 << 19);
    while !grown() && std::time::Instant::now() < give_up {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(grown());
}
