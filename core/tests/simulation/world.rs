//! The world: nodes over one disk, terminals, relays, warehouses, shops and the wires between them, the auditor beside
//! it all, and the one way in which commands are sent. What is done in each kind of step stands in files of its own.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use stockroom::ports::{Page, Rows};
use stockroom::{Action, Command, ErrorKind, Reply, Stockroom, TimedCommand};

use crate::auditor::{Auditor, Broken, Done, broken};
use crate::faults::{Fault, FaultCounts};
use crate::node::{Failed, Node};
use crate::plan::{Kind, Step};
use crate::relay::{Job, PendingReport};
use crate::rng::Rng;
use crate::shape::{SECOND_MS, START_MS, Shape, number_in, warehouse_name};
use crate::shop::Shop;
use crate::store::{Disk, NodeStore};
use crate::warehouse::Warehouse;

/// Commands that terminals may send again, at most.
const HISTORY_MAX: usize = 40;

/// Times of a hundred that another node is asked than before.
const NODE_CHANGES: u64 = 30;

/// What a command came to, as its sender sees it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The answer, if one came.
    pub(crate) reply: Option<Reply>,
}

/// A hold that terminals know of.
#[derive(Clone, Debug)]
pub(crate) struct KnownHold {
    pub(crate) id: String,
    pub(crate) channel: usize,
    pub(crate) lines: Vec<(usize, i64)>,
}

/// Numbers that names are made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) order: u64,
    pub(crate) hold: u64,
    pub(crate) key: u64,
    pub(crate) message: u64,
}

pub(crate) struct World {
    pub(crate) shape: Shape,
    pub(crate) disk: Disk,
    pub(crate) nodes: Vec<Node>,
    last_node: Cell<usize>,
    /// Reads for the auditor; it writes nothing.
    pub(crate) observer: Stockroom<NodeStore>,
    pub(crate) auditor: Auditor,
    pub(crate) counts: FaultCounts,
    pub(crate) now_ms: i64,
    /// The latest time until which a relay may have a delivery, by a clock that perhaps ran ahead.
    pub(crate) leased_until_ms: i64,
    /// The latest time at which anything was decided, by whosever clock.
    pub(crate) latest_ms: i64,
    pub(crate) names: Names,
    /// Commands whose sender has no answer yet.
    pub(crate) unanswered: Vec<Command>,
    /// Commands that were answered, the newest last.
    pub(crate) history: VecDeque<Command>,
    pub(crate) holds: Vec<KnownHold>,
    /// Counts under way: SKU, location, on-hand as the counter saw it.
    pub(crate) counting: Vec<(usize, usize, i64)>,
    pub(crate) warehouses: Vec<Warehouse>,
    pub(crate) shops: Vec<Shop>,
    /// Units withheld from single listings, by channel and SKU.
    pub(crate) buffers: BTreeMap<(usize, usize), i64>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) reports: Vec<PendingReport>,
    /// Messages on their way in, the oldest first.
    pub(crate) wire: VecDeque<Command>,
    /// Messages that were lost until somebody asks.
    pub(crate) lost: Vec<Command>,
    /// What was sent and answered, for people, where it is wanted.
    pub(crate) log: Option<Vec<String>>,
}

impl World {
    /// A furnished world.
    pub(crate) fn new(seed: u64, with_log: bool) -> Result<Self, Broken> {
        let shape = Shape::draw(seed);
        let disk = Disk::default();
        let nodes = shape.nodes.iter().map(|face| Node::start(&disk, *face)).collect();
        let mut rng = Rng::new(seed ^ 0xBEEF);
        let warehouses = shape.warehouses.iter().map(Warehouse::new).collect();
        let shops = shape
            .channels
            .iter()
            .enumerate()
            .filter_map(|(channel, of)| of.shop.map(|policy| Shop::new(channel, policy, shape.skus(), &mut rng)));
        let shops = shops.collect();
        let mut world = World {
            observer: Stockroom::new(NodeStore::new(&disk), || 0),
            auditor: Auditor::new(&shape),
            nodes,
            last_node: Cell::new(0),
            disk,
            counts: FaultCounts::default(),
            now_ms: START_MS,
            leased_until_ms: 0,
            latest_ms: 0,
            names: Names::default(),
            unanswered: Vec::new(),
            history: VecDeque::new(),
            holds: Vec::new(),
            counting: Vec::new(),
            warehouses,
            shops,
            buffers: BTreeMap::new(),
            jobs: Vec::new(),
            reports: Vec::new(),
            wire: VecDeque::new(),
            lost: Vec::new(),
            log: with_log.then(Vec::new),
            shape,
        };
        for command in world.shape.furnishing() {
            if let Action::SetListing(listing) = &command.action {
                let place = (number_in(&listing.channel), world.auditor.books.sku(&listing.sku));
                world.buffers.extend(listing.buffer.map(|buffer| (place, buffer)));
            }
            let sent = world.send(0, command.clone(), None)?;
            if sent.reply.is_none_or(|reply| reply.accepted().is_err()) {
                return Err(broken("FAILED", format!("the world could not be furnished: {command:?}")));
            }
        }
        if let Some(log) = &mut world.log {
            log.clear();
        }
        Ok(world)
    }

