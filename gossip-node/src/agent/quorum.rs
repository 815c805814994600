//! Quorum: the operator's list of members, from texts to a [`QuorumConfig`].
//!
//! The timeout stands with the other durations in [`super::timing`].

use std::collections::{BTreeMap, BTreeSet};

use gossip_node::{Domain, Electorate, NodeId, QuorumConfig, QuorumProvider, Seat};

use super::knob::Knob;
use super::layer::{Layers, Raw};
use super::problem::{Origin, Problem, quoted};

const PROVIDER: &str = "quorum.provider";
const MEMBERS: &str = "quorum.members";
const WATCHERS: &str = "quorum.watchers";
const DOMAINS: &str = "quorum.domains";
const INACTIVE: &str = "quorum.inactive";

/// The providers by name.
const PROVIDERS: [(&str, QuorumProvider); 3] = [
    ("majority", QuorumProvider::Majority),
    ("failure-domain", QuorumProvider::FailureDomain),
    ("none", QuorumProvider::None),
];

/// A provider's name.
pub(crate) fn word(provider: QuorumProvider) -> &'static str {
    let found = PROVIDERS.iter().find(|(_, known)| *known == provider);
    found.map_or("majority", |(word, _)| word)
}

/// Puts what the operator wrote into `quorum`. What is wrong is told, and left
/// out.
pub(crate) fn read(layers: &Layers, quorum: &mut QuorumConfig, problems: &mut Vec<Problem>) {
    let mut reader = Reader { layers, problems };
    if let Some(provider) = reader.provider() {
        quorum.provider = provider;
    }
    quorum.electorate = reader.electorate();
    let asked = quorum.provider == QuorumProvider::FailureDomain;
    for path in [DOMAINS, INACTIVE] {
        if !asked && !reader.many(path).is_empty() {
            let wrong = "only counts with provider \"failure-domain\"";
            reader.problem(path, wrong.to_owned());
        }
    }
    if let Err(why) = quorum.electorate.check() {
        reader.problem(MEMBERS, why.to_string());
    }
}

/// Every setting but the times as it stands, as text.
pub(crate) fn shown(quorum: &QuorumConfig) -> Vec<(&'static str, String)> {
    let mut shown = vec![(PROVIDER, word(quorum.provider).to_owned())];
    let names = |votes| {
        let seats = quorum.electorate.seats.iter().flatten();
        let names = seats.filter(|(_, seat)| seat.votes == votes);
        names
            .map(|(id, _)| id.as_str())
            .collect::<Vec<_>>()
            .join(",")
    };
    if quorum.electorate.seats.is_some() {
        shown.push((MEMBERS, names(true)));
        shown.push((WATCHERS, names(false)));
    }
    let seats = quorum.electorate.seats.iter().flatten();
    let domains = seats.filter_map(|(id, seat)| {
        let domain = seat.domain.as_ref()?;
        Some(format!("{id}={}", domain.as_str()))
    });
    let inactive = quorum.electorate.inactive.iter();
    let inactive = inactive.map(|domain| domain.as_str().to_owned());
    for (path, texts) in [
        (DOMAINS, domains.collect::<Vec<_>>()),
        (INACTIVE, inactive.collect()),
    ] {
        if !texts.is_empty() {
            shown.push((path, texts.join(",")));
        }
    }
    shown
}

struct Reader<'a> {
    layers: &'a Layers,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, path: &str, wrong: String) {
        let found = self.layers.find(path);
        self.problems.push(Problem {
            origin: found.map_or(Origin::Nowhere, |found| found.origin.clone()),
            key: path.to_owned(),
            wrong,
            allowed: Knob::find(path).map_or("", |knob| knob.allowed).to_owned(),
        });
    }

    fn many(&self, path: &str) -> Vec<String> {
        match self.layers.find(path).map(|found| &found.raw) {
            Some(Raw::Many(texts)) => texts.clone(),
            Some(Raw::One(_)) | None => Vec::new(),
        }
    }

    fn provider(&mut self) -> Option<QuorumProvider> {
        let Raw::One(text) = &self.layers.find(PROVIDER)?.raw else {
            return None;
        };
        let found = PROVIDERS.iter().find(|(word, _)| word == text);
        if found.is_none() {
            self.problem(PROVIDER, format!("{} is not a provider", quoted(text)));
        }
        found.map(|(_, provider)| *provider)
    }

    fn electorate(&mut self) -> Electorate {
        let mut seats: BTreeMap<NodeId, Seat> = BTreeMap::new();
        for (path, votes) in [(MEMBERS, true), (WATCHERS, false)] {
            for text in self.many(path) {
                match text.parse::<NodeId>() {
                    Ok(id) if seats.contains_key(&id) => {
                        self.problem(path, format!("{} stands twice", quoted(&text)));
                    }
                    Ok(id) => {
                        let domain = None;
                        seats.insert(id, Seat { votes, domain });
                    }
                    Err(why) => self.problem(path, format!("{}: {why}", quoted(&text))),
                }
            }
        }
        let listed = self.layers.find(MEMBERS).is_some();
        if !listed && self.layers.find(WATCHERS).is_some() {
            let wrong = "stands without quorum.members, so nobody would vote";
            self.problem(WATCHERS, wrong.to_owned());
        }
        for text in self.many(DOMAINS) {
            match self.domain_of(&text, &seats) {
                Ok((id, domain)) => {
                    if let Some(seat) = seats.get_mut(&id) {
                        seat.domain = Some(domain);
                    }
                }
                Err(wrong) => self.problem(DOMAINS, wrong),
            }
        }
        let mut inactive: BTreeSet<Domain> = BTreeSet::new();
        for text in self.many(INACTIVE) {
            match text.parse() {
                Ok(domain) => {
                    inactive.insert(domain);
                }
                Err(why) => self.problem(INACTIVE, format!("{}: {why}", quoted(&text))),
            }
        }
        Electorate {
            seats: listed.then_some(seats),
            inactive,
        }
    }

    /// `eu/n1=rack7`.
    fn domain_of(
        &self,
        text: &str,
        seats: &BTreeMap<NodeId, Seat>,
    ) -> Result<(NodeId, Domain), String> {
        let told = |why: String| format!("{}: {why}", quoted(text));
        let (member, domain) = text
            .split_once('=')
            .ok_or_else(|| told("has no \"=\"".to_owned()))?;
        let id: NodeId = member.parse().map_err(|why| told(format!("{why}")))?;
        let domain = domain.parse().map_err(|why| told(format!("{why}")))?;
        if !seats.contains_key(&id) {
            return Err(told("is not among the members or watchers".to_owned()));
        }
        Ok((id, domain))
    }
}
