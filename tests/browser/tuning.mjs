// An exported module measures its variants where it runs, and follows what was measured: as the Rust crates do, and with results that agree with float64.
//
//   node tuning.mjs FOLDER      (of `q4 export --target web --candidates PATTERN,.. --out FOLDER kernels.toml`)

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { runningDevice } from './dawn.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('name a folder of `q4 export --target web --candidates PATTERN,.. --out FOLDER`');
  process.exit(2);
}
const q4 = await import(pathToFileURL(resolve(folder, 'q4_kernels.js')));
let failures = 0;

function check(holds, message) {
  if (!holds) {
    failures += 1;
    console.error(`FAILED: ${message}`);
  }
}

const { device, languageFeatures } = await runningDevice();
device.onuncapturederror = ({ error }) => check(false, `an error that no call returned: ${error.message}`);

/** What the module warns of, instead of the console. */
const warnings = [];
console.warn = (text) => warnings.push(text);

/** The text of a table with a digest that is right, whatever its lines. */
function sealed(lines) {
  const body = lines.map((line) => `${line}\n`).join('');
  return `${body}sha256 ${createHash('sha256').update(body).digest('hex')}\n`;
}

// Reads what Rust writes, and finds the entries that Rust finds.
const { tuning: golden } = JSON.parse(await readFile(new URL('host.json', import.meta.url)));
const adapterInfo = { vendor: 'some', architecture: 'architecture', device: '', description: '' };
const given = (tuning, more = {}) => q4.Any.create(device, { languageFeatures, tuning, adapterInfo, ...more });
const like = await given(golden.table);
check(like.refusedTables.length === 0, `refused: ${like.refusedTables}`);
for (const { asked, nearest } of golden.nearest) {
  const { m, n, k, group_size: groupSize } = asked;
  const { measured } = like.route(m, { n, k, groupSize });
  const got = measured && { group_size: measured.groupSize, k: measured.k, m: measured.m, n: measured.n };
  check(JSON.stringify(got ?? null) === JSON.stringify(nearest), `for ${JSON.stringify(asked)} the entry is ${JSON.stringify(got)}, and Rust finds ${JSON.stringify(nearest)}`);
}
check((await given(golden.table.replaceAll('\n', '\r\n'))).refusedTables.length === 0, 'lines may end as Windows ends them');
console.log(`${golden.nearest.length} shapes have the entries that the Rust crates find`);

// Whatever is wrong with a table, it is refused whole, said to be so, and the built-in order decides.
const lines = golden.table.split('\n').slice(0, -2);
const changed = (index, line) => sealed([...lines.slice(0, index), line, ...lines.slice(index + 1)]);
const entry = lines[6];
const refusals = [
  ['', 'it ends at line 1, and `q4-kernel tuning ` with a version was expected'],
  [golden.table.replace('tuning 1', 'tuning 2'), 'it is of version 2, and version 1 was expected'],
  [golden.table.replace('1500ns', '1400ns'), 'has the digest of other contents'],
  [golden.table.slice(0, -9), 'has the digest of other contents'],
  [`${golden.table}entry\n`, 'nothing after the digest'],
  [changed(1, 'Adapter some architecture'), 'line 2 is "Adapter some architecture", and `adapter` was expected'],
  [changed(1, 'adapter another one'), 'it is of the adapter another one (webgpu, 0x0000:0x0000), and this is some architecture'],
  [changed(2, 'backend vulkan'), 'it is of the adapter some architecture (vulkan'],
  [changed(6, entry.replace('m=1 ', 'm=+1 ')), 'and `entry` with a shape'],
  [changed(6, entry.replace('m=1 ', 'm=0 ')), 'and `entry` with a shape'],
  [changed(6, entry.replace('m=1 ', 'm=99999999999 ')), 'and `entry` with a shape'],
  [changed(6, entry.replace('=exact', '=exactly')), 'and `entry` with a shape'],
  [changed(6, entry.replace('1500ns', '1500us')), 'and `entry` with a shape'],
  [changed(6, entry.replace('1500ns', '25000ns')), 'candidates in the order of their times'],
  [changed(6, entry.replace('no_such_kernel', 'gemm_64x64x8_t4x4_gx_ragged')), 'and `entry` with a shape'],
  [changed(7, entry), 'stands twice'],
  [sealed([...lines, 'note']), '`entry`, or at the end `sha256`'],
];
for (const [text, said] of refusals) {
  const linear = await given(text);
  check(linear.refusedTables.length === 1 && linear.refusedTables[0].includes(said), `expected a refusal with "${said}", not: ${linear.refusedTables}`);
  check(warnings.at(-1)?.includes(said), `the console is warned of "${said}"`);
  check(linear.route(1, { n: 2048, k: 2048, groupSize: 32 }).measured === undefined, 'a refused table is not followed');
}
check(warnings.length === refusals.length, 'every refusal is said once');
for (let place = 0; place < golden.table.length; place += 7) {
  const letter = String.fromCharCode(golden.table.charCodeAt(place) ^ 1);
  const damaged = `${golden.table.slice(0, place)}${letter}${golden.table.slice(place + 1)}`;
  check((await given(damaged)).refusedTables.length === 1, `a change of letter ${place} is noticed`);
}
console.log(`${refusals.length} kinds of damage are refused`);

