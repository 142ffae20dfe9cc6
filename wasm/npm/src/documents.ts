// Made by tools/generate.mjs from docs/documents: change the Rust types, not this.
//
// The documents of the engine as types: commands and replies, reads, deliveries, exchanges, webhooks, backfills.

/** Says that a subscription has dealt with the events up to a number. Saying it again changes nothing. */
export interface Acknowledge {
  /** The subscription's name. */
  subscription: string;
  /** The number of the last event dealt with. */
  through: number;
}

/** What a command does. */
export type Action =
  /** Registers a SKU or a bundle. */
  | { register_sku: RegisterSku }
  /** Registers a location. */
  | { register_location: RegisterLocation }
  /** Registers or changes a channel. */
  | { register_channel: RegisterChannel }
  /** Takes goods in. */
  | { receive_stock: ReceiveStock }
  /** Corrects on-hand by a difference. */
  | { adjust_stock: AdjustStock }
  /** Sets on-hand to a count. */
  | { count_stock: CountStock }
  /** Moves units between locations. */
  | { transfer_stock: TransferStock }
  /** Sets safety stock, backorder limit and unavailable units. */
  | { set_stock_policy: SetStockPolicy }
  /** Claims units until a time. */
  | { place_hold: PlaceHold }
  /** Lets a hold end at another time. */
  | { extend_hold: ExtendHold }
  /** Gives a hold's units back. */
  | { release_hold: ReleaseHold }
  /** Ends holds whose time has passed. */
  | { tick: Tick }
  /** Places an order. */
  | { place_order: NewOrder }
  /** Changes an order before it is shipped. */
  | { edit_order: EditOrder }
  /** Cancels an order or part of it. */
  | { cancel_order: CancelOrder }
  /** Says that units have left. */
  | { ship_order: ShipOrder }
  /** Says that units came back. */
  | { return_order: ReturnOrder }
  /** Closes an order for good. */
  | { complete_order: CompleteOrder }
  /** Opens a subscription. */
  | { subscribe: Subscribe }
  /** Moves a subscription's place. */
  | { acknowledge: Acknowledge }
  /** Closes a subscription. */
  | { unsubscribe: Unsubscribe }
  /** One step of pruning. */
  | { prune: Prune }
  /** Registers a destination. */
  | { register_destination: RegisterDestination }
  /** Takes due deliveries. */
  | { take_deliveries: TakeDeliveries }
  /** Says what came of a delivery. */
  | { report_delivery: ReportDelivery }
  /** Has a dead letter tried again. */
  | { requeue_delivery: RequeueDelivery }
  /** Drops a dead letter. */
  | { drop_delivery: DropDelivery }
  /** Says that a warehouse runs a location. */
  | { register_warehouse: RegisterWarehouse }
  /** Writes the fulfillment orders that the next events call for. */
  | { fulfill: Fulfill }
  /** Notes what a warehouse says of a fulfillment order. */
  | { note_fulfillment: NoteFulfillment }
  /** Notes that a warehouse has shipped. */
  | { note_shipment: NoteShipment }
  /** Gives the units of a fulfillment order that was refused or given up to another location. */
  | { reassign_fulfillment: ReassignFulfillment }
  /** Notes what a warehouse has. */
  | { note_warehouse_stock: NoteWarehouseStock }
  /** Connects a channel with the shop behind it. */
  | { connect_channel: ConnectChannel }
  /** Sends nothing to a channel's shop any more. */
  | { disconnect_channel: DisconnectChannel }
  /** Lists a SKU on a channel. */
  | { set_listing: SetListing }
  /** Forgets a listing. */
  | { remove_listing: RemoveListing }
  /** Brings listings in step with the next events. */
  | { update_listings: UpdateListings }
  /** Notes what a shop shows. */
  | { note_listings: NoteListings }
  /** Reads all that a channel shows. */
  | { reconcile_channel: ReconcileChannel }
  /** Takes an order in as the shop has it now. */
  | { take_channel_order: TakeChannelOrder }
  /** Says up to when a shop's orders were taken in. */
  | { note_orders_through: NoteOrdersThrough };

/** Corrects on-hand by a difference. */
export interface AdjustStock {
  /** Units to add (above 0) or take away (below 0), at most 1,000,000,000 either way. */
  difference: number;
  /** Where. */
  location: string;
  /** The SKU. */
  sku: string;
  /** Whether units that go were lost (stolen, destroyed) rather than booked wrong. */
  lost?: boolean;
  /** The paper it belongs to, at most 64 bytes. */
  reference?: string | null;
}

/** A place in a list, and how many to read from there. */
export interface After {
  /** The number of the last one read; 0 to begin. */
  after?: number;
  /** At most so many, 1 to 10,000; 100 where it is left out. */
  limit?: number;
}

/** Units of one line claimed at one location. */
export interface Allocated {
  /** The line's number, from 1. */
  line: number;
  /** Where. */
  location: string;
  /** Units claimed from stock. */
  quantity: number;
  /** Why this location. */
  why: Why;
  /** Units promised beyond stock. */
  backordered?: number;
}

/** Units of one line at one location. */
export interface AllocationDocument {
  /** Units promised beyond stock, which wait for it. */
  backordered: number;
  /** Index of the line, from 0. */
  line: number;
  /** Where. */
  location: string;
  /** Units claimed from stock and not yet shipped. */
  open: number;
  /** Units that left. */
  shipped: number;
  /** Why this location was chosen. */
  why: Why;
}

/** What an accepted command brought about. */
export type Answer =
  /** Done; nothing more to say. */
  | 'done'
  /** It was so already; nothing changed. */
  | 'unchanged'
  /** An order was placed. */
  | { order_placed: PlacedOrder }
  /** An order was changed. */
  | { order_changed: ChangedOrder }
  /** Units are held. */
  | { held: HeldStock }
  /** Stock moved. */
  | { moved: MovedStock }
  /** Holds were ended. */
  | { ticked: Ticked }
  /** A step of pruning was done. */
  | { pruned: Pruned }
  /** Deliveries were taken. */
  | { taken: TakenDeliveries }
  /** Events were reacted to. */
  | { fulfilled: Fulfilled }
  /** A fulfillment order changed. */
  | { fulfillment_changed: ChangedFulfillment }
  /** A warehouse's stock was compared. */
  | { stock_compared: ComparedStock }
  /** Listings were brought in step. */
  | { listings_updated: UpdatedListings }
  /** What a shop shows was noted. */
  | { listings_noted: NotedListings };

/** Where an answer's fields are: names, with dots into what is nested (`data.id`). */
export interface AnswerFields {
  /** Where something stands only if the answer is an error, whatever its HTTP status. */
  error?: string[];
  /** Our name for it. */
  fulfillment?: string;
  /** The warehouse's name for the fulfillment order. */
  id?: string;
  /** The list of levels. */
  levels?: string;
  /** In a level: units physically present. */
  on_hand?: string;
  /** In a level: the SKU. */
  sku?: string;
  /** How far it has come. */
  status?: string;
  /** Where `false` stands if the answer is an error, whatever its HTTP status. */
  success?: string[];
  /** When the stock was so, RFC 3339. */
  taken_at?: string;
}

/** How requests are authenticated. */
export type Auth =
  /** Not at all. */
  | 'none'
  /** `Authorization: Bearer …` (RFC 6750). */
  | { bearer: {
      /** The token. */
      token: string;
    } }
  /** A header that holds a key. */
  | { api_key: {
      /** The header's name. */
      header: string;
      /** The key. */
      key: string;
    } }
  /** `Authorization: Basic …` (RFC 7617). */
  | { basic: {
      /** The password. */
      password: string;
      /** The user, without a colon. */
      user: string;
    } };

/** A request of a backfill from which nothing came. */
export interface BackfillFailure {
  /** Whose fault it is. */
  cause: RetryCause;
  /** How many requests in a row failed: after how many to give up is for the host to say. */
  failures: number;
  /** What went wrong, for people. */
  why: string;
}

/** What came of an answer. */
export interface BackfillPage {
  /**
   * To be carried out in their order, as `execute_batch` does, before anything more is asked. The last one of the
   * last page says up to when the channel's orders are known.
   */
  commands: Command[];
  /** Whether there is another request. */
  more: boolean;
  /** How long to wait before it, in milliseconds. */
  wait_ms: number;
  /** Why nothing came of it. The same request is sent again after the wait. */
  failure?: BackfillFailure | null;
  /**
   * Orders that cannot be taken in. The look goes on without them, and nobody tells of them again before they
   * change: show them to somebody.
   */
  faults?: OrderNote[];
  /** Orders and lines that are passed over, for the host's log. */
  notes?: OrderNote[];
}

/** Whose orders are asked for. It holds keys, which are never written or shown. */
export type BackfillSettings =
  /** A Shopify shop's, by its GraphQL Admin API. */
  | { shopify: {
      /** How its orders become ours: as for its webhooks. */
      orders: ShopifyOrders;
      /** The shop. */
      shop: Shop;
    } }
  /** A WooCommerce shop's. */
  | { woocommerce: {
      /** How its orders become ours: as for its webhooks. */
      orders: OrderOptions;
      /** The shop. */
      shop: WooProfile;
    } };

/** How many units of a SKU one bundle takes. */
export interface BundleComponent {
  /** Units in one bundle, 1 to 1,000. */
  quantity: number;
  /** The SKU. */
  sku: string;
}

/** Cancels what has not been shipped of an order, or some units of some lines. */
export interface CancelOrder {
  /** The order's id. */
  order: string;
  /** Units to cancel by line; absent for all that has not been shipped. */
  lines?: LineQuantity[] | null;
  /** Why, at most 2,000 bytes. */
  reason?: string | null;
}

/** What a warehouse is asked to give up. */
export interface CancelRequest {
  /** The fulfillment order's name. */
  fulfillment: string;
  /** The warehouse's name for it, where it is known. */
  reference?: string | null;
}

/** Units of an order that were cancelled. */
export interface CancelledOrder {
  /** Units by line. */
  lines: LineQuantity[];
  /** The order's id. */
  order: string;
  /** Its state now. */
  state: OrderState;
  /** Why. */
  reason?: string | null;
}

/** A fulfillment order as answers and events tell it. */
export interface ChangedFulfillment {
  /** Its name. */
  fulfillment: string;
  /** The location. */
  location: string;
  /** The order's id. */
  order: string;
  /** Its state now. */
  state: FulfillmentState;
  /** The warehouse's name for it, where it has one. */
  reference?: string | null;
  /** Why it was refused. */
  why?: string;
}

/** A listing, as events tell it. */
export interface ChangedListing {
  /** The channel. */
  channel: string;
  /** The shop's name for it. */
  item: string;
  /** The SKU. */
  sku: string;
  /** Why, where the shop refused it. */
  why?: string;
}

/** An order after it changed. */
export interface ChangedOrder {
  /** The order's id. */
  order: string;
  /** Its state after the change. */
  state: OrderState;
  /** Units that the change was about: cancelled, shipped or returned; 0 for an edit. */
  units: number;
}

/** A channel's shop, as events tell it. */
export interface ChannelConnection {
  /** The channel. */
  channel: string;
  /** Where its deliveries go. */
  destination: string;
  /** How it is kept in step. */
  policy: ChannelPolicy;
}

