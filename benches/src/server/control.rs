//! The socket over which Stonechat's commands reach it.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use crate::client::{PASSWORD, address};
use crate::{Context, Error, Result};

/// What a running Stonechat says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Connections, whether logged in or not.
    pub connections: u64,
    /// Sessions of all hosts.
    pub sessions: u64,
}

/// The socket: a line of JSON for each request, and one for its answer.
pub(super) struct Control(BufReader<UnixStream>);

impl Control {
    pub(super) async fn connect(socket: &Path) -> Result<Self> {
        Ok(Self(BufReader::new(UnixStream::connect(socket).await.during("control socket")?)))
    }

    /// Adds an account.
    pub(super) async fn add(&mut self, account: usize) -> Result<()> {
        let request = json!({"do": "user-add", "jid": address(account), "password": PASSWORD});
        self.ask(&request).await.map(drop)
    }

    /// Asks how it is.
    pub(super) async fn status(&mut self) -> Result<Status> {
        let answer = self.ask(&json!({"do": "status"})).await?;
        Status::read(&answer["status"]).ok_or_else(|| Error::Server(format!("what status is that: {answer}")))
    }

    async fn ask(&mut self, request: &Value) -> Result<Value> {
        self.0.write_all(format!("{request}\n").as_bytes()).await.during("control socket")?;
        let mut answer = String::new();
        self.0.read_line(&mut answer).await.during("control socket")?;
        let value: Option<Value> = serde_json::from_str(&answer).ok();
        let done = value.as_ref().and_then(|value| value.get("Ok"));
        done.cloned().ok_or_else(|| Error::Server(format!("the control socket answers: {answer}")))
    }
}

impl Status {
    fn read(status: &Value) -> Option<Self> {
        let hosts = status["hosts"].as_array()?;
        let sessions = hosts.iter().map(|host| host["sessions"].as_u64()).sum::<Option<u64>>()?;
        Some(Self { connections: status["connections"].as_u64()?, sessions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_those_of_all_hosts() {
        let status = json!({"connections": 7, "hosts": [{"sessions": 2}, {"sessions": 3}]});
        assert_eq!(Status::read(&status), Some(Status { connections: 7, sessions: 5 }));
        assert_eq!(Status::read(&json!({"connections": 7, "hosts": [{}]})), None);
    }
}
