//! The auditor: keeps books of its own from the commands sent and the answers and events that came, and checks the
//! invariants of DESIGN.md, section 6, after every commit. It shares no code with the engine and asks it nothing but
//! what any reader can ask.

mod books;
mod ending;
mod facts;
mod handed;
mod keys;
mod leases;
mod orders;
mod stock;

use std::collections::BTreeMap;

use stockroom::outbox::EventRow;
use stockroom::{
    Action, Answer, Code, Command, DeliveryResult, Event, EventData, MessageId, Outcome, PruneFrom, Reply,
};

pub(crate) use self::books::{Books, Level};
use self::keys::Keys;
use self::leases::Leases;
use crate::shape::{READERS, START_MS, Shape};

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The name of the invariant, or what else it is about.
    pub(crate) invariant: &'static str,
    pub(crate) detail: String,
}

pub(crate) fn broken(invariant: &'static str, detail: impl Into<String>) -> Broken {
    Broken { invariant, detail: detail.into() }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.detail)
    }
}

/// A command that was committed, with its answer where one came.
pub(crate) struct Done<'c> {
    pub(crate) at_ms: i64,
    pub(crate) command: &'c Command,
    pub(crate) reply: Option<&'c Reply>,
}

pub(crate) struct Auditor {
    pub(crate) books: Books,
    keys: Keys,
    leases: Leases,
    /// Messages that were taken in, and when.
    messages: BTreeMap<(String, String), i64>,
    /// The number of the last event, and its time: time never goes back before it.
    pub(crate) last_event: u64,
    pub(crate) last_at_ms: i64,
    /// A hash of each event, as the readers must find it.
    hashes: Vec<u64>,
    /// Where each host's subscription stands.
    cursors: [u64; READERS.len()],
    /// The rows that the command at hand touched, as they were.
    before: Vec<(usize, Level)>,
    marks: Vec<u32>,
    epoch: u32,
    /// Shortfalls said by the command at hand: row and units.
    said: Vec<(usize, i64)>,
    /// Commands audited.
    pub(crate) commands: u64,
    /// Orders and units accepted, for the report.
    pub(crate) units: i64,
    /// A hash over everything that was answered and written.
    pub(crate) trace: u64,
}

fn mix(hash: u64, bytes: &[u8]) -> u64 {
    // FNV-1a by words: quick, and the same everywhere.
    let mut hash = hash;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
    }
    hash
}

impl Auditor {
    pub(crate) fn new(shape: &Shape) -> Self {
        let books = Books::new(shape);
        let rows = books.levels.len();
        Auditor {
            books,
            keys: Keys::default(),
            leases: Leases::default(),
            messages: BTreeMap::new(),
            last_event: 0,
            last_at_ms: START_MS.min(0),
            hashes: Vec::new(),
            cursors: [0; READERS.len()],
            before: Vec::new(),
            marks: vec![0; rows],
            epoch: 0,
            said: Vec::new(),
            commands: 0,
            units: 0,
            trace: 0xCBF2_9CE4_8422_2325,
        }
    }

