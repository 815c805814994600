//! Settings: what an agent runs with, judged and complete.
//!
//! Out of the [`Layers`] comes either [`Settings`] in which everything is in
//! its range, or every [`Problem`] at once. Nothing later in the agent parses
//! a text again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gossip_node::{Config, Key, Profile};

use super::knob::Knob;
use super::layer::{Layers, Raw};
use super::problem::{Origin, Problem, quoted};
use super::{quorum, timing};

/// Longest path of a Unix socket, in bytes (`sun_path` of Linux's unix(7),
/// without its closing zero; macOS has 103, and says so itself).
pub(crate) const SOCKET_PATH_BYTES: usize = 107;

/// Most addresses a node announces; the core's bound by the same name.
const ADDRS: usize = gossip_core::base::limit::ADDRS;

/// Most seeds; the core's bound by the same name.
const SEEDS: usize = gossip_core::base::limit::SEEDS;

/// Most beginnings of keys that come first; the core's bound by the same name.
const READINESS: usize = gossip_core::base::limit::READINESS;

/// Where a node listens if nobody says: this machine only, so that a first try
/// opens nothing (the port is a guess: it is not assigned).
const LISTEN: &str = "127.0.0.1:7646";

/// What an agent runs with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// Where the journal lives.
    pub(crate) data_dir: PathBuf,
    /// The one UDP socket.
    pub(crate) listen: SocketAddr,
    /// Where others reach it; empty: where it listens.
    pub(crate) advertise: Vec<SocketAddr>,
    /// How it finds the others.
    pub(crate) seeds: Vec<String>,
    /// The kind of network.
    pub(crate) profile: Profile,
    /// The protocol's knobs.
    pub(crate) config: Config,
    /// Who it is, and whom it believes.
    pub(crate) tls: TlsFiles,
    /// Where its own machine talks to it.
    pub(crate) api: ApiPlace,
    /// What it says on the way.
    pub(crate) log: Log,
}

/// The three PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate and any between it and the CA's.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// The authorities.
    pub(crate) ca: PathBuf,
}

/// Where the local API listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiPlace {
    /// Where nobody needs to say: see [`crate::api::place`].
    Default,
    /// A Unix socket.
    Socket(PathBuf),
    /// A loopback port.
    Tcp(SocketAddr),
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Log {
    /// From which level on.
    pub(crate) level: tracing::level_filters::LevelFilter,
    /// JSON lines rather than text.
    pub(crate) json: bool,
}

impl Settings {
    /// Judges what was found.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn judge(layers: &Layers, file: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let mut judge = Judge {
            layers,
            file,
            problems: Vec::new(),
        };
        let profile = judge.profile();
        let mut config = timing::read(layers, profile, &mut judge.problems);
        let listen = judge.listen();
        let advertise = judge.advertise(listen);
        let seeds = judge.seeds();
        config.seeds.clone_from(&seeds);
        config.readiness = judge.readiness();
        let settings = Self {
            data_dir: judge.path("node.data_dir"),
            listen,
            advertise,
            seeds,
            profile,
            config,
            tls: TlsFiles {
                certificate: judge.path("tls.certificate"),
                key: judge.path("tls.key"),
                ca: judge.path("tls.ca"),
            },
            api: judge.api(),
            log: judge.log(),
        };
        if judge.problems.is_empty() {
            Ok(settings)
        } else {
            Err(judge.problems)
        }
    }
}

