//! Entries on their way into logs.

use super::apply::optional;
use super::counters::Counters;
use super::failure::Failure;
use crate::{Entry, Error, Limit, Owner};
use rusqlite::{CachedStatement, Connection, params};
use std::fmt::Write as _;
use std::sync::Arc;

/// So many entries go in with one statement: with one for each, a message in two archives costs the server a quarter more.
const TOGETHER: [usize; 3] = [32, 8, 1];
const ALONE: usize = TOGETHER.len() - 1;
const COLUMNS: usize = 6;
const BEGIN_RUN: &str = "INSERT INTO run (series, first, peer) VALUES (?1, ?2, ?3)";

/// What happens with an entry whose id is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDuplicate {
    /// The transaction is undone, so that it does not matter which of them it was: entries go in together.
    GiveUp,
    /// Whoever appends it is told.
    Tell,
}

/// What a transaction appends to logs. Nothing else may look at them before [`Appends::write`].
pub(super) struct Appends<'a> {
    pub(super) conn: &'a Connection,
    on_duplicate: OnDuplicate,
    counters: Counters<'a>,
    waiting: Vec<Row<'a>>,
    /// As many as there are sizes of [`TOGETHER`].
    inserts: [Option<CachedStatement<'a>>; TOGETHER.len()],
    run: Option<CachedStatement<'a>>,
}

struct Row<'a> {
    series: i64,
    position: i64,
    entry: &'a Entry,
}

impl<'a> Appends<'a> {
    pub(super) fn new(conn: &'a Connection, on_duplicate: OnDuplicate) -> Self {
        let counters = Counters::new(conn);
        Self { conn, on_duplicate, counters, waiting: Vec::new(), inserts: Default::default(), run: None }
    }

    pub(super) fn append(
        &mut self,
        (store, owner): (&Arc<str>, &Owner),
        entry: &'a Entry,
        (limit, if_new): (Option<Limit>, bool),
    ) -> Result<u64, Failure> {
        let series = self.counters.of(store, owner)?;
        if if_new && self.on_duplicate == OnDuplicate::Tell {
            let there = "SELECT 1 FROM entry WHERE series = ?1 AND id = ?2";
            if optional::<i64>(self.conn, there, params![series.id, entry.id])?.is_some() {
                return Ok(0);
            }
        }
        let begins_run = series.entries == 0 || series.last_peer != entry.peer;
        series.entries += 1;
        series.bytes += entry.value.len() as u64;
        let at = entry.at.as_microsecond();
        series.last_position = at.max(series.last_position.saturating_add(1));
        series.max_skew = series.max_skew.max(series.last_position - at);
        if begins_run {
            series.last_peer.clone_from(&entry.peer);
            let statement = match &mut self.run {
                Some(prepared) => prepared,
                unprepared => unprepared.insert(self.conn.prepare_cached(BEGIN_RUN)?),
            };
            statement.execute(params![series.id, series.last_position, entry.peer])?;
        }
        let row = Row { series: series.id, position: series.last_position, entry };
        let is_full =
            limit.is_some_and(|limit| series.entries > limit.max_entries || series.bytes > limit.max_bytes);
        match self.on_duplicate {
            OnDuplicate::Tell => self.insert(ALONE, &[row]).map_err(|error| told(error, store))?,
            OnDuplicate::GiveUp => {
                self.waiting.push(row);
                if self.waiting.len() == TOGETHER[0] {
                    self.insert_waiting()?;
                }
            }
        }
        if is_full { Err(Error::Quota { store: store.clone() }.into()) } else { Ok(1) }
    }

    /// Writes what waits, and the counters: before anything else looks at them, and before the transaction ends.
    pub(super) fn write(&mut self) -> Result<(), Failure> {
        self.insert_waiting()?;
        self.counters.write()
    }

    fn insert_waiting(&mut self) -> Result<(), Failure> {
        let rows = std::mem::take(&mut self.waiting);
        let mut rest = rows.as_slice();
        for (size, count) in TOGETHER.into_iter().enumerate() {
            while let Some((now, later)) = rest.split_at_checked(count) {
                self.insert(size, now)?;
                rest = later;
            }
        }
        self.waiting = rows;
        self.waiting.clear();
        Ok(())
    }

