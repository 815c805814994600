//! `gossip sim epidemic`: one update and a rule by which it travels, by the book.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gossip_core::dissemination::{Method, Mode, Mongering, Stop};
use gossip_core::sim::epidemic::demers::{self, Row};
use gossip_core::sim::epidemic::{Epidemic, NODES, Outcome, Stat, Summary};
use serde_json::{Value, json};

use super::given;
use super::meter::Meter;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out;
use crate::cli::table::table;

const EXAMPLES: &str = "\
Examples:
  gossip sim epidemic --mode push --stop feedback-counter --k 2
      a row of Table 1 of Demers et al. 1987
  gossip sim epidemic --k 2 --minimization
      what this project does: push-pull, feedback, counter, minimised
  gossip sim epidemic --method anti-entropy --nodes 100000 --fanout 3 --runs 20
      how many cycles until everybody knows, if nobody loses interest
  gossip sim epidemic --mode push --k 3 --connection-limit 1 --hunt 4 --json
      one call accepted a cycle, four more tries; for a program
  gossip sim epidemic --tables
      all rows of Tables 1 to 3 beside the paper; ends with 1 where one misses its gate";

/// Play one update by a rule of the literature, and measure the rule
///
/// Synchronous cycles instead of a network: in each, members call others and tell them the update
/// as the rule says, everybody at once. Printed are, over all runs, mean, standard deviation of one
/// run and standard error of: the residue (the share of members that never heard), the traffic
/// (updates sent a member), and the cycles until a member heard (t_ave) and until the last did
/// (t_last). The same arguments give the same figures, on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How it travels: rumor-mongering, anti-entropy (nobody loses interest) or direct-mail
    #[arg(long, value_name = "NAME", default_value = "rumor-mongering")]
    method: String,

    /// Who sends in a contact: push (the caller), pull (the called) or push-pull (both)
    #[arg(long, value_name = "NAME", default_value = "push-pull")]
    mode: String,

    /// What costs interest: feedback-counter, feedback-coin, blind-counter or blind-coin
    #[arg(long, value_name = "NAME", default_value = "feedback-counter")]
    stop: String,

    /// A counter's limit, or one in how many coins ends it; 1 to 1000
    #[arg(long, value_name = "K", default_value = "2")]
    k: String,

    /// Of two who both knew, only the one with the smaller counter counts it
    #[arg(long, visible_alias = "minimisation")]
    minimization: bool,

    /// How many members; 2 to 10000000
    #[arg(long, value_name = "N", default_value = "1000")]
    nodes: String,

    /// How many runs, each with a seed of its own; 1 to 1000000
    #[arg(long, value_name = "N", default_value = "200")]
    runs: String,

    /// How many others each caller calls in a cycle; 1 to 100
    #[arg(long, value_name = "N", default_value = "1")]
    fanout: String,

    /// How many calls a member accepts in a cycle [default: all]
    #[arg(long, value_name = "N")]
    connection_limit: Option<String>,

    /// How often a refused caller tries somebody else in the same cycle
    #[arg(long, value_name = "N", default_value = "0")]
    hunt: String,

    /// To how many others the first member tells it itself, before anything else
    #[arg(long, value_name = "N", default_value = "0")]
    mail: String,

    /// How many of a hundred contacts fail; 0% to 90%
    #[arg(long, value_name = "PERCENT", default_value = "0%")]
    loss: String,

    /// Everything that is left to chance comes from it
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: String,

    /// How many runs go side by side [default: one a processor]
    #[arg(long, value_name = "N")]
    threads: Option<String>,

    /// Play every row of Tables 1 to 3 of Demers et al. 1987 and judge them; other rules are not read
    #[arg(long, conflicts_with_all = ["method", "mode", "stop", "k", "minimization", "nodes",
        "runs", "fanout", "connection_limit", "hunt", "mail", "loss"])]
    tables: bool,
}

pub(super) fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let seed = given::number("--seed", &args.seed, 0, u64::MAX)?;
    let threads = given::threads(args.threads.as_deref())?;
    if args.tables {
        return tables(seed, threads, as_json);
    }
    let epidemic = understood(args)?;
    let runs = given::number("--runs", &args.runs, 1, 1_000_000)?;
    let mut meter = Meter::start();
    let summary = play(&epidemic, runs, seed, threads, &mut meter)?;
    drop(meter);
    if as_json {
        return out::json(&document(&epidemic, seed, &summary));
    }
    out::line(&people(&epidemic, seed, &summary))
}

