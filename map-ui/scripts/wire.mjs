// Types of the wire from the server's own schemas, so that a renamed field breaks the build and not a night shift.
// Input: wire/frames.schema.json and, once written, wire/openapi.json. Output: src/wire/*.gen.ts, committed.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import openapiTS, { astToString } from 'openapi-typescript';

const note = '// Made by `npm run wire` from the server\'s schema. Do not edit.\n';
const at = (path) => new URL(`../${path}`, import.meta.url);

const schema = JSON.parse(await readFile(at('wire/frames.schema.json'), 'utf8'));
const frames = await compile(schema, 'Frames', { bannerComment: note, additionalProperties: false, style: { singleQuote: true, printWidth: 120 } });
await writeFile(at('src/wire/frames.gen.ts'), frames);
console.log('src/wire/frames.gen.ts');

if (existsSync(at('wire/openapi.json'))) {
  const ast = await openapiTS(at('wire/openapi.json'));
  await writeFile(at('src/wire/rest.gen.ts'), note + astToString(ast));
  console.log('src/wire/rest.gen.ts');
}
