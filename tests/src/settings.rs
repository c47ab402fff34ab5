//! The configuration of a server under test.

use std::path::Path;

use toml::{Table, Value};

use crate::Server;

/// A configuration: hosts, and what differs from the server's defaults.
///
/// All listeners are on the loopback interface and have whatever ports are free. As all clients of a test come from one
/// address, there may be many from it, and key derivation has the least number of iterations, so that tests are quick.
///
/// ```
/// use stonechat_tests::Settings;
///
/// let text = Settings::new().set("timeouts.login", 2).host("example.org").to_toml();
/// assert!(text.contains("login = 2") && text.contains("example.org"));
/// ```
#[derive(Debug, Clone)]
pub struct Settings {
    table: Table,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Settings {
    /// One host, `localhost`.
    ///
    /// # Panics
    /// Never: the text is ours.
    #[must_use]
    pub fn new() -> Self {
        let text = r#"
            data = "data"
            [[listeners]]
            address = "127.0.0.1:0"
            kind = "starttls"
            [[listeners]]
            address = "127.0.0.1:0"
            kind = "direct-tls"
            [limits]
            connections_per_ip = 2000
            [authentication]
            iterations = 4096
            [hosts.localhost]
        "#;
        Self { table: toml::from_str(text).expect("this is TOML") }
    }

    /// Sets a key, written with dots between its parts.
    ///
    /// # Panics
    /// When a part of the path is there and is no table.
    #[must_use]
    pub fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        let (folder, key) = path.rsplit_once('.').unwrap_or(("", path));
        let parts = folder.split('.').filter(|part| !part.is_empty());
        table_at(&mut self.table, parts).insert(key.to_owned(), value.into());
        self
    }

    /// Adds a component, and the first time a listener for components.
    ///
    /// # Panics
    /// When the listeners are no list.
    #[must_use]
    pub fn component(mut self, domain: &str, secret: &str) -> Self {
        table_at(&mut self.table, ["components", domain].into_iter())
            .insert("secret".to_owned(), secret.into());
        let listeners = self.table.get_mut("listeners").and_then(Value::as_array_mut);
        let listeners = listeners.expect("listeners are a list");
        let of_components =
            |listener: &Value| listener.get("kind").and_then(Value::as_str) == Some("component");
        if !listeners.iter().any(of_components) {
            let listener = [("address", "127.0.0.1:0"), ("kind", "component")];
            let listener = listener.map(|(key, value)| (key.to_owned(), Value::from(value)));
            listeners.push(Table::from_iter(listener).into());
        }
        self
    }

    /// Adds a host.
    #[must_use]
    pub fn host(mut self, domain: &str) -> Self {
        table_at(&mut self.table, ["hosts", domain].into_iter());
        self
    }

    /// The text of the configuration file.
    ///
    /// # Panics
    /// Never: what is set can be written.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.table).expect("a table can be written")
    }

    /// Starts a server with this configuration.
    ///
    /// # Panics
    /// As [`Server::start`].
    #[track_caller]
    #[must_use]
    pub fn start(&self) -> Server {
        Server::start(|_| self.to_toml())
    }

    /// Starts a server with this configuration and the accounts `user1@localhost` to `userN@localhost`, each with the
    /// password `pw-userN`.
    ///
    /// # Panics
    /// As [`Server::start`] and [`Server::add_user`].
    #[track_caller]
    #[must_use]
    pub fn start_with_users(&self, users: usize) -> Server {
        let server = self.start();
        for number in 1..=users {
            server.add_user(&format!("user{number}@localhost"), &format!("pw-user{number}"));
        }
        server
    }

    /// Writes the configuration into the folder of a server that runs, for its next reload.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn rewrite(&self, folder: &Path) {
        std::fs::write(crate::server::file(folder), self.to_toml())
            .expect("the configuration can be written");
    }
}

fn table_at<'t, 'p>(mut table: &'t mut Table, parts: impl Iterator<Item = &'p str>) -> &'t mut Table {
    for part in parts {
        let value = table.entry(part.to_owned()).or_insert_with(|| Value::Table(Table::new()));
        table = value.as_table_mut().unwrap_or_else(|| panic!("{part} is no table"));
    }
    table
}