/** How a channel is kept in step with its shop. */
export interface ChannelDocument {
  /** The channel. */
  channel: string;
  /** Whether anything is sent to it. */
  connected: boolean;
  /** Where its deliveries go. */
  destination: string;
  /** All orders that the shop changed up to this time were taken in, in milliseconds since the Unix epoch. */
  orders_through_ms: number;
  /** How it is kept in step. */
  policy: ChannelPolicy;
  /** Whether all that it shows is being read. */
  reconciling: boolean;
}

/** A line of an order as a shop has it. */
export interface ChannelLine {
  /** The shop's name for the line, 1 to 128 bytes, the same in every telling. */
  line: string;
  /** Units now, 0 to 1,000,000,000. */
  quantity: number;
  /** The SKU. */
  sku: string;
  /** Price of one unit in minor units. */
  unit_price_minor: number;
}

/** A channel's name. */
export interface ChannelName {
  /** The channel's name. */
  channel: string;
}

/** An order as a shop has it. */
export interface ChannelOrder {
  /** The channel that it comes from. */
  channel: string;
  /** ISO 4217 code of the prices. */
  currency: string;
  /** Our id of it, 1 to 64 bytes: made from the shop's, so that it is always the same. */
  id: string;
  /** The lines that are goods of ours. Lines that stand here with 0 units were taken out. */
  lines: ChannelLine[];
  /** When it was placed at the shop, in milliseconds since the Unix epoch. */
  placed_at_ms: number;
  /** The shop's name for it, 1 to 128 bytes. */
  reference: string;
  /** When it changed last at the shop, in milliseconds since the Unix epoch. */
  updated_at_ms: number;
  /** Why it was cancelled. */
  cancel_reason?: string | null;
  /** Whether it was cancelled. */
  cancelled?: boolean;
  /** The host's own pairs, as in an order. */
  metadata?: { [name: string]: string };
  /** The customer's note. */
  note?: string | null;
  /** How shortages are met: the customer has paid already. */
  policy?: StockPolicy;
  /** Where to ship to. */
  ship_to?: ShipTo | null;
  /** When that was said, where the shop says so: tells two changes within one second apart. */
  told_at_ms?: number;
  /** Totals to be checked against the lines when it is placed. */
  totals?: Totals | null;
}

/** How a channel is kept in step with stock. */
export interface ChannelPolicy {
  /** Listings in one request, 1 to 1,000; as many as the shop's API takes. */
  batch_max?: number;
  /** Units withheld from each of its listings, from 0. */
  buffer?: number;
  /** The most units that a listing shows. */
  cap?: number | null;
  /** What is done where the shop shows what we did not send. */
  drift?: DriftPolicy;
  /**
   * How long such a quantity is left alone, 0 to 24 hours in milliseconds: the order that explains it may be on its
   * way. Until then it is never raised.
   */
  drift_after_ms?: number;
  /** Whether the shop lowers a quantity by itself when it takes an order. */
  shop_counts_down?: boolean;
  /** Whether the shop is told of shipments. */
  tell_shipments?: boolean;
}

/** SKUs of a channel, at most 10,000. */
export interface ChannelSkus {
  /** The channel. */
  channel: string;
  /** The SKUs. */
  skus: string[];
}

/** Why a command was rejected. */
export type Code =
  /** The idempotency key is empty, longer than 128 bytes or has a control character. */
  | 'key_invalid'
  /** The idempotency key was used before for a command with other content. */
  | 'key_reused'
  /** An order with this id exists and its content is another. */
  | 'order_exists'
  /** A live hold with this id exists and its content is another. */
  | 'hold_exists'
  /** A name or id is empty, too long or has a control character. */
  | 'id_invalid'
  /** A free text is too long or has a control character. */
  | 'text_invalid'
  /** The command needs at least one line. */
  | 'lines_missing'
  /** The command has more than 10,000 lines. */
  | 'too_many_lines'
  /** A quantity is outside the range that its place allows. */
  | 'quantity_out_of_range'
  /** A unit price is below 0 or above 1,000,000,000,000 minor units. */
  | 'price_out_of_range'
  /** The sum of quantity times price passes 2^53 - 1 minor units. */
  | 'value_out_of_range'
  /** The currency is not a code of ISO 4217. */
  | 'currency_unknown'
  /** The totals given do not add up with the lines. */
  | 'totals_mismatch'
  /** A time or a duration is outside the range that its place allows. */
  | 'time_out_of_range'
  /** An entry that may stand once stands twice. */
  | 'duplicate_entry'
  /** A list of entries is longer than its limit. */
  | 'too_many_entries'
  /** A bundle has no components, or one that is a bundle itself. */
  | 'bundle_invalid'
  /** A rule of the host's own refuses the order. */
  | 'host_rule'
  /** The SKU is not registered. */
  | 'sku_unknown'
  /** The location is not registered. */
  | 'location_unknown'
  /** The channel is not registered. */
  | 'channel_unknown'
  /** There is no order with this id. */
  | 'order_unknown'
  /** There is no live hold with this id: never placed, released, converted or expired. */
  | 'hold_unknown'
  /** The order has no line with this number. */
  | 'line_unknown'
  /** There is no subscription with this name. */
  | 'subscription_unknown'
  /** The destination is not registered. */
  | 'destination_unknown'
  /** There is no such delivery: never written, done, or dropped. */
  | 'delivery_unknown'
  /** There is no fulfillment order with this name. */
  | 'fulfillment_unknown'
  /** No warehouse is registered for the location. */
  | 'warehouse_unknown'
  /** The SKU is not listed on the channel. */
  | 'listing_unknown'
  /** The channel has no shop behind it. */
  | 'channel_not_connected'
  /** The order is in a state in which this cannot be done any more. */
  | 'order_closed'
  /** The order is closed and its details were pruned. */
  | 'order_pruned'
  /** The SKU is a bundle: its components hold the stock, not it. */
  | 'sku_is_bundle'
  /** The SKU is registered otherwise: plain, or with other components. */
  | 'sku_is_not_bundle'
  /** More units are to be cancelled than the line has left; shipped ones cannot be cancelled. */
  | 'already_shipped'
  /** More units are to be shipped than the order has allocated and ready. */
  | 'not_allocated'
  /** More units are to be returned than were shipped and not yet returned. */
  | 'not_shipped'
  /** The order has nothing left that this could apply to. */
  | 'nothing_to_do'
  /** The event number is behind the subscription's place or ahead of the last event. */
  | 'event_number_invalid'
  /** A subscription with this name exists. */
  | 'subscription_exists'
  /** There are 65,535 locations, the most that there can be. */
  | 'location_limit'
  /** A warehouse works on these units. */
  | 'in_fulfillment'
  /** The delivery is not leased to this attempt: the lease ended and another has it, or it was reported before. */
  | 'lease_lost'
  /** The delivery is not a dead letter. */
  | 'delivery_alive'
  /** The fulfillment order is in a state in which this cannot be done any more. */
  | 'fulfillment_closed'
  /** The stock report is older than the last one used, or than 24 hours, or from the future. */
  | 'stock_report_stale'
  /** Another SKU is listed on the channel under this name of the shop's. */
  | 'item_taken'
  /** Less is available than asked for. */
  | 'insufficient_stock'
  /** The units beyond stock pass the backorder limit. */
  | 'backorder_limit'
  /** More units would leave the place than are physically there. */
  | 'not_on_hand'
  /** A stock level would pass 2^53 - 1 units. */
  | 'level_out_of_range';

/** One command as hosts send it. */
export interface Command {
  /** What to do. */
  action: Action;
  /**
   * When it is decided, in milliseconds since the Unix epoch; absent for now, by the engine's clock. A time before
   * that of the last event counts as that.
   */
  at_ms?: number | null;
  /**
   * The caller's name for this one effect, 1 to 128 bytes. The same key again gets the same answer and changes
   * nothing; the same key with other content is rejected.
   */
  key?: string | null;
}

/** How a warehouse's stock compares with ours. */
export interface ComparedStock {
  /** SKUs that agree. */
  agree: number;
  /** SKUs that differ. */
  drifts: StockDrift[];
  /** SKUs that are not registered. */
  unknown: string[];
  /** SKUs that cannot be judged yet: they moved since, or a shipment of them is on its way to us. */
  unsettled: number;
}

/** Closes a shipped or cancelled order for good: no returns after this. */
export interface CompleteOrder {
  /** The order's id. */
  order: string;
}

/** When an order at the shop is set to `completed`. The customer gets an e-mail of the shop about it. */
export type Completion =
  /** Never: the shop's people do it, or a plugin. */
  | 'never'
  /**
   * With a shipment that alone has every unit of every line with a SKU. One that went in several parcels is left to
   * the shop's people.
   */
  | 'when_whole'
  /** With the first shipment. */
  | 'always';

/** A change of an order at its shop that cannot be made here any more. */
export interface ConflictingOrder {
  /** The channel. */
  channel: string;
  /** The order's id. */
  order: string;
  /** What cannot be made, for people. */
  why: string;
}

/** Connects a registered channel with the shop behind it, or changes how it is kept in step. */
export interface ConnectChannel {
  /** The channel. */
  channel: string;
  /** A registered destination, where its deliveries go. */
  destination: string;
  /** How it is kept in step. */
  policy?: ChannelPolicy;
}

/** Sets on-hand to what a count found. */
export interface CountStock {
  /** Units found, from 0. */
  counted: number;
  /** Where. */
  location: string;
  /** The SKU. */
  sku: string;
  /**
   * On-hand as the counter saw it when the count began. What moved since is added to the count, so that sales
   * during a count are not undone. Absent: nothing moved.
   */
  expected?: number | null;
  /** The paper it belongs to, at most 64 bytes. */
  reference?: string | null;
}

/** A delivery that was given up. */
export interface DeadDelivery {
  /** How often it was tried. */
  attempts: number;
  /** Where it was to go. */
  destination: string;
  /** Its ordering key. */
  key: string;
  /** Its number there. */
  number: number;
  /** Why the last attempt failed. */
  why: string;
}

/** A delivery that was given up and waits for an operator. */
export interface DeadLetterDocument {
  /** How often it was taken. */
  attempts: number;
  /** What was to be handed over. */
  body: DeliveryBody;
  /** When it was written, in milliseconds since the Unix epoch. */
  created_at_ms: number;
  /** Where it was to go. */
  destination: string;
  /** Whether an attempt may have been carried out. */
  doubt: boolean;
  /** How many attempts failed since it was written or requeued. */
  failed: number;
  /** Deliveries behind it with the same key wait for it. */
  key: string;
  /** Its number there. */
  number: number;
  /** `dead`. */
  state: DeliveryState;
  /** Why the last attempt failed. */
  why: string;
}

/** Whose dead letters, and how many. */
export interface DeadLettersOf {
  /** The destination; absent for all. */
  destination?: string | null;
  /** At most so many, 1 to 10,000; 100 where it is left out. */
  limit?: number;
}

/** What a destination says to a delivery that was carried out. */
export type DeliveryAnswer =
  /** No more than that it has it. */
  | 'taken'
  /** The warehouse took the fulfillment order, under a name of its own. */
  | { handed: {
      /** The warehouse's name for it, where it has one. */
      reference?: string | null;
    } }
  /** The warehouse will not ship. */
  | 'cancelled'
  /** The warehouse has shipped, or will. */
  | 'too_late'
  /** What the warehouse has. */
  | { stock: WarehouseStock }
  /** What the shop says to quantities. */
  | { quantities: ShownQuantities };

