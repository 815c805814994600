//! The stories of `examples/` are true: each runs to its end, on real nodes.
#![allow(clippy::unwrap_used)] // a test may stop

#[path = "../examples/health_board.rs"]
#[allow(dead_code, reason = "its main is not run")]
mod health_board;
#[path = "../examples/live_config.rs"]
#[allow(dead_code, reason = "its main is not run")]
mod live_config;
#[path = "../examples/live_counters.rs"]
#[allow(dead_code, reason = "its main is not run")]
mod live_counters;

fn told(out: Vec<u8>) -> String {
    let told = String::from_utf8(out).unwrap();
    println!("{told}");
    assert!(told.ends_with("done\n"));
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_changes_live_and_a_conflict_is_told() {
    let mut out = Vec::new();
    live_config::story(&mut out).await.unwrap();
    let told = told(out);
    for node in ["n1", "n2", "n3"] {
        assert!(told.contains(&format!(
            "  {node}  config/limit = 100   config/mode = calm\n"
        )));
        assert!(told.contains(&format!(
            "  {node}  config/limit = 250   config/mode = agreed\n"
        )));
    }
    assert!(told.contains("lost against"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_shows_what_members_say_and_whether_they_are_here() {
    let mut out = Vec::new();
    health_board::story(&mut out).await.unwrap();
    let told = told(out);
    assert!(told.contains("  n2      alive    degraded: disk at 91 %\n"));
    assert!(
        told.contains("  n3      dead     well\n") && told.contains("  n4      left     well\n")
    );
    assert!(told.contains("  n3 (dead): well\n"), "its last word");
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_add_up() {
    let mut out = Vec::new();
    live_counters::story(&mut out).await.unwrap();
    let told = told(out);
    assert!(told.contains("n1 1000   n2 1000   n3 1000   n4 1000   together 4000\n"));
    assert!(told.contains("n1 1100   n2 1100   n3 1100   n4 1050   together 4350\n"));
}
