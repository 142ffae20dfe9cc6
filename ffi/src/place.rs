//! Placing orders by plain structs: what tills and shops do most, without any JSON.

use ::stockroom::{Code, Command, NewLine, NewOrder, OrderState, Outcome, Reply, StockPolicy, TimedCommand};

use crate::arguments::{self, OutList};
use crate::database::{check_size, stockroom, stockroom_text};
use crate::guard::call;
use crate::handles::held;
use crate::status::{Fault, stockroom_status};

/// All or nothing. The default.
pub const STOCKROOM_ALL_OR_NOTHING: i32 = 0;
/// What is there is claimed; the rest is not promised.
pub const STOCKROOM_PARTIAL: i32 = 1;
/// What is not there is promised beyond stock, up to the backorder limit.
pub const STOCKROOM_BACKORDER: i32 = 2;

/// The state of an order that was refused: there is none.
pub const STOCKROOM_NO_ORDER: i32 = 0;
/// Every unit is claimed from stock.
pub const STOCKROOM_ALLOCATED: i32 = 1;
/// Some units are claimed, the others are not promised.
pub const STOCKROOM_PARTLY_ALLOCATED: i32 = 2;
/// Some units are promised beyond stock.
pub const STOCKROOM_BACKORDERED: i32 = 3;

/// One line to order.
#[repr(C)]
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_line {
    /// The SKU, at most 128 bytes.
    pub sku: stockroom_text,
    /// Units, 1 to 1,000,000,000.
    pub quantity: i64,
    /// Price of one unit in minor units, from 0.
    pub unit_price_minor: i64,
}

/// An order to place. Zero the struct, then fill it: what is zero has its default.
#[repr(C)]
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_order {
    /// sizeof(stockroom_order).
    pub size: usize,
    /// The host's id, 1 to 64 bytes. It is the order's idempotency key, unless there is another.
    pub id: stockroom_text,
    /// The channel that it comes from.
    pub channel: stockroom_text,
    /// ISO 4217 code.
    pub currency: stockroom_text,
    /// What is ordered, 1 to 10,000 lines.
    pub lines: *const stockroom_line,
    /// How many lines.
    pub line_count: usize,
    /// How shortages are met: STOCKROOM_ALL_OR_NOTHING, STOCKROOM_PARTIAL or STOCKROOM_BACKORDER.
    pub policy: i32,
    /// A hold whose units the order takes over; bytes NULL for none.
    pub hold: stockroom_text,
    /// The customer's note, at most 2,000 bytes; bytes NULL for none.
    pub note: stockroom_text,
    /// The idempotency key, at most 128 bytes; bytes NULL for the order's id.
    pub key: stockroom_text,
}

/// What became of an order. All that the JSON reply tells besides is told by the read `order`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(non_camel_case_types)] // The name in C.
pub struct stockroom_placed {
    /// 0 where it was accepted; else the number of the rejection's code (docs/codes.md).
    pub rejection: i32,
    /// STOCKROOM_ALLOCATED, STOCKROOM_PARTLY_ALLOCATED, STOCKROOM_BACKORDERED; STOCKROOM_NO_ORDER where it was
    /// refused.
    pub state: i32,
    /// 1 where this is the answer to the same order placed before, and nothing was done now; else 0.
    pub repeated: i32,
    /// The order's number, from 1; 0 where it was refused.
    pub number: u64,
    /// The sum of quantity × price, in minor units; 0 where it was refused.
    pub value_minor: i64,
}

/// Places `count` orders (1 to 100,000) in one commit, each standing or falling alone, and writes what became of them
/// to `placed`, which has room for as many. It returns when all are durable.
///
/// Errors: STOCKROOM_NULL_ARGUMENT, STOCKROOM_NOT_UTF8, STOCKROOM_LENGTH, STOCKROOM_OPTION where an order cannot even
/// be read; those of the engine. A failure means that none was placed, or, after STOCKROOM_IO, STOCKROOM_ABORTED
/// and STOCKROOM_PANICKED, that it is open: place them again.
///
/// The host keeps: the lists and texts are good for reads, `placed` for `count` writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stockroom_place(
    database: *const stockroom,
    orders: *const stockroom_order,
    count: usize,
    placed: *mut stockroom_placed,
) -> i32 {
    call("stockroom_place", || {
        let out = OutList::new(placed, count, "placed")?;
        let database = held(database)?;
        // SAFETY: the host promises the list.
        let orders = unsafe { arguments::list(orders, count, "orders") }?;
        let replies = match orders {
            // Alone it shares its commit with other threads' orders.
            // SAFETY: the host promises what it points to.
            [order] => vec![database.room.execute(unsafe { command(order) }?)?],
            orders => {
                let at_ms = database.room.now_ms();
                // In its place from the start: a command is large, and a list that grows copies all of them.
                let mut commands = Vec::with_capacity(orders.len());
                for order in orders {
                    // SAFETY: as above.
                    commands.push(TimedCommand { at_ms, command: unsafe { command(order) }? });
                }
                database.room.execute_batch_at(commands)?
            }
        };
        // SAFETY: the host promises room for them.
        unsafe { out.write(replies.iter().map(told)) };
        Ok(())
    })
}

