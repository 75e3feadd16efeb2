// Types of the wire from the server's own description, so that a renamed field breaks the build and not a night shift.
// Input: wire/asyncapi.json (as served at /asyncapi.json; tests/browser/test_wire.py keeps it true). Output: src/wire/frames.gen.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const at = (path) => new URL(`../${path}`, import.meta.url);
const { components } = JSON.parse(await readFile(at('wire/asyncapi.json'), 'utf8'));

const of = (client) => Object.entries(components.messages)
  .filter(([name]) => name.startsWith('client.') === client)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, message]) => plain(message.payload));

const schema = {
  title: 'Frames',
  description: 'Every frame of the sockets, both ways.',
  type: 'object',
  additionalProperties: false,
  required: ['server', 'client'],
  properties: { server: { oneOf: of(false) }, client: { oneOf: of(true) } },
  components: { schemas: whole(components.schemas) },
};
const types = await compile(schema, 'Frames', {
  bannerComment: "// Made by `npm run wire` from the server's /asyncapi.json. Do not edit.\n",
  additionalProperties: false,
  style: { singleQuote: true, printWidth: 140 },
});
await writeFile(at('src/wire/frames.gen.ts'), types);
console.log('src/wire/frames.gen.ts');

/** pydantic titles every property after its own name (each title would become a type of its own) and writes tuples in a newer draft. */
function plain(schema) {
  for (const property of Object.values(schema.properties ?? {})) {
    delete property.title;
    if (property.prefixItems) {
      property.items = property.prefixItems;
      delete property.prefixItems;
    }
  }
  return schema;
}

/** What the server writes is always whole: a field with a default is there, too. */
function whole(schemas) {
  for (const one of Object.values(schemas)) if (one.properties) plain(one).required = Object.keys(one.properties);
  return schemas;
}
