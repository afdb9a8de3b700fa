//! Whether somebody asked this program to end. Until it has started a program, the system does that by itself; from then
//! on what was started must be ended first.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let asked = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    let signals = [
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGHUP,
    ];
    #[cfg(not(unix))]
    let signals = [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT];
    for signal in signals {
        // Without it the signal ends this program at once, as it would have before.
        let _ = signal_hook::flag::register(signal, Arc::clone(&asked));
    }
    asked
});

/// Whether this program was asked to end, since it first asked here.
pub(crate) fn asked_to_end() -> bool {
    ASKED.load(Ordering::Relaxed)
}
