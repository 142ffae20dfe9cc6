//! The decision of one command: its key first, then the rule of its action, then what every command owes.
//! Pure: a function of the command, its time and the working set.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::channel;
use crate::code::{Code, Faults, Rejection};
use crate::engine::command::{Action, Answer, Command, Outcome, Reply, TimedCommand};
use crate::engine::decision::Decision;
use crate::engine::needs::Needs;
use crate::engine::settle::settle;
use crate::engine::working_set::{Stop, WorkingSet};
use crate::error::Error;
use crate::fulfillment;
use crate::ids::{ID_BYTES_MAX, KEY_BYTES_MAX, LINES_MAX, LocationNumber, name_fault};
use crate::inventory::{self, Fingerprint};
use crate::order::{self, NewOrder};
use crate::outbox::{self, EventKind, KeyRow, ORDER_KEY_PREFIX, RejectedOrder};
use crate::planted::planted;
use crate::time;

/// Decides one command. `Stop::Needs` means that nothing was changed and more rows are needed.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn decide(rows: &mut WorkingSet, timed: &TimedCommand) -> Result<Reply, Stop> {
    rows.begin_command()?;
    let reply = match decide_in(rows, timed) {
        Ok(reply) => Ok(reply),
        Err(stop) => {
            rows.take_back();
            match stop {
                Stop::Reject(rejection) => Ok(Reply { outcome: Outcome::Rejected(rejection), repeated: false }),
                Stop::Repeat(answer) => Ok(Reply { outcome: Outcome::Accepted(*answer), repeated: true }),
                stop => Err(stop),
            }
        }
    };
    if !matches!(reply, Err(Stop::Needs(_))) {
        rows.end_command();
    }
    reply
}

#[cfg_attr(target_family = "wasm", inline)]
fn decide_in(rows: &mut WorkingSet, timed: &TimedCommand) -> Result<Reply, Stop> {
    let command = &timed.command;
    if !time::in_range(timed.at_ms) {
        // Such a command writes nothing that would meet a name that is taken: look for the names instead.
        rows.assume_free(false);
    }
    let now_ms = timed.at_ms.clamp(0, time::TIME_MS_MAX).max(rows.catalog()?.counters.last_event_at_ms);
    let key = Key::of(command)?;
    let fingerprint = match key {
        Key::None => Fingerprint::default(),
        _ => fingerprint(&command.action)?,
    };
    if let Some(key) = key.text() {
        if let Some(known) = rows.key(key)? {
            return known_reply(known, fingerprint);
        }
    }
    let mut decision = Decision::new(rows, now_ms, fingerprint);
    decision.keyed_by_id = matches!(key, Key::Order(_));
    if let Action::PlaceOrder(new) = &command.action {
        if name_fault(&new.id, ID_BYTES_MAX).is_none() {
            if let Some(number) = decision.rows.order_in_the_way(&new.id)? {
                let stop = order::repeated(&decision, number, fingerprint)?;
                return answer_that_stands(rows, &key, fingerprint, now_ms, stop);
            }
        }
    }
    if !time::in_range(timed.at_ms) {
        // Nothing remembers this: the same command at a right time is judged anew.
        return Err(Rejection::one(Code::TimeOutOfRange, "at_ms", "not 1970 to 9999").into());
    }
    let outcome = match run(&mut decision, &command.action, order::place).and_then(|answer| {
        settle(&mut decision)?;
        Ok(answer)
    }) {
        Ok(answer) => Outcome::Accepted(answer),
        Err(Stop::Reject(rejection)) => {
            decision.rows.take_back();
            decision.forget_facts();
            if !planted!(RejectionUnsaid) {
                note_rejection(&mut decision, command, &rejection)?;
            }
            Outcome::Rejected(rejection)
        }
        Err(stop @ Stop::Repeat(_)) => {
            decision.rows.take_back();
            return answer_that_stands(rows, &key, fingerprint, now_ms, stop);
        }
        Err(stop) => return Err(stop),
    };
    decision.write_events()?;
    remember(rows, command, &key, fingerprint, now_ms, &outcome);
    Ok(Reply { outcome, repeated: false })
}