/** What a delivery hands over. */
export type DeliveryBody =
  /**
   * A warehouse is to ship. It goes from the store to whoever carries it as it is: the engine finds what it is
   * about by the delivery's key, which is the fulfillment order's name.
   */
  | { request_fulfillment: FulfillmentRequest }
  /** A warehouse is not to ship after all. */
  | { cancel_fulfillment: CancelRequest }
  /** A warehouse is to say what it has. */
  | { check_stock: StockCheck }
  /** A shop is to show quantities. They are reckoned anew when the delivery is taken, unless it is in doubt. */
  | { set_quantities: SetQuantities }
  /** A shop is to say what it shows. */
  | { read_quantities: ReadQuantities }
  /** A shop is told of a shipment. */
  | { tell_shipment: ShipmentNotice };

/** What came of an attempt. */
export type DeliveryResult =
  /** It was carried out, and this is what the destination says. */
  | { done: DeliveryAnswer }
  /** It was carried out, and the destination wants a pause before anything else is sent to it. */
  | { done_with_pause: {
      /** What the destination says. */
      answer: DeliveryAnswer;
      /** How long, in milliseconds. */
      pause_ms: number;
    } }
  /** It was not, or nobody knows; try again. */
  | { retry: Retry }
  /** The destination will not have it, however often it is sent. */
  | { refused: {
      /** Why, for people. */
      why: string;
    } };

/** Where a delivery stands. */
export type DeliveryState =
  /** To be taken when it is due. */
  | 'waiting'
  /** A relay has it. */
  | 'leased'
  /** Given up; an operator requeues or drops it. Those behind it with the same key wait for that. */
  | 'dead';

/** Sends nothing to a channel's shop any more. Its listings are kept for when it is connected again. */
export interface DisconnectChannel {
  /** The channel. */
  channel: string;
  /** The message that asked for it. */
  message?: MessageId | null;
}

/** What becomes of returned units. */
export type Disposition =
  /** They are on hand and can be sold again. */
  | 'restock'
  /** They are on hand but unavailable. */
  | 'damaged'
  /** They never arrived; stock does not change. */
  | 'lost';

/** What is done where somebody else changed a quantity at the shop. It is reported in any case. */
export type DriftPolicy =
  /** The quantity is sent again. */
  | 'put_right'
  /** The difference is booked at the channel's first location. That of a bundle is put right. */
  | 'take_over';

/** A listing that shows what we did not send and nothing explains. */
export interface DriftedListing {
  /** The channel. */
  channel: string;
  /** What it should show. */
  desired: number;
  /** The shop's name for it. */
  item: string;
  /** What it shows. */
  observed: number;
  /** The SKU. */
  sku: string;
  /** What it showed as far as we knew. */
  acknowledged?: number | null;
  /** What is done about it; absent where it is only said. */
  policy?: DriftPolicy | null;
}

/**
 * Drops a dead letter. What it was about counts as refused. Where it is in doubt the destination may have carried
 * it out all the same: requeue it, and it is looked up; or look there and say what was done.
 */
export interface DropDelivery {
  /** Where it was to go. */
  destination: string;
  /** Its number there. */
  number: number;
}

/** Changes to an order before it is shipped. All of them or none. */
export interface EditOrder {
  /** The order's id. */
  order: string;
  /** Lines to add. */
  add?: NewLine[];
  /** New quantities of existing lines. */
  lines?: LineQuantity[];
  /** A new note. */
  note?: string | null;
  /** A new address. */
  ship_to?: ShipTo | null;
}

/** An order after an edit. */
export interface EditedOrder {
  /** What is claimed where now. */
  allocations: Allocated[];
  /** Its lines now. */
  lines: OrderedLine[];
  /** The order's id. */
  order: string;
  /** Its state now. */
  state: OrderState;
  /** The value of the units ordered and not cancelled. */
  value_minor: number;
}

/** An event, as a CloudEvents 1.0 document. What `data` holds is told by `type`: docs/events.md lists them. */
export type EventDocument = { [T in keyof EventData]: EventOf<T> }[keyof EventData];

/** An event of one type. */
export interface EventOf<T extends keyof EventData> {
  /** The kind, such as `stockroom.order.allocated.v1`. */
  type: T;
  /** What happened. */
  data: EventData[T];
  /** `application/json`. */
  datacontenttype: string;
  /** The event's number, as a text. */
  id: string;
  /** The number with leading zeros, so that it sorts as text. */
  sequence: string;
  /** Which system speaks: what was asked for. */
  source: string;
  /** `1.0`. */
  specversion: string;
  /** The order, hold, SKU, location, channel, fulfillment order or destination that it is about. */
  subject: string;
  /** When it happened, as RFC 3339 has it. */
  time: string;
}

/** A place in the events. */
export interface EventsAfter {
  /** The number of the last one read; 0 to begin. */
  after?: number;
  /** About so many, 1 to 10,000; 100 where it is left out. */
  limit?: number;
  /** Which system speaks, as a URI reference; `/stockroom` where it is left out. */
  source?: string;
}

/** With whom deliveries are talked about. It holds keys, which are never written or shown. */
export type ExchangeSettings =
  /** A warehouse that follows the contract of `docs/wms.md`, or differs from it as the profile says. */
  | { rest: Profile }
  /** A ShipBob account. */
  | { shipbob: ShipBobProfile }
  /** A Shopify shop by its GraphQL Admin API. */
  | { shopify: Shop }
  /** A Shopify shop by its REST Admin API; shipments go by GraphQL. */
  | { shopify_rest: Shop }
  /** A WooCommerce shop. */
  | { woocommerce: WooProfile };

/** Lets a live hold end at another time, counted from now. */
export interface ExtendHold {
  /** The hold's id. */
  hold: string;
  /** How long it lives from now, in milliseconds, at most 400 days. */
  lives_ms: number;
}

/** A failure. A business "no" is not one: it stands in the reply. */
export interface Failure {
  /** The kind's stable number, from 1. */
  code: number;
  /** The kind, such as `busy`. */
  kind: string;
  /** What happened, for people. */
  message: string;
  /** What failed, as a short stable name such as `sqlite.commit`. */
  operation: string;
  /** Whether the same call can succeed later without anybody mending anything. */
  retryable: boolean;
}

/** One thing that is wrong with a command. */
export interface Fault {
  /** Where in the command, as a path such as `lines[2].sku`; empty for the whole. */
  at: string;
  /** What kind of fault it is. */
  code: Code;
  /** What was found, for people. Not stable: match on the code. */
  detail: string;
}

/** Units of an order that waited and are now claimed from stock. */
export interface FilledOrder {
  /** The line's number, from 1. */
  line: number;
  /** Where. */
  location: string;
  /** The order's id. */
  order: string;
  /** Units of the line's SKU. */
  quantity: number;
  /** Its state now. */
  state: OrderState;
}

/**
 * Reads the next events of orders and writes the fulfillment orders that they call for. The place in the events is
 * the subscription `fulfillment`, which moves in the same transaction.
 */
export interface Fulfill {
  /** Commands whose events are read at most, 1 to 1,000. */
  limit: number;
}

/** What a reaction did. */
export interface Fulfilled {
  /** Events dealt with. */
  events: number;
  /** Whether there are more events. */
  more: boolean;
  /** Fulfillment orders written. */
  requested: number;
}

/** The instruction to one location to ship units of one order. */
export interface FulfillmentDocument {
  /** Whether the warehouse was asked to give it up. */
  cancelling: boolean;
  /** Where its deliveries go. */
  destination: string;
  /** Its name, as the warehouse knows it. */
  fulfillment: string;
  /** What to pick. */
  items: PickedDocument[];
  /** Where. */
  location: string;
  /** When it was written, in milliseconds since the Unix epoch. */
  requested_at_ms: number;
  /** What left. */
  shipments: WarehouseShipmentDocument[];
  /** How far it has come. */
  state: FulfillmentState;
  /** Why it was refused; empty where it was not. */
  why: string;
  /** The warehouse's own name for it. */
  reference?: string | null;
}

/** What a warehouse is asked to ship. */
export interface FulfillmentRequest {
  /** The channel that the order came from. */
  channel: string;
  /** ISO 4217 code. */
  currency: string;
  /** The fulfillment order's name; the key that makes the request effectively once. */
  fulfillment: string;
  /** What to ship. */
  items: RequestedItem[];
  /** The location. */
  location: string;
  /** The order's id. */
  order: string;
  /** When the order was placed, in milliseconds since the Unix epoch. */
  placed_at_ms: number;
  /** The customer's note. */
  note?: string | null;
  /** Where to ship to. */
  ship_to?: ShipTo | null;
}

/** How far a fulfillment order has come. */
export type FulfillmentState =
  /** It is on its way to the warehouse. */
  | 'requested'
  /** The warehouse has it. */
  | 'accepted'
  /** The warehouse works on it. */
  | 'picking'
  /** Some units left. */
  | 'partly_shipped'
  /** All units left. */
  | 'shipped'
  /** The warehouse will not do it. */
  | 'refused'
  /** It was given up before all units left. */
  | 'cancelled';

/** The value of a header, or all of them where it came several times. */
export type HeaderTexts =
  /** One. */
  | string
  /** Several. */
  | string[];

/** One line of a hold. */
export interface HeldLineDocument {
  /** What a bundle expanded into when the hold was placed; empty for a plain SKU. */
  components: BundleComponent[];
  /** Units asked for. */
  quantity: number;
  /** The SKU. */
  sku: string;
}

/** A hold, as the answer and the events tell it. */
export interface HeldStock {
  /** The channel that asked. */
  channel: string;
  /** What is claimed where. */
  claims: HeldUnits[];
  /** When it ends, in milliseconds since the Unix epoch. */
  expires_at_ms: number;
  /** The hold's id. */
  hold: string;
}

/** Units of one SKU held at one location. */
export interface HeldUnits {
  /** Where. */
  location: string;
  /** Units. */
  quantity: number;
  /** The SKU. */
  sku: string;
}

/** An order that took over a hold. */
export interface HoldConversion {
  /** The hold's id. */
  hold: string;
  /** The order's id. */
  order: string;
}

/** A live hold. It may have expired and wait for a tick: compare its time. */
export interface HoldDocument {
  /** The channel that asked. */
  channel: string;
  /** What is claimed where. */
  claims: UnitsDocument[];
  /** When it ends, unless extended, in milliseconds since the Unix epoch. */
  expires_at_ms: number;
  /** The host's id. */
  hold: string;
  /** What was asked for. */
  lines: HeldLineDocument[];
}

/** When a hold ends, or ended. */
export interface HoldEnd {
  /** The time until which it lives, or would have. */
  expires_at_ms: number;
  /** The hold's id. */
  hold: string;
}

/** A hold's id. */
export interface HoldId {
  /** The hold's id. */
  hold: string;
}

/** What came of a request. */
export type HttpAnswer =
  /** An answer, whatever its status: a redirect and an error are answers as well. */
  | { response: HttpResponse }
  /**
   * Why no byte of the request left: no address, no connection, no trusted certificate. For people, without
   * secrets. Where this is not sure it is `lost`.
   */
  | { not_sent: string }
  /**
   * Why no whole answer came though the request may have: a timeout, a cut connection. For people, without secrets.
   */
  | { lost: string };

/** Headers: a list of pairs, or an object. */
export type HttpHeaders =
  /** Pairs of name and value, in their order. */
  | Array<[string, string]>
  /** Values by name. */
  | { [name: string]: HeaderTexts };

