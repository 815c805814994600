//! What an operator can write wrongly, and what the agent says to it: one line
//! that names the place, the key, the fault and what would be right.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use cli_support::{Said, authority, gossip, issue, run};

/// Everything a file needs, on lines 1 to 7; a case goes behind.
const BASE: &str = "[node]\n\
                    data_dir = \"data\"\n\
                    [tls]\n\
                    certificate = \"node.pem\"\n\
                    key = \"node.key\"\n\
                    ca = \"ca.pem\"\n\
                    \n";

fn judge(text: &[u8]) -> (Said, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let said = run(["agent", "--config", &path, "--check-config"]);
    (said, path)
}

#[track_caller]
fn wrong(text: &str, line: usize, key: &str, words: &[&str]) {
    let (said, path) = judge(text.as_bytes());
    let start = format!("gossip: {path}:{line}: {key}: ");
    assert_eq!(said.code, 3, "{text}\n{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{text}\n{said:?}");
    assert!(
        said.err.starts_with(&start),
        "{text}\nwanted {start}\n{said:?}"
    );
    assert!(said.err.contains("; allowed: "), "{text}\n{said:?}");
    assert_eq!(said.out, "");
    for word in words {
        assert!(
            said.err.contains(word),
            "{word:?} is missing\n{text}\n{said:?}"
        );
    }
}