// A table puts first what it names, if that runs here: the first table before the second, the variants of the export among the others.
const shape = { n: 96, k: 256, groupSize: 32 };
const { others, routes } = q4.Any.DESCRIPTION;
check(others.length > 0, 'the export was asked for candidates');
const table = (...measured) => sealed([...lines.slice(0, 6), `entry m=1 n=96 k=256 group_size=32 numeric=exact scales=f32 order=columns ${measured.map((kind, index) => `${kind}=${index + 1}000ns`).join(' ')}`]);
const other = others.find((name) => name.startsWith('gemm_32x64') && name.includes('_g32'));
const builtIn = like.route(1, shape).variant;
check(routes.decode.includes(builtIn), 'without an entry the built-in order decides');
for (const [tables, expected] of [
  [[table(other)], other],
  [[table('no_such_kernel', 'coop4_w64_c4_gx_shared', other)], 'coop4_w64_c4_gx_shared'],
  [[table('coop4_w64_c4_gx_shared'), table(other)], 'coop4_w64_c4_gx_shared'],
  [[table('no_such_kernel'), table(other)], other],
  [[table('no_such_kernel')], builtIn],
]) {
  const linear = await given(tables);
  const { variant, measured } = linear.route(1, shape);
  check(variant === expected, `${variant} runs, and ${expected} was expected`);
  check((measured !== undefined) === (expected !== builtIn), 'who was measured is said to be so');
  check(linear.route(2, shape).measured === undefined, 'nothing was measured of two rows');
}
const ragged = (await given([table(other)])).route(1, { n: 96, k: 255, groupSize: 32 });
check(ragged.considered[0].variant === other && ragged.variant !== other, 'what does not serve the shape is passed over, with the reason');

