//! Asking: commands to a node, and the answers.

use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;

use super::host::HostId;
use super::machine::Machine;
use super::world::World;
use crate::input::{Command, Input, Query, Space, Ticket, Write};
use crate::message::{Key, Scope, Value};
use crate::output::{MemberView, Refusal, Reply, Row, Status};

impl<M: Machine> World<M> {
    /// Gives a node a command; its ticket, to look for the reply. A host
    /// without a process refuses.
    pub fn command(&mut self, host: HostId, command: Command) -> Ticket {
        let ticket = self.replies.ask(host);
        if self.is_running(host) {
            self.watch_asked(host, ticket, &command);
            self.input(host, Input::Command(ticket, command));
        } else {
            let refused = Reply::Refused(Refusal::NotRunning);
            let verdict = self.replies.answer(host, ticket, refused);
            self.hold(host, verdict);
        }
        ticket
    }

    /// The reply to a command, if it came.
    pub fn reply(&self, ticket: Ticket) -> Option<&Reply> {
        self.replies.reply(ticket)
    }

    /// Gives a node a command that it can answer at once; the answer.
    pub fn ask(&mut self, host: HostId, command: Command) -> Option<Reply> {
        let ticket = self.command(host, command);
        self.reply(ticket).cloned()
    }

    /// Writes one key.
    ///
    /// # Panics
    /// Where `key` is not a key, or `value` not a value.
    pub fn put(&mut self, host: HostId, scope: Scope, key: &str, value: &[u8]) -> Ticket {
        // tidy: allow(panic): the test wrote the value
        let value = Value::new(Bytes::copy_from_slice(value)).expect("a value");
        self.write(host, scope, key, Some(value))
    }

    /// Deletes one key.
    ///
    /// # Panics
    /// Where `key` is not a key.
    pub fn delete(&mut self, host: HostId, scope: Scope, key: &str) -> Ticket {
        self.write(host, scope, key, None)
    }

    fn write(&mut self, host: HostId, scope: Scope, key: &str, value: Option<Value>) -> Ticket {
        let write = Write {
            scope,
            key: parse(key),
            value,
            only_if: None,
            ttl: None,
        };
        self.command(host, Command::Write(vec![write]))
    }

    /// How a key stands on a node's replica.
    ///
    /// # Panics
    /// Where `key` is not a key.
    pub fn value(&mut self, host: HostId, space: Space, key: &str) -> Option<Row> {
        let query = Query {
            space,
            key: parse(key),
        };
        match self.ask(host, Command::Get(query)) {
            Some(Reply::Value(row)) => row,
            _ => None,
        }
    }

    /// All keys of a name space on a node's replica.
    pub fn rows(&mut self, host: HostId, space: Space) -> Vec<Row> {
        let prefix = alloc::string::String::new();
        match self.ask(host, Command::List { space, prefix }) {
            Some(Reply::Rows(rows)) => rows,
            _ => Vec::new(),
        }
    }

    /// Everybody a node knows of.
    pub fn members(&mut self, host: HostId) -> Vec<MemberView> {
        match self.ask(host, Command::Members) {
            Some(Reply::Members(members)) => members,
            _ => Vec::new(),
        }
    }

    /// How a node is.
    pub fn status(&mut self, host: HostId) -> Option<Status> {
        match self.ask(host, Command::Status) {
            Some(Reply::Status(status)) => Some(*status),
            _ => None,
        }
    }
}

fn parse(key: &str) -> Key {
    // tidy: allow(panic): the test wrote the key
    key.parse().expect("a key")
}
