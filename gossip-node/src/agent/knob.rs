//! A knob: one setting an operator can turn, and every way to name it.
//!
//! `timing.probe_interval` is the key `probe_interval` in the section
//! `[timing]` of the file, the variable `GOSSIP_TIMING_PROBE_INTERVAL` in the
//! environment and `--set timing.probe_interval=…` on the command line. One
//! table holds them all, so the three ways cannot drift apart.

/// How a knob's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A text.
    Text,
    /// A list of texts; in the environment and on the command line with commas.
    List,
    /// A duration: a text such as `"250ms"` or `"1m 30s"`.
    Span,
    /// A whole number.
    Count,
}

impl Shape {
    /// For an error: what is needed.
    pub(crate) fn needed(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes is needed",
            Self::List => "a list of texts is needed",
            Self::Span => "a duration in quotes is needed",
            Self::Count => "a whole number is needed",
        }
    }
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Knob {
    /// `section.key`.
    pub(crate) path: &'static str,
    /// How it is written.
    pub(crate) shape: Shape,
    /// What it may be, for people.
    pub(crate) allowed: &'static str,
}

const fn knob(path: &'static str, shape: Shape, allowed: &'static str) -> Knob {
    Knob {
        path,
        shape,
        allowed,
    }
}

/// Every setting there is, section by section.
pub(crate) const KNOBS: &[Knob] = &[
    knob(
        "node.data_dir",
        Shape::Text,
        "a directory, made if it is not there",
    ),
    knob(
        "node.listen",
        Shape::Text,
        "an address and a port, such as \"0.0.0.0:7646\"",
    ),
    knob(
        "node.advertise",
        Shape::List,
        "1 to 8 addresses with ports that others can reach, such as [\"192.0.2.7:7646\"]",
    ),
    knob(
        "node.seeds",
        Shape::List,
        "at most 64 names or addresses with ports, such as [\"gossip.example:7646\"]",
    ),
    knob(
        "node.readiness",
        Shape::List,
        "at most 16 beginnings of keys, each of 1 to 256 bytes, such as [\"config/\"]",
    ),
    knob("node.profile", Shape::Text, "\"local\", \"lan\" or \"wan\""),
    knob(
        "tls.certificate",
        Shape::Text,
        "a PEM file: this node's certificate, then any between it and the CA's",
    ),
    knob(
        "tls.key",
        Shape::Text,
        "a PEM file, mode 0600: the certificate's private key",
    ),
    knob(
        "tls.ca",
        Shape::Text,
        "a PEM file: the cluster's CA certificates",
    ),
    knob("api.socket", Shape::Text, "a path of at most 107 bytes"),
    knob(
        "api.listen",
        Shape::Text,
        "a loopback address and a port, such as \"127.0.0.1:7647\"",
    ),
    knob(
        "log.level",
        Shape::Text,
        "\"off\", \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
    ),
    knob("log.format", Shape::Text, "\"human\" or \"json\""),
    knob("timing.probe_interval", Shape::Span, "50ms to 1m"),
    knob(
        "timing.probe_timeout",
        Shape::Span,
        "10ms to probe_interval",
    ),
    knob("timing.probe_slack", Shape::Span, "0s to probe_timeout"),
    knob("timing.detector", Shape::Text, "\"timeout\" or \"accrual\""),
    knob("timing.threshold", Shape::Count, "1 to 16"),
    knob("timing.handshake_budget", Shape::Span, "0s to 10s"),
    knob("timing.relays", Shape::Count, "0 to 16"),
    knob("timing.awareness_max", Shape::Count, "0 to 32"),
    knob("timing.suspicion_min", Shape::Span, "100ms to 5m"),
    knob("timing.suspicion_max", Shape::Span, "suspicion_min to 30m"),
    knob("timing.confirmations", Shape::Count, "0 to 7"),
    knob("timing.jurors", Shape::Count, "0 to 16"),
    knob("timing.forget_after", Shape::Span, "1s to 30days"),
    knob("timing.tombstone_grace", Shape::Span, "1s to 30days"),
    knob("timing.gossip_interval", Shape::Span, "10ms to 10s"),
    knob("timing.gossip_delay", Shape::Span, "0s to 1s"),
    knob("timing.gossip_fanout", Shape::Count, "1 to 16"),
    knob("timing.rumor_factor", Shape::Count, "1 to 16"),
    knob(
        "timing.mongering_mode",
        Shape::Text,
        "\"push\", \"pull\" or \"push-pull\"",
    ),
    knob(
        "timing.mongering_stop",
        Shape::Text,
        "\"feedback-counter\", \"feedback-coin\", \"blind-counter\" or \"blind-coin\"",
    ),
    knob("timing.mongering_k", Shape::Count, "1 to 16"),
    knob("timing.minimise", Shape::Text, "\"yes\" or \"no\""),
    knob("timing.eager_bytes", Shape::Count, "0 to 512"),
    knob("timing.bulk_kib_per_s", Shape::Count, "64 to 4194304"),
    knob("timing.peer_kib_per_s", Shape::Count, "64 to 4194304"),
    knob(
        "timing.delta_order",
        Shape::Text,
        "\"furthest-behind\" or \"name\"",
    ),
    knob("timing.sync_interval", Shape::Span, "100ms to 1h"),
    knob(
        "timing.sync_form",
        Shape::Text,
        "\"push\", \"pull\" or \"push-pull\"",
    ),
    knob("timing.plain_rows", Shape::Count, "0 to 512"),
    knob("timing.reconnect_interval", Shape::Span, "100ms to 1h"),
    knob("timing.leave_linger", Shape::Span, "0s to 1m"),
    knob("limits.author_keys", Shape::Count, "1 to 1048576"),
    knob("limits.author_bytes", Shape::Count, "1024 to 134217728"),
    knob("limits.author_keys_taken", Shape::Count, "0 to 1048576"),
    knob("limits.author_bytes_taken", Shape::Count, "0 to 134217728"),
    knob(
        "quorum.provider",
        Shape::Text,
        "\"majority\", \"failure-domain\" or \"none\"",
    ),
    knob("quorum.timeout", Shape::Span, "0s to 1h"),
    knob("quorum.probation", Shape::Span, "0s to 1h"),
    knob(
        "quorum.members",
        Shape::List,
        "node ids that vote, such as [\"eu/n1\", \"eu/n2\"], at most 1024 with the watchers",
    ),
    knob(
        "quorum.watchers",
        Shape::List,
        "node ids that belong and do not vote, beside quorum.members",
    ),
    knob(
        "quorum.domains",
        Shape::List,
        "failure domains of listed members, such as [\"eu/n1=rack7\"]",
    ),
    knob(
        "quorum.inactive",
        Shape::List,
        "failure domains out of use, such as [\"eu/2\"]",
    ),
];