/// The command that a struct stands for. What it says is judged by the engine; only what cannot be read is refused
/// here.
///
/// # Safety
/// What the struct points to must be good for reads.
unsafe fn command(order: &stockroom_order) -> Result<Command, Fault> {
    check_size::<stockroom_order>(order.size)?;
    // SAFETY: passed on.
    let text = |text: &stockroom_text, max, what| unsafe {
        arguments::text(text.bytes, text.len, max, what).map(str::to_owned)
    };
    let optional = |given: &stockroom_text, max, what| match given.bytes.is_null() {
        true => Ok(None),
        false => text(given, max, what).map(Some),
    };
    let policy = match order.policy {
        STOCKROOM_ALL_OR_NOTHING => StockPolicy::AllOrNothing,
        STOCKROOM_PARTIAL => StockPolicy::Partial,
        STOCKROOM_BACKORDER => StockPolicy::Backorder,
        other => return Err(Fault::new(stockroom_status::STOCKROOM_OPTION, format!("there is no policy {other}"))),
    };
    // SAFETY: passed on.
    let lines = unsafe { arguments::list(order.lines, order.line_count, "an order's lines") }?;
    let line = |line: &stockroom_line| {
        let sku = text(&line.sku, ::stockroom::ids::SKU_BYTES_MAX, "a line's SKU")?;
        Ok(NewLine { sku, quantity: line.quantity, unit_price_minor: line.unit_price_minor })
    };
    const ID: usize = ::stockroom::ids::ID_BYTES_MAX;
    let placed = NewOrder {
        id: text(&order.id, ID, "an order's id")?,
        channel: text(&order.channel, ID, "an order's channel")?,
        currency: text(&order.currency, ID, "an order's currency")?,
        lines: lines.iter().map(line).collect::<Result<_, Fault>>()?,
        policy,
        hold: optional(&order.hold, ID, "an order's hold")?,
        note: optional(&order.note, ::stockroom::ids::TEXT_BYTES_MAX, "an order's note")?,
        ..NewOrder::default()
    };
    let key = optional(&order.key, ::stockroom::ids::KEY_BYTES_MAX, "an order's key")?;
    Ok(Command { key, action: placed.into() })
}

fn told(reply: &Reply) -> stockroom_placed {
    let repeated = i32::from(reply.repeated);
    match (&reply.outcome, reply.placed_order()) {
        (Outcome::Rejected(rejection), _) => {
            stockroom_placed { rejection: rejection.code.number().into(), repeated, ..stockroom_placed::default() }
        }
        (Outcome::Accepted(_), Some(order)) => stockroom_placed {
            rejection: 0,
            state: match order.state {
                OrderState::PartlyAllocated => STOCKROOM_PARTLY_ALLOCATED,
                OrderState::Backordered => STOCKROOM_BACKORDERED,
                _ => STOCKROOM_ALLOCATED,
            },
            repeated,
            number: order.number,
            value_minor: order.value_minor,
        },
        // A placed order is answered by nothing else.
        (Outcome::Accepted(_), None) => stockroom_placed { repeated, ..stockroom_placed::default() },
    }
}

/// The name of a rejection's code, such as `insufficient_stock`, as JSON replies have it; NULL for a number that is
/// none. Static: not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_code_name(code: i32) -> *const std::ffi::c_char {
    use std::sync::LazyLock;
    static NAMES: LazyLock<Vec<(i32, std::ffi::CString)>> = LazyLock::new(|| {
        let name = |code: &Code| Some((i32::from(code.number()), std::ffi::CString::new(code.name()).ok()?));
        Code::ALL.iter().filter_map(name).collect()
    });
    let found = NAMES.iter().find(|(number, _)| *number == code);
    found.map_or(std::ptr::null(), |(_, name)| name.as_ptr())
}
