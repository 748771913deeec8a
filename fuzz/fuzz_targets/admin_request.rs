#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    openmart_sim::parsers::run("admin_request", bytes);
});