/**
 * A request to send as it is.
 *
 * The document shows everything, keys and tokens too, for it is what the host sends: hand it to the HTTP client and
 * nowhere else, least of all into a log. (The Rust value's `Debug` does not show them.)
 *
 * Send it once. Follow no redirect, repeat nothing, and take any status for an answer. The body comes back decoded
 * (gzip and the like) and whole. Beside the headers here the client sets its own: Host, Content-Length, User-Agent.
 */
export interface HttpRequest {
  /** Pairs of name and value, secrets among them. */
  headers: Array<[string, string]>;
  /** `GET`, `POST`, `PUT`, `PATCH` or `DELETE`. */
  method: string;
  /**
   * How long to wait for the whole answer, in milliseconds. After that give up and answer `lost`, or `not_sent`
   * where no connection was made.
   */
  timeout_ms: number;
  /** Absolute, `https://` or, on a private network, `http://`. It holds no secret. */
  url: string;
  /** The body as text; absent for none, and where it is no text. */
  body?: string | null;
  /** The body in base64, where it is not UTF-8. */
  body_base64?: string | null;
}

/** An answer of HTTP. */
export interface HttpResponse {
  /** The status. */
  status: number;
  /** The body as text. */
  body?: string | null;
  /** The body in base64, in place of `body`. */
  body_base64?: string | null;
  /** Its headers, names in any case. */
  headers?: HttpHeaders;
}

/** A message from which nothing follows. */
export interface IgnoredDocument {
  /** What it is about, as the sender calls it. */
  event: string;
  /** The status to answer: 200. */
  status: number;
  /** Why nothing follows. */
  why: string;
}

/** A message that came to the host's webhook address. */
export interface IncomingMessage {
  /** Its headers, names in any case. */
  headers: HttpHeaders;
  /**
   * The body as text: exactly the bytes that came, read as UTF-8. JSON that was read and written again has another
   * signature.
   */
  body?: string | null;
  /** The bytes that came in base64, in place of `body`. */
  body_base64?: string | null;
}

/** A delivery that was taken, as whoever runs it gets it. */
export interface LeasedDelivery {
  /** Which attempt this is, from 1. Say it in the report. */
  attempt: number;
  /** What to hand over. */
  body: DeliveryBody;
  /** Where it goes. */
  destination: string;
  /** Whether an earlier attempt may have been carried out: look before doing it again. */
  doubt: boolean;
  /** Its ordering key. Of a request to ship and of one to give up, the fulfillment order's name. */
  key: string;
  /** Report before this time, or the lease ends and it is taken again, in doubt. */
  lease_until_ms: number;
  /** Its number there. */
  number: number;
}

/**
 * One line of an order. Its index in the list, from 0, is what allocations and shipments name.
 *
 * Always: quantity = unfilled + cancelled + the open, backordered and shipped units of its allocations.
 */
export interface LineDocument {
  /** Units cancelled. */
  cancelled: number;
  /** What a bundle expanded into when the order was placed; empty for a plain SKU. */
  components: BundleComponent[];
  /** Units ordered. */
  quantity: number;
  /** Units that came back, of those shipped. */
  returned: number;
  /** The SKU. */
  sku: string;
  /** Units that were not promised (partial orders). */
  unfilled: number;
  /** Price of one unit in minor units. */
  unit_price_minor: number;
}

/** A quantity of one line. What it means is said where it stands. */
export interface LineQuantity {
  /** The line's number, from 1. */
  line: number;
  /** Units of the line's SKU. */
  quantity: number;
}

/** A SKU as one channel shows it. */
export interface ListingDocument {
  /** The channel. */
  channel: string;
  /** What it should show. */
  desired: number;
  /** The shop's name for it. */
  item: string;
  /** When, in milliseconds since the Unix epoch, by the shop's clock where it says. */
  observed_at_ms: number;
  /** The SKU. */
  sku: string;
  /** Whether the shop has it. */
  state: ListingState;
  /** How many units fewer it shows than we can explain; below 0, how many more. */
  unexplained: number;
  /** Why it was refused; empty where it was not. */
  why: string;
  /** What it shows as far as the shop has told us. */
  acknowledged?: number | null;
  /** Units withheld from it, in place of the channel's. */
  buffer?: number | null;
  /** The most units that it shows, in place of the channel's. */
  cap?: number | null;
  /** What it was last seen to show. */
  observed?: number | null;
  /** What is being sent. */
  sent?: number | null;
}

/** Whether a shop has a listing. */
export type ListingState =
  /** It has, as far as we know. */
  | 'listed'
  /** It refused a quantity. None is sent until the listing is set again or the shop is seen to show it. */
  | 'refused'
  /** It was deleted there. */
  | 'gone';

/** The name of an outside message, for commands that carry one out: it is carried out once. */
export interface MessageId {
  /** Its id there, 1 to 128 bytes. */
  message: string;
  /** Who sends it, 1 to 64 bytes. */
  source: string;
}

/** What a correction, a count or a delivery changed. */
export interface MovedStock {
  /** Units that came, less units that went, over all lines. */
  difference: number;
  /** Why on-hand changed. */
  reason: Reason;
  /** Units by which claims pass the stock present, over all rows touched. */
  shortfall?: number;
}

/** One line to order. */
export interface NewLine {
  /** Units, 1 to 1,000,000,000. */
  quantity: number;
  /** The SKU. */
  sku: string;
  /** Price of one unit in minor units, from 0. */
  unit_price_minor: number;
}

/** An order to place. */
export interface NewOrder {
  /** The channel that it comes from. */
  channel: string;
  /** ISO 4217 code. */
  currency: string;
  /** The host's id, 1 to 64 bytes. Without an idempotency key the id serves as one. */
  id: string;
  /** What is ordered, 1 to 10,000 lines. */
  lines: NewLine[];
  /** A hold whose units the order takes over. What the order does not need of it is released. */
  hold?: string | null;
  /**
   * What the host's own rules found wrong. The engine fills this in before it decides, so that the verdict is part
   * of the command and a replay needs no rules.
   */
  host_faults?: Fault[];
  /** The host's own pairs, at most 50; names at most 64 bytes, values at most 2,000. */
  metadata?: { [name: string]: string };
  /** The customer's note, at most 2,000 bytes. */
  note?: string | null;
  /** How shortages are met. */
  policy?: StockPolicy;
  /** Locations to serve it from, best first, in place of the channel's own order. */
  ranking?: string[] | null;
  /** Where to ship to. */
  ship_to?: ShipTo | null;
  /** Totals to be checked against the lines. */
  totals?: Totals | null;
}

/** Notes what a warehouse says of a fulfillment order. */
export interface NoteFulfillment {
  /** The fulfillment order's name. */
  fulfillment: string;
  /** What it says. */
  status: WarehouseStatus;
  /** The message that it said it in. */
  message?: MessageId | null;
}

/** Notes what a shop shows, from a webhook or from a look. */
export interface NoteListings {
  /** The channel. */
  channel: string;
  /** What it shows, at most 10,000. */
  listings: SeenListing[];
  /** The message that it was said in. */
  message?: MessageId | null;
}

/**
 * Says that all orders that a channel's shop changed up to a time were taken in, so that the next look for missed
 * ones begins there.
 */
export interface NoteOrdersThrough {
  /** The channel. */
  channel: string;
  /** The time, by the shop's clock, in milliseconds since the Unix epoch. */
  through_ms: number;
}

/** Notes that a warehouse has shipped. */
export interface NoteShipment {
  /** The fulfillment order's name. */
  fulfillment: string;
  /** The warehouse's name for the shipment, 1 to 128 bytes: noted once. */
  shipment: string;
  /** Units by SKU; absent for all that is left. */
  items?: SkuQuantity[] | null;
  /** The message that it was said in. */
  message?: MessageId | null;
  /** How it can be followed. */
  tracking?: Tracking | null;
}

/** Notes what a warehouse has, from a feed or a check. */
export interface NoteWarehouseStock {
  /** The location. */
  location: string;
  /** What it has. */
  stock: WarehouseStock;
  /** The message that it was said in. */
  message?: MessageId | null;
}

/** What was made of what a shop shows. */
export interface NotedListings {
  /** Listings that show what we knew, or what they should: echoes of our own quantities among them. */
  agree: number;
  /** Listings that show something that nothing explains yet. */
  drifting: number;
  /** Listings that are gone. */
  gone: number;
  /** What was older than what we know. */
  stale: number;
  /** What is not listed. */
  unknown: number;
}

/** Nothing more to say. */
export type Nothing = Record<string, never>;

/** Units of one line that left one location. */
export interface NoticedLine {
  /** From where. */
  location: string;
  /** Units. */
  quantity: number;
  /** The SKU. */
  sku: string;
  /** The shop's name for the line; absent for a line that it does not know. */
  line?: string | null;
}

/** An order. */
export interface OrderDocument {
  /** What is claimed or was shipped, and where. */
  allocations: AllocationDocument[];
  /** Whether it is to be cancelled as far as warehouses let go of it. */
  cancel_requested: boolean;
  /** The channel that it came from. */
  channel: string;
  /** ISO 4217 code. */
  currency: string;
  /** What was ordered. Empty once the order's details were pruned. */
  lines: LineDocument[];
  /** The host's own pairs. */
  metadata: { [name: string]: string };
  /** Its number, from 1 in the order of placing: where to read on after. */
  number: number;
  /** The host's id. */
  order: string;
  /** When it was placed, in milliseconds since the Unix epoch. */
  placed_at_ms: number;
  /** How shortages are met. */
  policy: StockPolicy;
  /** Whether its details were pruned. */
  pruned: boolean;
  /** What left, in order. */
  shipments: ShipmentDocument[];
  /** How far it has come. */
  state: OrderState;
  /** The value of the units ordered and not cancelled, in minor units. */
  value_minor: number;
  /** Since when nothing of it is open. */
  closed_at_ms?: number | null;
  /** The customer's note. */
  note?: string | null;
  /** Where to ship to. */
  ship_to?: ShipTo | null;
}

/** An order's id. */
export interface OrderId {
  /** The order's id. */
  order: string;
}

/** A word about an order. */
export interface OrderNote {
  /** What is to be said. */
  why: string;
  /** The shop's number of it, where it has one. */
  order?: string | null;
}

/** How a shop's orders are taken in. */
export interface OrderOptions {
  /** The channel. */
  channel: string;
  /** The shop's currency, ISO 4217: for messages that say none, such as those about deleted orders. */
  currency: string;
  /** Statuses of orders that count as cancelled. */
  cancelled?: string[];
  /** What our ids begin with; the shop's number of the order follows. Absent: the channel and a hyphen. */
  id_prefix?: string | null;
  /**
   * Orders that were placed before this time are passed over, in milliseconds since the Unix epoch: those that the
   * shop had before Stockroom did.
   */
  placed_from_ms?: number;
  /** How shortages are met. */
  policy?: StockPolicy;
  /**
   * Statuses of orders that are taken in. An order with a status that stands in no list is passed over: it is not
   * paid yet, or no affair of ours any more.
   */
  taken?: string[];
}

/** How far an order has come. */
export type OrderState =
  /** Every unit is claimed from stock. */
  | 'allocated'
  /** Some units are claimed, the others are not promised. */
  | 'partly_allocated'
  /** Some units are promised beyond stock. */
  | 'backordered'
  /** A warehouse works on it. */
  | 'in_fulfillment'
  /** Some units left, others are still claimed. */
  | 'partly_shipped'
  /** All that was to leave has left. */
  | 'shipped'
  /** The host closed it for good. */
  | 'completed'
  /** Nothing of it left or will leave. */
  | 'cancelled';

