// Made by tools/generate.mjs from docs/documents: change the Rust types, not this.
//
// A method for each command and each read.

import type {
  Acknowledge,
  Action,
  AdjustStock,
  After,
  Answer,
  CancelOrder,
  ChangedFulfillment,
  ChangedOrder,
  ComparedStock,
  CompleteOrder,
  ConnectChannel,
  CountStock,
  DeadLettersOf,
  DisconnectChannel,
  DropDelivery,
  EditOrder,
  ExtendHold,
  Fulfill,
  Fulfilled,
  HeldStock,
  MovedStock,
  NewOrder,
  NoteFulfillment,
  NoteListings,
  NoteOrdersThrough,
  NoteShipment,
  NoteWarehouseStock,
  NotedListings,
  PlaceHold,
  PlacedOrder,
  Prune,
  Pruned,
  ReadAnswers,
  ReassignFulfillment,
  ReceiveStock,
  ReconcileChannel,
  RegisterChannel,
  RegisterDestination,
  RegisterLocation,
  RegisterSku,
  RegisterWarehouse,
  ReleaseHold,
  RemoveListing,
  ReportDelivery,
  RequeueDelivery,
  ReturnOrder,
  SetListing,
  SetStockPolicy,
  ShipOrder,
  Subscribe,
  TakeChannelOrder,
  TakeDeliveries,
  TakenDeliveries,
  Tick,
  Ticked,
  TransferStock,
  Unsubscribe,
  UpdateListings,
  UpdatedListings,
} from './documents.js';
import type { CommandOptions, ReadAsk } from './options.js';

/**
 * What can be asked of the engine, a method each. Commands resolve to what they brought about, once that is durable,
 * and reject with `StockroomRejection` where the business says no; all reject with `StockroomError` where a call
 * fails.
 */
export abstract class Calls {
  /** Does a command; the accepted answer without its tag. */
  protected abstract answered<T>(action: Action, options: CommandOptions | undefined): Promise<T>;
  /** Does a command; the accepted answer with its tag. */
  protected abstract tagged(action: Action, options: CommandOptions | undefined): Promise<Answer>;
  /** Any read, as a document. */
  abstract read<K extends keyof ReadAnswers>(name: K, ask: ReadAsk<K>): Promise<ReadAnswers[K]>;

