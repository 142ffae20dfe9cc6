// Writes `src/documents.ts` and `src/commands.ts` from the JSON Schemas in `docs/documents`, which are made of the Rust
// types and held to them by a test. Ours, because the usual generator gives pairs (`prefixItems`) the type
// `[unknown, unknown]`, sorts fields by name and knows nothing of commands. `--check` only compares.

import fs from 'node:fs';
import path from 'node:path';

const SCHEMAS = path.resolve(import.meta.dirname, '../../../docs/documents');
const EVENTS = path.resolve(import.meta.dirname, '../../../docs/events');
const SOURCES = path.resolve(import.meta.dirname, '../src');
const WIDTH = 116;

/** The types of whole documents, by file. Files that are not here only repeat others, or are a read's answer. */
const ROOTS = [
  'command', 'reply', 'read', 'failure', 'delivery', 'exchange_settings', 'turn', 'answer', 'webhook_settings',
  'incoming', 'told', 'backfill_settings', 'backfill_request', 'backfill',
];

/** What an accepted command answers, by the answer's tag; every other command answers `done` or `unchanged`. */
const ANSWERS = {
  receive_stock: ['moved'],
  adjust_stock: ['moved'],
  count_stock: ['moved', 'unchanged'],
  transfer_stock: ['moved'],
  place_hold: ['held'],
  extend_hold: ['held', 'unchanged'],
  tick: ['ticked', 'unchanged'],
  place_order: ['order_placed'],
  edit_order: ['order_changed', 'unchanged'],
  cancel_order: ['order_changed', 'unchanged'],
  ship_order: ['order_changed', 'unchanged'],
  return_order: ['order_changed', 'unchanged'],
  complete_order: ['order_changed', 'unchanged'],
  prune: ['pruned', 'unchanged'],
  take_deliveries: ['taken', 'unchanged'],
  fulfill: ['fulfilled', 'unchanged'],
  note_fulfillment: ['fulfillment_changed', 'unchanged'],
  note_shipment: ['fulfillment_changed', 'unchanged'],
  reassign_fulfillment: ['fulfillment_changed', 'unchanged'],
  note_warehouse_stock: ['stock_compared', 'unchanged'],
  update_listings: ['listings_updated', 'unchanged'],
  note_listings: ['listings_noted', 'unchanged'],
};
/** Several kinds of answer are possible, so the answer keeps its tag. */
const TAGGED = ['take_channel_order'];

/** Reads whose arguments are plain rather than a document. */
const PLAIN = {
  available: ['sku', 'location'],
  stock: ['sku', 'location'],
  channel_availability: ['channel', 'skus'],
  order: ['order'],
  hold: ['hold'],
  subscription: ['subscription'],
  fulfillment_orders: ['order'],
  channel: ['channel'],
  listing: ['channel', 'sku'],
  settled: ['channel'],
  locations: [],
  verify: [],
  digest: [],
};
/** Reads that the package offers in its own words, beside `read`. */
const OWN = ['availability', 'events', 'subscribed_events'];

const schema = (name) => JSON.parse(fs.readFileSync(path.join(SCHEMAS, `${name}.schema.json`), 'utf8'));
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const isName = (name) => /^[A-Za-z_]\w*$/.test(name);