/** One line of an accepted order. */
export interface OrderedLine {
  /** Units ordered. */
  quantity: number;
  /** The SKU. */
  sku: string;
  /** Price of one unit in minor units. */
  unit_price_minor: number;
}

/** What became of a command. */
export type Outcome =
  /** It was done. */
  | { accepted: Answer }
  /** It was refused, and nothing changed but what remembers the refusal. */
  | { rejected: Rejection };

/** How near to the shop's limits we go. */
export interface Pace {
  /** Added to each wait, in milliseconds: clocks and networks differ. */
  margin_ms?: number;
  /** Points that the pause waits for. */
  points_enough?: number;
  /** Points of the GraphQL bucket below which a pause is made. */
  points_low?: number;
  /** How long the REST bucket takes to free one request, in milliseconds. */
  request_ms?: number;
  /** Free requests of the REST bucket below which a pause is made. */
  requests_low?: number;
}

/** Pairs of SKU and location, at most 10,000. */
export interface Pairs {
  /** The pairs. */
  pairs: SkuAt[];
}

/**
 * The paths behind the base URL. `{fulfillment}` stands for the fulfillment order's name, `{reference}` for the
 * warehouse's name for it (for ours, where it is not known), percent-encoded.
 */
export interface Paths {
  /** Where it is cancelled. */
  cancel?: string;
  /** Where a fulfillment order is created. */
  create?: string;
  /** Where it is looked up by its name; empty where that is not possible. */
  look_up?: string;
  /** Where stock is asked for. */
  stock?: string;
  /** The parameter of that path that names a SKU, once for each. */
  stock_sku_parameter?: string;
}

/** How long and how often a destination is tried. */
export interface Patience {
  /** Age in milliseconds after which a delivery that fails once more is a dead letter. */
  age_max_ms?: number;
  /** Failed attempts after which a delivery is a dead letter, 1 to 1,000. */
  attempts_max?: number;
  /** The longest wait, in milliseconds. */
  backoff_max_ms?: number;
  /** Wait after the first failed attempt, in milliseconds; it doubles with each further one. */
  backoff_ms?: number;
  /** Failures in a row that open the breaker, 1 to 1,000. */
  breaker_failures?: number;
  /** How long the breaker stays open, in milliseconds. Then one delivery is tried alone. */
  breaker_open_ms?: number;
  /** Seed of the jitter, so that a history replays to the same waits. */
  seed?: number;
}

/** Units of one SKU to pick. A bundle is picked as its components. */
export interface PickedDocument {
  /** Index of the order's line, from 0. */
  line: number;
  /** Units of it to pick. */
  quantity: number;
  /** Units of it that left. */
  shipped: number;
  /** The SKU to pick. */
  sku: string;
}

/** Claims units for a cart or a checkout until a time. All of them or none, and only from stock. */
export interface PlaceHold {
  /** The channel that asks. */
  channel: string;
  /** The host's id, 1 to 64 bytes. While the hold lives, the same command again gets the same answer. */
  hold: string;
  /** What, 1 to 10,000 lines. */
  lines: StockLine[];
  /** How long it lives, in milliseconds from now, at most 400 days. */
  lives_ms: number;
  /** Locations to claim at, best first, in place of the channel's own order. */
  ranking?: string[] | null;
}

/** An accepted order, as the answer and the event tell it. */
export interface PlacedOrder {
  /** What is claimed where. */
  allocations: Allocated[];
  /** The channel that it came from. */
  channel: string;
  /** ISO 4217 code. */
  currency: string;
  /** The lines in the order's order. */
  lines: OrderedLine[];
  /** The order's number. */
  number: number;
  /** The order's id. */
  order: string;
  /** `allocated`, `partly_allocated` or `backordered`. */
  state: OrderState;
  /** The sum of quantity × price over the lines. */
  value_minor: number;
}

/** Which currency an order's prices are in. */
export type PricesIn =
  /** The shop's own. */
  | 'shop'
  /** The one that the customer saw. */
  | 'presentment';

/** Something that does not hold. */
export interface ProblemDocument {
  /** What was found. */
  detail: string;
  /** The invariant's name. */
  invariant: string;
}

/** What is particular about a warehouse's API. */
export interface Profile {
  /** What the fields of answers are called. */
  answer?: AnswerFields;
  /** How requests are authenticated. Read, never written. */
  auth?: Auth;
  /**
   * Where the API begins: `https://…`, or `http://` on a private network; without a query. The paths are written
   * behind it.
   */
  base_url?: string;
  /** Headers that every request carries besides. Not for secrets. */
  headers?: { [name: string]: string };
  /** The header that carries the fulfillment order's name as an idempotency key; empty for none. */
  idempotency_header?: string;
  /**
   * Whether the warehouse takes two requests with one key for one. Where it does, a delivery in doubt can be sent
   * again without a look; where it does not, there has to be a path to look it up.
   */
  idempotency_honoured?: boolean;
  /** The paths. */
  paths?: Paths;
  /** What the fields of requests are called. */
  request?: RequestFields;
  /** Headers that say how long to wait, the first that can be read wins. */
  retry_after_headers?: string[];
  /** Which HTTP statuses mean what. */
  statuses?: Statuses;
  /** The most SKUs of one stock check, 1 to 10,000. A check that names more is refused. */
  stock_skus_max?: number;
  /** Which words in an answer's status mean what. */
  words?: StatusWords;
}

/**
 * One bounded step of pruning: looks at `limit` rows and forgets those from before a time. Events go once every
 * subscription has passed them, keys once they are old, closed orders lose their details. Stock, movements and open
 * orders stay. The answer says where to go on.
 */
export interface Prune {
  /** What is older than this may go, in milliseconds since the Unix epoch. */
  before_ms: number;
  /** Rows to look at in this step, 1 to 10,000. */
  limit: number;
  /** Where to go on; as the last step's answer said, or the default to begin. */
  from?: PruneFrom;
}

/** A place in the course of pruning. */
export type PruneFrom =
  /** The events, from the oldest. */
  | 'events'
  /** The idempotency keys after this one, in byte order. */
  | { keys: string }
  /** The orders after this number. */
  | { orders: number }
  /** The inbox's messages after this source and id, in byte order. */
  | { messages: [string, string] };

/** What one step of pruning did. */
export interface Pruned {
  /** Events forgotten. */
  events: number;
  /** Idempotency keys forgotten. */
  keys: number;
  /** Closed orders that lost their details. */
  orders: number;
  /** Messages of the inbox forgotten: they would be taken in again. */
  messages?: number;
  /** Where to go on, or nothing when all has been looked at. */
  next?: PruneFrom | null;
}

/** A listing that a shop is asked for. */
export interface QuantityToRead {
  /** The shop's name for it. */
  item: string;
  /** The SKU. */
  sku: string;
}

/** A quantity that a shop is to show. */
export interface QuantityToSet {
  /** The shop's name for it. */
  item: string;
  /** What it is to show. */
  quantity: number;
  /** The SKU. */
  sku: string;
  /** What it shows as far as we know, for shops that can compare before they set; absent where we do not know. */
  from?: number | null;
}

/** A read. */
export type Read =
  /** Available-to-promise of a SKU at a location, in units; null where either is not registered. */
  | { available: SkuAt }
  /** The same for many pairs of SKU and location, in their order, from one consistent state. */
  | { availability: Pairs }
  /** Available-to-promise of SKUs on a channel, in units: the sum over the locations that serve it. */
  | { channel_availability: ChannelSkus }
  /** All quantities of a SKU at a location; null where either is not registered. */
  | { stock: SkuAt }
  /** Quantities at every location, by SKU in the order of registration, some at a time. */
  | { stock_levels: After }
  /** SKUs in the order of registration. */
  | { skus: After }
  /** The names of all locations, in the order of registration. */
  | { locations: Nothing }
  /** An order by the host's id; null where there is none. */
  | { order: OrderId }
  /** Orders in the order of placing. */
  | { orders: After }
  /** A live hold by the host's id; null where there is none. It may have expired and wait for a tick. */
  | { hold: HoldId }
  /** A subscription's place; null where there is none. */
  | { subscription: SubscriptionName }
  /**
   * Events after a number, in order. Those of one command come together, so that there may be more than asked for.
   */
  | { events: EventsAfter }
  /** Events that a subscription has not acknowledged, as `events`; null where there is no such subscription. */
  | { subscribed_events: SubscribedTo }
  /**
   * The fulfillment orders of an order, in the order in which they were written; null where there is no such order.
   */
  | { fulfillment_orders: OrderId }
  /** Deliveries that were given up and wait for an operator. It looks at every delivery that there is. */
  | { dead_letters: DeadLettersOf }
  /** How a channel is kept in step with its shop; null where it has none. */
  | { channel: ChannelName }
  /** A SKU as a channel shows it; null where it is not listed there. */
  | { listing: SkuOn }
  /**
   * Whether every listing of a channel shows what it should, and which do not; null where the channel has no shop.
   */
  | { settled: ChannelName }
  /** Reads everything and checks every invariant. */
  | { verify: Nothing }
  /** SHA-256 over the whole state in hex: equal digests mean equal rows. It reads everything. */
  | { digest: Nothing };

/** Listings that a shop is asked for. */
export interface ReadQuantities {
  /** The channel. */
  channel: string;
  /** The listings, at most the channel's `batch_max`. */
  listings: QuantityToRead[];
}

/** Why a quantity moved. */
export type Reason =
  /** Goods came in. */
  | 'received'
  /** Goods came back from a customer. */
  | 'returned'
  /** Somebody corrected the level by a difference. */
  | 'adjusted'
  /** Goods were lost, stolen or destroyed. */
  | 'lost'
  /** A count found another level. */
  | 'counted'
  /** Goods went to another location or came from one. */
  | 'transferred'
  /** Goods left for a customer. */
  | 'shipped';

/** Gives the units of a fulfillment order that was refused, or given up, to another location. */
export interface ReassignFulfillment {
  /** The name of the fulfillment order that was refused or given up. */
  fulfillment: string;
  /** Where to; absent for the first location of the order's channel that has all of it. */
  location?: string | null;
}

/** A refused fulfillment order whose units went elsewhere. */
export interface ReassignedFulfillment {
  /** The location that refused. */
  from: string;
  /** The refused fulfillment order's name. */
  fulfillment: string;
  /** The order's id. */
  order: string;
  /** The location that has the units now. */
  to: string;
}

/** Says that goods came in. Fills waiting backorders, first come first served. */
export interface ReceiveStock {
  /** What, 1 to 10,000 lines. */
  lines: StockLine[];
  /** Where. */
  location: string;
  /** The delivery note or other paper, at most 64 bytes. */
  reference?: string | null;
  /** From whom. */
  source?: Source;
}

/** Reads all that a channel shows, and says or mends the differences. Its end is an event. */
export interface ReconcileChannel {
  /** The channel. */
  channel: string;
  /** Whether differences are mended by the channel's policy, or only said. */
  mend?: boolean;
}

/** What a reading of all that a channel shows found. */
export interface ReconciledChannel {
  /** Listings that show what they should. */
  agree: number;
  /** The channel. */
  channel: string;
  /** Listings that show something else; each had its event. */
  differ: number;
  /** Listings that the shop does not have. */
  gone: number;
  /** Whether differences are mended. */
  mend: boolean;
  /** Listings that could not be judged: a quantity is on its way to them, or the shop did not answer. */
  unsettled: number;
}

