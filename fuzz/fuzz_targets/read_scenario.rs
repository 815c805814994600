//! Any text, as a scenario: refused with its line or understood, never a panic;
//! and what was understood is read again as it is written.
#![no_main]

use gossip_core::sim::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(scenario) = text.parse::<Scenario>() {
        assert_eq!(scenario.to_string().parse().as_ref(), Ok(&scenario));
    }
});