#[test]
fn every_fault_in_a_file_is_one_line_with_its_place() {
    let timing = |text: &str| format!("{BASE}[timing]\n{text}\n");
    // A case that names its own data directory stands instead of the good one.
    let node = |text: &str| {
        let good = if text.starts_with("data_dir") { 2 } else { 1 };
        let rest: Vec<_> = BASE.lines().skip(good).collect();
        format!("[node]\n{text}\n{}\n", rest.join("\n"))
    };
    let api = |text: &str| format!("{BASE}[api]\n{text}\n");
    let log = |text: &str| format!("{BASE}[log]\n{text}\n");
    let quorum = |text: &str| format!("{BASE}[quorum]\n{text}\n");
    let cases: Vec<(String, usize, &str, &[&str])> = vec![
        // Unknown names.
        (
            timing("probe_intervall = \"1s\""),
            9,
            "timing.probe_intervall",
            &["is not a key", "probe_interval,"],
        ),
        (
            node("readiness = [\"config/\", \"\"]"),
            2,
            "node.readiness",
            &["empty", "at most 16 beginnings of keys"],
        ),
        (
            node(&format!("readiness = [{}]", "\"k\", ".repeat(17))),
            2,
            "node.readiness",
            &["has 17 entries"],
        ),
        (
            node("port = 1"),
            2,
            "node.port",
            &["is not a key", "data_dir, listen"],
        ),
        (
            format!("{BASE}[cluster]\n"),
            8,
            "cluster",
            &["is not a section", "[node], [tls], [api], [log], [timing]"],
        ),
        (
            format!("listen = \"127.0.0.1:1\"\n{BASE}"),
            1,
            "listen",
            &["is not a section"],
        ),
        (
            format!("{BASE}[[seeds]]\n"),
            8,
            "seeds",
            &["is not a section"],
        ),
        (
            format!("{BASE}[log.deep]\nx = 1\n"),
            8,
            "log.deep",
            &["is not a key"],
        ),
        // Wrong types.
        (
            timing("probe_interval = 5"),
            9,
            "timing.probe_interval",
            &["a whole number", "duration", "50ms to 1m"],
        ),
        (
            timing("probe_interval = 1.5"),
            9,
            "timing.probe_interval",
            &["a fraction"],
        ),
        (
            timing("relays = \"3\""),
            9,
            "timing.relays",
            &["a text", "whole number is needed", "0 to 16"],
        ),
        (timing("relays = 2.5"), 9, "timing.relays", &["a fraction"]),
        (
            timing("relays = true"),
            9,
            "timing.relays",
            &["true or false"],
        ),
        (
            node("listen = 7646"),
            2,
            "node.listen",
            &["a whole number", "text in quotes"],
        ),
        (
            node("seeds = [1]"),
            2,
            "node.seeds",
            &["holds a whole number"],
        ),
        (
            node("seeds = { a = 1 }"),
            2,
            "node.seeds",
            &["is a section"],
        ),
        (
            format!(
                "node = 1\n{}",
                &BASE["[node]\ndata_dir = \"data\"\n".len()..]
            ),
            1,
            "node",
            &["a section is needed"],
        ),
        (log("level = 1979-05-27"), 9, "log.level", &["a date"]),
        // Absurd durations and numbers.
        (
            timing("probe_interval = \"0s\""),
            9,
            "timing.probe_interval",
            &["0s is too little", "50ms to 1m"],
        ),
        (
            timing("probe_interval = \"-1s\""),
            9,
            "timing.probe_interval",
            &["negative"],
        ),
        (
            timing("probe_interval = \"100years\""),
            9,
            "timing.probe_interval",
            &["too much"],
        ),
        (
            timing("sync_interval = \"99999999999999999999999s\""),
            9,
            "timing.sync_interval",
            &["not a duration", "100ms to 1h"],
        ),
        (
            timing("gossip_interval = \"5\""),
            9,
            "timing.gossip_interval",
            &["not a duration"],
        ),
        (
            timing("gossip_interval = \"\""),
            9,
            "timing.gossip_interval",
            &["not a duration"],
        ),
        (
            timing("gossip_interval = \"soon\""),
            9,
            "timing.gossip_interval",
            &["\"soon\""],
        ),
        (
            timing("probe_timeout = \"2s\""),
            9,
            "timing.probe_timeout",
            &["too much", "10ms to 1s"],
        ),
        (
            timing("probe_interval = \"100ms\""),
            9,
            "timing.probe_interval",
            &["probe_timeout of 500ms"],
        ),
        (
            timing("relays = -1"),
            9,
            "timing.relays",
            &["-1 is too little"],
        ),
        (
            timing("relays = 17"),
            9,
            "timing.relays",
            &["17 is too much"],
        ),
        (
            timing("gossip_fanout = 0"),
            9,
            "timing.gossip_fanout",
            &["0 is too little", "1 to 16"],
        ),
        (
            timing("rumor_factor = 99999999999999999999999999"),
            9,
            "timing.rumor_factor",
            &["too much"],
        ),
        (
            timing("awareness_max = 0x40"),
            9,
            "timing.awareness_max",
            &["64 is too much"],
        ),
        (
            timing("probe_slack = \"600ms\""),
            9,
            "timing.probe_slack",
            &["600ms is too much", "0s to 500ms"],
        ),
        (
            timing("suspicion_min = \"1m\""),
            9,
            "timing.suspicion_min",
            &["no room for the profile's suspicion_max of 18s"],
        ),
        (
            timing("suspicion_max = \"1s\""),
            9,
            "timing.suspicion_max",
            &["1s is too little", "3s to 30m"],
        ),
        (
            timing("detector = \"phi\""),
            9,
            "timing.detector",
            &["\"phi\" is not a detector", "\"accrual\""],
        ),
        (
            timing("threshold = 8"),
            9,
            "timing.threshold",
            &["only counts with detector \"accrual\""],
        ),
        // Quorum.
        (
            quorum("provider = \"half\""),
            9,
            "quorum.provider",
            &["\"half\" is not a provider", "\"failure-domain\""],
        ),
        (
            quorum("timeout = \"2h\""),
            9,
            "quorum.timeout",
            &["2h is too much", "0s to 1h"],
        ),
        (
            quorum("probation = \"2h\""),
            9,
            "quorum.probation",
            &["2h is too much", "0s to 1h"],
        ),
        (
            quorum("members = [\"eu/n1\", \"EU/n2\"]"),
            9,
            "quorum.members",
            &["\"EU/n2\": only a-z"],
        ),
        (
            quorum("members = [\"eu/n1\", \"eu/n1\"]"),
            9,
            "quorum.members",
            &["\"eu/n1\" stands twice"],
        ),
        (
            quorum("members = [\"eu/n1\"]\nwatchers = [\"eu/n1\"]"),
            10,
            "quorum.watchers",
            &["\"eu/n1\" stands twice"],
        ),
        (
            quorum("watchers = [\"eu/n1\"]"),
            9,
            "quorum.watchers",
            &["without quorum.members"],
        ),
        (
            quorum("provider = \"failure-domain\"\nmembers = [\"n1\"]\ndomains = [\"n2=a\"]"),
            11,
            "quorum.domains",
            &["\"n2=a\": is not among the members"],
        ),
        (
            quorum("provider = \"failure-domain\"\nmembers = [\"n1\"]\ndomains = [\"n1\"]"),
            11,
            "quorum.domains",
            &["\"n1\": has no \"=\""],
        ),
        (
            quorum("inactive = [\"eu/2\"]"),
            9,
            "quorum.inactive",
            &["only counts with provider \"failure-domain\""],
        ),
        (
            quorum("provider = \"failure-domain\"\ninactive = [\"eu/\"]"),
            10,
            "quorum.inactive",
            &["\"eu/\": a name has an empty label"],
        ),
        (
            quorum("members = 7"),
            9,
            "quorum.members",
            &["a list of texts is needed"],
        ),
        // Addresses and paths.
        (
            node("data_dir = \"d\"\nlisten = \"localhost\""),
            3,
            "node.listen",
            &["\"localhost\" is not an address"],
        ),
        (
            node("data_dir = \"d\"\nlisten = \"127.0.0.1:99999\""),
            3,
            "node.listen",
            &["99999"],
        ),
        (
            node("data_dir = \"d\"\nadvertise = [\"0.0.0.0:1\"]"),
            3,
            "node.advertise",
            &["cannot be reached"],
        ),
        (
            node("data_dir = \"d\"\nadvertise = \"here\""),
            3,
            "node.advertise",
            &["\"here\""],
        ),
        (
            node("data_dir = \"d\"\nseeds = [\"a.example\"]"),
            3,
            "node.seeds",
            &["\"a.example\" is not a name or an address with a port"],
        ),
        (
            node("data_dir = \"d\"\nseeds = [\"a.example:0\"]"),
            3,
            "node.seeds",
            &["a.example:0"],
        ),
        (
            node("data_dir = \"d\"\nprofile = \"moon\""),
            3,
            "node.profile",
            &["\"moon\"", "\"lan\""],
        ),
        (node("data_dir = \"\""), 2, "node.data_dir", &["is empty"]),
        (
            api("listen = \"0.0.0.0:7647\""),
            9,
            "api.listen",
            &["not a loopback address"],
        ),
        (
            api("listen = \"192.0.2.1:7647\""),
            9,
            "api.listen",
            &["not a loopback address"],
        ),
        (
            api("listen = \"7647\""),
            9,
            "api.listen",
            &["is not an address"],
        ),
        (
            api("socket = \"a\"\nlisten = \"127.0.0.1:1\""),
            10,
            "api.listen",
            &["only one"],
        ),
        (
            api(&format!("socket = \"/{}\"", "x".repeat(108))),
            9,
            "api.socket",
            &["109 bytes", "107 bytes"],
        ),
        (
            log("level = \"loud\""),
            9,
            "log.level",
            &["\"loud\"", "\"trace\""],
        ),
        (
            log("format = \"xml\""),
            9,
            "log.format",
            &["\"xml\"", "\"json\""],
        ),
        // What is missing.
        (
            "[node]\ndata_dir = \"d\"\n[tls]\ncertificate = \"a\"\nkey = \"b\"\n".to_owned(),
            1,
            "tls.ca",
            &["is missing"],
        ),
        (
            node("data_dir = \"d\"\nlisten = \"0.0.0.0:1\""),
            1,
            "node.advertise",
            &["is missing", "0.0.0.0:1"],
        ),
        // Syntax.
        (format!("{BASE}[timing\n"), 8, "syntax", &["TOML"]),
        (
            format!("{BASE}[log]\nlevel = \"info\"\nlevel = \"warn\"\n"),
            10,
            "syntax",
            &["duplicate"],
        ),
        (format!("{BASE}[log]\nlevel = info\n"), 9, "syntax", &[]),
        // Whatever was written, a line stays a line.
        (
            log("level = \"a\\nb\\u001b[31m\""),
            9,
            "log.level",
            &["a\\nb\\u{1b}[31m"],
        ),
        (
            format!("{BASE}[log]\n\"le\\nvel\" = \"info\"\n"),
            9,
            "log.\"le\\nvel\"",
            &["is not a key"],
        ),
    ];
    assert!(cases.len() >= 30);
    for (text, line, key, words) in &cases {
        wrong(text, *line, key, words);
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_their_lines() {
    let text = format!(
        "{BASE}[timing]\nrelays = 99\nprobe_interval = \"0s\"\nnope = 1\n[log]\nlevel = \"x\"\n"
    );
    let (said, path) = judge(text.as_bytes());
    assert_eq!(said.code, 3);
    let lines: Vec<_> = said.err.lines().collect();
    assert_eq!(lines.len(), 4, "{said:?}");
    for (line, number) in lines.iter().zip([9, 10, 11, 13]) {
        assert!(
            line.starts_with(&format!("gossip: {path}:{number}: ")),
            "{said:?}"
        );
    }
}

#[test]
fn a_file_that_is_none_is_named() {
    run(["agent", "--config", "/nonexistent/agent.toml"]).failed(
        3,
        &["/nonexistent/agent.toml: cannot be read", "No such file"],
    );
    run(["agent", "--config", "/"]).failed(3, &["/: cannot be read"]);
    let (said, path) = judge(b"[node]\n\x00\xff\xfe binary");
    said.failed(3, &[&path, "byte 8 is not UTF-8"]);
    let (said, path) = judge(&vec![b'#'; 300_000]);
    said.failed(3, &[&path, "longer than 262144 bytes"]);
    let (said, _) = judge(b"");
    assert_eq!((said.code, said.err.lines().count()), (3, 4), "{said:?}");
}

#[test]
fn without_a_file_the_missing_is_named_as_well() {
    let said = run(["agent"]);
    assert_eq!(said.code, 3, "{said:?}");
    for key in ["node.data_dir", "tls.certificate", "tls.key", "tls.ca"] {
        assert!(
            said.err
                .contains(&format!("no --config given: {key}: is missing")),
            "{said:?}"
        );
    }
}

#[test]
fn faults_in_flags_and_environment_name_them() {
    run([
        "agent",
        "--listen",
        "x",
        "--data-dir",
        "d",
        "--certificate",
        "c",
        "--key",
        "k",
        "--ca",
        "a",
    ])
    .failed(
        3,
        &["gossip: --listen: node.listen: \"x\" is not an address"],
    );
    let base = [
        "agent",
        "--data-dir",
        "d",
        "--certificate",
        "c",
        "--key",
        "k",
        "--ca",
        "a",
    ];
    let with = |more: &[&str]| run(base.iter().chain(more));
    with(&["--set", "timing.relays=17"])
        .failed(3, &["--set timing.relays: timing.relays: 17 is too much"]);
    with(&["--set", "timing.nope=17"]).failed(3, &["--set: timing.nope: is not a setting"]);
    with(&["--set", "nonsense"]).failed(3, &["has no \"=\""]);
    with(&["--api", "http://192.0.2.1:80"]).failed(3, &["--api", "not a loopback"]);
    let mut command = gossip();
    command.args(base).env("GOSSIP_TIMING_RELAYS", "many");
    Said::of(command.output().unwrap()).failed(
        3,
        &["gossip: GOSSIP_TIMING_RELAYS: timing.relays: \"many\" is not a whole number"],
    );
    assert_eq!(run(["agent", "--no-such-flag"]).code, 2);
}

/// A directory with an authority and one good node in it, and its file.
fn good(folder: &Path) -> String {
    authority(folder, "main");
    issue(folder, "eu/n1", &[]);
    let nodes = folder.join("nodes/eu/n1");
    let path = nodes.join("agent.toml");
    fs::write(&path, BASE).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_nearest_layer_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = good(folder.path());
    let text = format!(
        "{BASE}[timing]\nrelays = 1\ngossip_fanout = 5\nsync_form = \"push\"\n[log]\nlevel = \"error\"\n"
    );
    fs::write(&path, text).unwrap();
    let mut command = gossip();
    command
        .args(["agent", "--config", &path, "--check-config", "--json"])
        .args(["--set", "timing.relays=3", "--seed", "a:1", "--seed", "b:2"])
        .env("GOSSIP_TIMING_RELAYS", "2")
        .env("GOSSIP_LOG_LEVEL", "off")
        .env("GOSSIP_NODE_SEEDS", "c:3")
        .env("GOSSIP_NODE_READINESS", "config/,flag/")
        .env("GOSSIP_SERVICE_HOST", "a container platform says this");
    let checked = Said::of(command.output().unwrap()).ok().json();
    assert_eq!(checked["id"], "eu/n1");
    let settings = &checked["settings"];
    assert_eq!(settings["timing.relays"], "3");
    assert_eq!(settings["timing.gossip_fanout"], "5");
    assert_eq!(settings["timing.sync_form"], "push");
    assert_eq!(settings["log.level"], "off");
    assert_eq!(settings["node.readiness"], "config/,flag/");
    assert_eq!(settings["node.seeds"], "a:1,b:2");
    let data_dir = settings["node.data_dir"].as_str().unwrap();
    assert_eq!(Path::new(data_dir), Path::new(&path).with_file_name("data"));
}

#[test]
fn credentials_that_are_of_no_use_end_with_code_5_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = good(folder.path());
    let node = Path::new(&path).parent().unwrap().to_owned();
    let check = || run(["agent", "--config", &path, "--check-config"]);
    let said = check().ok();
    assert!(
        said.out.starts_with("valid: node eu/n1 of cluster main\n"),
        "{said:?}"
    );
    assert_eq!(said.err, "");

    // Readable by others: said, and no more than said.
    use std::os::unix::fs::PermissionsExt as _;
    let key = node.join("node.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = check().ok();
    assert!(said.err.contains("node.key has mode 644"), "{said:?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    let with = |name: &str, text: &[u8], words: &[&str]| {
        let file = node.join(name);
        let before = fs::read(&file).unwrap();
        fs::write(&file, text).unwrap();
        check().failed(5, words);
        fs::write(&file, before).unwrap();
    };
    issue(folder.path(), "eu/n2", &[]);
    let read = |path: &str| fs::read(folder.path().join(path)).unwrap();
    with(
        "node.key",
        &read("nodes/eu/n2/node.key"),
        &["node.key is not the key of", "node.pem"],
    );
    with("node.key", b"", &["node.key: no private key in PEM form"]);
    with(
        "node.pem",
        b"\xff\x00",
        &["node.pem: no certificate in PEM form"],
    );
    with(
        "node.pem",
        &read("ca.pem"),
        &["certificate of an authority"],
    );
    let other = tempfile::tempdir().unwrap();
    authority(other.path(), "main");
    with(
        "ca.pem",
        &fs::read(other.path().join("ca.pem")).unwrap(),
        &["does not lead to an authority"],
    );
    fs::rename(node.join("node.pem"), node.join("away.pem")).unwrap();
    check().failed(5, &["node.pem", "No such file"]);
    fs::rename(node.join("away.pem"), node.join("node.pem")).unwrap();

    let (expired, key) = expired(folder.path());
    let pair = |chain: &str, key: &str, words: &[&str]| {
        let files = ["node.pem", "node.key"].map(|name| node.join(name));
        let before = files.clone().map(|file| fs::read(file).unwrap());
        fs::write(&files[0], chain).unwrap();
        fs::write(&files[1], key).unwrap();
        check().failed(5, words);
        for (file, bytes) in files.iter().zip(before) {
            fs::write(file, bytes).unwrap();
        }
    };
    pair(&expired, &key, &["node.pem: expired", "ago"]);
    let (names, key) = named(&[
        "spiffe://a.example/gossip/main/n1",
        "spiffe://a.example/gossip/main/n2",
    ]);
    pair(&names, &key, &["bears 2 URI names"]);
    let (names, key) = named(&[]);
    pair(&names, &key, &["names no node"]);
    let (names, key) = named(&["https://a.example/n1"]);
    pair(&names, &key, &["is no node name"]);
    check().ok();
}

/// A certificate of that authority that expired when it was issued.
fn expired(folder: &Path) -> (String, String) {
    use gossip_quic::pki::Authority;
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let cluster = "main".parse().unwrap();
    let authority = Authority::load(&read("ca.pem"), &read("ca.key"), cluster).unwrap();
    let issued = authority
        .issue(
            &"eu/n1".parse().unwrap(),
            std::time::Duration::ZERO,
            Default::default(),
        )
        .unwrap();
    // It is valid up to and with the second it was made in.
    cli_support::until("the certificate expires", || {
        let info = gossip_quic::pki::describe(issued.chain_pem.as_bytes()).unwrap();
        let now = std::time::SystemTime::now();
        let over = info.not_after + std::time::Duration::from_secs(1);
        (now > over).then_some(())
    });
    (issued.chain_pem, issued.key_pem)
}

/// A certificate with any URI names, signed by itself.
fn named(uris: &[&str]) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    let uris = uris
        .iter()
        .map(|uri| rcgen::SanType::URI((*uri).try_into().unwrap()));
    params.subject_alt_names = uris.collect();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn what_is_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = good(folder.path());
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let agent = |more: &[&str]| {
        let mut command = gossip();
        command
            .args(["agent", "--config", &path])
            .args(more)
            .stdin(Stdio::null());
        Said::of(command.output().unwrap())
    };
    agent(&["--listen", &addr]).failed(1, &[&addr, "in use"]);
    // TEST-NET-1 (RFC 5737) is nobody's address, so not ours.
    agent(&["--listen", "192.0.2.1:7646"]).failed(1, &["192.0.2.1:7646", "assign"]);
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}", tcp.local_addr().unwrap());
    agent(&["--listen", "127.0.0.1:0", "--api", &api]).failed(1, &["cannot be bound", "in use"]);
    let file = folder.path().join("file");
    fs::write(&file, "precious").unwrap();
    agent(&["--listen", "127.0.0.1:0", "--api", file.to_str().unwrap()])
        .failed(1, &["in the way of the API's socket"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    agent(&[
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        file.to_str().unwrap(),
    ])
    .failed(1, &["file"]);
}
