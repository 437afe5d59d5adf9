//! Keeping each worker's thread on a core of its own.

use crate::workers::config::WorkersConfig;

/// Keeps the calling thread on the core for this worker, if that is wished.
pub(crate) fn pin(config: &WorkersConfig, index: usize) {
    if !config.pin {
        return;
    }
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let core = cores.get(index % cores.len().max(1));
    if !core.is_some_and(|core| core_affinity::set_for_current(*core)) {
        let name = config.loop_name(index);
        tracing::warn!("event loop `{name}` cannot be kept on one core");
    }
}
