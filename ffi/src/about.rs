//! What this library is: versions and features.

use std::ffi::c_char;

/// The version of the ABI: of functions, structs and numbers. It changes where a program has to be built anew.
pub const STOCKROOM_ABI_VERSION: i32 = 0;

/// The library's version, such as `0.1.0`. Static: not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The version of the ABI that the library has; compare it with STOCKROOM_ABI_VERSION of the header.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_abi_version() -> i32 {
    STOCKROOM_ABI_VERSION
}

/// What this build has, separated by spaces: `sqlite memory shopify woocommerce wms` and, where it can run exchanges by
/// itself, `http`, or `http-loaded` where it loads the library libstockroom-http for that. Static: not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_features() -> *const c_char {
    let features = match (cfg!(feature = "http"), cfg!(feature = "http-loaded")) {
        (true, _) => c"sqlite memory shopify woocommerce wms http",
        (false, true) => c"sqlite memory shopify woocommerce wms http-loaded",
        (false, false) => c"sqlite memory shopify woocommerce wms",
    };
    features.as_ptr()
}
