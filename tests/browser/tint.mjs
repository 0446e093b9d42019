// Compiles every text of a folder with Tint, the WGSL compiler of Chromium, down to a pipeline: naga does not check that barriers and
// subgroup operations are reached by all, and Tint does.
//
//   node tint.mjs FOLDER      (of `q4 show '*' --target web -o FOLDER`)

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { compiler } from './compiler.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('name a folder of `q4 show --target web -o FOLDER`');
  process.exit(2);
}
const names = (await readdir(folder)).filter((name) => name.endsWith('.web.wgsl')).sort();
if (names.length === 0) {
  console.error(`${folder} has no *.web.wgsl`);
  process.exit(2);
}

const compile = await compiler();
let refused = 0;
let large = 0;
for (const name of names) {
  const { complaints, isTooLarge } = await compile(await readFile(join(folder, name), 'utf8'));
  large += isTooLarge ? 1 : 0;
  if (complaints.length > 0) {
    refused += 1;
    console.error(`${name}\n  ${complaints.join('\n  ')}`);
  }
}
console.log(
  `${names.length - refused} of ${names.length} texts compile in Tint without a warning, ${large} of them as modules only, since their workgroups are larger than the baseline`,
);
process.exit(refused === 0 ? 0 : 1);
