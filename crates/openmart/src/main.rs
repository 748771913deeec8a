//! The `openmart` program; all but its allocator is in the library of the same name.

use std::process::ExitCode;

/// Memory that one thread took and another freed goes back to the system, even if little is taken after a
/// burst. The allocator of the C library keeps it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    openmart::run()
}