/// The answer that a key remembers, to a command with this content.
fn known_reply(known: &KeyRow, fingerprint: Fingerprint) -> Result<Reply, Stop> {
    match known.fingerprint == fingerprint || planted!(KeyContentUnchecked) {
        true => Ok(Reply { outcome: known.outcome.clone(), repeated: true }),
        false => Err(Rejection::one(Code::KeyReused, "key", "was used with other content").into()),
    }
}

/// Writes down what a key is answered from now on.
fn remember(
    rows: &mut WorkingSet,
    command: &Command,
    key: &Key<'_>,
    fingerprint: Fingerprint,
    at_ms: i64,
    outcome: &Outcome,
) {
    // An accepted order is its own memory: its row has the fingerprint and the answer.
    let remembered = match (key, outcome) {
        (Key::Given(key), _) if !planted!(KeyForgotten) => Some((*key).to_owned()),
        (Key::Order(key), Outcome::Rejected(_)) => Some(key.clone()),
        _ => None,
    };
    if let Some(key) = remembered {
        let refused_order = match (&command.action, outcome) {
            (Action::PlaceOrder(new), Outcome::Rejected(_)) => Some(new.id.as_str()),
            _ => None,
        };
        let kept = if planted!(WrongAnswerRemembered) { Outcome::Accepted(Answer::Done) } else { outcome.clone() };
        rows.insert_key(KeyRow { key, fingerprint, at_ms, outcome: kept }, refused_order);
    }
}

/// Answers a command to place what stands already, under the same or another key. A key of the caller's own
/// is used up by that.
fn answer_that_stands(
    rows: &mut WorkingSet,
    key: &Key<'_>,
    fingerprint: Fingerprint,
    at_ms: i64,
    stop: Stop,
) -> Result<Reply, Stop> {
    let (outcome, repeated) = match stop {
        Stop::Repeat(answer) => (Outcome::Accepted(*answer), true),
        Stop::Reject(rejection) => (Outcome::Rejected(rejection), false),
        stop => return Err(stop),
    };
    if let Key::Given(key) = key {
        rows.insert_key(KeyRow { key: (*key).to_owned(), fingerprint, at_ms, outcome: outcome.clone() }, None);
    }
    Ok(Reply { outcome, repeated })
}

