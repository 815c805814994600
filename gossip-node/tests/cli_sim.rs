//! `gossip sim`, from the command line alone.
#![cfg(feature = "sim")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::fs;

use cli_support::{Said, run};

/// A small cluster, so that this takes seconds where nothing is optimised.
fn sim(more: &[&str]) -> Said {
    let mut words = vec!["sim", "--nodes", "8", "--duration", "30s"];
    words.extend(more);
    run(words)
}

#[test]
fn a_planner_reads_words_and_a_program_json() {
    let people = sim(&["--partition", "30s", "--loss", "2%"]).ok();
    for word in [
        "8 members, 2 % of packets lost",
        "joining",
        "traffic",
        "a write",
        "a crash",
        "a cut",
        "false positives  none",
        "seed 1",
    ] {
        assert!(
            people.out.contains(word),
            "{word:?} is missing in {people:?}"
        );
    }
    assert!(people.out.lines().all(|line| line.chars().count() <= 100));
    assert!(people.err.is_empty(), "no meter where nobody looks");

    let json = sim(&["--partition", "30s", "--loss", "2%", "--json"])
        .ok()
        .json();
    assert_eq!((&json["nodes"], &json["seed"]), (&8.into(), &1.into()));
    assert!(json["joined_s"].as_f64().unwrap() > 0.0);
    assert!(json["cut"]["healed_s"].as_f64().unwrap() > 0.0);
    assert_eq!(json["crashes"][0]["members"], 7);
    assert_eq!(json["false_positives"]["count"], 0);
}

#[test]
fn one_seed_is_one_run_and_another_seed_another() {
    let first = sim(&["--seed", "7", "--json", "--trace"]).ok();
    assert_eq!(
        first.out,
        sim(&["--seed", "7", "--json", "--trace"]).ok().out
    );
    assert_ne!(
        first.out,
        sim(&["--seed", "8", "--json", "--trace"]).ok().out
    );
}

/// A document on each line.
fn documents(out: &str) -> Vec<serde_json::Value> {
    let lines = out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_trace_has_a_line_for_every_change() {
    let traced = sim(&["--trace"]).ok();
    let dead = traced
        .out
        .lines()
        .filter(|line| line.contains("  dead (was"));
    assert!(dead.count() >= 7, "{traced:?}");
    let documents = documents(&sim(&["--trace", "--json"]).ok().out);
    assert!(documents.iter().any(|it| it["event"] == "change"));
    assert_eq!(documents.last().unwrap()["event"], "report");
}

#[test]
fn a_plot_is_an_svg_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plot.svg");
    sim(&["--plot", file.to_str().unwrap()]).ok();
    let drawn = fs::read_to_string(&file).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
    assert!(drawn.contains("How news spreads"));
    sim(&["--plot", "plot.png"]).failed(2, &["plot.png", ".svg"]);
    sim(&["--plot", "/nowhere/at/all.svg"]).failed(1, &["/nowhere/at/all.svg"]);
}

#[test]
fn what_makes_no_sense_is_refused_in_one_line() {
    let refused = |words: &[&str], named: &str| {
        run(words).failed(2, &[named, "allowed: "]);
    };
    refused(&["sim", "--nodes", "2"], "--nodes");
    refused(&["sim", "--nodes", "many"], "--nodes");
    refused(&["sim", "--loss", "95%"], "--loss");
    refused(&["sim", "--partition", "soon"], "--partition");
    refused(&["sim", "--crash", "99"], "--crash");
    refused(&["sim", "--zones", "0"], "--zones");
    refused(&["sim", "--profile", "moon"], "--profile");
    refused(&["sim", "--seed", "seven"], "--seed");
    refused(&["sim", "report", "--only", "moon"], "--only");
    refused(&["sim", "report", "--only", "heal", "--of", "moon"], "--of");
    refused(
        &["sim", "report", "--only", "heal", "--runs", "0"],
        "--runs",
    );
    refused(&["sim", "report", "--threads", "0"], "--threads");
}

#[test]
fn the_report_stands_beside_its_bars_and_anchors() {
    let report = run([
        "sim", "report", "--smoke", "--only", "heal", "--only", "detect",
    ])
    .ok();
    for word in [
        "TO REACH",
        "OTHERS",
        "chitchat 3.1",
        "foca 14.4",
        "bars reached",
    ] {
        assert!(
            report.out.contains(word),
            "{word:?} is missing in {report:?}"
        );
    }
    let words = ["sim", "report", "--smoke", "--json", "--only", "leave"];
    let told = documents(&run(words).ok().out);
    let [section, report] = told.as_slice() else {
        panic!("a section and the report: {told:?}");
    };
    assert_eq!(section["event"], "section");
    assert_eq!(report["event"], "report");
    assert_eq!(report["effort"], "smoke");
    assert_eq!(report["sections"][0], *section);
    let figures = section["figures"].as_array().unwrap();
    assert!(figures.iter().all(|it| it["measured"].is_number()));
    assert_eq!(told, documents(&run(words).ok().out));
    let part = [
        "sim",
        "report",
        "--smoke",
        "--only",
        "heal",
        "--of",
        "cut for 60 s",
        "--runs",
        "2",
    ];
    let part = run(part).ok();
    assert!(part.out.contains("60 s, N=8") && !part.out.contains("300 s, N=8"));
}

