//! Orders that no webhook told of: read from the shop page by page, and taken in as webhooks are.

use std::time::Duration;

use retail::{Failure, Result};
use stockroom::Command;
use stockroom::ports::Clock;
use stockroom_clock::SystemClock;
use stockroom_shopify::{Backfill, BackfillTurn, OrderMapping};

use crate::shop::{CHANNEL, Connection, Room, database, execute};

/// Attempts at one page.
const ATTEMPTS_MAX: u32 = 200;
/// The longest wait between two of them, and after a page: this shop's bucket fills quickly.
const WAIT_MS_MAX: i64 = 250;

/// Takes in all that changed since the last look; answers how many orders were looked at.
pub fn take_missed_orders(room: &Room, connection: &Connection) -> Result<u64> {
    let client = connection.client()?;
    let mapping = OrderMapping::new(CHANNEL).map_err(|fault| Failure::new("the channel", fault))?;
    let since_ms = room.channel_settings(CHANNEL).map_err(database)?.map_or(0, |row| row.orders_through_ms);
    let mut look = Backfill::new(&connection.exchange()?, mapping, since_ms);
    let mut count = 0;
    let mut attempts = 0;
    while let Some(request) = look.request() {
        let answer = client.send(&request);
        let wait_ms = match look.answered(answer.as_ref(), SystemClock.now_ms()) {
            BackfillTurn::Page(page) => {
                attempts = 0;
                count += page.orders.len() as u64;
                let mut commands: Vec<Command> = page.orders.into_iter().map(Command::from).collect();
                commands.extend(page.end.map(Command::from));
                execute(room, commands)?;
                page.pause_ms.unwrap_or(0)
            }
            BackfillTurn::Retry(retry) => {
                attempts += 1;
                if attempts >= ATTEMPTS_MAX {
                    return Err(Failure::new("orders that were missed", retry.why));
                }
                retry.after_ms.unwrap_or(20)
            }
        };
        std::thread::sleep(Duration::from_millis(wait_ms.clamp(0, WAIT_MS_MAX).unsigned_abs()));
    }
    Ok(count)
}