impl Knob {
    /// The knob of that path.
    pub(crate) fn find(path: &str) -> Option<&'static Self> {
        KNOBS.iter().find(|knob| knob.path == path)
    }

    /// The key alone, without its section.
    pub(crate) fn key(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, key)| key)
    }

    /// The section alone.
    pub(crate) fn section(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// Its name in the environment.
    pub(crate) fn variable(&self) -> String {
        format!("GOSSIP_{}", self.path.replace('.', "_").to_uppercase())
    }
}

/// The sections of the file, in the table's order.
pub(crate) fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> = KNOBS.iter().map(Knob::section).collect();
    sections.dedup();
    sections
}

/// The keys of one section, in the table's order.
pub(crate) fn keys(section: &str) -> Vec<&'static str> {
    let of_section = KNOBS.iter().filter(|knob| knob.section() == section);
    of_section.map(Knob::key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_has_one_name_of_each_kind() {
        let mut variables: Vec<_> = KNOBS.iter().map(Knob::variable).collect();
        variables.sort();
        let named = variables.len();
        variables.dedup();
        assert_eq!(variables.len(), named);
        assert!(variables.contains(&"GOSSIP_TIMING_PROBE_INTERVAL".to_owned()));
        assert_eq!(
            sections(),
            ["node", "tls", "api", "log", "timing", "limits", "quorum"]
        );
    }

    #[test]
    fn the_reference_names_every_knob_and_what_it_allows() {
        let reference = include_str!("../../../docs/AGENT.md");
        for knob in KNOBS {
            let key = format!("`{}`", knob.key());
            assert!(
                reference.contains(&key),
                "docs/AGENT.md lacks {}",
                knob.path
            );
        }
    }
}
