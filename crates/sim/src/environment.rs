//! Numbers that whoever starts a test gives it through the environment.

/// The number in a variable, or the default where there is none.
///
/// # Panics
///
/// If the variable holds something else.
pub fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        // Set but empty is how `make` passes on what it was not given.
        Ok(text) if text.is_empty() => default,
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}

/// How many threads to use: `OPENMART_SIM_THREADS`, or one for each core.
pub fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    number("OPENMART_SIM_THREADS", cores as u64).max(1) as usize
}