/** A message that is not taken. */
export interface RefusedDocument {
  /**
   * The status to answer: 401 where the sender is not proved, 400 where the message cannot be read, 413 where it is
   * too large.
   */
  status: number;
  /**
   * Why, for the host's log. It holds no secret. Of one that is not proved it repeats nothing; of one that cannot
   * be read it may repeat a little.
   */
  why: string;
}

/** A shipment that a shop does not want to hear of. */
export interface RefusedShipment {
  /** The channel. */
  channel: string;
  /** The order's id. */
  order: string;
  /** Our name for the shipment. */
  shipment: string;
  /** Why, for people. */
  why: string;
}

/**
 * Registers a channel, or changes the locations and the sourcing of one that is. Open orders keep their
 * allocations.
 */
export interface RegisterChannel {
  /** The channel, 1 to 64 bytes. */
  channel: string;
  /** The locations that serve it, best first, 1 to 1,000. */
  locations: string[];
  /** How locations are chosen. */
  sourcing?: Sourcing;
}

/** Registers a destination, or changes how patient it is. */
export interface RegisterDestination {
  /** Its name, 1 to 64 bytes. */
  destination: string;
  /** How patient it is. */
  patience?: Patience;
}

/** Registers a location. Registering it again changes nothing. */
export interface RegisterLocation {
  /** The location, 1 to 64 bytes. */
  location: string;
}

/** Registers a SKU. Registering it again with the same content changes nothing. */
export interface RegisterSku {
  /** The SKU, 1 to 128 bytes. */
  sku: string;
  /** What a bundle expands into, 1 to 100 components that are not bundles; absent for a plain SKU. */
  components?: BundleComponent[] | null;
}

/**
 * Says that a warehouse runs a location, or changes how it is spoken to. From then on what is allocated there is
 * handed to it.
 */
export interface RegisterWarehouse {
  /** The registered destination that its deliveries go to. */
  destination: string;
  /** The location. */
  location: string;
  /** Whether every allocation has its stock checked. */
  check_on_allocation?: boolean;
  /** What is done with stock that it reports. */
  stock?: StockReports;
}

/** A channel as it is now. */
export interface RegisteredChannel {
  /** The channel. */
  channel: string;
  /** The locations that serve it, best first. */
  locations: string[];
  /** How locations are chosen. */
  sourcing: Sourcing;
}

/** A location that was registered. */
export interface RegisteredLocation {
  /** The location. */
  location: string;
}

/** A SKU that was registered. */
export interface RegisteredSku {
  /** The SKU. */
  sku: string;
  /** A bundle's components; empty for a plain SKU. */
  components?: BundleComponent[];
}

/** An order that was refused. */
export interface RejectedOrder {
  /** The channel named in it. */
  channel: string;
  /** The order's id. */
  order: string;
  /** Why. */
  rejection: Rejection;
}

/** A business "no": nothing was changed. The same key sent again gets the same rejection. */
export interface Rejection {
  /** The code of highest precedence among the faults. */
  code: Code;
  /** Every fault found, at most `FAULTS_MAX`, in the order of the command's fields. */
  faults: Fault[];
  /** How many more faults there were than are listed. */
  more?: number;
}

/** Gives a hold's units back. */
export interface ReleaseHold {
  /** The hold's id. */
  hold: string;
}

/** Forgets a listing. The shop is not told. */
export interface RemoveListing {
  /** The channel. */
  channel: string;
  /** The SKU. */
  sku: string;
}

/** The answer to one command. */
export interface Reply {
  /** What became of it. */
  outcome: Outcome;
  /** Whether this is the answer to an earlier command with the same key, and nothing was done now. */
  repeated: boolean;
}

/** Says what came of a delivery that was taken. */
export interface ReportDelivery {
  /** Which attempt it was. */
  attempt: number;
  /** Where it went. */
  destination: string;
  /** Its number there. */
  number: number;
  /** What came of it. */
  result: DeliveryResult;
}

/** The names of a request's fields. An empty one is left out. */
export interface RequestFields {
  /** The channel. */
  channel?: string;
  /** The currency. */
  currency?: string;
  /** The fulfillment order's name. */
  fulfillment?: string;
  /** What to ship. */
  items?: string;
  /** In an item: the order's line. */
  line?: string;
  /** The location. */
  location?: string;
  /** The customer's note. */
  note?: string;
  /** The order's id. */
  order?: string;
  /** When the order was placed, RFC 3339. */
  placed_at?: string;
  /** In an item: units. */
  quantity?: string;
  /** The recipient. */
  ship_to?: string;
  /** In an item: the SKU. */
  sku?: string;
}

/** What a location was told to ship. */
export interface RequestedFulfillment {
  /** The fulfillment order's name. */
  fulfillment: string;
  /** What to pick; a bundle as its components. */
  items: RequestedItem[];
  /** The location. */
  location: string;
  /** The order's id. */
  order: string;
}

/** Units of a SKU that a warehouse is asked to ship. */
export interface RequestedItem {
  /** The number of the order's line that it is for, from 1. */
  line: number;
  /** Units. */
  quantity: number;
  /** The SKU. */
  sku: string;
}

/** Has a dead letter tried again, with all its attempts. */
export interface RequeueDelivery {
  /** Where it goes. */
  destination: string;
  /** Its number there. */
  number: number;
}

/** Why and when to try again. */
export interface Retry {
  /** What went wrong, for people; at most 2,000 bytes are kept. */
  why: string;
  /** The least wait in milliseconds, as the destination asked (Retry-After); else backoff alone decides. */
  after_ms?: number | null;
  /** Whose fault it is. */
  cause?: RetryCause;
  /** Whether the attempt may have been carried out all the same. */
  doubt?: boolean;
}

/** Whose fault a failed attempt is. */
export type RetryCause =
  /** The destination fails; it counts for the breaker. */
  | 'failing'
  /** The destination asks for a slower pace: it is paused, and the attempt does not count. */
  | 'throttled'
  /** This delivery alone is not ready. */
  | 'not_yet';

/** Units of one line that came back. */
export interface ReturnLine {
  /** What becomes of them. */
  disposition: Disposition;
  /** The line's number, from 1. */
  line: number;
  /** Units, at most those shipped and not yet returned. */
  quantity: number;
  /** Where they came back to; absent for where the line was shipped from first. */
  location?: string | null;
}

/** Says that shipped units of an order came back. */
export interface ReturnOrder {
  /** What came back. */
  lines: ReturnLine[];
  /** The order's id. */
  order: string;
}

/** Shipped units of an order that came back. */
export interface ReturnedOrder {
  /** Which units, and what became of them. */
  lines: ReturnLine[];
  /** The order's id. */
  order: string;
  /** Its state now. */
  state: OrderState;
}

/** A listing as a shop shows it. */
export interface SeenListing {
  /**
   * When it was so, by the shop's clock, in milliseconds since the Unix epoch. What is older than what we know is
   * passed over.
   */
  at_ms: number;
  /** The shop's name for it. */
  item: string;
  /** What it shows; absent where it was deleted. */
  quantity?: number | null;
}

/** Lists a SKU on a channel, or changes how it is listed. A listing that was refused or gone is tried again. */
export interface SetListing {
  /** The channel, which must be connected. */
  channel: string;
  /** The shop's name for it, 1 to 128 bytes, such as a Shopify inventory item's id. One SKU has one. */
  item: string;
  /** The SKU, plain or a bundle. */
  sku: string;
  /** Units withheld from it, in place of the channel's. */
  buffer?: number | null;
  /** The most units that it shows, in place of the channel's. */
  cap?: number | null;
}

/** Quantities that a shop is to show. */
export interface SetQuantities {
  /** The channel. */
  channel: string;
  /** The listings, each once, at most the channel's `batch_max`. */
  listings: QuantityToSet[];
}

/** Sets how a SKU may be sold at a location. Absent fields stay as they are. */
export interface SetStockPolicy {
  /** Where. */
  location: string;
  /** The SKU. */
  sku: string;
  /** Units that may be promised beyond stock, from 0. */
  backorder_limit?: number | null;
  /** Units withheld from sale, from 0. */
  safety_stock?: number | null;
  /** On-hand units that may not be sold, from 0 to on-hand. */
  unavailable?: number | null;
}

/** How far a channel is from showing what it should. */
export interface Settlement {
  /** Listings that the shop has. */
  listings: number;
  /** Listings that were refused or are gone; they are not among the others. */
  lost: number;
  /** Those whose acknowledged quantity is the desired one, and the desired one what stock says now. */
  settled: number;
  /** The first of those that are not settled, at most 100. */
  unsettled: UnsettledListing[];
}

/** An account at ShipBob. */
export interface ShipBobProfile {
  /** The channel with the scopes to write, as `GET /channel` lists it. */
  channel_id: number;
  /** The personal access token, or an OAuth token that is kept fresh by the host. */
  token: string;
  /** `https://api.shipbob.com`, or `https://sandbox-api.shipbob.com`. */
  base_url?: string;
  /** The fulfillment center; absent to let ShipBob choose, and to count stock in all of them. */
  location_id?: number | null;
  /** Items of stock on one page, 1 to 1,000. A check of several SKUs has to fit on one. */
  page_size?: number;
  /** The shipping method, as the account maps it to a ship option. */
  shipping_method?: string;
  /** The version in the path, as `2026-07`. */
  version?: string;
}

/** Says that units of an order have left. */
export interface ShipOrder {
  /** The order's id. */
  order: string;
  /** Units by line; absent for all that is allocated and not backordered. */
  lines?: LineQuantity[] | null;
  /** Only what is allocated at this location. */
  location?: string | null;
  /** How it can be followed. */
  tracking?: Tracking | null;
}

/** A postal address. No field is required; each is at most 2,000 bytes. */
export interface ShipTo {
  /** Street, house, floor: one entry a line, at most 10. */
  address?: string[];
  /** City. */
  city?: string;
  /** ISO 3166-1 alpha-2 code by custom; not checked. */
  country?: string;
  /** E-mail address. */
  email?: string;
  /** The recipient. */
  name?: string;
  /** Telephone. */
  phone?: string;
  /** Postal code. */
  postal_code?: string;
  /** State, province or county. */
  region?: string;
}

/** A ShipBob account's webhooks: `docs/wms.md` lists the topics. */
export interface ShipbobWebhook {
  /** The secret, `whsec_` and base64; two while they are exchanged. */
  secrets: string[];
  /** Tells this account's message ids from those of others, 1 to 64 bytes. */
  source: string;
  /** How far a message's time may be from ours, either way, in milliseconds. Absent: five minutes. */
  tolerance_ms?: number | null;
}

/** What left in one go. */
export interface ShipmentDocument {
  /** When, in milliseconds since the Unix epoch. */
  at_ms: number;
  /** Which units. */
  lines: UnitsDocument[];
  /** How it can be followed. */
  tracking?: Tracking | null;
}

/** A shipment that a shop is told of. */
export interface ShipmentNotice {
  /** The channel. */
  channel: string;
  /** What left. */
  lines: NoticedLine[];
  /** Our id of the order. */
  order: string;
  /** The shop's name for the order. */
  reference: string;
  /** Our name for the shipment: the order's id and the event's number. */
  shipment: string;
  /** How it can be followed. */
  tracking?: Tracking | null;
}

/** What a warehouse shipped. */
export interface ShippedFulfillment {
  /** The fulfillment order's name. */
  fulfillment: string;
  /** What left. */
  items: SkuQuantity[];
  /** The location. */
  location: string;
  /** The order's id. */
  order: string;
  /** The warehouse's name for the shipment. */
  shipment: string;
  /** Its state now. */
  state: FulfillmentState;
  /** How it can be followed. */
  tracking?: Tracking | null;
}