/// What was asked for, or the first thing that makes no sense.
fn understood(args: &Args) -> Result<Epidemic, Failure> {
    let mode = Mode::named(&args.mode);
    let mode = mode.ok_or_else(|| unknown("--mode", &args.mode, &Mode::ALL.map(Mode::name)))?;
    let stop = Stop::named(&args.stop);
    let stop = stop.ok_or_else(|| unknown("--stop", &args.stop, &Stop::ALL.map(Stop::name)))?;
    let k = given::number("--k", &args.k, 1, 1_000)?;
    let minimise = args.minimization;
    if minimise && stop != Stop::FeedbackCounter {
        let line = "--minimization compares counters of feedback; take --stop feedback-counter";
        return Err(Failure::new(Exit::Usage, line));
    }
    let method = match args.method.as_str() {
        "rumor-mongering" => Method::RumorMongering(Mongering {
            mode,
            stop,
            k,
            minimise,
        }),
        "anti-entropy" => Method::AntiEntropy(mode),
        "direct-mail" => Method::DirectMail,
        other => {
            let names = ["rumor-mongering", "anti-entropy", "direct-mail"];
            return Err(unknown("--method", other, &names));
        }
    };
    let mut epidemic = Epidemic::new(given::number("--nodes", &args.nodes, 2, NODES)?, method);
    epidemic.fanout = given::number("--fanout", &args.fanout, 1, 100)?;
    epidemic.hunt = given::number("--hunt", &args.hunt, 0, NODES)?;
    epidemic.mail = given::number("--mail", &args.mail, 0, NODES)?;
    epidemic.loss_ppm = given::loss("--loss", &args.loss)?;
    if epidemic.hunt > 0 && args.connection_limit.is_none() {
        let line = "--hunt: nobody is refused without --connection-limit; give both";
        return Err(Failure::new(Exit::Usage, line));
    }
    if let Some(limit) = &args.connection_limit {
        let limit = given::number("--connection-limit", limit, 1, NODES)?;
        epidemic.connection_limit = Some(limit);
    }
    Ok(epidemic)
}

fn unknown(flag: &str, text: &str, names: &[&str]) -> Failure {
    let (text, names) = (out::visible(text), names.join(", "));
    let line = format!("{flag}: {text:?} is not understood; allowed: {names}");
    Failure::new(Exit::Usage, line)
}

/// All runs, on several threads; the sum does not depend on how many.
fn play(
    epidemic: &Epidemic,
    runs: u32,
    seed: u64,
    threads: usize,
    meter: &mut Meter,
) -> Result<Summary, Failure> {
    let count = runs as usize;
    let next = AtomicUsize::new(0);
    let ended = Mutex::new((vec![None::<Outcome>; count], 0_usize, meter));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count).max(1) {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= count {
                        return;
                    }
                    let outcome = epidemic.run(seed_of(seed, run as u64));
                    // Nobody panics while holding it.
                    let Ok(mut ended) = ended.lock() else { return };
                    let (outcomes, done, meter) = &mut *ended;
                    if let Some(place) = outcomes.get_mut(run) {
                        *place = Some(outcome);
                    }
                    *done += 1;
                    let done = *done;
                    meter.show(|after| {
                        let left = after.as_secs_f64() / done as f64 * (count - done) as f64;
                        format!("{done} of {count} runs, about {left:.0} s left")
                    });
                }
            });
        }
    });
    let ended = ended.into_inner();
    let (outcomes, ..) =
        ended.map_err(|_| Failure::new(Exit::Error, "a run ended without a result"))?;
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    Ok(Summary::of(&outcomes))
}

/// The seed of one run: far from its neighbours', and from those of the next seed.
fn seed_of(seed: u64, run: u64) -> u64 {
    let mut hash = gossip_core::sim::RunningHash::from_seed(seed);
    hash.word(run);
    hash.value()
}

fn tables(seed: u64, threads: usize, as_json: bool) -> Result<(), Failure> {
    let mut meter = Meter::start();
    let mut played: Vec<(Row, Summary)> = Vec::new();
    for row in demers::rows() {
        let summary = play(&row.epidemic(), demers::RUNS, seed, threads, &mut meter)?;
        played.push((row, summary));
    }
    drop(meter);
    let missed = played.iter().filter(|(row, summary)| !row.passes(summary));
    let missed: Vec<String> = missed.map(|(row, _)| name(row)).collect();
    if as_json {
        let rows: Vec<Value> = played
            .iter()
            .map(|(row, summary)| row_document(row, summary))
            .collect();
        out::json(&json!({ "seed": seed, "rows": rows, "missed": missed }))?;
    } else {
        out::line(&tables_for_people(&played, seed))?;
    }
    if missed.is_empty() {
        return Ok(());
    }
    let line = format!("outside their gates: {}", missed.join("; "));
    Err(Failure::new(Exit::Error, line))
}

fn name(row: &Row) -> String {
    let rule = row.mongering;
    let (mode, stop) = (rule.mode.name(), rule.stop.name());
    format!("Table {}: {mode}, {stop}, k={}", row.table, rule.k)
}

fn row_document(row: &Row, summary: &Summary) -> Value {
    let cells = row.cells.iter().map(|cell| {
        let figure = json!({
            "paper": cell.paper,
            "measured": cell.column.of(summary),
            "gate": [cell.low, cell.high],
        });
        (cell.column.name().to_owned(), figure)
    });
    json!({
        "table": row.table,
        "mode": row.mongering.mode.name(),
        "stop": row.mongering.stop.name(),
        "k": row.mongering.k,
        "runs": summary.runs,
        "figures": cells.collect::<serde_json::Map<_, _>>(),
        "off": row.off(summary),
        "reached": row.passes(summary),
    })
}

