//! Keys of requests that change something: what was asked under a key is answered once.

use super::Desk;
use crate::server::graphql::Out;

/// What is known of a key.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// What was asked.
    asked: String,
    state: State,
    at_ms: i64,
}

#[derive(Clone, Debug)]
enum State {
    UnderWay,
    Failed,
    Answered(Out),
}

/// What a key means for a request.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    /// It is new: carry the request out.
    New,
    /// It was carried out; this is the answer.
    Known(Out),
    /// It is a user error of this code.
    Wrong(&'static str),
}

impl Desk {
    /// Looks a key up for what is asked under it.
    pub(crate) fn look_up_key(&mut self, key: &str, asked: &str, now_ms: i64) -> Key {
        let oldest_ms = now_ms.saturating_sub(self.keys_kept_ms);
        // What is older is a request of its own.
        let Some(kept) = self.keys.get(key).filter(|kept| kept.at_ms > oldest_ms) else {
            return Key::New;
        };
        if kept.asked != asked {
            self.counts.mismatched += 1;
            return Key::Wrong("IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
        }
        match &kept.state {
            State::UnderWay => Key::Wrong("IDEMPOTENCY_CONCURRENT_REQUEST"),
            State::Failed => Key::Wrong("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"),
            State::Answered(answer) => {
                self.counts.replayed += 1;
                Key::Known(answer.clone())
            }
        }
    }

    fn keep(&mut self, key: &str, asked: &str, state: State, now_ms: i64) {
        self.keys.insert(key.to_owned(), Kept { asked: asked.to_owned(), state, at_ms: now_ms });
    }

    /// Keeps an answer under its key.
    pub(crate) fn keep_answer(&mut self, key: &str, asked: &str, answer: Out, now_ms: i64) {
        self.keep(key, asked, State::Answered(answer), now_ms);
    }

    /// A request under this key has begun. One that is known stays as it is.
    pub(crate) fn keep_begun(&mut self, key: &str, asked: &str, now_ms: i64) -> bool {
        let is_new = matches!(self.look_up_key(key, asked, now_ms), Key::New);
        if is_new {
            self.keep(key, asked, State::UnderWay, now_ms);
        }
        is_new
    }

    /// A request under this key goes on: it is not under way any more for itself.
    pub(crate) fn forget_begun(&mut self, key: &str) {
        if self.keys.get(key).is_some_and(|kept| matches!(kept.state, State::UnderWay)) {
            self.keys.remove(key);
        }
    }

    /// A request under this key failed. One that was answered stays as it is.
    pub(crate) fn keep_failed(&mut self, key: &str, asked: &str, now_ms: i64) {
        if matches!(self.look_up_key(key, asked, now_ms), Key::New) {
            self.keep(key, asked, State::Failed, now_ms);
        }
    }

    /// Forgets all keys, as if their time were over.
    pub(crate) fn expire_keys(&mut self) {
        self.keys.clear();
    }
}