    /// Does one step.
    pub(crate) fn step(&mut self, step: &Step) -> Result<(), Broken> {
        let mut rng = Rng::new(u64::from(step.seed));
        if let Some(log) = &mut self.log {
            let fault = step.fault.map_or_else(String::new, |fault| format!(", with {}", fault.name()));
            log.push(format!("{}{fault}", step.kind.name()));
        }
        let (rng, fault) = (&mut rng, step.fault);
        self.now_ms += rng.between(0, 2 * SECOND_MS);
        match step.kind {
            Kind::Place => self.place(rng, fault)?,
            Kind::PlaceFromHold => self.place_from_hold(rng, fault)?,
            Kind::Hold => self.hold(rng, fault)?,
            Kind::ExtendHold => self.extend_hold(rng, fault)?,
            Kind::ReleaseHold => self.release_hold(rng, fault)?,
            Kind::Edit => self.edit(rng, fault)?,
            Kind::Cancel => self.cancel(rng, fault)?,
            Kind::Ship => self.ship(rng, fault)?,
            Kind::Return => self.give_back(rng, fault)?,
            Kind::Complete => self.complete(rng, fault)?,
            Kind::Group => self.group(rng, fault)?,
            Kind::Retry => self.retry(rng, fault)?,
            Kind::SendTwice => self.send_twice(rng)?,
            Kind::ReuseKey => self.reuse_key(rng)?,
            Kind::Preview => self.preview(rng, fault)?,
            Kind::Receive => self.receive(rng, fault)?,
            Kind::Adjust => self.adjust(rng, fault)?,
            Kind::CountBegins => self.count_begins(rng),
            Kind::CountEnds => self.count_ends(rng, fault)?,
            Kind::Transfer => self.transfer(rng, fault)?,
            Kind::Policy => self.policy(rng, fault)?,
            Kind::Tick => self.tick(rng, fault)?,
            Kind::Prune => self.prune(rng, fault)?,
            Kind::Read => self.read(rng, fault)?,
            Kind::Rechannel => self.rechannel(rng, fault)?,
            Kind::Fulfill => self.fulfill(rng, fault)?,
            Kind::UpdateListings => self.update_listings(rng, fault)?,
            Kind::Take => self.take(rng, fault)?,
            Kind::Carry => self.carry(rng, fault)?,
            Kind::Report => self.report(rng, fault)?,
            Kind::Operate => self.operate(rng, fault)?,
            Kind::Reassign => self.reassign(rng, fault)?,
            Kind::Work => self.work(rng, fault),
            Kind::StockReport => self.stock_report(rng, fault)?,
            Kind::Message => self.message(rng, fault)?,
            Kind::Sale => self.sale(rng, fault),
            Kind::ShopChange => self.shop_change(rng, fault),
            Kind::Backfill => self.backfill(rng, fault)?,
            Kind::Reconcile => self.reconcile(rng, fault)?,
            Kind::Wait => self.now_ms += *rng.pick(&[5, 30, 120, 900, 7_200]).unwrap_or(&1) * SECOND_MS,
            Kind::Clock => self.clock(rng, fault)?,
            Kind::Crash => self.crash(rng),
        }
        self.look(rng)
    }

    /// Some node, mostly the one that was asked last: rows that a node keeps are to be of use.
    pub(crate) fn any_node(&self, rng: &mut Rng) -> usize {
        if rng.chance(NODE_CHANGES) {
            self.last_node.set(rng.below(self.nodes.len()));
        }
        self.last_node.get()
    }

    /// The time that a node's clock shows.
    pub(crate) fn time_at(&self, node: usize) -> i64 {
        self.now_ms.saturating_add(self.nodes[node].ahead_ms)
    }

    /// Sends one command to a node.
    pub(crate) fn send(
        &mut self,
        node: usize,
        command: impl Into<Command>,
        fault: Option<Fault>,
    ) -> Result<Sent, Broken> {
        let replies = self.send_all(node, vec![command.into()], fault, false)?;
        Ok(Sent { reply: replies.and_then(|mut replies| replies.pop()) })
    }

