//! The HTTP client linked in, for relays.

use std::sync::Arc;

use ::stockroom::{Error, ErrorKind};
use stockroom_documents::HttpSettings;
use stockroom_http::SendRequest;

use crate::status::Fault;

#[path = "../shared/options.rs"]
mod options;

/// Sets a client up.
pub(crate) fn client(settings: HttpSettings) -> Result<Arc<dyn SendRequest>, Fault> {
    match options::client(settings) {
        Ok(client) => Ok(Arc::new(client)),
        Err(error) => Err(Fault::from(Error::new(ErrorKind::Malformed, "relay.start", error.to_string()))),
    }
}