    /// Inserts as many rows as go together in this size.
    fn insert(&mut self, size: usize, rows: &[Row<'_>]) -> rusqlite::Result<()> {
        let statement = match &mut self.inserts[size] {
            Some(prepared) => prepared,
            unprepared => unprepared.insert(self.conn.prepare_cached(&sql(rows.len()))?),
        };
        for (row, first) in rows.iter().zip((1..).step_by(COLUMNS)) {
            let Row { series, position, entry } = row;
            statement.raw_bind_parameter(first, series)?;
            statement.raw_bind_parameter(first + 1, position)?;
            statement.raw_bind_parameter(first + 2, &entry.id)?;
            statement.raw_bind_parameter(first + 3, entry.at.as_microsecond())?;
            statement.raw_bind_parameter(first + 4, &entry.peer)?;
            statement.raw_bind_parameter(first + 5, &entry.value[..])?;
        }
        statement.raw_execute().map(drop)
    }
}

/// Inserts so many rows. Of several it fails in the middle: to be able to take back the first of them, SQLite would copy each page.
fn sql(rows: usize) -> String {
    let or_fail = if rows > 1 { " OR FAIL" } else { "" };
    let mut sql = format!("INSERT{or_fail} INTO entry (series, position, id, at, peer, value) VALUES ");
    for row in 0..rows {
        let between = if row > 0 { ", " } else { "" };
        // Writing to a string does not fail.
        let _ = write!(sql, "{between}(?, ?, ?, ?, ?, ?)");
    }
    sql
}

fn told(error: rusqlite::Error, store: &Arc<str>) -> Failure {
    if Failure::is_duplicate(&error) {
        let reason = "an entry with this id exists already";
        return Error::Conflict { store: store.clone(), reason }.into();
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    const MOST: usize = TOGETHER[0];

    fn database() -> Connection {
        let mut conn = Connection::open_in_memory().expect("it opens");
        assert!(schema::migrate(&mut conn).is_ok());
        conn
    }

    fn entries(names: impl IntoIterator<Item = String>) -> Vec<Entry> {
        let at = |second| jiff::Timestamp::from_second(second).expect("it is a time");
        names.into_iter().zip(1..).map(|(name, second)| Entry::new(name, at(second), "x")).collect()
    }

    /// Appends to two logs in turn.
    fn append(conn: &Connection, on_duplicate: OnDuplicate, entries: &[Entry]) -> Result<(), Failure> {
        let store = Arc::from("letters");
        let owners = [Owner::host("example.org"), Owner::host("example.net")];
        let mut appends = Appends::new(conn, on_duplicate);
        for (entry, owner) in entries.iter().zip(owners.iter().cycle()) {
            appends.append((&store, owner), entry, (None, false))?;
        }
        appends.write()
    }

    fn stored(conn: &Connection) -> Vec<String> {
        let mut select = conn.prepare("SELECT id FROM entry ORDER BY position").expect("it is a query");
        let rows = select.query_map([], |row| row.get(0)).expect("it runs");
        rows.collect::<Result<_, _>>().expect("each is a text")
    }

    #[test]
    fn all_are_there_in_order_however_many_go_together() {
        for count in [0, 1, 7, 8, 9, MOST - 1, MOST, MOST + 1, 3 * MOST, 3 * MOST + 10] {
            let names: Vec<_> = (0..count).map(|number| format!("id-{number:03}")).collect();
            for on_duplicate in [OnDuplicate::GiveUp, OnDuplicate::Tell] {
                let conn = database();
                assert!(append(&conn, on_duplicate, &entries(names.clone())).is_ok());
                assert_eq!(stored(&conn), names);
                let counted = "SELECT coalesce(sum(entries), 0) FROM series";
                let counted: i64 = conn.query_row(counted, [], |row| row.get(0)).expect("it is counted");
                assert_eq!(usize::try_from(counted).expect("it is a count"), count);
            }
        }
    }

    #[test]
    fn an_id_that_is_there_already_makes_them_fail_and_is_told_where_that_is_wanted() {
        for place in [1, MOST - 1, MOST + 3] {
            let mut names: Vec<_> = (0..MOST + 6).map(|number| format!("id-{number:03}")).collect();
            // Of the same log, as they go to two of them in turn.
            names[place + 2] = names[place].clone();
            let entries = entries(names);
            assert!(append(&database(), OnDuplicate::GiveUp, &entries).is_err());
            let told = append(&database(), OnDuplicate::Tell, &entries).expect_err("one is there already");
            assert!(told.at(&Arc::from("here"), "writing").to_string().contains("letters"));
        }
    }
}
