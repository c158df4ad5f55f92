//! Equal functions, of which generic code has thousands, are kept once: five of a hundred megabytes.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-link-arg-cdylib=-Wl,--icf=all");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
