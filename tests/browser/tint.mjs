// Compiles every text of a folder with Tint, the WGSL compiler of Chromium, down to a pipeline: naga does not check that barriers and
// subgroup operations are reached by all, and Tint does.
//
//   node tint.mjs FOLDER      (of `q4 show '*' --target web -o FOLDER`)

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { compilingDevice } from './dawn.mjs';

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

const { device } = await compilingDevice();

/** What a good compiler must refuse. A compiler that takes it checks nothing, and its word about the others is worth nothing. */
const DIVERGENT = `
@group(0) @binding(0) var<storage, read_write> output: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {
    if (lane < 3u) { workgroupBarrier(); }
    output[lane] = 1.0;
}`;

async function complaints(code) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const found = (await module.getCompilationInfo()).messages
    .filter((message) => message.type !== 'info')
    .map(({ type, lineNum, linePos, message }) => `${lineNum}:${linePos} ${type}: ${message}`);
  if (found.length === 0) {
    device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  }
  const error = await device.popErrorScope();
  return error !== null && found.length === 0 ? [error.message] : found;
}

/** Tiles beyond the baseline are for devices with more workgroup memory than the null back end's; their texts are compiled like all others. */
const TOO_LARGE_HERE = 'total use of workgroup storage';

if ((await complaints(DIVERGENT)).length === 0) {
  console.error('a barrier in divergent control flow passed: this compiler does not check what it is asked for');
  process.exit(1);
}

let refused = 0;
let large = 0;
for (const name of names) {
  const found = await complaints(await readFile(join(folder, name), 'utf8'));
  if (found.length === 1 && found[0].includes(TOO_LARGE_HERE)) {
    large += 1;
    continue;
  }
  if (found.length > 0) {
    refused += 1;
    console.error(`${name}\n  ${found.join('\n  ')}`);
  }
}
console.log(`${names.length - refused} of ${names.length} texts compile in Tint without a warning, ${large} of them as modules only, since their tiles are larger than the baseline`);
process.exit(refused === 0 ? 0 : 1);