impl Settings {
    /// Every setting as it stands, as text, in the order of the reference.
    pub(crate) fn shown(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Path| path.display().to_string();
        let addrs: Vec<_> = self.advertise.iter().map(ToString::to_string).collect();
        let readiness: Vec<_> = self.config.readiness.iter().map(Key::as_str).collect();
        let profile = match self.profile {
            Profile::Local => "local",
            Profile::Lan => "lan",
            Profile::Wan => "wan",
        };
        let mut shown = vec![
            ("node.data_dir", path(&self.data_dir)),
            ("node.listen", self.listen.to_string()),
            ("node.advertise", addrs.join(",")),
            ("node.seeds", self.seeds.join(",")),
            ("node.readiness", readiness.join(",")),
            ("node.profile", profile.to_owned()),
            ("tls.certificate", path(&self.tls.certificate)),
            ("tls.key", path(&self.tls.key)),
            ("tls.ca", path(&self.tls.ca)),
        ];
        match &self.api {
            ApiPlace::Default => {}
            ApiPlace::Socket(socket) => shown.push(("api.socket", path(socket))),
            ApiPlace::Tcp(addr) => shown.push(("api.listen", addr.to_string())),
        }
        shown.push(("log.level", self.log.level.to_string()));
        shown.push((
            "log.format",
            if self.log.json { "json" } else { "human" }.to_owned(),
        ));
        shown.extend(timing::shown(&self.config));
        shown.extend(quorum::shown(&self.config.quorum));
        shown
    }
}

