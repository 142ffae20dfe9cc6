//! Gives the shared library its soname, so that programs keep the version of the ABI that they were built for.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libstockroom.so.0");
    }
}
