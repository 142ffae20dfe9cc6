//! Bodies of answers: whole, or cut where they end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(super) struct HungUp;

/// The body of a response.
#[derive(Debug)]
pub(super) struct AnswerBody {
    data: Option<Bytes>,
    cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    No,
    /// What there is goes out first: hyper sends nothing of a body that fails at once.
    AfterSending,
    Now,
}

/// A whole response.
pub(super) fn whole(status: StatusCode, data: Bytes) -> Response<AnswerBody> {
    response(status, data, Cut::No)
}

/// Half of a response under the length of all of it.
pub(super) fn cut(status: StatusCode, mut data: Bytes) -> Response<AnswerBody> {
    let length = data.len();
    data.truncate(length / 2);
    let mut response = response(status, data, Cut::AfterSending);
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    response
}

fn response(status: StatusCode, data: Bytes, cut: Cut) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody { data: Some(data), cut });
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = HungUp;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HungUp>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.cut {
            Cut::No => Poll::Ready(None),
            Cut::AfterSending => {
                self.cut = Cut::Now;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Now => Poll::Ready(Some(Err(HungUp))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.cut == Cut::No
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.data, self.cut) {
            (data, Cut::No) => SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64)),
            // The header says how long it would have been.
            _ => SizeHint::default(),
        }
    }
}

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the shop hung up, as it was asked to")
    }
}

impl std::error::Error for HungUp {}
