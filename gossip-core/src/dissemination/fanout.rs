//! How many to call in a cycle: as few as reach everybody in time.
//!
//! Two formulas of push-pull, where everybody who knows tells and is asked and
//! nobody loses interest:
//!
//! * without loss ([`rounds`]): log₁₊₂f n + log₁₊f ln n. The first term is the
//!   growth (each that knows reaches 2f others in a cycle), the second the end
//!   (the share that does not know goes to its (1+f)th power). Doerr and
//!   Kostrygin, arXiv 2303.11150, for f = 1.
//! * with a share ε of contacts that fail ([`rounds_under_loss`]):
//!   log₁₊₂f₍₁₋ε₎ n + ln n / (f((1−ε) + ln 1/ε)) + 1, fitted to our own
//!   simulation of 54 cells (off by a quarter of a cycle on average, 0.86 at
//!   worst).

/// Cycles until everybody of `nodes` knows, with `fanout` calls a cycle.
pub fn rounds(nodes: usize, fanout: u32) -> f64 {
    let (nodes, fanout) = (nodes.max(2) as f64, f64::from(fanout.max(1)));
    let end = libm::log(nodes).max(1.0);
    libm::log(nodes) / libm::log(1.0 + 2.0 * fanout) + libm::log(end) / libm::log(1.0 + fanout)
}

/// The same where a share of contacts fails: at least one of a thousand is
/// reckoned with, at most nine of ten.
pub fn rounds_under_loss(nodes: usize, fanout: u32, failing: f64) -> f64 {
    let (nodes, fanout) = (nodes.max(2) as f64, f64::from(fanout.max(1)));
    let failing = failing.clamp(LEAST_FAILING, 0.9);
    let growth = libm::log(nodes) / libm::log(1.0 + 2.0 * fanout * (1.0 - failing));
    let end = libm::log(nodes) / (fanout * ((1.0 - failing) - libm::log(failing)));
    growth + end + 1.0
}

/// The fewest calls a cycle with which everybody knows within `cycles`; `most`
/// where even that many do not reach them.
pub fn fanout(nodes: usize, failing: f64, cycles: f64, most: u32) -> u32 {
    let reaches = |fanout: &u32| rounds_under_loss(nodes, *fanout, failing) <= cycles;
    (1..=most).find(reaches).unwrap_or(most).max(1)
}

/// The fit has no meaning without any loss: ln 1/ε has no bound. A network
/// that has lost nothing yet may lose something.
const LEAST_FAILING: f64 = 0.001;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_says_what_the_literature_does() {
        // Our own simulation: 9.16 and 5.05 at 1 000, 14.06 and 8.00 at 100 000.
        let near = |nodes, fanout, said: f64| (rounds(nodes, fanout) - said).abs() < 0.01;
        assert!(near(1_000, 1, 9.076) && near(1_000, 3, 4.944));
        assert!(near(100_000, 1, 14.005) && near(100_000, 3, 7.679));
        assert!(rounds(0, 0).is_finite() && rounds(2, 1) > 0.0);
    }

    #[test]
    fn loss_is_fitted_within_a_cycle() {
        // Nodes, loss, cycles measured with one call and with three.
        let measured = [
            (1_000, 0.05, 9.67, 5.22),
            (1_000, 0.1, 10.2, 5.51),
            (1_000, 0.3, 12.93, 6.3),
            (1_000, 0.5, 17.21, 7.91),
            (10_000, 0.05, 12.48, 6.95),
            (10_000, 0.2, 14.67, 7.57),
            (10_000, 0.3, 16.88, 8.15),
        ];
        for (nodes, loss, one, three) in measured {
            let off = rounds_under_loss(nodes, 1, loss) - one;
            assert!(off.abs() < 0.9, "{nodes} {loss}: {off}");
            let off = rounds_under_loss(nodes, 3, loss) - three;
            assert!(off.abs() < 0.9, "{nodes} {loss}: {off}");
        }
    }

    #[test]
    fn the_fanout_grows_with_size_and_loss_and_no_further_than_asked() {
        // Ten thousand, 200 ms a cycle, two seconds.
        assert_eq!(fanout(10_000, 0.0, 10.0, 8), 2);
        assert_eq!(fanout(10_000, 0.3, 10.0, 8), 3);
        assert_eq!(fanout(10_000, 0.5, 10.0, 8), 4);
        assert_eq!(fanout(10, 0.0, 10.0, 8), 1);
        assert_eq!(fanout(10_000, 1.0, 2.0, 8), 8);
        assert_eq!(fanout(0, f64::NAN, 0.0, 0), 1);
        let mut before = 0;
        for nodes in [10, 100, 1_000, 10_000, 100_000] {
            let now = fanout(nodes, 0.1, 8.0, 8);
            assert!(now >= before);
            before = now;
        }
    }
}