fn tables_for_people(played: &[(Row, Summary)], seed: u64) -> String {
    let rows: Vec<[String; 6]> = played
        .iter()
        .map(|(row, summary)| {
            let [residue, traffic, average, last] = row.cells.map(|cell| {
                let measured = shown(cell.column.of(summary));
                format!("{measured} ({})", cell.paper)
            });
            let within = match row.passes(summary) {
                true => format!("yes, {:.0} %", row.off(summary) * 100.0),
                false => "NO".to_owned(),
            };
            [name(row), residue, traffic, average, last, within]
        })
        .collect();
    let headings = [
        "",
        "RESIDUE",
        "TRAFFIC",
        "T_AVE",
        "T_LAST",
        "WITHIN ITS GATE",
    ];
    format!(
        "{}\nn={}, {} runs a row, seed {seed}; in brackets Demers et al. 1987. A gate is the mean of \
         an independent\nprogram and four standard errors to either side; 100 % is its edge. The \
         paper's t_ave of Tables 1 and 2\nis no mean over those who heard, so it is not judged by it.",
        table(headings, &rows),
        demers::NODES,
        demers::RUNS
    )
}

fn document(epidemic: &Epidemic, seed: u64, summary: &Summary) -> Value {
    let stat = |stat: Stat| json!({ "mean": stat.mean, "sd": stat.sd, "se": stat.se });
    let rule = match epidemic.method {
        Method::RumorMongering(rule) => json!({
            "mode": rule.mode.name(),
            "stop": rule.stop.name(),
            "k": rule.k,
            "minimization": rule.minimise,
        }),
        Method::AntiEntropy(mode) => json!({ "mode": mode.name() }),
        Method::DirectMail => json!({}),
    };
    json!({
        "method": epidemic.method.name(),
        "rule": rule,
        "nodes": epidemic.nodes,
        "fanout": epidemic.fanout,
        "connection_limit": epidemic.connection_limit,
        "hunt": epidemic.hunt,
        "mail": epidemic.mail,
        "loss": f64::from(epidemic.loss_ppm) / 1e6,
        "seed": seed,
        "runs": summary.runs,
        "residue": stat(summary.residue),
        "traffic": stat(summary.traffic),
        "t_ave": stat(summary.t_ave),
        "t_last": stat(summary.t_last),
        "t_last_p99": summary.t_last_p99,
        "complete": summary.complete,
        "refused": summary.refused,
    })
}

fn people(epidemic: &Epidemic, seed: u64, summary: &Summary) -> String {
    let row = |what: &str, stat: Stat| {
        let [mean, sd, se] = [stat.mean, stat.sd, stat.se].map(shown);
        [what.to_owned(), mean, sd, se]
    };
    let rows = [
        row("residue: members that never heard", summary.residue),
        row("traffic: updates sent a member", summary.traffic),
        row("t_ave: cycles until a member heard", summary.t_ave),
        row("t_last: cycles until the last did", summary.t_last),
    ];
    let rule = match epidemic.method {
        Method::RumorMongering(rule) => format!(
            "{}, {}, k={}{}",
            rule.mode.name(),
            rule.stop.name(),
            rule.k,
            if rule.minimise { ", minimised" } else { "" }
        ),
        Method::AntiEntropy(mode) => format!("anti-entropy, {}", mode.name()),
        Method::DirectMail => "direct mail".to_owned(),
    };
    format!(
        "{rule}; {} members, {} a cycle, {} runs, seed {seed}\n\n{}\n{} of 100 runs reached everybody; \
         99 of 100 were done by cycle {}",
        epidemic.nodes,
        epidemic.fanout,
        summary.runs,
        table(["", "MEAN", "SD OF A RUN", "ERROR OF THE MEAN"], &rows),
        shown(summary.complete * 100.0),
        summary.t_last_p99,
    )
}

/// A number with four digits that mean something.
fn shown(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        small if small < 0.001 => format!("{number:.2e}"),
        small if small < 0.1 => format!("{number:.4}"),
        small if small < 10.0 => format!("{number:.3}"),
        _ => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_do_not_change_the_figures() {
        let epidemic = Epidemic::new(100, Method::RumorMongering(Mongering::default()));
        let of = |threads| play(&epidemic, 40, 7, threads, &mut Meter::start()).unwrap();
        assert_eq!(of(1), of(4));
        assert_eq!(of(2).runs, 40);
    }

    #[test]
    fn a_number_keeps_the_digits_that_mean_something() {
        assert_eq!(shown(0.000_047_67), "4.77e-5");
        assert_eq!(shown(0.0371), "0.0371");
        assert_eq!(shown(6.359), "6.359");
        assert_eq!(shown(17.014), "17.01");
        assert_eq!(shown(0.0), "0");
    }
}