function comment(text, indent) {
  if (!text) return '';
  // Rust's links to its own items mean nothing here.
  const words = text.replace(/\[(`[^`]+`)\]/g, '$1').split(/\n\s*\n/);
  const lines = words.flatMap((paragraph, at) => [...(at > 0 ? [''] : []), ...wrap(paragraph, WIDTH - indent.length - 3)]);
  if (lines.length === 1 && lines[0].length < WIDTH - indent.length - 7) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function wrap(text, width) {
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A schema as a type. `indent` is that of the line it stands on. */
function type(schema, indent = '') {
  if (schema === true) return 'unknown';
  if (schema.$ref) return schema.$ref.replace(/^#\/\$defs\//, '');
  if ('const' in schema) return `'${schema.const}'`;
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) {
    const variants = choices.map((choice) => comment(choice.description, `${indent}  `) + `${indent}  | ${type(choice, `${indent}    `)}`);
    const plain = choices.every((choice) => !choice.description);
    return plain ? choices.map((choice) => type(choice, indent)).join(' | ') : `\n${variants.join('\n')}`;
  }
  if (schema.type === undefined) return 'unknown';
  const kinds = [schema.type].flat();
  return kinds.map((kind) => ofKind(kind, schema, indent)).join(' | ');
}

function ofKind(kind, schema, indent) {
  switch (kind) {
    case 'null': return 'null';
    case 'string': return 'string';
    case 'boolean': return 'boolean';
    case 'integer':
    case 'number': return 'number';
    case 'array': {
      if (schema.prefixItems) return `[${schema.prefixItems.map((item) => type(item, indent)).join(', ')}]`;
      const item = type(schema.items, indent);
      return /[ |]/.test(item) ? `Array<${item}>` : `${item}[]`;
    }
    case 'object': {
      const { properties } = schema;
      const more = schema.additionalProperties ?? Object.values(schema.patternProperties ?? {})[0];
      if (!properties) {
        const values = more && typeof more === 'object' ? more : Object.values(schema.patternProperties ?? {})[0];
        if (more === false && !values) return 'Record<string, never>';
        return `{ [name: string]: ${values ? type(values, indent) : 'unknown'} }`;
      }
      const entries = Object.entries(properties);
      if (entries.length === 1 && !entries[0][1].description) {
        const [[name, field]] = entries;
        return `{ ${name}${schema.required?.includes(name) ? '' : '?'}: ${type(field, indent)} }`;
      }
      return `{\n${fields(schema, `${indent}  `)}${indent}}`;
    }
    default: throw new Error(`no type for ${JSON.stringify(schema)}`);
  }
}

function fields(schema, indent) {
  const required = new Set(schema.required ?? []);
  const entries = Object.entries(schema.properties);
  const ordered = [...entries.filter(([name]) => required.has(name)), ...entries.filter(([name]) => !required.has(name))];
  return ordered
    .map(([name, field]) => {
      const key = isName(name) ? name : `'${name}'`;
      return `${comment(field.description, indent)}${indent}${key}${required.has(name) ? '' : '?'}: ${type(field, indent)};\n`;
    })
    .join('');
}

function declaration(name, schema) {
  const about = comment(schema.description, '');
  const isObject = schema.type === 'object' && schema.properties;
  if (isObject) return `${about}export interface ${name} {\n${fields(schema, '  ')}}\n`;
  const text = type(schema);
  return `${about}export type ${name} =${text.startsWith('\n') ? '' : ' '}${text};\n`;
}

const BANNER = (about) => `// Made by tools/generate.mjs from docs/documents: change the Rust types, not this.\n//\n// ${about}\n\n`;

function documents() {
  const definitions = new Map();
  const add = (name, schema) => {
    const text = declaration(name, schema);
    const known = definitions.get(name);
    if (known !== undefined && known !== text) throw new Error(`${name} means two things`);
    definitions.set(name, text);
  };
  const files = fs.readdirSync(SCHEMAS).map((file) => file.replace(/\.schema\.json$/, '')).sort();
  for (const file of files.filter((file) => file !== 'relay_settings')) {
    const { $defs = {}, ...root } = schema(file);
    for (const [name, definition] of Object.entries($defs)) add(name, definition);
    if (ROOTS.includes(file) && !root.title.startsWith('Nullable_')) add(root.title, root);
    else if (isName(root.title) && !/^(Array_of|Nullable)_/.test(root.title) && root.properties) add(root.title, root);
  }
  const events = eventKinds();
  for (const { name, root, $defs } of events) {
    for (const [inner, definition] of Object.entries($defs)) add(inner, definition);
    // Where an answer has the same data, its words are the ones for it.
    if (!definitions.has(name)) add(name, root);
  }
  definitions.set('EventDocument', eventDocument());
  const kinds = events.map(({ kind, name }) => `  '${kind}': ${name};\n`).join('');
  const names = [...definitions.keys()].sort();
  const reads = Object.fromEntries(readsOf().map(({ name, answer }) => [name, answer]));
  const answers = Object.entries(reads).map(([name, answer]) => `  ${name}: ${answer};\n`).join('');
  return (
    BANNER('The documents of the engine as types: commands and replies, reads, deliveries, exchanges, webhooks, backfills.') +
    names.map((name) => definitions.get(name)).join('\n') +
    `\n/** What an event holds, by its type. */\nexport interface EventData {\n${kinds}}\n` +
    `\n/** What each read answers, by its name. */\nexport interface ReadAnswers {\n${answers}}\n`
  );
}

function eventKinds() {
  const files = fs.readdirSync(EVENTS).filter((file) => file.endsWith('.schema.json')).sort();
  return files.map((file) => {
    const { $defs = {}, ...root } = JSON.parse(fs.readFileSync(path.join(EVENTS, file), 'utf8'));
    return { kind: file.replace(/\.schema\.json$/, ''), name: root.title, root, $defs };
  });
}

/** The document of an event, whose type says what its data are. */
function eventDocument() {
  const { description, properties, ...rest } = schema('read.events').$defs.EventDocument;
  const { type: _, data: __, ...same } = properties;
  const about = comment(properties.type.description, '  ') + '  type: T;\n' + comment(properties.data.description, '  ') + '  data: EventData[T];\n';
  const required = rest.required.filter((name) => name in same);
  return (
    `${comment(description, '')}export type EventDocument = { [T in keyof EventData]: EventOf<T> }[keyof EventData];\n\n` +
    `/** An event of one type. */\nexport interface EventOf<T extends keyof EventData> {\n${about}${fields({ properties: same, required }, '  ')}}\n`
  );
}

function readsOf() {
  const { oneOf, $defs } = schema('read');
  return oneOf.map((variant) => {
    const [name] = variant.required;
    const { $defs: _, $schema: __, title, description, ...root } = schema(`read.${name}`);
    const named = root.properties ? title : type(root);
    return { name, about: variant.description, ask: type(variant.properties[name]), schema: $defs[type(variant.properties[name])], answer: named };
  });
}

function commands() {
  const { $defs } = schema('command');
  const tags = Object.fromEntries(
    schema('reply').$defs.Answer.oneOf.map((variant) =>
      variant.const ? [variant.const, `'${variant.const}'`] : [variant.required[0], type(variant.properties[variant.required[0]])],
    ),
  );
  const used = new Set();
  const use = (name) => (isName(name) ? (used.add(name), name) : name);
  const methods = $defs.Action.oneOf.map((variant) => {
    const [action] = variant.required;
    const document = use(type(variant.properties[action]));
    const answers = (TAGGED.includes(action) ? ['Answer'] : (ANSWERS[action] ?? ['done', 'unchanged']).map((tag) => tags[tag])).map(use).join(' | ');
    const call = TAGGED.includes(action) ? 'tagged' : 'answered';
    return (
      comment(variant.description, '  ') +
      `  ${camel(action)}(document: ${document}, options?: CommandOptions): Promise<${answers}> {\n` +
      `    return this.${call}({ ${action}: document }, options);\n  }\n`
    );
  });
  const reads = readsOf().filter(({ name }) => !OWN.includes(name)).map(({ name, about, ask, schema: asked, answer }) => {
    const plain = PLAIN[name];
    const parameters = plain
      ? plain.map((field) => `${field}: ${type(asked.properties[field])}`).join(', ')
      : `ask: ${use(ask)} = {}`;
    const document = plain ? (plain.length > 0 ? `{ ${plain.join(', ')} }` : '{}') : 'ask';
    return `${comment(about, '  ')}  ${camel(name)}(${parameters}): Promise<ReadAnswers['${name}']> {\n    return this.read('${name}', ${document});\n  }\n`;
  });
  const unknown = Object.keys(ANSWERS).filter((action) => !$defs.Action.oneOf.some((variant) => variant.required[0] === action));
  if (unknown.length > 0) throw new Error(`no such command: ${unknown}`);
  used.add('Action');
  used.add('Answer');
  used.add('ReadAnswers');
  return (
    BANNER('A method for each command and each read.') +
    `import type {\n${[...used].sort().map((name) => `  ${name},\n`).join('')}} from './documents.js';\n` +
    `import type { CommandOptions, ReadAsk } from './options.js';\n\n` +
    '/**\n * What can be asked of the engine, a method each. Commands resolve to what they brought about, once that is durable,\n' +
    ' * and reject with `StockroomRejection` where the business says no; all reject with `StockroomError` where a call\n * fails.\n */\n' +
    'export abstract class Calls {\n' +
    '  /** Does a command; the accepted answer without its tag. */\n' +
    '  protected abstract answered<T>(action: Action, options: CommandOptions | undefined): Promise<T>;\n' +
    '  /** Does a command; the accepted answer with its tag. */\n' +
    '  protected abstract tagged(action: Action, options: CommandOptions | undefined): Promise<Answer>;\n' +
    '  /** Any read, as a document. */\n' +
    '  abstract read<K extends keyof ReadAnswers>(name: K, ask: ReadAsk<K>): Promise<ReadAnswers[K]>;\n\n' +
    [...methods, ...reads].join('\n') +
    '}\n'
  );
}

export function generate() {
  return { 'documents.ts': documents(), 'commands.ts': commands() };
}

/** Names of the files that are not what they should be. */
export function stale() {
  return Object.entries(generate()).filter(([file, text]) => {
    const at = path.join(SOURCES, file);
    return !fs.existsSync(at) || fs.readFileSync(at, 'utf8') !== text;
  }).map(([file]) => file);
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--check')) {
    const files = stale();
    if (files.length > 0) {
      console.error(`not up to date: ${files.join(', ')}; run: node tools/generate.mjs`);
      process.exit(1);
    }
  } else {
    for (const [file, text] of Object.entries(generate())) fs.writeFileSync(path.join(SOURCES, file), text);
  }
}