  /** Registers a SKU or a bundle. */
  registerSku(document: RegisterSku, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ register_sku: document }, options);
  }

  /** Registers a location. */
  registerLocation(document: RegisterLocation, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ register_location: document }, options);
  }

  /** Registers or changes a channel. */
  registerChannel(document: RegisterChannel, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ register_channel: document }, options);
  }

  /** Takes goods in. */
  receiveStock(document: ReceiveStock, options?: CommandOptions): Promise<MovedStock> {
    return this.answered({ receive_stock: document }, options);
  }

  /** Corrects on-hand by a difference. */
  adjustStock(document: AdjustStock, options?: CommandOptions): Promise<MovedStock> {
    return this.answered({ adjust_stock: document }, options);
  }

  /** Sets on-hand to a count. */
  countStock(document: CountStock, options?: CommandOptions): Promise<MovedStock | 'unchanged'> {
    return this.answered({ count_stock: document }, options);
  }

  /** Moves units between locations. */
  transferStock(document: TransferStock, options?: CommandOptions): Promise<MovedStock> {
    return this.answered({ transfer_stock: document }, options);
  }

  /** Sets safety stock, backorder limit and unavailable units. */
  setStockPolicy(document: SetStockPolicy, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ set_stock_policy: document }, options);
  }

  /** Claims units until a time. */
  placeHold(document: PlaceHold, options?: CommandOptions): Promise<HeldStock> {
    return this.answered({ place_hold: document }, options);
  }

  /** Lets a hold end at another time. */
  extendHold(document: ExtendHold, options?: CommandOptions): Promise<HeldStock | 'unchanged'> {
    return this.answered({ extend_hold: document }, options);
  }

  /** Gives a hold's units back. */
  releaseHold(document: ReleaseHold, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ release_hold: document }, options);
  }

  /** Ends holds whose time has passed. */
  tick(document: Tick, options?: CommandOptions): Promise<Ticked | 'unchanged'> {
    return this.answered({ tick: document }, options);
  }

  /** Places an order. */
  placeOrder(document: NewOrder, options?: CommandOptions): Promise<PlacedOrder> {
    return this.answered({ place_order: document }, options);
  }

  /** Changes an order before it is shipped. */
  editOrder(document: EditOrder, options?: CommandOptions): Promise<ChangedOrder | 'unchanged'> {
    return this.answered({ edit_order: document }, options);
  }

  /** Cancels an order or part of it. */
  cancelOrder(document: CancelOrder, options?: CommandOptions): Promise<ChangedOrder | 'unchanged'> {
    return this.answered({ cancel_order: document }, options);
  }

  /** Says that units have left. */
  shipOrder(document: ShipOrder, options?: CommandOptions): Promise<ChangedOrder | 'unchanged'> {
    return this.answered({ ship_order: document }, options);
  }

  /** Says that units came back. */
  returnOrder(document: ReturnOrder, options?: CommandOptions): Promise<ChangedOrder | 'unchanged'> {
    return this.answered({ return_order: document }, options);
  }

  /** Closes an order for good. */
  completeOrder(document: CompleteOrder, options?: CommandOptions): Promise<ChangedOrder | 'unchanged'> {
    return this.answered({ complete_order: document }, options);
  }

  /** Opens a subscription. */
  subscribe(document: Subscribe, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ subscribe: document }, options);
  }

  /** Moves a subscription's place. */
  acknowledge(document: Acknowledge, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ acknowledge: document }, options);
  }

  /** Closes a subscription. */
  unsubscribe(document: Unsubscribe, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ unsubscribe: document }, options);
  }

  /** One step of pruning. */
  prune(document: Prune, options?: CommandOptions): Promise<Pruned | 'unchanged'> {
    return this.answered({ prune: document }, options);
  }

  /** Registers a destination. */
  registerDestination(document: RegisterDestination, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ register_destination: document }, options);
  }

  /** Takes due deliveries. */
  takeDeliveries(document: TakeDeliveries, options?: CommandOptions): Promise<TakenDeliveries | 'unchanged'> {
    return this.answered({ take_deliveries: document }, options);
  }

  /** Says what came of a delivery. */
  reportDelivery(document: ReportDelivery, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ report_delivery: document }, options);
  }

  /** Has a dead letter tried again. */
  requeueDelivery(document: RequeueDelivery, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ requeue_delivery: document }, options);
  }

  /** Drops a dead letter. */
  dropDelivery(document: DropDelivery, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ drop_delivery: document }, options);
  }

  /** Says that a warehouse runs a location. */
  registerWarehouse(document: RegisterWarehouse, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ register_warehouse: document }, options);
  }

  /** Writes the fulfillment orders that the next events call for. */
  fulfill(document: Fulfill, options?: CommandOptions): Promise<Fulfilled | 'unchanged'> {
    return this.answered({ fulfill: document }, options);
  }

  /** Notes what a warehouse says of a fulfillment order. */
  noteFulfillment(document: NoteFulfillment, options?: CommandOptions): Promise<ChangedFulfillment | 'unchanged'> {
    return this.answered({ note_fulfillment: document }, options);
  }

  /** Notes that a warehouse has shipped. */
  noteShipment(document: NoteShipment, options?: CommandOptions): Promise<ChangedFulfillment | 'unchanged'> {
    return this.answered({ note_shipment: document }, options);
  }

  /** Gives the units of a fulfillment order that was refused or given up to another location. */
  reassignFulfillment(document: ReassignFulfillment, options?: CommandOptions): Promise<ChangedFulfillment | 'unchanged'> {
    return this.answered({ reassign_fulfillment: document }, options);
  }

  /** Notes what a warehouse has. */
  noteWarehouseStock(document: NoteWarehouseStock, options?: CommandOptions): Promise<ComparedStock | 'unchanged'> {
    return this.answered({ note_warehouse_stock: document }, options);
  }

  /** Connects a channel with the shop behind it. */
  connectChannel(document: ConnectChannel, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ connect_channel: document }, options);
  }

  /** Sends nothing to a channel's shop any more. */
  disconnectChannel(document: DisconnectChannel, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ disconnect_channel: document }, options);
  }

  /** Lists a SKU on a channel. */
  setListing(document: SetListing, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ set_listing: document }, options);
  }

  /** Forgets a listing. */
  removeListing(document: RemoveListing, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ remove_listing: document }, options);
  }

  /** Brings listings in step with the next events. */
  updateListings(document: UpdateListings, options?: CommandOptions): Promise<UpdatedListings | 'unchanged'> {
    return this.answered({ update_listings: document }, options);
  }

  /** Notes what a shop shows. */
  noteListings(document: NoteListings, options?: CommandOptions): Promise<NotedListings | 'unchanged'> {
    return this.answered({ note_listings: document }, options);
  }

  /** Reads all that a channel shows. */
  reconcileChannel(document: ReconcileChannel, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ reconcile_channel: document }, options);
  }

  /** Takes an order in as the shop has it now. */
  takeChannelOrder(document: TakeChannelOrder, options?: CommandOptions): Promise<Answer> {
    return this.tagged({ take_channel_order: document }, options);
  }

  /** Says up to when a shop's orders were taken in. */
  noteOrdersThrough(document: NoteOrdersThrough, options?: CommandOptions): Promise<'done' | 'unchanged'> {
    return this.answered({ note_orders_through: document }, options);
  }

  /** Available-to-promise of a SKU at a location, in units; null where either is not registered. */
  available(sku: string, location: string): Promise<ReadAnswers['available']> {
    return this.read('available', { sku, location });
  }

  /** Available-to-promise of SKUs on a channel, in units: the sum over the locations that serve it. */
  channelAvailability(channel: string, skus: string[]): Promise<ReadAnswers['channel_availability']> {
    return this.read('channel_availability', { channel, skus });
  }

  /** All quantities of a SKU at a location; null where either is not registered. */
  stock(sku: string, location: string): Promise<ReadAnswers['stock']> {
    return this.read('stock', { sku, location });
  }

  /** Quantities at every location, by SKU in the order of registration, some at a time. */
  stockLevels(ask: After = {}): Promise<ReadAnswers['stock_levels']> {
    return this.read('stock_levels', ask);
  }

  /** SKUs in the order of registration. */
  skus(ask: After = {}): Promise<ReadAnswers['skus']> {
    return this.read('skus', ask);
  }

  /** The names of all locations, in the order of registration. */
  locations(): Promise<ReadAnswers['locations']> {
    return this.read('locations', {});
  }

  /** An order by the host's id; null where there is none. */
  order(order: string): Promise<ReadAnswers['order']> {
    return this.read('order', { order });
  }

  /** Orders in the order of placing. */
  orders(ask: After = {}): Promise<ReadAnswers['orders']> {
    return this.read('orders', ask);
  }

  /** A live hold by the host's id; null where there is none. It may have expired and wait for a tick. */
  hold(hold: string): Promise<ReadAnswers['hold']> {
    return this.read('hold', { hold });
  }

  /** A subscription's place; null where there is none. */
  subscription(subscription: string): Promise<ReadAnswers['subscription']> {
    return this.read('subscription', { subscription });
  }

  /**
   * The fulfillment orders of an order, in the order in which they were written; null where there is no such order.
   */
  fulfillmentOrders(order: string): Promise<ReadAnswers['fulfillment_orders']> {
    return this.read('fulfillment_orders', { order });
  }

  /** Deliveries that were given up and wait for an operator. It looks at every delivery that there is. */
  deadLetters(ask: DeadLettersOf = {}): Promise<ReadAnswers['dead_letters']> {
    return this.read('dead_letters', ask);
  }

  /** How a channel is kept in step with its shop; null where it has none. */
  channel(channel: string): Promise<ReadAnswers['channel']> {
    return this.read('channel', { channel });
  }

  /** A SKU as a channel shows it; null where it is not listed there. */
  listing(channel: string, sku: string): Promise<ReadAnswers['listing']> {
    return this.read('listing', { channel, sku });
  }

  /**
   * Whether every listing of a channel shows what it should, and which do not; null where the channel has no shop.
   */
  settled(channel: string): Promise<ReadAnswers['settled']> {
    return this.read('settled', { channel });
  }

  /** Reads everything and checks every invariant. */
  verify(): Promise<ReadAnswers['verify']> {
    return this.read('verify', {});
  }

  /** SHA-256 over the whole state in hex: equal digests mean equal rows. It reads everything. */
  digest(): Promise<ReadAnswers['digest']> {
    return this.read('digest', {});
  }
}