    /// Sends commands to a node, which does them in one commit; `None` where no answers come.
    pub(crate) fn send_all(
        &mut self,
        node: usize,
        commands: Vec<Command>,
        fault: Option<Fault>,
        as_batch: bool,
    ) -> Result<Option<Vec<Reply>>, Broken> {
        let at_ms = self.time_at(node);
        if stockroom::time::in_range(at_ms) {
            self.latest_ms = self.latest_ms.max(at_ms);
        }
        let timed: Vec<TimedCommand> = commands.into_iter().map(|command| TimedCommand { at_ms, command }).collect();
        self.disk.borrow_mut().arm(fault);
        let result = self.nodes[node].run(&self.disk, &timed, as_batch);
        let (struck, committed) = self.disk.borrow_mut().disarm();
        if let Some(fault) = struck {
            self.counts.happened(fault);
        }
        if let Some(log) = &mut self.log {
            for (at, one) in timed.iter().enumerate() {
                let reply = match &result {
                    Ok(replies) => format!("{:?}", replies.get(at)),
                    Err(failed) => format!("{failed:?}"),
                };
                log.push(format!("  node {node} at {}: {:?}\n    -> {reply}", one.at_ms - START_MS, one.command));
            }
        }
        let rows = self.new_rows()?;
        match result {
            Ok(replies) => {
                let done = timed.iter().zip(&replies);
                let done = done.map(|(one, reply)| Done { at_ms, command: &one.command, reply: Some(reply) });
                self.auditor.audit(&done.collect::<Vec<_>>(), &rows)?;
                Ok(Some(replies))
            }
            Err(failed) => {
                if let Failed::Error(error) = &failed {
                    let injected = matches!(error.kind(), ErrorKind::Busy | ErrorKind::Io | ErrorKind::Full);
                    if struck.is_none() || !injected {
                        let what = format!("{error}\n  commands {timed:?}");
                        let name = if error.kind() == ErrorKind::InvariantBroken { "ENGINE-CHECK" } else { "FAILED" };
                        return Err(broken(name, what));
                    }
                }
                if committed {
                    let done = timed.iter().map(|one| Done { at_ms, command: &one.command, reply: None });
                    self.auditor.audit(&done.collect::<Vec<_>>(), &rows)?;
                } else {
                    self.auditor.audit_nothing(&rows)?;
                }
                Ok(None)
            }
        }
    }

    fn new_rows(&self) -> Result<Vec<stockroom::outbox::EventRow>, Broken> {
        match self.observer.page(&Page::Events(self.auditor.last_event), u32::MAX) {
            Ok(Rows::Events(rows)) => Ok(rows),
            Ok(_) => Ok(Vec::new()),
            Err(error) => Err(broken("FAILED", error.to_string())),
        }
    }

    /// Sends a command that its sender repeats until it has an answer, and keeps what may be sent again.
    pub(crate) fn ask(
        &mut self,
        rng: &mut Rng,
        command: impl Into<Command>,
        fault: Option<Fault>,
    ) -> Result<Option<Reply>, Broken> {
        let command: Command = command.into();
        let node = self.any_node(rng);
        let sent = self.send(node, command.clone(), fault)?;
        if sent.reply.is_none() || fault == Some(Fault::AnswerLost) {
            if sent.reply.is_some() {
                self.counts.happened(Fault::AnswerLost);
            }
            self.unanswered.push(command);
            return Ok(None);
        }
        self.remember(command);
        Ok(sent.reply)
    }

    pub(crate) fn remember(&mut self, command: Command) {
        if self.history.len() == HISTORY_MAX {
            self.history.pop_front();
        }
        self.history.push_back(command);
    }

    /// A key of its own.
    pub(crate) fn key(&mut self) -> String {
        self.names.key += 1;
        format!("k-{}", self.names.key)
    }

    /// Some reader asks some node for a level.
    fn look(&mut self, rng: &mut Rng) -> Result<(), Broken> {
        let node = self.any_node(rng);
        let row = rng.below(self.shape.plain * self.shape.locations);
        let Some(room) = self.nodes[node].room() else { return Ok(()) };
        let (sku, location) = self.auditor.books.row_name(row);
        match room.stock(&sku, &location) {
            Ok(level) => self.auditor.judge_read(row, level.as_ref()),
            Err(error) => Err(broken("FAILED", error.to_string())),
        }
    }

    fn clock(&mut self, rng: &mut Rng, fault: Option<Fault>) -> Result<(), Broken> {
        let node = self.any_node(rng);
        let jump_ms = *rng.pick(&[1, 20, 600, 7_200, 100_000]).unwrap_or(&1) * SECOND_MS;
        match fault {
            Some(Fault::ClockForward) => self.nodes[node].ahead_ms += jump_ms,
            Some(Fault::ClockBack) => self.nodes[node].ahead_ms -= jump_ms,
            Some(Fault::ClockNonsense) => {
                let ahead_ms = self.nodes[node].ahead_ms;
                self.nodes[node].ahead_ms = if rng.chance(50) { i64::MAX } else { -2 * START_MS };
                let new = self.new_order(rng);
                let done = self.send(node, new, None);
                self.nodes[node].ahead_ms = ahead_ms;
                done?;
            }
            _ => self.nodes[node].ahead_ms = 0,
        }
        if let Some(fault) = fault {
            self.counts.happened(fault);
        }
        Ok(())
    }

    fn crash(&mut self, rng: &mut Rng) {
        let node = self.any_node(rng);
        self.nodes[node].restart(&self.disk);
        self.counts.happened(Fault::Crash);
    }

    /// Where deliveries go.
    pub(crate) fn destinations(&self) -> Vec<String> {
        let warehouses = self.shape.warehouses.iter().map(|warehouse| warehouse_name(warehouse.location));
        warehouses.chain(self.shops.iter().map(|shop| shop.name.clone())).collect()
    }
}