/** Units of an order that left. */
export interface ShippedOrder {
  /** The channel that it came from. */
  channel: string;
  /** Which units. */
  lines: ShippedUnits[];
  /** The order's id. */
  order: string;
  /** Its state now. */
  state: OrderState;
  /** How it can be followed. */
  tracking?: Tracking | null;
}

/** Units of one line that left one location. */
export interface ShippedUnits {
  /** The line's number, from 1. */
  line: number;
  /** From where. */
  location: string;
  /** Units of the SKU. */
  quantity: number;
  /** The SKU. */
  sku: string;
}

/** A shop. What is left out has its default; a misspelt field is refused. */
export interface Shop {
  /** The Shopify location whose quantities the channel sets and reads: its number or its global id. */
  location: string;
  /** Its domain, such as `example.myshopify.com`. */
  shop: string;
  /** The Admin API access token. */
  token: string;
  /** Where requests go, without a slash at the end; empty for `https://` and the domain. For tests and proxies. */
  base_url?: string;
  /**
   * Our locations' names with the Shopify locations that they are, for shipments. A location that is not here ships
   * what is assigned to any.
   */
  locations?: { [name: string]: string };
  /** Whether the shop writes to the customer when it is told of a shipment. */
  notify_customer?: boolean;
  /** When the shop is left alone for a while. */
  pace?: Pace;
  /** Why quantities change, one of Shopify's reasons. */
  reason?: string;
  /**
   * The document that a change of quantities refers to, a URI. `{destination}` and `{number}` stand for those of
   * the delivery. Empty for none.
   */
  reference_document?: string;
  /** The version of the API, from `VERSION_MIN`. */
  version?: string;
}

/** How a Shopify shop's orders become ours. */
export interface ShopifyOrders {
  /** The channel. */
  channel: string;
  /** How shortages are met; they were sold already, so absent for `backorder`. */
  policy?: StockPolicy;
  /** What our ids begin with; the shop's number of the order follows. Absent: `shopify-`. Two shops need two. */
  prefix?: string | null;
  /** Which currency prices are in. */
  prices_in?: PricesIn;
  /** Whether test orders are taken in like others. */
  takes_tests?: boolean;
  /**
   * The SKUs by the number of the variant, where the line's own is not ours. A variant that is not here keeps the
   * line's.
   */
  variants?: { [name: string]: string };
}

/** A Shopify shop's webhooks: `docs/shopify.md` lists the topics. */
export interface ShopifyWebhook {
  /** The Shopify location whose quantities count: its number or its global id. */
  location: string;
  /** How its orders become ours. */
  orders: ShopifyOrders;
  /** The app's client secret; two while they are exchanged. */
  secrets: string[];
  /** The shop's domain, such as `example.myshopify.com`. */
  shop: string;
  /** Tells this shop's message ids from those of others, 1 to 64 bytes. Absent: `shopify` and the channel. */
  source?: string | null;
}

/** Claims that stock no longer covers. The newest claims are touched first: holds, then orders. */
export interface Shortfall {
  /** The holds that it touches, newest first. */
  holds: TouchedHold[];
  /** Where. */
  location: string;
  /** The orders that it touches, newest claim first; at most 1,000 are listed. */
  orders: TouchedOrder[];
  /** Claimed units that are not covered. */
  shortfall: number;
  /** The SKU. */
  sku: string;
}

/** What a shop said of a listing. */
export type Shown =
  /** It shows what was sent. */
  | 'set'
  /** It shows this. Where a quantity was sent, it was not set: the shop showed something else than we believed. */
  | { shows: number }
  /** It has no such listing any more. */
  | 'gone'
  /** It will not have the quantity. */
  | { refused: {
      /** Why, for people. */
      why: string;
    } }
  /** It could not tell or do it now. */
  | { not_yet: {
      /** Why, for people. */
      why: string;
    } };

/** What a shop said to quantities, or when it was asked for them. */
export interface ShownQuantities {
  /** What it said of each listing. One that it said nothing of is asked again. */
  listings: ShownQuantity[];
  /** When it was so, by the shop's clock, in milliseconds since the Unix epoch; absent where it does not say. */
  at_ms?: number | null;
}

/** What a shop said of a listing. */
export interface ShownQuantity {
  /** What it said. */
  shown: Shown;
  /** The SKU. */
  sku: string;
}

/** A SKU at a location. */
export interface SkuAt {
  /** The location. */
  location: string;
  /** The SKU. */
  sku: string;
}

/** A SKU. */
export interface SkuDocument {
  /** What a bundle expands into; empty for a SKU that is stocked itself. */
  components: BundleComponent[];
  /** Its number, from 1 in the order of registration: where to read on after. */
  number: number;
  /** The SKU. */
  sku: string;
}

/** Units of a SKU that are physically present. */
export interface SkuLevel {
  /** Units. */
  on_hand: number;
  /** The SKU. */
  sku: string;
}

/** A SKU on a channel. */
export interface SkuOn {
  /** The channel. */
  channel: string;
  /** The SKU. */
  sku: string;
}

/** Units of a SKU. */
export interface SkuQuantity {
  /** Units. */
  quantity: number;
  /** The SKU. */
  sku: string;
}

/** Where goods came from. */
export type Source =
  /** A supplier or a producer. */
  | 'supply'
  /** A customer, for an order that the engine does not know. (For one that it knows: return the order.) */
  | 'customer';

/** How the locations that serve an order are chosen. */
export type Sourcing =
  /** Each line from the first location that has it, in the channel's order. */
  | 'priority'
  /** From as few locations as can serve the whole order; among equals, the channel's order. */
  | 'fewest_splits';

/**
 * Which words in an answer's status mean what, whatever their case. All others mean that it is still to be shipped.
 */
export interface StatusWords {
  /** It was given up. */
  cancelled?: string[];
  /** The warehouse will not do it. */
  refused?: string[];
  /** Units left; it cannot be given up. */
  shipped?: string[];
}

/**
 * Which HTTP statuses mean what. Where one stands in several lists, the first list that has a meaning for what was
 * asked wins, in the order of the fields. One that stands in none is the warehouse's failure: try again.
 */
export interface Statuses {
  /** The credentials are refused: an operator is needed, so try again. */
  credentials?: number[];
  /** It was done. */
  done?: number[];
  /**
   * Of a creation: there is one with this name already. It is looked up where that is possible, and else taken for
   * ours.
   */
  exists?: number[];
  /** The warehouse fails; try again. */
  failing?: number[];
  /** Of a look-up and a cancellation: there is none with this name. */
  not_found?: number[];
  /** It will not be done, however often it is sent. */
  refused?: number[];
  /** Slower. Some warehouses say 403. */
  throttled?: number[];
  /** Of a cancellation: it has shipped, or will. */
  too_late?: number[];
}

/** What a warehouse is asked about its stock. */
export interface StockCheck {
  /** The location. */
  location: string;
  /** The SKUs. */
  skus: string[];
}

/** A difference between a warehouse's stock and ours. */
export interface StockDrift {
  /** Whether the difference was booked. */
  counted_in: boolean;
  /** Where. */
  location: string;
  /** Units that we had on hand. */
  on_hand: number;
  /** Units that the warehouse says it has. */
  reported: number;
  /** The SKU. */
  sku: string;
}

/** The quantities of a SKU at a location, after a change. */
export interface StockLevel {
  /** Units claimed by orders, backordered ones among them. */
  allocated: number;
  /** Available-to-promise: on-hand − unavailable − safety stock − held − allocated. */
  available: number;
  /** How many units may be promised beyond stock. */
  backorder_limit: number;
  /** Units promised beyond stock. */
  backordered: number;
  /** Units claimed by live holds. */
  held: number;
  /** Where. */
  location: string;
  /** Units physically present. */
  on_hand: number;
  /** Units withheld from sale. */
  safety_stock: number;
  /** The SKU. */
  sku: string;
  /** On-hand units that may not be sold. */
  unavailable: number;
}

/** Quantities, and where to read on. */
export interface StockLevelPage {
  /** The quantities. */
  levels: StockLevel[];
  /** What to ask on after; absent at the end. */
  next?: number | null;
}

/** Units of one SKU. */
export interface StockLine {
  /** Units, 1 to 1,000,000,000. */
  quantity: number;
  /** The SKU. */
  sku: string;
}

/** How an order meets a shortage. */
export type StockPolicy =
  /** Every unit from stock, or no order. */
  | 'all_or_nothing'
  /** What is there; at least one unit. */
  | 'partial'
  /** What is there, and the rest promised beyond stock within the backorder limits. */
  | 'backorder';

/** What is done with stock that a warehouse reports. */
export type StockReports =
  /** Differences are said. */
  | 'report'
  /** Differences are said and booked. */
  | 'count_in';

/** Opens a subscription: a durable place in the events. */
export interface Subscribe {
  /** Where it begins. */
  from: SubscribeFrom;
  /** Its name, 1 to 64 bytes. */
  subscription: string;
}

/** Where a subscription begins. */
export type SubscribeFrom =
  /** With the oldest event that is kept. */
  | 'start'
  /** With the next event that happens. */
  | 'now'
  /** With the event after this number. */
  | { after: number };

/** A subscription, and how many events to read. */
export interface SubscribedTo {
  /** The subscription's name. */
  subscription: string;
  /** About so many, 1 to 10,000; 100 where it is left out. */
  limit?: number;
  /** Which system speaks, as a URI reference; `/stockroom` where it is left out. */
  source?: string;
}

/** A subscription's place in the events. */
export interface SubscriptionDocument {
  /** The number of the last event dealt with. */
  cursor: number;
  /** Its name. */
  subscription: string;
}

/** A subscription's name. */
export interface SubscriptionName {
  /** The subscription's name. */
  subscription: string;
}

/**
 * Takes an order in as the shop has it now: places it, or brings ours in step. What is older than what was taken in
 * before changes nothing, so that messages may come twice and in any order.
 */
export interface TakeChannelOrder {
  /** The order. */
  order: ChannelOrder;
  /** The message that it was said in. */
  message?: MessageId | null;
}

/**
 * Takes due deliveries to run them: each is leased, and nobody else gets it until the lease ends. Nodes that share
 * a database need clocks that agree to well within a lease.
 */
export interface TakeDeliveries {
  /** For which destination. */
  destination: string;
  /** For how long, 1,000 to 3,600,000 milliseconds: longer than the slowest attempt. */
  lease_ms: number;
  /** At most so many, 1 to 1,000. */
  max: number;
}

/** The deliveries taken. */
export interface TakenDeliveries {
  /** They, by the time that they are due since, then in the order in which they were written. */
  deliveries: LeasedDelivery[];
  /** When it is worth while to ask again, in milliseconds since the Unix epoch; absent where nothing waits. */
  next_due_at_ms?: number | null;
}

/** Ends holds whose time has passed, at most `limit` of them (1 to 10,000). */
export interface Tick {
  /** The most holds to end in this step. */
  limit: number;
}

/** What a tick did. */
export interface Ticked {
  /** How many holds ended. */
  expired: number;
  /** Whether the limit was reached, so that more may be due. */
  more: boolean;
}

/** What a message asks of the host. */
export type Told =
  /** To be carried out. */
  | ToldCommands
  /** Nothing. */
  | {
      /** Answer it as received. */
      ignored: IgnoredDocument;
    }
  /** Nothing, and the sender is to hear of it. */
  | {
      /** Answer it as failed: the sender sends it again, or shows it to somebody. */
      refused: RefusedDocument;
    };

