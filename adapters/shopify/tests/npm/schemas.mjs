// Holds GraphQL documents and their variables against Shopify's schemas, each version from 2026-04 on.
// Input: {"documents": {name: text}, "requests": [{"query": text, "variables": {}}]}
// Output: {version: {"errors": [text], "codes": [name]}}; codes are those of inventorySetQuantities.
import { readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildClientSchema, parse, validate } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'schemas');
const input = JSON.parse(readFileSync(0, 'utf8'));
const found = {};
for (const file of readdirSync(folder).sort()) {
  const version = /^admin_(\d{4}-\d{2})\.json\.gz$/.exec(file)?.[1];
  if (!version || version < '2026-04') continue;
  const read = JSON.parse(gunzipSync(readFileSync(join(folder, file))).toString('utf8'));
  const schema = buildClientSchema(read.data ?? read);
  const errors = [];
  for (const [name, text] of Object.entries(input.documents)) {
    errors.push(...validate(schema, parse(text)).map((error) => `${name}: ${error.message}`));
  }
  for (const { query, variables } of input.requests) {
    const operation = parse(query).definitions.find((definition) => definition.kind === 'OperationDefinition');
    const values = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
    errors.push(...(values.errors ?? []).map((error) => `${operation.name.value}: ${error.message}`));
  }
  const codes = schema.getType('InventorySetQuantitiesUserErrorCode').getValues().map((value) => value.name);
  found[version] = { errors, codes };
}
console.log(JSON.stringify(found));
