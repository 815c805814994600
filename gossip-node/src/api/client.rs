//! The client: one request to an agent on this machine, one connection.
//!
//! What comes back is a document, a problem the agent told, or a [`Trouble`]
//! on the way. Streams come line by line.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::limit;
use super::place::Place;
use super::problem::Problem;

/// How long a connection may take (guess: it never leaves the machine).
const CONNECT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nobody is there.
    Unreachable(io::Error),
    /// The connection broke, or something else than an agent answered.
    Broken(String),
    /// The agent said no.
    Told(Problem),
}

/// An agent, as seen from outside.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    place: Place,
    patience: Duration,
}

impl Client {
    /// The agent at a place, asked with a patience that outlasts its own.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            patience: limit::REQUEST + CONNECT,
        }
    }

    /// With another patience.
    pub(crate) fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Asks for a document.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<T, Trouble> {
        let bytes = self.ask_raw(method, path, body).await?;
        serde_json::from_slice(&bytes)
            .map_err(|why| Trouble::Broken(format!("its answer makes no sense: {why}")))
    }

    /// Asks for a document with nothing but a path.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// Asks for bytes.
    pub(crate) async fn ask_raw(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Bytes, Trouble> {
        let asking = async {
            let response = self.open(method, path, body).await?;
            let collected = Limited::new(response.into_body(), limit::ANSWER_BYTES).collect();
            let collected = collected
                .await
                .map_err(|why| Trouble::Broken(why.to_string()))?;
            Ok(collected.to_bytes())
        };
        match tokio::time::timeout(self.patience, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::Broken(format!(
                "no answer within {:?}",
                self.patience
            ))),
        }
    }

    /// Asks for a stream of lines.
    pub(crate) async fn stream(&self, path: &str) -> Result<Lines, Trouble> {
        self.stream_of(Method::GET, path, Bytes::new()).await
    }

    /// Asks for a stream of lines with a body.
    pub(crate) async fn stream_of(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Lines, Trouble> {
        let opening = self.open(method, path, body);
        match tokio::time::timeout(self.patience, opening).await {
            Ok(response) => Ok(Lines {
                body: response?.into_body(),
                rest: BytesMut::new(),
            }),
            Err(_) => Err(Trouble::Broken(format!(
                "no answer within {:?}",
                self.patience
            ))),
        }
    }

    /// Sends the request; what comes back with a good status is the caller's.
    async fn open(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, Trouble> {
        let response = match &self.place {
            Place::Socket(path_of_socket) => {
                let io = connect(UnixStream::connect(path_of_socket)).await?;
                send(io, "localhost", method, path, body).await?
            }
            Place::Tcp(addr) => {
                let io = connect(TcpStream::connect(addr)).await?;
                send(io, &addr.to_string(), method, path, body).await?
            }
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let collected = Limited::new(response.into_body(), limit::ANSWER_BYTES).collect();
        let collected = collected
            .await
            .map_err(|why| Trouble::Broken(why.to_string()))?;
        match serde_json::from_slice(&collected.to_bytes()) {
            Ok(problem) => Err(Trouble::Told(problem)),
            Err(_) => Err(Trouble::Broken(format!(
                "it answered {status}, as no agent would"
            ))),
        }
    }
}

async fn connect<T>(connecting: impl Future<Output = io::Result<T>>) -> Result<T, Trouble> {
    match tokio::time::timeout(CONNECT, connecting).await {
        Ok(connected) => connected.map_err(Trouble::Unreachable),
        Err(_) => Err(Trouble::Unreachable(io::ErrorKind::TimedOut.into())),
    }
}

async fn send<T>(
    io: T,
    host: &str,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<Response<Incoming>, Trouble>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let broken = |why: hyper::Error| Trouble::Broken(why.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(broken)?;
    // It ends with the response's body; what went wrong shows there.
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host)
        .body(Full::new(body))
        .map_err(|why| Trouble::Broken(why.to_string()))?;
    sender.send_request(request).await.map_err(broken)
}

/// A stream of lines from an agent.
#[derive(Debug)]
pub(crate) struct Lines {
    body: Incoming,
    rest: BytesMut,
}

impl Lines {
    /// The next line, without its end; `None` when the agent has ended the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let mut line = self.rest.split_to(end + 1);
                line.truncate(end);
                return Ok(Some(line.freeze()));
            }
            if self.rest.len() > limit::LINE_BYTES {
                return Err(Trouble::Broken("a line that never ends".to_owned()));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(why)) => return Err(Trouble::Broken(why.to_string())),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.rest.extend_from_slice(&bytes);
                    }
                }
            }
        }
    }
}

/// A path with a query; what a key or prefix holds is escaped.
#[derive(Debug, Clone)]
pub(crate) struct PathAndQuery {
    text: String,
    asked: bool,
}

impl PathAndQuery {
    /// A path of ours.
    pub(crate) fn new(path: &str) -> Self {
        Self {
            text: path.to_owned(),
            asked: false,
        }
    }

    /// The path of a key.
    pub(crate) fn key(key: &str) -> Self {
        let mut path = Self::new("/v1/kv/");
        escape(key, true, &mut path.text);
        path
    }

    /// The path of a key of everybody's.
    pub(crate) fn everybody(key: &str) -> Self {
        let mut path = Self::new("/v1/everybody/");
        escape(key, true, &mut path.text);
        path
    }

    /// With a parameter, if it has a value.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.text.push(if self.asked { '&' } else { '?' });
            self.text.push_str(name);
            self.text.push('=');
            escape(value, false, &mut self.text);
            self.asked = true;
        }
        self
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

/// RFC 3986 §2.3: everything but the unreserved is escaped; in a path slashes stay.
fn escape(text: &str, in_path: bool, into: &mut String) {
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if plain || (in_path && byte == b'/') {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_leave_its_path() {
        let path = PathAndQuery::key("a/b c?d#e%2f")
            .with("scope", Some("own"))
            .with("member", None)
            .with("if_write", Some("eu/n1@7&x"));
        assert_eq!(
            path.as_str(),
            "/v1/kv/a/b%20c%3Fd%23e%252f?scope=own&if_write=eu%2Fn1%407%26x"
        );
    }
}