/** The commands of a message. */
export interface ToldCommands {
  /**
   * At least one, to be carried out in their order, as `execute_batch` does. Answer 200 where each is accepted, 409
   * where one is rejected (it may be right later, and somebody should see it if not) and 503 where the call fails:
   * the message comes again then, and what was carried out is not done twice.
   */
  commands: Command[];
  /** What is not in them, for the host's log. */
  notes?: string[];
}

/** Totals that the host computed, to be checked. */
export interface Totals {
  /** The sum of quantity × price over the lines. */
  lines_minor: number;
  /** Lines + shipping + tax − discount. */
  total_minor: number;
  /** What is taken off, from 0. */
  discount_minor?: number;
  /** Shipping, from 0. */
  shipping_minor?: number;
  /** Tax on top of the prices, from 0. */
  tax_minor?: number;
}

/** A hold whose units are not all covered. */
export interface TouchedHold {
  /** The hold's id. */
  hold: string;
  /** Units not covered. */
  units: number;
}

/** An order whose units are not all covered. */
export interface TouchedOrder {
  /** The order's id. */
  order: string;
  /** Units not covered. */
  units: number;
}

/** How a shipment can be followed. */
export interface Tracking {
  /** Who carries it. */
  carrier?: string;
  /** The carrier's number for it. */
  number?: string;
  /** Where it can be looked up. */
  url?: string;
}

/** Moves unclaimed units from one location to another. */
export interface TransferStock {
  /** From where. */
  from: string;
  /** What, 1 to 10,000 lines. */
  lines: StockLine[];
  /** To where. */
  to: string;
  /** The paper it belongs to, at most 64 bytes. */
  reference?: string | null;
}

/** What happens next in a conversation. */
export type Turn =
  /** Send this and come back with the answer. */
  | { ask: HttpRequest }
  /** The conversation is over. */
  | { end: TurnEnd };

/** The end of a conversation. */
export interface TurnEnd {
  /** The command that reports it, as `execute` takes it. Send it before the lease ends. */
  report: Command;
  /** What came of the delivery. */
  result: DeliveryResult;
}

/** Units of one line at one location. */
export interface UnitsDocument {
  /** Index of the line, from 0. */
  line: number;
  /** Where. */
  location: string;
  /** Units of the line's SKU. */
  quantity: number;
}

/** A listing that does not show what it should. */
export interface UnsettledListing {
  /** The channel. */
  channel: string;
  /** What it was last reckoned to show. */
  desired: number;
  /** What stock says that it should show. */
  should: number;
  /** The SKU. */
  sku: string;
  /** What it shows as far as the shop has told us. */
  acknowledged?: number | null;
}

/** Closes a subscription; pruning waits for it no longer. */
export interface Unsubscribe {
  /** The subscription's name. */
  subscription: string;
}

/**
 * Brings listings in step with the next events, in one transaction, and writes the deliveries that they call for.
 * It also looks at listings whose time has come.
 */
export interface UpdateListings {
  /** Commands whose events are read at most, and listings looked at beside them, 1 to 1,000. */
  limit: number;
}

/** What bringing listings in step did. */
export interface UpdatedListings {
  /** Listings whose desired quantity changed. */
  changed: number;
  /** Events dealt with. */
  events: number;
  /** Whether there is more to do at once. */
  more: boolean;
  /** Listings put into a delivery. */
  queued: number;
  /** Shipments that shops are told of. */
  shipments: number;
  /** When it is worth while to ask again though nothing happens, in milliseconds since the Unix epoch. */
  next_due_at_ms?: number | null;
}

/** What a verification found. */
export interface VerificationDocument {
  /** Events read. */
  events: number;
  /** Live holds read. */
  holds: number;
  /** How many more problems there are. */
  more_problems: number;
  /** Movements read. */
  movements: number;
  /** Whether everything holds. */
  ok: boolean;
  /** Orders read. */
  orders: number;
  /** What does not hold; at most 100 are listed. */
  problems: ProblemDocument[];
  /** Stock rows read. */
  stock_rows: number;
}

/** What a warehouse shipped in one go. */
export interface WarehouseShipmentDocument {
  /** When it was noted, in milliseconds since the Unix epoch. */
  at_ms: number;
  /** The warehouse's name for it. */
  shipment: string;
  /** How it can be followed. */
  tracking?: Tracking | null;
}

/** What a warehouse says of a fulfillment order. */
export type WarehouseStatus =
  /** It has it. */
  | 'accepted'
  /** It works on it. */
  | 'picking'
  /** It will not do it, or not the rest of it. */
  | { refused: {
      /** Why, for people. */
      why: string;
    } }
  /** It gave it up, as asked or by itself. */
  | 'cancelled';

/** What a warehouse has. */
export interface WarehouseStock {
  /** Units physically present by SKU, at most 10,000 SKUs. */
  levels: SkuLevel[];
  /** When it was so, by the warehouse's clock, in milliseconds since the Unix epoch. */
  taken_at_ms: number;
}

/** A warehouse's webhooks: `docs/wms.md` lists the events. */
export interface WarehouseWebhook {
  /** The secret, `whsec_` and base64; two while they are exchanged. */
  secrets: string[];
  /** Tells this warehouse's message ids from those of others, 1 to 64 bytes. */
  source: string;
  /** The location that stock is of where a message names none. */
  location?: string | null;
  /** How far a message's time may be from ours, either way, in milliseconds. Absent: five minutes. */
  tolerance_ms?: number | null;
}

/**
 * Who sends, with which secret, and what its messages become. It holds secrets, which are never written or shown.
 */
export type WebhookSettings =
  /** A Shopify shop. */
  | { shopify: ShopifyWebhook }
  /** A WooCommerce shop. */
  | { woocommerce: WoocommerceWebhook }
  /** A warehouse that follows the contract of `docs/wms.md`, signed by Standard Webhooks. */
  | { warehouse: WarehouseWebhook }
  /** A ShipBob account. */
  | { shipbob: ShipbobWebhook };

/** Why a location was chosen for an allocation. */
export type Why =
  /** It comes first in the channel's order of those that had the units. */
  | 'priority'
  /** It is one of the fewest locations that together serve the order. */
  | 'fewest_splits'
  /** It comes first in the ranking that the host gave with the order. */
  | 'ranking'
  /** The units were held there. */
  | 'hold'
  /** No location had the units; this one may promise beyond stock. */
  | 'backorder'
  /** Another location refused to ship them. */
  | 'reassigned';

/** A shop. */
export interface WooProfile {
  /** The consumer key, `ck_…`, with the right to read and write. */
  consumer_key: string;
  /** The consumer secret, `cs_…`. */
  consumer_secret: string;
  /**
   * Where WordPress is: `https://shop.example`, with the folder where it is in one; without a query. `http://` is
   * for tests and private networks: WooCommerce takes this key over HTTPS alone.
   */
  shop_url: string;
  /** Where the REST API begins behind the shop's address. */
  api_path?: string;
  /** Whether an order is set to `completed` when a shipment is told. */
  completion?: Completion;
  /** Entries in one request, 1 to `ITEMS_MAX`; fewer for a shop that is slow, or that allows fewer. */
  items_max?: number;
  /** Whether the note about a shipment goes to the customer, who gets it by e-mail, or stays with the shop. */
  note_to_customer?: boolean;
}

/** A WooCommerce shop's webhooks: `docs/woocommerce.md` lists the topics. */
export interface WoocommerceWebhook {
  /** How its orders become ours. */
  orders: OrderOptions;
  /** The webhooks' secret; two while they are exchanged. */
  secrets: string[];
  /** Tells this shop's message ids from those of others, 1 to 64 bytes. Absent: `woocommerce` and the channel. */
  source?: string | null;
}

/** What an event holds, by its type. */
export interface EventData {
  'stockroom.channel.connected.v1': ChannelConnection;
  'stockroom.channel.disconnected.v1': ChannelConnection;
  'stockroom.channel.order_conflict.v1': ConflictingOrder;
  'stockroom.channel.reconciled.v1': ReconciledChannel;
  'stockroom.channel.registered.v1': RegisteredChannel;
  'stockroom.channel.shipment_refused.v1': RefusedShipment;
  'stockroom.delivery.dead.v1': DeadDelivery;
  'stockroom.delivery.dropped.v1': DeadDelivery;
  'stockroom.delivery.requeued.v1': DeadDelivery;
  'stockroom.fulfillment.accepted.v1': ChangedFulfillment;
  'stockroom.fulfillment.cancel_refused.v1': ChangedFulfillment;
  'stockroom.fulfillment.cancel_requested.v1': ChangedFulfillment;
  'stockroom.fulfillment.cancelled.v1': ChangedFulfillment;
  'stockroom.fulfillment.picking.v1': ChangedFulfillment;
  'stockroom.fulfillment.reassigned.v1': ReassignedFulfillment;
  'stockroom.fulfillment.refused.v1': ChangedFulfillment;
  'stockroom.fulfillment.requested.v1': RequestedFulfillment;
  'stockroom.fulfillment.shipped.v1': ShippedFulfillment;
  'stockroom.hold.converted.v1': HoldConversion;
  'stockroom.hold.expired.v1': HoldEnd;
  'stockroom.hold.extended.v1': HoldEnd;
  'stockroom.hold.placed.v1': HeldStock;
  'stockroom.hold.released.v1': HoldEnd;
  'stockroom.listing.drift.v1': DriftedListing;
  'stockroom.listing.gone.v1': ChangedListing;
  'stockroom.listing.refused.v1': ChangedListing;
  'stockroom.listing.removed.v1': ChangedListing;
  'stockroom.listing.set.v1': ChangedListing;
  'stockroom.location.registered.v1': RegisteredLocation;
  'stockroom.order.allocated.v1': PlacedOrder;
  'stockroom.order.backordered.v1': PlacedOrder;
  'stockroom.order.cancel_requested.v1': ChangedOrder;
  'stockroom.order.cancelled.v1': CancelledOrder;
  'stockroom.order.completed.v1': ChangedOrder;
  'stockroom.order.edited.v1': EditedOrder;
  'stockroom.order.filled.v1': FilledOrder;
  'stockroom.order.partly_allocated.v1': PlacedOrder;
  'stockroom.order.rejected.v1': RejectedOrder;
  'stockroom.order.returned.v1': ReturnedOrder;
  'stockroom.order.shipped.v1': ShippedOrder;
  'stockroom.sku.registered.v1': RegisteredSku;
  'stockroom.stock.changed.v1': StockLevel;
  'stockroom.stock.drift.v1': StockDrift;
  'stockroom.stock.shortfall.v1': Shortfall;
}

/** What each read answers, by its name. */
export interface ReadAnswers {
  available: number | null;
  availability: Array<number | null>;
  channel_availability: Array<number | null>;
  stock: StockLevel | null;
  stock_levels: StockLevelPage;
  skus: SkuDocument[];
  locations: string[];
  order: OrderDocument | null;
  orders: OrderDocument[];
  hold: HoldDocument | null;
  subscription: SubscriptionDocument | null;
  events: EventDocument[];
  subscribed_events: EventDocument[] | null;
  fulfillment_orders: FulfillmentDocument[] | null;
  dead_letters: DeadLetterDocument[];
  channel: ChannelDocument | null;
  listing: ListingDocument | null;
  settled: Settlement | null;
  verify: VerificationDocument;
  digest: string;
}
