//! A network cut in two halves, between real processes: both go on, and find
//! each other again by themselves; so do those who restart without any seed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "agents_kit/mod.rs"]
mod kit;

use std::path::Path;
use std::time::{Duration, Instant};

use kit::fabric::Fabric;
use kit::support::until;
use kit::{Member, certify};

const NODES: usize = 6;

/// How long the cut lasts: until both halves hold each other dead, and so long
/// that whoever backs off has backed off.
const CUT: Duration = Duration::from_secs(30);

fn start(folder: &Path, fabric: &Fabric, n: usize, tls: &[String], seed: usize) -> Member {
    let flags = ["--advertise".to_owned(), fabric.addr(n).to_string()];
    let seed = ["--seed".to_owned(), fabric.addr(seed).to_string()];
    let more: Vec<String> = flags.into_iter().chain(seed).collect();
    let member = Member::start(folder, n, tls, &more);
    fabric.place(n, member.agent.listen().parse().unwrap());
    member
}

fn exact(members: &[Member], what: &str) {
    until(what, || {
        let exact = |member: &Member| member.count("alive") == members.len();
        members.iter().all(exact).then_some(())
    });
}

#[test]
fn halves_find_each_other_and_so_do_those_without_a_seed() {
    let (folder, fabric) = (tempfile::tempdir().unwrap(), Fabric::new(NODES));
    let tls = certify(folder.path(), NODES);
    let members: Vec<Member> = (0..NODES)
        .map(|n| start(folder.path(), &fabric, n, &tls[n], 0))
        .collect();
    exact(&members, "everybody sees everybody");

    let began = Instant::now();
    fabric.cut(&[0, 0, 0, 1, 1, 1]);
    for member in &members {
        until("the other half is dead", || {
            (member.count("alive") == 3 && member.count("dead") == 3).then_some(())
        });
    }
    println!("halves after {:?}", began.elapsed());
    std::thread::sleep(CUT.saturating_sub(began.elapsed()));
    assert!(fabric.cut_packets() > 0, "somebody tried to get through");

    let mended = Instant::now();
    fabric.mend();
    exact(&members, "the halves are one again");
    println!("healed after {:?}", mended.elapsed());

    // Everybody is killed; the only seed does not come back.
    for member in members {
        member.agent.kill();
    }
    let restarted = Instant::now();
    let members: Vec<Member> = (1..NODES)
        .map(|n| start(folder.path(), &fabric, n, &tls[n], 0))
        .collect();
    until("those who are left see each other", || {
        let exact = |member: &Member| {
            let view = member.view().unwrap_or_default();
            (1..NODES).all(|n| view.get(&kit::name(n)).is_some_and(|seen| seen == "alive"))
        };
        members.iter().all(exact).then_some(())
    });
    println!("together without a seed after {:?}", restarted.elapsed());
}