/// What decides an action.
type Rule<D> = fn(&mut Decision<'_>, &D) -> Result<Answer, Stop>;

/// Asks the rule of an action. That of placing orders is handed in, so that it is compiled where it is asked from.
fn run(decision: &mut Decision<'_>, action: &Action, place: Rule<NewOrder>) -> Result<Answer, Stop> {
    match action {
        Action::RegisterSku(document) => ruled(inventory::register_sku, decision, document),
        Action::RegisterLocation(document) => ruled(inventory::register_location, decision, document),
        Action::RegisterChannel(document) => ruled(channel::register, decision, document),
        Action::ReceiveStock(document) => ruled(inventory::receive, decision, document),
        Action::AdjustStock(document) => ruled(inventory::adjust, decision, document),
        Action::CountStock(document) => ruled(inventory::count, decision, document),
        Action::TransferStock(document) => ruled(inventory::transfer, decision, document),
        Action::SetStockPolicy(document) => ruled(inventory::policy, decision, document),
        Action::PlaceHold(document) => ruled(inventory::place_hold, decision, document),
        Action::ExtendHold(document) => ruled(inventory::extend_hold, decision, document),
        Action::ReleaseHold(document) => ruled(inventory::release_hold, decision, document),
        Action::Tick(document) => ruled(inventory::tick, decision, document),
        Action::PlaceOrder(document) => place(decision, document),
        Action::EditOrder(document) => ruled(order::edit, decision, document),
        Action::CancelOrder(document) => ruled(order::cancel, decision, document),
        Action::ShipOrder(document) => ruled(order::ship, decision, document),
        Action::ReturnOrder(document) => ruled(order::give_back, decision, document),
        Action::CompleteOrder(document) => ruled(order::complete, decision, document),
        Action::Subscribe(document) => ruled(outbox::subscribe, decision, document),
        Action::Acknowledge(document) => ruled(outbox::acknowledge, decision, document),
        Action::Unsubscribe(document) => ruled(outbox::unsubscribe, decision, document),
        Action::Prune(document) => ruled(outbox::prune, decision, document),
        Action::RegisterDestination(document) => ruled(outbox::register_destination, decision, document),
        Action::TakeDeliveries(document) => ruled(outbox::take, decision, document),
        Action::ReportDelivery(document) => ruled(outbox::report, decision, document),
        Action::RequeueDelivery(document) => ruled(outbox::requeue, decision, document),
        Action::DropDelivery(document) => ruled(outbox::drop_dead, decision, document),
        Action::RegisterWarehouse(document) => ruled(fulfillment::register_warehouse, decision, document),
        Action::Fulfill(document) => ruled(fulfillment::fulfill, decision, document),
        Action::NoteFulfillment(document) => ruled(fulfillment::note, decision, document),
        Action::NoteShipment(document) => ruled(fulfillment::note_shipment, decision, document),
        Action::ReassignFulfillment(document) => ruled(fulfillment::reassign, decision, document),
        Action::NoteWarehouseStock(document) => ruled(fulfillment::note_stock, decision, document),
        Action::ConnectChannel(document) => ruled(channel::connect, decision, document),
        Action::DisconnectChannel(document) => ruled(channel::disconnect, decision, document),
        Action::SetListing(document) => ruled(channel::set_listing, decision, document),
        Action::RemoveListing(document) => ruled(channel::remove_listing, decision, document),
        Action::UpdateListings(document) => ruled(channel::update_listings, decision, document),
        Action::NoteListings(document) => ruled(channel::note_listings, decision, document),
        Action::ReconcileChannel(document) => ruled(channel::reconcile, decision, document),
        Action::TakeChannelOrder(document) => ruled(channel::take_order, decision, document),
        Action::NoteOrdersThrough(document) => ruled(channel::note_orders_through, decision, document),
    }
}

/// Asks one rule. In WebAssembly a function of its own for each, whatever the compiler thinks: all of them in one are so
/// large that its engines take half a second to translate it, while orders wait.
#[cfg_attr(target_family = "wasm", inline(never))]
fn ruled<D>(rule: Rule<D>, decision: &mut Decision<'_>, document: &D) -> Result<Answer, Stop> {
    rule(decision, document)
}

/// A rejected order leaves an event, if it can be named in one.
fn note_rejection(decision: &mut Decision<'_>, command: &Command, rejection: &Rejection) -> Result<(), Stop> {
    let (id, channel) = match &command.action {
        Action::PlaceOrder(new) => (&new.id, &new.channel),
        // Of an order that is there nothing is said: it was not refused.
        Action::TakeChannelOrder(_) if rejection.code == Code::OrderExists => return Ok(()),
        Action::TakeChannelOrder(taken) if channel::is_new(decision, &taken.order)? => {
            (&taken.order.id, &taken.order.channel)
        }
        _ => return Ok(()),
    };
    if name_fault(id, ID_BYTES_MAX).is_some() {
        return Ok(());
    }
    let channel = if name_fault(channel, ID_BYTES_MAX).is_none() { channel.clone() } else { String::new() };
    let rejected = RejectedOrder { order: id.as_str().into(), channel, rejection: rejection.clone() };
    decision.note(EventKind::OrderRejected, &rejected)
}

/// The key under which an order without a key of its own is remembered.
#[cfg_attr(target_family = "wasm", inline)]
fn order_key(id: &str) -> String {
    let mut key = String::with_capacity(ORDER_KEY_PREFIX.len() + id.len());
    key.push_str(ORDER_KEY_PREFIX);
    key.push_str(id);
    key
}

/// What names a command's effect.
enum Key<'c> {
    /// Nothing: it happens as often as it is sent.
    None,
    /// The caller's key.
    Given(&'c str),
    /// The id of the order to place, behind [`ORDER_KEY_PREFIX`].
    Order(String),
    /// The id of the hold to place; the hold itself remembers.
    Hold,
}

impl<'c> Key<'c> {
    #[cfg_attr(target_family = "wasm", inline)]
    fn of(command: &'c Command) -> Result<Self, Rejection> {
        if let Some(key) = &command.key {
            return match name_fault(key, KEY_BYTES_MAX) {
                Some(fault) => Err(Rejection::one(Code::KeyInvalid, "key", fault)),
                None => Ok(Key::Given(key)),
            };
        }
        Ok(match &command.action {
            Action::PlaceOrder(new) if name_fault(&new.id, ID_BYTES_MAX).is_none() => Key::Order(order_key(&new.id)),
            Action::PlaceHold(_) => Key::Hold,
            _ => Key::None,
        })
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn text(&self) -> Option<&str> {
        match self {
            Key::Given(key) => Some(key),
            Key::Order(key) => Some(key),
            Key::None | Key::Hold => None,
        }
    }
}

/// The first half of a SHA-256 over the action's content.
#[cfg_attr(target_family = "wasm", inline)]
fn fingerprint(action: &Action) -> Result<Fingerprint, Error> {
    let content = match action {
        Action::PlaceOrder(new) => order::content(new),
        _ => written(action)?,
    };
    let digest = Sha256::digest(&content);
    let mut fingerprint = Fingerprint::default();
    fingerprint.0.copy_from_slice(&digest[..16]);
    Ok(fingerprint)
}

/// serde writes the fields in their order, so that the same content is the same text.
fn written(action: &Action) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(action).map_err(|error| Error::broken("a command cannot be written as JSON").with_source(error))
}

/// Location numbers for names, each known and standing once.
pub(crate) fn locations_of(
    decision: &Decision<'_>,
    field: &'static str,
    names: &[String],
    faults: &mut Faults,
) -> Result<Vec<LocationNumber>, Stop> {
    if names.len() > channel::CHANNEL_LOCATIONS_MAX {
        faults.add(Code::TooManyEntries, || field.into(), format!("more than {}", channel::CHANNEL_LOCATIONS_MAX));
        return Ok(Vec::new());
    }
    let mut numbers = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let at = || format!("{field}[{index}]");
        if let Some(fault) = name_fault(name, ID_BYTES_MAX) {
            faults.add(Code::IdInvalid, at, fault);
            continue;
        }
        match decision.location(name)? {
            None => faults.add(Code::LocationUnknown, at, "is not registered"),
            Some(number) if numbers.contains(&number) => faults.add(Code::DuplicateEntry, at, "stands twice"),
            Some(number) => numbers.push(number),
        }
    }
    Ok(numbers)
}