#[test]
fn a_check_fails_where_a_bar_is_missed() {
    let told = documents(&run(["sim", "report", "--smoke", "--json"]).ok().out);
    let report = told.last().unwrap();
    let missed = report["missed"].as_array().unwrap().len();
    let checked = run(["sim", "report", "--smoke", "--check"]);
    assert_eq!(checked.code, i32::from(missed > 0), "{checked:?}");
    assert_eq!(checked.err.lines().count(), missed);
    assert!(report["sections"].as_array().unwrap().len() > 10);
}

#[test]
fn the_trade_has_a_row_for_every_length() {
    let trade = run(["sim", "trade", "--smoke", "--json"]).ok().json();
    let lengths = trade["lengths"].as_array().unwrap();
    assert!(lengths.len() > 4);
    assert!(lengths.iter().all(|it| it["first_p50_s"].is_number()));
}

#[test]
fn a_rule_of_the_literature_is_measured_and_a_row_misses_or_not() {
    let words = ["sim", "epidemic", "--mode", "push", "--k", "1"];
    let people = run(words).ok();
    for word in [
        "push, feedback-counter, k=1",
        "residue",
        "t_last",
        "ERROR OF THE MEAN",
    ] {
        assert!(people.out.contains(word), "{word:?} in {people:?}");
    }
    assert!(people.err.is_empty(), "no meter where nobody looks");
    let json = run(words.into_iter().chain(["--json"])).ok().json();
    let near = |name: &str, said: f64, by: f64| {
        let mean = json[name]["mean"].as_f64().unwrap();
        assert!((mean - said).abs() < by, "{name}: {mean}");
    };
    near("residue", 0.1744, 0.006);
    near("traffic", 1.745, 0.012);
    assert!(json["residue"]["se"].as_f64() < json["residue"]["sd"].as_f64());
    assert_eq!(
        (&json["runs"], &json["complete"]),
        (&200.into(), &0.0.into())
    );

    let tables = run(["sim", "epidemic", "--tables"]).ok();
    assert_eq!(tables.out.matches("yes, ").count(), 13, "{tables:?}");
}

#[test]
fn a_rule_that_makes_no_sense_is_refused_in_one_line() {
    for (flag, value) in [
        ("--mode", "sideways"),
        ("--stop", "never"),
        ("--method", "pigeon"),
        ("--k", "0"),
        ("--nodes", "1"),
        ("--runs", "0"),
        ("--fanout", "0"),
        ("--connection-limit", "0"),
        ("--loss", "100%"),
    ] {
        run(["sim", "epidemic", flag, value]).failed(2, &[flag, "allowed: "]);
    }
    let words = ["sim", "epidemic", "--stop", "blind-coin", "--minimization"];
    run(words).failed(2, &["--minimization", "feedback-counter"]);
    run(["sim", "epidemic", "--hunt", "1"]).failed(2, &["--connection-limit"]);
    assert_eq!(run(["sim", "epidemic", "--tables", "--k", "3"]).code, 2);
}

#[test]
fn a_scenario_is_played_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("story.scenario");
    let path = file.to_str().unwrap();
    let story = "\
seed 3
profile lan
nodes n0
nodes n1..n3 joining n0
at 20s expect exact
at 21s crash n3
at 21s on n1 remove n3
at 21s expect n0..n2 hold n3 dead within 1s
end at 30s
";
    fs::write(&file, story).unwrap();
    assert_eq!(run(["sim", "show", path]).ok().out, story);
    let played = run(["sim", "run", path]).ok();
    assert!(played.out.contains("n0..n2 hold n3 dead"), "{played:?}");
    let document = run(["sim", "run", path, "--json"]).ok().json();
    assert_eq!(document["held"], true);
    assert_eq!(document["expected"][0]["what"], "exact");

    // What does not come true is said, with the end of the trace, and a code.
    fs::write(&file, story.replace("hold n3 dead", "hold n3 left")).unwrap();
    let failed = run(["sim", "run", path, "--trace", "3"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert_eq!(failed.out.lines().count(), 3, "{failed:?}");
    assert!(
        failed.err.contains("it holds n3 dead, not left"),
        "{failed:?}"
    );
    let failed = run(["sim", "run", path, "--json"]);
    assert_eq!(failed.json()["rule"], "hold");

    fs::write(&file, "nodes n0\nat 1s crahs n0\n").unwrap();
    run(["sim", "run", path]).failed(2, &["line 2: `crahs` does not fit"]);
    run(["sim", "run", "nowhere.scenario"]).failed(2, &["nowhere.scenario: "]);

    // A seed has a scenario, and it can be read again.
    let drawn = run(["sim", "show", "7"]).ok().out;
    fs::write(&file, &drawn).unwrap();
    assert_eq!(run(["sim", "show", path]).ok().out, drawn);
}