struct Judge<'a> {
    layers: &'a Layers,
    file: Option<&'a Path>,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn problem(&mut self, path: &str, wrong: String) {
        let allowed = Knob::find(path).map_or("", |knob| knob.allowed);
        let nowhere = || match self.file {
            Some(file) => Origin::File {
                path: file.to_owned(),
                line: Some(1),
            },
            None => Origin::Nowhere,
        };
        let found = self.layers.find(path);
        self.problems.push(Problem {
            origin: found.map_or_else(nowhere, |found| found.origin.clone()),
            key: path.to_owned(),
            wrong,
            allowed: allowed.to_owned(),
        });
    }

    fn one(&self, path: &str) -> Option<&str> {
        match &self.layers.find(path)?.raw {
            Raw::One(text) => Some(text),
            Raw::Many(_) => None,
        }
    }

    fn many(&self, path: &str) -> Vec<String> {
        match self.layers.find(path).map(|found| &found.raw) {
            Some(Raw::Many(texts)) => texts.clone(),
            Some(Raw::One(_)) | None => Vec::new(),
        }
    }

    /// A path that must be there. In the file it is relative to the file.
    fn path(&mut self, path: &str) -> PathBuf {
        match self.one(path) {
            None => {
                self.problem(path, "is missing".to_owned());
                PathBuf::new()
            }
            Some(text) => match self.resolved(path, text) {
                Ok(resolved) => resolved,
                Err(wrong) => {
                    self.problem(path, wrong);
                    PathBuf::new()
                }
            },
        }
    }

    fn resolved(&self, path: &str, text: &str) -> Result<PathBuf, String> {
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.contains('\0') {
            return Err(format!("{} holds a zero byte", quoted(text)));
        }
        let in_file = self
            .layers
            .find(path)
            .is_some_and(|found| matches!(found.origin, Origin::File { .. }));
        let folder = self.file.filter(|_| in_file).and_then(Path::parent);
        Ok(folder.map_or_else(|| PathBuf::from(text), |folder| folder.join(text)))
    }

    fn profile(&mut self) -> Profile {
        match self.one("node.profile") {
            None | Some("lan") => Profile::Lan,
            Some("local") => Profile::Local,
            Some("wan") => Profile::Wan,
            Some(other) => {
                let wrong = format!("{} is not a profile", quoted(other));
                self.problem("node.profile", wrong);
                Profile::Lan
            }
        }
    }

    fn listen(&mut self) -> SocketAddr {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let text = self.one("node.listen").unwrap_or(LISTEN).to_owned();
        match text.parse() {
            Ok(addr) => addr,
            Err(_) => {
                let wrong = format!("{} is not an address with a port", quoted(&text));
                self.problem("node.listen", wrong);
                any
            }
        }
    }

    fn advertise(&mut self, listen: SocketAddr) -> Vec<SocketAddr> {
        const PATH: &str = "node.advertise";
        let texts = self.many(PATH);
        if texts.is_empty() && listen.ip().is_unspecified() {
            let wrong = format!(
                "is missing, and needed because node.listen ({listen}) is every address and none"
            );
            self.problem(PATH, wrong);
        }
        if texts.len() > ADDRS {
            self.problem(PATH, format!("has {} addresses", texts.len()));
        }
        let mut addrs = Vec::new();
        for text in texts {
            match text.parse::<SocketAddr>() {
                Ok(addr) if addr.ip().is_unspecified() || addr.ip().is_multicast() => {
                    self.problem(
                        PATH,
                        format!("{} cannot be reached by anybody", quoted(&text)),
                    );
                }
                Ok(addr) => addrs.push(addr),
                Err(_) => {
                    let wrong = format!("{} is not an address with a port", quoted(&text));
                    self.problem(PATH, wrong);
                }
            }
        }
        addrs
    }

    fn readiness(&mut self) -> Vec<Key> {
        const PATH: &str = "node.readiness";
        let texts = self.many(PATH);
        if texts.len() > READINESS {
            self.problem(PATH, format!("has {} entries", texts.len()));
        }
        let mut keys = Vec::new();
        for text in &texts {
            match text.parse() {
                Ok(key) => keys.push(key),
                Err(why) => self.problem(PATH, format!("{}: {why}", quoted(text))),
            }
        }
        keys
    }

    fn seeds(&mut self) -> Vec<String> {
        const PATH: &str = "node.seeds";
        let seeds = self.many(PATH);
        if seeds.len() > SEEDS {
            self.problem(PATH, format!("has {} entries", seeds.len()));
        }
        for seed in &seeds {
            if !is_seed(seed) {
                self.problem(
                    PATH,
                    format!("{} is not a name or an address with a port", quoted(seed)),
                );
            }
        }
        seeds
    }

    fn api(&mut self) -> ApiPlace {
        let socket = self.one("api.socket").map(str::to_owned);
        let listen = self.one("api.listen").map(str::to_owned);
        match (socket, listen) {
            (None, None) => ApiPlace::Default,
            (Some(_), Some(_)) => {
                self.problem(
                    "api.listen",
                    "stands beside api.socket, only one can be".to_owned(),
                );
                ApiPlace::Default
            }
            (Some(_), None) => {
                let path = self.path("api.socket");
                let bytes = path.as_os_str().len();
                if bytes > SOCKET_PATH_BYTES {
                    self.problem("api.socket", format!("has {bytes} bytes"));
                }
                ApiPlace::Socket(path)
            }
            (None, Some(text)) => match text.parse::<SocketAddr>() {
                Ok(addr) if addr.ip().is_loopback() => ApiPlace::Tcp(addr),
                Ok(_) => {
                    let wrong = format!(
                        "{} is not a loopback address, others could reach it",
                        quoted(&text)
                    );
                    self.problem("api.listen", wrong);
                    ApiPlace::Default
                }
                Err(_) => {
                    let wrong = format!("{} is not an address with a port", quoted(&text));
                    self.problem("api.listen", wrong);
                    ApiPlace::Default
                }
            },
        }
    }

    fn log(&mut self) -> Log {
        let level = self.one("log.level").unwrap_or("warn").to_owned();
        let known = ["off", "error", "warn", "info", "debug", "trace"].contains(&level.as_str());
        let filter = level.parse().ok().filter(|_| known);
        if filter.is_none() {
            self.problem("log.level", format!("{} is not a level", quoted(&level)));
        }
        let format = self.one("log.format").unwrap_or("human").to_owned();
        if !["human", "json"].contains(&format.as_str()) {
            self.problem("log.format", format!("{} is not a format", quoted(&format)));
        }
        Log {
            level: filter.unwrap_or(tracing::level_filters::LevelFilter::WARN),
            json: format == "json",
        }
    }
}

/// Whether it is `host:port` with a host that could be one. Whether it leads
/// anywhere shows when it is resolved, again and again.
fn is_seed(text: &str) -> bool {
    if let Ok(addr) = text.parse::<SocketAddr>() {
        return addr.port() != 0 && !addr.ip().is_unspecified();
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let port = port.parse::<u16>().is_ok_and(|port| port != 0);
    // RFC 1035 §2.3.4: 255 bytes. Underscores are no host name's, but resolvers take them.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    port && (1..=255).contains(&host.len()) && host.bytes().all(plain)
}