/// Asks for the rows that a command is sure to need, so that a batch is supplied in one call.
pub(crate) fn foresee(rows: &WorkingSet, command: &Command, needs: &mut Needs) {
    let Ok(catalog) = rows.catalog() else {
        needs.catalog = true;
        return;
    };
    if let Some(key) = command.key.as_deref().filter(|key| name_fault(key, KEY_BYTES_MAX).is_none()) {
        rows.missing(None, None, Some(key), needs);
    }
    let skus = |lines: &mut dyn Iterator<Item = &String>, locations: &[LocationNumber], needs: &mut Needs| {
        for sku in lines {
            rows.missing(Some(sku), None, None, needs);
            rows.missing_stock(sku, locations, needs);
        }
    };
    let at = |name: &str| catalog.by_name.get(name).copied().into_iter().collect::<Vec<_>>();
    let channel = |name: &str, ranking: &Option<Vec<String>>| match ranking {
        Some(names) => {
            let numbers = names.iter().take(channel::CHANNEL_LOCATIONS_MAX);
            numbers.filter_map(|name| catalog.by_name.get(&**name).copied()).collect::<Vec<_>>().into()
        }
        None => catalog.channels.get(name).map(|channel| Arc::<[_]>::from(&*channel.locations)).unwrap_or_default(),
    };
    match &command.action {
        Action::PlaceOrder(new) if new.lines.len() <= LINES_MAX => {
            if name_fault(&new.id, ID_BYTES_MAX).is_none() {
                let key = command.key.is_none().then(|| order_key(&new.id));
                rows.missing(None, Some(&new.id), key.as_deref(), needs);
            }
            if let Some(hold) = &new.hold {
                rows.missing_hold(hold, needs);
            }
            match (&new.ranking, catalog.channels.get(&*new.channel)) {
                // The common case, without a copy of the channel's locations.
                (None, Some(channel)) => skus(&mut new.lines.iter().map(|l| &l.sku), &channel.locations, needs),
                _ => skus(&mut new.lines.iter().map(|l| &l.sku), &channel(&new.channel, &new.ranking), needs),
            }
        }
        Action::PlaceHold(hold) if hold.lines.len() <= LINES_MAX => {
            skus(&mut hold.lines.iter().map(|l| &l.sku), &channel(&hold.channel, &hold.ranking), needs);
        }
        Action::ReceiveStock(document) if document.lines.len() <= LINES_MAX => {
            skus(&mut document.lines.iter().map(|l| &l.sku), &at(&document.location), needs);
        }
        Action::RegisterSku(document) => {
            let components = document.components.iter().flatten().take(LINES_MAX).map(|component| &component.sku);
            skus(&mut std::iter::once(&document.sku).chain(components), &[], needs);
        }
        Action::AdjustStock(document) => skus(&mut std::iter::once(&document.sku), &at(&document.location), needs),
        Action::CountStock(document) => skus(&mut std::iter::once(&document.sku), &at(&document.location), needs),
        Action::SetStockPolicy(document) => {
            skus(&mut std::iter::once(&document.sku), &at(&document.location), needs);
        }
        Action::TransferStock(document) if document.lines.len() <= LINES_MAX => {
            let both = [at(&document.from), at(&document.to)].concat();
            skus(&mut document.lines.iter().map(|l| &l.sku), &both, needs);
        }
        Action::ExtendHold(document) => rows.missing_hold(&document.hold, needs),
        Action::ReleaseHold(document) => rows.missing_hold(&document.hold, needs),
        Action::ShipOrder(document) => rows.missing_order(&document.order, &[], needs),
        Action::CancelOrder(document) => rows.missing_order(&document.order, &[], needs),
        Action::EditOrder(document) if document.add.len() <= LINES_MAX => {
            let locations = rows.locations_of_order(&document.order);
            rows.missing_order(&document.order, &locations, needs);
            skus(&mut document.add.iter().map(|l| &l.sku), &locations, needs);
        }
        Action::ReturnOrder(document) => {
            let named = document.lines.iter().take(LINES_MAX).filter_map(|line| line.location.as_deref());
            let mut locations: Vec<LocationNumber> = named.flat_map(at).collect();
            locations.sort_unstable();
            locations.dedup();
            rows.missing_order(&document.order, &locations, needs);
        }
        Action::CompleteOrder(document) => rows.missing(None, Some(&document.order), None, needs),
        Action::ReportDelivery(document) if name_fault(&document.destination, ID_BYTES_MAX).is_none() => {
            outbox::foresee_report(rows, document, needs);
        }
        Action::TakeChannelOrder(document) => channel::foresee_order(rows, document, needs),
        Action::NoteListings(document) => outbox::foresee_message(rows, document.message.as_ref(), needs),
        Action::NoteFulfillment(document) => {
            outbox::foresee_message(rows, document.message.as_ref(), needs);
            fulfillment::foresee(rows, &document.fulfillment, needs);
        }
        Action::NoteShipment(document) => {
            outbox::foresee_message(rows, document.message.as_ref(), needs);
            fulfillment::foresee(rows, &document.fulfillment, needs);
        }
        _ => {}
    }
}