// Measures here, and follows that: with the right numbers.
const x = Float32Array.from({ length: 4 * shape.k }, (_, index) => Math.sin(index));
const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
const buffer = (values) => {
  const made = device.createBuffer({ size: values.byteLength, usage: USAGE });
  device.queue.writeBuffer(made, 0, values);
  return made;
};
async function outputs(linear, layer, m) {
  const [weights, input, output] = [await linear.upload(layer), buffer(x.subarray(0, m * shape.k)), buffer(new Float32Array(m * shape.n))];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  linear.dispatch(pass, weights, input, output, m);
  pass.end();
  const staging = device.createBuffer({ size: output.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  encoder.copyBufferToBuffer(output, 0, staging, 0, output.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  return { variant: linear.prepare(weights, input, output, m).variant, y: new Float32Array(staging.getMappedRange().slice(0)) };
}
const options = { languageFeatures };
const any = await q4.Any.create(device, options);
for (const [rows, tile] of [[17, 'staged_32x64'], [32, 'staged_32x64'], [33, 'staged_64x64']]) {
  const { variant } = any.route(rows, shape);
  check(variant.startsWith(tile), `${rows} rows take ${variant}, and ${tile} was expected: rows of one small tile take small tiles where nothing was measured`);
}
const measured = await any.tune([shape], { rows: [1, 4], seconds: 1 });
check(measured.leftOut.length === 0, `left out: ${JSON.stringify(measured.leftOut)}`);
console.log(measured.table.replaceAll(/ (?=\w+=\d+ns)/g, '\n    '));
const tuned = await q4.Any.create(device, { ...options, tuning: measured.table });
check(tuned.refusedTables.length === 0, `its own table is refused: ${tuned.refusedTables}`);
const layer = q4.quantize(Float32Array.from({ length: shape.n * shape.k }, (_, index) => Math.cos(index * 0.7)), shape);
for (const m of [1, 4, 3]) {
  const [line] = measured.table.split('\n').filter((text) => text.startsWith(`entry m=${m === 1 ? 1 : 4} `));
  const [, fastest] = / (\w+)=\d+ns/.exec(line);
  const route = tuned.route(m, shape);
  check(route.variant === fastest && route.measured.m === (m === 1 ? 1 : 4), `${fastest} was the fastest, and ${route.variant} runs`);
  check(line.includes(` ${other}=`), `${other} was not measured for ${m} rows`);
  const { variant, y } = await outputs(tuned, layer, m);
  const { wrong } = q4.compare(variant, shape.k, q4.reference(x.subarray(0, m * shape.k), layer), y);
  check(variant === fastest && wrong === 0, `${wrong} outputs of ${variant} are wrong`);
}

// Kernels and shapes share a table; what was measured before stays where nothing newer was. A kernel whose shape is fixed needs none to be named.
const fixed = await q4.Fixed.create(device, options);
const more = await fixed.tune(undefined, { rows: [1], seconds: 0.1, earlier: measured.table });
check(measured.table.split('\n').filter((line) => line.startsWith('entry')).every((line) => more.table.includes(line)), 'earlier entries stay');
check(/^entry m=1 n=71 k=272 group_size=16 numeric=exact scales=f16 order=groups .*\bcoop4_w64_c4_g16_shared_sf16g=/m.test(more.table), more.table);
check((await q4.Fixed.create(device, { ...options, tuning: more.table })).route(1).measured !== undefined, 'both kernels follow the table');
check((await q4.Any.create(device, { ...options, tuning: more.table })).route(1, shape).measured !== undefined, 'both kernels follow the table');
const again = await fixed.tune(undefined, { rows: [1], seconds: 0.1, earlier: more.table });
check(again.table.match(/^entry /gm).length === more.table.match(/^entry /gm).length, 'a shape that is measured again has one entry');

// A variant that computes wrongly, or does not compile, wins nothing.
const [sound, spoilt] = [q4.Chosen.DESCRIPTION.routes.decode[0], q4.Chosen.DESCRIPTION.routes.prefill[0]];
class Two extends q4.Linear {
  static DESCRIPTION = { ...q4.Chosen.DESCRIPTION, routes: { decode: [sound], few: [], prefill: [spoilt] }, precedences: [], others: [] };
}
for (const [change, said] of [
  [(text) => text.replaceAll('return sum', 'return 1.0 + sum'), 'outputs are wrong'],
  [(text) => text.replace('fn main', 'fn ma in'), `the device refused ${spoilt}`],
]) {
  const text = q4.WGSL[spoilt];
  q4.WGSL[spoilt] = change(text);
  check(q4.WGSL[spoilt] !== text, 'the text is changed');
  // Another object, so that it compiles pipelines of its own; what a text that is none makes the device say is expected.
  const fresh = new Proxy(device, { get: (target, key) => (typeof target[key] === 'function' ? target[key].bind(target) : target[key]) });
  const { onuncapturederror } = device;
  device.onuncapturederror = () => {};
  const { leftOut, table } = await (await Two.create(fresh, options)).tune([shape], { rows: [1], seconds: 0.1 });
  device.onuncapturederror = onuncapturederror;
  q4.WGSL[spoilt] = text;
  check(leftOut.length === 1 && leftOut[0].variant === spoilt && leftOut[0].reason.includes(said), `left out: ${JSON.stringify(leftOut)}`);
  check(table.includes(` ${sound.replace('_bias', '')}=`) && !table.includes(` ${spoilt.replace('_bias', '')}=`), table);
}

// Mistakes are said before anything is measured.
for (const [layers, settings, said] of [
  [[{ n: 96, k: 256 }], {}, 'groupSize is undefined'],
  [[shape], { rows: [0] }, 'rows is 0'],
  [[shape], { rows: [2 ** 31] }, 'exceed maxBufferSize'],
]) {
  const refused = await any.tune(layers, settings).then(() => undefined, (error) => error);
  check(refused instanceof q4.Q4Error && refused.message.includes(said), `expected a message with "${said}", not: ${refused?.stack}`);
}

console.log(failures === 0 ? 'the exported module follows what was measured' : `${failures} promises are broken`);
process.exit(failures === 0 ? 0 : 1);
