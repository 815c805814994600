//! `gossip agent`: run one node.

use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::{Shared, out};
use crate::agent::knob::Knob;
use crate::agent::layer::Layers;
use crate::agent::problem::{Origin, Problem, told};
use crate::agent::run::{self, Manner};
use crate::agent::settings::Settings;
use crate::agent::{file, log};
use crate::api::place::{self, Place};

/// Run one node, until it is told to leave
///
/// Settings come from the file, over it from the environment (GOSSIP_SECTION_KEY, such as
/// GOSSIP_NODE_LISTEN), over that from the command line. No file is read unless one is named.
/// docs/AGENT.md explains every key.
///
/// SIGTERM and Ctrl-C make the node leave its cluster and end; a second one ends it at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration file
    #[arg(long, short, value_name = "FILE", env = "GOSSIP_CONFIG")]
    config: Option<PathBuf>,

    /// Where the journal lives: one directory a node
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,

    /// The UDP address to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,

    /// Where others reach this node, if not where it listens; may be repeated
    #[arg(long, value_name = "ADDR:PORT")]
    advertise: Vec<String>,

    /// A name or address that leads to members; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    seed: Vec<String>,

    /// The kind of network: local, lan or wan
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// This node's certificate
    #[arg(long, value_name = "FILE")]
    certificate: Option<String>,

    /// Its private key
    #[arg(long, value_name = "FILE")]
    key: Option<String>,

    /// The cluster's authorities
    #[arg(long, value_name = "FILE")]
    ca: Option<String>,

    /// What to log: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,

    /// How to log, to standard error: human or json
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,

    /// Any other setting, such as timing.probe_interval=2s; may be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,

    /// Check configuration and certificates, show what results, and end
    #[arg(long)]
    check_config: bool,

    /// End when standard input closes: for a parent that may be killed
    #[arg(long, hide = true)]
    exit_with_stdin: bool,
}

pub(crate) fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let settings = settings(args, shared).map_err(|problems| {
        let lines = problems.iter().map(ToString::to_string).collect();
        Failure::many(Exit::Config, lines)
    })?;
    log::begin(settings.log);
    let credentials = run::credentials(&settings)?;
    if args.check_config {
        return checked(&settings, &credentials, shared);
    }
    let manner = Manner {
        json: shared.json,
        exit_with_stdin: args.exit_with_stdin,
    };
    run::run(settings, credentials, manner)
}

/// From all layers, the nearest last.
fn settings(args: &Args, shared: &Shared) -> Result<Settings, Vec<Problem>> {
    let (mut layers, mut problems) = match &args.config {
        Some(path) => file::read(path)?,
        None => (Layers::default(), Vec::new()),
    };
    problems.extend(layers.put_environment(|name| std::env::var_os(name)));
    let one = [
        ("--data-dir", "node.data_dir", &args.data_dir),
        ("--listen", "node.listen", &args.listen),
        ("--profile", "node.profile", &args.profile),
        ("--certificate", "tls.certificate", &args.certificate),
        ("--key", "tls.key", &args.key),
        ("--ca", "tls.ca", &args.ca),
        ("--log-level", "log.level", &args.log_level),
        ("--log-format", "log.format", &args.log_format),
    ];
    for (flag, path, text) in one {
        if let (Some(text), Some(knob)) = (text, Knob::find(path)) {
            layers.put_text(knob, text, Origin::Flag(flag.to_owned()));
        }
    }
    let many = [
        ("--advertise", "node.advertise", &args.advertise),
        ("--seed", "node.seeds", &args.seed),
    ];
    for (flag, path, texts) in many {
        if let (false, Some(knob)) = (texts.is_empty(), Knob::find(path)) {
            layers.put_text(knob, &texts.join(","), Origin::Flag(flag.to_owned()));
        }
    }
    if let Some(text) = &shared.api {
        put_api(&mut layers, text).unwrap_or_else(|problem| problems.push(problem));
    }
    for assignment in &args.set {
        let put = layers.put_assignment(assignment);
        put.unwrap_or_else(|problem| problems.push(problem));
    }
    match Settings::judge(&layers, args.config.as_deref()) {
        Ok(settings) if problems.is_empty() => Ok(settings),
        Ok(_) => Err(told(problems, Vec::new())),
        Err(more) => Err(told(problems, more)),
    }
}

/// For an agent, `--api` says where to listen.
fn put_api(layers: &mut Layers, text: &str) -> Result<(), Problem> {
    let origin = Origin::Flag("--api".to_owned());
    let (path, other, text) = match place::parse(text) {
        Ok(Place::Socket(path)) => ("api.socket", "api.listen", path.display().to_string()),
        Ok(Place::Tcp(addr)) => ("api.listen", "api.socket", addr.to_string()),
        Err(wrong) => {
            return Err(Problem {
                origin,
                key: "api".to_owned(),
                wrong,
                allowed: "a path, or http://127.0.0.1:PORT".to_owned(),
            });
        }
    };
    layers.forget(other);
    if let Some(knob) = Knob::find(path) {
        layers.put_text(knob, &text, origin);
    }
    Ok(())
}

fn checked(
    settings: &Settings,
    credentials: &gossip_node::Credentials,
    shared: &Shared,
) -> Result<(), Failure> {
    let shown = settings.shown();
    let identity = credentials.identity();
    if shared.json {
        let mut document = serde_json::Map::new();
        document.insert("id".into(), identity.node().to_string().into());
        document.insert("cluster".into(), identity.cluster().to_string().into());
        let settings = shown
            .into_iter()
            .map(|(path, text)| (path.to_owned(), text.into()));
        document.insert(
            "settings".into(),
            settings.collect::<serde_json::Map<_, _>>().into(),
        );
        return out::json(&document);
    }
    let widest = shown.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
    let mut lines = vec![format!(
        "valid: node {} of cluster {}",
        identity.node(),
        identity.cluster()
    )];
    for (path, text) in shown {
        lines.push(format!("  {path:<widest$}  {}", out::visible(&text)));
    }
    out::line(&lines.join("\n"))
}