    /// Audits one commit: its commands, and the event rows that it wrote.
    pub(crate) fn audit(&mut self, done: &[Done<'_>], rows: &[EventRow]) -> Result<(), Broken> {
        let mut rows = rows.iter().peekable();
        for one in done {
            // In a commit of several, a row is the first command's that can have written it.
            let is_its = |row: &&EventRow| done.len() == 1 || facts::can_be_of(&self.books, one, row);
            let row = rows.next_if(is_its);
            self.audit_one(one, row).map_err(|found| Broken {
                detail: format!(
                    "{}\n  command {:?}\n  reply {:?}\n  row {row:?}",
                    found.detail, one.command, one.reply
                ),
                ..found
            })?;
        }
        match rows.next() {
            None => Ok(()),
            Some(row) => Err(broken("EVENT-IFF", format!("no command of the commit explains {row:?}"))),
        }
    }

    /// A failed commit must have left nothing.
    pub(crate) fn audit_nothing(&self, rows: &[EventRow]) -> Result<(), Broken> {
        match rows.first() {
            None => Ok(()),
            Some(row) => Err(broken("EVENT-IFF", format!("the commit failed, and there is {row:?}"))),
        }
    }

    /// The time at which the engine decides a command that is sent with a time.
    pub(crate) fn now_ms(&self, at_ms: i64) -> i64 {
        at_ms.clamp(0, stockroom::time::TIME_MS_MAX).max(self.last_at_ms)
    }

    fn audit_one(&mut self, done: &Done<'_>, row: Option<&EventRow>) -> Result<(), Broken> {
        self.commands += 1;
        self.epoch = self.epoch.wrapping_add(1);
        self.before.clear();
        self.said.clear();
        let now_ms = self.now_ms(done.at_ms);
        let events = match row {
            Some(row) => self.read_row(row, now_ms)?,
            None => Vec::new(),
        };
        let first = self.judge_key(done.command, done.reply, now_ms)?;
        let accepted = match done.reply.map(|reply| &reply.outcome) {
            Some(Outcome::Accepted(answer)) if first => Some(Some(answer)),
            Some(_) => None,
            // Nobody heard the answer: what left events was accepted.
            None if first && !events.is_empty() && !facts::refuse(&events) => Some(None),
            None => None,
        };
        if !first && row.is_some() {
            return Err(broken("ONE-EFFECT", "a repeated command has an event"));
        }
        self.judge_rejection(done, &events, now_ms)?;
        if let Some(answer) = accepted {
            self.judge_message(done.command, answer, now_ms)?;
            self.book_stock(&done.command.action, answer, now_ms)?;
            self.expect_fact(&done.command.action, answer, &events)?;
        }
        if first {
            // Before the facts: a delivery that is given up is one that was reported.
            self.judge_lease(done, now_ms)?;
        }
        let number = row.map_or(0, |row| row.first_number);
        for event in &events {
            self.book_fact(&done.command.action, &event.data, now_ms, number)?;
        }
        self.judge_levels(&events)?;
        self.judge_queues()?;
        self.judge_order_answer(done, answer_of(done), first, &events)?;
        if first {
            self.book_rest(done, now_ms, !events.is_empty());
        }
        Ok(())
    }

    fn read_row(&mut self, row: &EventRow, now_ms: i64) -> Result<Vec<Event>, Broken> {
        let events = row.events().map_err(|error| broken("EVENT-IFF", error.to_string()))?;
        let last = row.first_number + (events.len() as u64).saturating_sub(1);
        if row.first_number != self.last_event + 1 || row.number != last || events.is_empty() {
            return Err(broken("IN-ORDER", format!("the event after {} has another number", self.last_event)));
        }
        if row.at_ms != now_ms {
            return Err(broken("IN-ORDER", format!("it happened at {now_ms}, and the event says {}", row.at_ms)));
        }
        self.last_event = row.number;
        self.last_at_ms = row.at_ms;
        let hash = mix(row.at_ms as u64, row.facts.as_bytes());
        self.hashes.extend(events.iter().map(|event| hash ^ event.number));
        self.trace = mix(self.trace, &hash.to_le_bytes());
        Ok(events)
    }

    /// Whether a "no" is one: what it says is not there is not there, what it says is short is short.
    fn judge_rejection(&mut self, done: &Done<'_>, events: &[Event], now_ms: i64) -> Result<(), Broken> {
        let Some(Reply { outcome: Outcome::Rejected(rejection), repeated }) = done.reply else { return Ok(()) };
        self.trace = mix(self.trace, &rejection.code.number().to_le_bytes());
        let told = match events {
            [] => None,
            [Event { data: EventData::OrderRejected(told), .. }] => Some(told),
            _ => return Err(broken("EVENT-IFF", "a rejected command has events of something done")),
        };
        if told.is_some_and(|told| told.rejection != *rejection) {
            return Err(broken("EVENT-IFF", "the event tells another rejection than the answer"));
        }
        let unsaid =
            matches!(rejection.code, Code::KeyReused | Code::OrderExists | Code::OrderPruned | Code::TimeOutOfRange);
        if let (Action::PlaceOrder(_), None, false, false) = (&done.command.action, told, repeated, unsaid) {
            return Err(broken("EVENT-IFF", "an order was refused without an event"));
        }
        if *repeated {
            return Ok(());
        }
        let wrong = match (&done.command.action, rejection.code) {
            (_, Code::TimeOutOfRange) => stockroom::time::in_range(done.at_ms) && !says_lives(&done.command.action),
            (Action::PlaceOrder(order), Code::OrderExists) => {
                !self.books.order_ids.contains_key(&order.id) && done.command.key.is_none()
            }
            (Action::PlaceOrder(order), Code::InsufficientStock) => self.would_fit(order, now_ms),
            (Action::PlaceOrder(order), Code::HoldUnknown) => {
                order.hold.as_ref().is_some_and(|hold| self.is_live(hold, now_ms))
            }
            (Action::ReleaseHold(command), Code::HoldUnknown) => self.is_live(&command.hold, now_ms),
            (Action::ExtendHold(command), Code::HoldUnknown) => self.is_live(&command.hold, now_ms),
            (Action::CancelOrder(command), Code::OrderUnknown) => self.books.order(&command.order).is_some(),
            (Action::EditOrder(command), Code::OrderUnknown) => self.books.order(&command.order).is_some(),
            (Action::ShipOrder(command), Code::OrderUnknown) => self.books.order(&command.order).is_some(),
            (Action::ReturnOrder(command), Code::OrderUnknown) => self.books.order(&command.order).is_some(),
            _ => false,
        };
        if wrong {
            return Err(broken("REFUSED", format!("there is no ground for {rejection}")));
        }
        Ok(())
    }

    fn is_live(&self, hold: &str, now_ms: i64) -> bool {
        self.books.holds.get(hold).is_some_and(|book| book.expires_at_ms > now_ms)
    }

    /// A message is carried out once, and one that was refused may come again.
    fn judge_message(&mut self, command: &Command, answer: Option<&Answer>, now_ms: i64) -> Result<(), Broken> {
        let Some(message) = message_of(&command.action) else { return Ok(()) };
        let known = self.messages.insert((message.source.clone(), message.message.clone()), now_ms);
        match (known, answer) {
            (Some(at_ms), None) => Err(broken("ONE-EFFECT", format!("{message:?} was taken in at {at_ms} already"))),
            (Some(at_ms), Some(answer)) if *answer != Answer::Unchanged => {
                Err(broken("ONE-EFFECT", format!("{message:?} was taken in at {at_ms}, and now: {answer:?}")))
            }
            _ => Ok(()),
        }
    }

    /// What is known of who has which delivery.
    fn judge_lease(&mut self, done: &Done<'_>, now_ms: i64) -> Result<(), Broken> {
        let outcome = done.reply.map(|reply| &reply.outcome);
        match (&done.command.action, outcome) {
            (Action::TakeDeliveries(command), None) => self.taken(command, None, now_ms),
            (Action::TakeDeliveries(command), Some(Outcome::Accepted(Answer::Taken(taken)))) => {
                self.taken(command, Some(taken), now_ms)
            }
            (Action::ReportDelivery(command), _) => {
                self.trace = mix(self.trace, &[u8::from(matches!(command.result, DeliveryResult::Done(_)))]);
                self.reported(command, outcome)
            }
            _ => Ok(()),
        }
    }

    /// What is remembered of a command beside its effects on stock and orders.
    fn book_rest(&mut self, done: &Done<'_>, now_ms: i64, wrote: bool) {
        let outcome = done.reply.map(|reply| &reply.outcome);
        if stockroom::time::in_range(done.at_ms) {
            let refused = matches!(outcome, Some(Outcome::Rejected(_)));
            let placed = matches!(done.command.action, Action::PlaceOrder(_));
            let stands = matches!(outcome, Some(Outcome::Rejected(found)) if matches!(found.code, Code::OrderExists | Code::OrderPruned));
            // Holds remember themselves; what nobody heard of was done if the store says so.
            if done.command.key.is_some() || (placed && !(refused && stands)) {
                self.note_key(done.command, outcome, now_ms);
            }
        }
        let accepted = match outcome {
            Some(Outcome::Accepted(answer)) => Some(answer),
            _ => None,
        };
        match &done.command.action {
            Action::RequeueDelivery(command) if accepted.is_some() || wrote => self.requeued(command),
            Action::DropDelivery(command) if accepted.is_some() || wrote => self.dropped(command),
            Action::Acknowledge(command) if !matches!(outcome, Some(Outcome::Rejected(_))) => {
                if let Some(reader) = READERS.iter().position(|name| *name == command.subscription) {
                    self.cursors[reader] = command.through;
                }
            }
            Action::Prune(command) if !matches!(outcome, Some(Outcome::Rejected(_))) => match &command.from {
                PruneFrom::Events => {}
                PruneFrom::Keys(_) => {
                    let placed = &self.books.order_ids;
                    self.keys.forget_before(command.before_ms, |id| placed.contains_key(id));
                }
                PruneFrom::Orders(_) => self.orders_pruned(command.before_ms),
                PruneFrom::Messages(..) => self.messages.retain(|_, at_ms| *at_ms >= command.before_ms),
            },
            _ => {}
        }
    }

    /// IN-ORDER: what a subscription is given goes on where it stands, and none is left out.
    pub(crate) fn judge_reading(&self, reader: usize, events: &[Event]) -> Result<(), Broken> {
        let next = self.cursors[reader] + 1;
        if events.is_empty() && next <= self.last_event {
            return Err(broken("IN-ORDER", format!("{} is given nothing from event {next} on", READERS[reader])));
        }
        for (next, event) in (next..).zip(events) {
            if event.number != next || next > self.last_event {
                let detail = format!("{} is given event {} where {next} is next", READERS[reader], event.number);
                return Err(broken("IN-ORDER", detail));
            }
        }
        Ok(())
    }

    /// Where a reader stands.
    pub(crate) fn cursor(&self, reader: usize) -> u64 {
        self.cursors[reader]
    }
}

fn answer_of<'d>(done: &Done<'d>) -> Option<&'d Answer> {
    match done.reply.map(|reply| &reply.outcome) {
        Some(Outcome::Accepted(answer)) => Some(answer),
        _ => None,
    }
}

fn message_of(action: &Action) -> Option<&MessageId> {
    match action {
        Action::NoteFulfillment(command) => command.message.as_ref(),
        Action::NoteShipment(command) => command.message.as_ref(),
        Action::NoteWarehouseStock(command) => command.message.as_ref(),
        Action::NoteListings(command) => command.message.as_ref(),
        Action::TakeChannelOrder(command) => command.message.as_ref(),
        _ => None,
    }
}

/// Whether a time may stand in the command itself.
fn says_lives(action: &Action) -> bool {
    matches!(
        action,
        Action::PlaceHold(_)
            | Action::ExtendHold(_)
            | Action::NoteWarehouseStock(_)
            | Action::NoteListings(_)
            | Action::TakeChannelOrder(_)
            | Action::Prune(_)
    )
}
