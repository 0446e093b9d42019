// Runs an exported module: every text compiles in Tint; on a device that runs, every variant agrees with float64 on odd shapes, and what the module
// computes on the host is what the Rust crates compute.
//
//   node exported.mjs FOLDER      (of `q4 export --target web --out FOLDER kernels.toml`)

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { compiler } from './compiler.mjs';
import { runningDevice } from './dawn.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('name a folder of `q4 export --target web --out FOLDER`');
  process.exit(2);
}
const q4 = await import(pathToFileURL(resolve(folder, 'q4_kernels.js')));
const kernels = Object.values(q4).filter((value) => value.prototype instanceof q4.Linear);
const failures = [];

function check(holds, message) {
  if (!holds) {
    failures.push(message);
    console.error(`FAILED: ${message}`);
  }
}

// Every text compiles.
const compile = await compiler();
for (const [name, text] of Object.entries(q4.WGSL)) {
  const { complaints } = await compile(text);
  check(complaints.length === 0, `${name}: ${complaints.join('; ')}`);
}
console.log(`${Object.keys(q4.WGSL).length} texts of ${kernels.length} kernels were compiled by Tint`);

// Every variant runs and agrees.
const { adapter, device, languageFeatures } = await runningDevice();
const { vendor, architecture, description } = adapter.info;
console.log(`running on ${[vendor, architecture, description].filter(Boolean).join(' ')}`);
device.onuncapturederror = ({ error }) => check(false, `an error that no call returned: ${error.message}`);

/** Steele, Lea and Flood's generator cut to 32 bits: the same numbers for the same seed. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 31 - 1;
  };
}

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
const POISON = -12345.5;
/** Elements beside an output that nobody may write. */
const MARGIN = 16;

function filled(on, values) {
  const buffer = on.createBuffer({ size: values.byteLength, usage: USAGE, mappedAtCreation: true });
  new Float32Array(buffer.getMappedRange()).set(values);
  buffer.unmap();
  return buffer;
}

async function read(on, buffer) {
  const staging = on.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = on.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  on.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

/** Scales that a format holds: powers of two, and numbers with three bits behind the first. Others are rounded. */
const SCALES = {
  e8m0: (next) => 2 ** Math.floor(2 * next() - 5),
  e4m3: (next) => (8 + Math.floor(4 * (next() + 1))) / 512,
};
const anyScale = (next) => 0.02 + 0.01 * next();

/** A layer that a kernel multiplies by. */
function layerOf({ encoding, scales: { format } }, { n, k, groupSize }, withBias, next) {
  const bias = withBias ? Float32Array.from({ length: n }, next) : undefined;
  if (encoding === 'symmetric') {
    return q4.quantize(Float32Array.from({ length: n * k }, () => next() * 0.1), { n, k, groupSize }, bias);
  }
  const nibble = () => Math.floor(8 * (next() + 1));
  const numbers = Math.ceil(k / groupSize) * Math.ceil(n / 4) * 4;
  const ofGroups = (array, value) => array.from({ length: numbers }, () => value(next));
  return {
    n,
    k,
    groupSize,
    weight: q4.pack(Uint8Array.from({ length: n * k }, nibble), { n, k }),
    scales: ofGroups(Float32Array, SCALES[format] ?? anyScale),
    ...{
      zero_point: () => ({ zeroPoints: ofGroups(Uint8Array, nibble) }),
      minimum: () => ({ minimums: ofGroups(Float32Array, () => 0.2 * next()) }),
      codebook: () => ({ levels: Float32Array.from({ length: 16 }, () => 4 * next()) }),
    }[encoding](),
    ...(bias ? { bias } : {}),
  };
}

/** Multiplies `m` rows and compares every output, and what lies beside them. */
async function agrees(linear, layer, weights, m, next, label) {
  const { n, k } = layer;
  const x = Float32Array.from({ length: m * k }, next);
  const input = filled(device, x);
  const output = filled(device, new Float32Array(m * n + MARGIN).fill(POISON));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  linear.dispatch(pass, weights, input, output, m);
  pass.end();
  device.queue.submit([encoder.finish()]);
  const got = await read(device, output);
  const { variant } = linear.prepare(weights, input, output, m);
  const { wrong, worst, first } = q4.compare(variant, k, q4.reference(x, linear.asStored(layer)), got);
  check(wrong === 0, `${label}: ${wrong} of ${m * n} outputs of ${variant} are wrong by up to ${worst}, the first ${JSON.stringify(first)}`);
  check(got.subarray(m * n).every((value) => value === POISON), `${label}: ${variant} wrote beside its output`);
  input.destroy();
  output.destroy();
  return variant;
}

const SHAPES = [
  { n: 71, k: 272, groupSize: 16 },
  { n: 33, k: 256, groupSize: 32 },
  { n: 131, k: 608, groupSize: 32 },
  { n: 67, k: 320, groupSize: 64 },
  { n: 37, k: 99, groupSize: 32 },
  { n: 5, k: 2050, groupSize: 24 },
  // More input than a workgroup holds.
  { n: 9, k: 8256, groupSize: 32 },
];
const ROWS = [1, 2, 3, 5, 9, 16, 17, 67];

/** Classes that round their operands may miss by far more than what f32 leaves of a sum. */
const isExact = (variant) => q4.tolerance(variant, 1).ofProducts < 1e-3;

const counts = { agreed: 0, unserved: 0 };
const ran = new Set();
const skipped = new Map();
for (const kernel of kernels) {
  const { name, bias, routes } = kernel.DESCRIPTION;
  // The routes as they are, and by themselves the variants of one kernel and of each numeric class. A software device compiles for a second each.
  const alone = Object.values(routes)
    .flat()
    .filter((variant) => kernel === q4.Any || !isExact(variant))
    .map((variant) => [
      class extends q4.Linear {
        static DESCRIPTION = { ...kernel.DESCRIPTION, name: variant, routes: { decode: [], few: [], prefill: [variant] }, precedences: [], others: [] };
      },
      variant,
    ]);
  for (const [candidate, variant] of [[kernel], ...alone]) {
    let linear;
    try {
      linear = await candidate.create(device, { languageFeatures });
    } catch (error) {
      check(variant !== undefined, `${name}: ${error.message}`);
      skipped.set(variant, /it needs the [^,]*feature [^,]*|it needs .* and the device allows \d+/.exec(error.message)?.[0] ?? error.message);
      continue;
    }
    for (const [index, shape] of SHAPES.entries()) {
      const next = random(index + 1);
      const layer = layerOf(kernel.DESCRIPTION, shape, bias === 'always' || (bias === 'optional' && index % 2 === 0), next);
      let weights;
      for (const m of variant === undefined ? ROWS : [1, 7, 35]) {
        try {
          if (linear.route(m, shape).variant === undefined) {
            throw new q4.Q4Error('no variant serves it');
          }
          weights ??= await linear.upload(layer);
        } catch (error) {
          check(error instanceof q4.Q4Error, `${name} ${JSON.stringify(shape)}: ${error.stack}`);
          counts.unserved += 1;
          continue;
        }
        ran.add(await agrees(linear, layer, weights, m, next, `${name} m=${m} ${JSON.stringify(shape)}`));
        counts.agreed += 1;
      }
      weights?.destroy();
    }
  }
}
for (const [variant, reason] of skipped) {
  console.log(`skipped ${variant}: ${reason}`);
}
const tried = kernels.flatMap((kernel) => Object.values(kernel.DESCRIPTION.routes).flat().filter((name) => kernel === q4.Any || !isExact(name)));
const never = tried.filter((name) => !ran.has(name) && !skipped.has(name));
check(never.length === 0, `served no shape of this test: ${never.join(', ')}`);
console.log(
  `${counts.agreed} multiplications by ${ran.size} variants agree with float64; ${counts.unserved} shapes are refused by those that do not serve them; ` +
    `${skipped.size} variants were skipped for what the device lacks`,
);

// A device whose bindings and grids are small: layers are split over n, inputs and outputs over m, grids are folded.
const limits = { maxStorageBufferBindingSize: 40_000, maxComputeWorkgroupsPerDimension: 3 };
const bound = (target, key) => (typeof target[key] === 'function' ? target[key].bind(target) : target[key]);
const small = new Proxy(device, {
  get: (target, key) =>
    key === 'limits' ? new Proxy(target.limits, { get: (all, limit) => limits[limit] ?? all[limit] }) : bound(target, key),
});
for (const kernel of [q4.Any, q4.ZeroPoints, q4.Minimums, q4.Levels]) {
  const linear = await kernel.create(small, { languageFeatures });
  const layer = layerOf(kernel.DESCRIPTION, { n: 197, k: 608, groupSize: 32 }, true, random(99));
  const weights = await linear.upload(layer);
  check(weights.chunks.length > 1, 'a layer beyond a binding is split over n');
  const call = linear.prepare(weights, filled(device, new Float32Array(65 * 608)), filled(device, new Float32Array(65 * 197)), 65);
  check(call.grids.length > weights.chunks.length, 'inputs beyond a binding are split over m');
  for (const m of [1, 5, 65]) {
    await agrees(linear, layer, weights, m, random(m), `split, m=${m}`);
  }
  console.log(`a layer of ${kernel.DESCRIPTION.encoding} weights in ${weights.chunks.length} pieces and ${call.grids.length} dispatches agrees with float64`);
}

// What the Rust crates say.
const golden = JSON.parse(await readFile(new URL('host.json', import.meta.url)));
for (const { weights, shape, weight, scales } of golden.quantized) {
  const layer = q4.quantize(Float32Array.from(weights), shape);
  check([...layer.weight].join() === weight.join(), `quantised nibbles of ${JSON.stringify(shape)} differ`);
  check([...layer.scales].join() === scales.map(Math.fround).join(), `quantised scales of ${JSON.stringify(shape)} differ`);
}
for (const { kernel, numbers, given, rounded } of golden.stored) {
  const linear = await q4[kernel].create(device, { languageFeatures });
  given.forEach((value, index) => {
    const four = (value) => Float32Array.of(value, value, value, value);
    // Beside the numbers that are looked at, scales of 1, which every format holds.
    const layer = { n: 1, k: 1, groupSize: 1, scales: four(1), [numbers]: four(value) };
    let got = null;
    try {
      [got] = linear.asStored(layer)[numbers];
    } catch (error) {
      check(error instanceof q4.Q4Error && error.message.includes('cannot hold'), `${kernel}, ${value}: ${error.stack}`);
    }
    const expected = rounded[index] === null ? null : Math.fround(rounded[index]);
    check(Object.is(got, expected), `of ${numbers}, ${value}, ${kernel} stores ${got}, and Rust ${expected}`);
  });
}
for (const { variant, m, n, limit, grid } of golden.grids) {
  let got;
  try {
    got = q4.grid(variant, m, n, limit);
  } catch {
    got = null;
  }
  check(JSON.stringify(got) === JSON.stringify(grid), `the grid of ${variant} for m=${m} n=${n} limit=${limit} is ${got}, and Rust says ${grid}`);
}
console.log(`${golden.quantized.length} quantised layers, ${golden.stored.length} lists of stored numbers and ${golden.grids.length} grids are those of the Rust crates`);

// Mistakes have a message each.
async function refuses(what, said) {
  try {
    await what();
    check(false, `nothing was said of: ${said}`);
  } catch (error) {
    check(error instanceof q4.Q4Error && error.message.includes(said), `expected a message with "${said}", not: ${error.stack}`);
  }
}
const fixed = await q4.Fixed.create(device, { languageFeatures });
const shape = { n: 71, k: 272, groupSize: 16 };
const layer = layerOf(q4.Fixed.DESCRIPTION, shape, false, random(1));
const weights = await fixed.upload(layer);
const [x, y] = [filled(device, new Float32Array(272)), filled(device, new Float32Array(71))];
const pass = device.createCommandEncoder().beginComputePass();
await refuses(() => fixed.upload({ ...layer, k: 256 }), 'made for k = 272, and the weights have k = 256');
await refuses(() => fixed.upload({ ...layer, bias: new Float32Array(71) }), 'adds no bias');
await refuses(() => fixed.upload({ ...layer, weight: layer.weight.subarray(1) }), 'weight has 9655 elements');
await refuses(() => fixed.upload({ ...layer, scales: layer.scales.map(() => NaN) }), 'scales[0] is NaN');
await refuses(() => fixed.dispatch(pass, weights, x, y, 0), 'rows is 0');
await refuses(() => fixed.dispatch(pass, weights, x, y, 2), 'x has 1088 bytes, and 2 rows of 272 need 2176');
await refuses(() => fixed.dispatch(pass, weights, x, x, 1), 'x and y are the same buffer');
await refuses(() => fixed.dispatch(pass, weights, { buffer: x, offset: 4 }, y, 1), 'x starts at byte 4; a multiple of 16');
await refuses(() => q4.Chosen.create(device, { languageFeatures }).then((linear) => linear.upload(layer)), 'groupSize = 32');
await refuses(() => q4.quantize([1, 2, NaN], { n: 1, k: 3, groupSize: 2 }), 'row 0, k 2 is NaN');
await refuses(() => q4.quantize([1], { n: 1, k: 0, groupSize: 2 }), 'k is 0');
await refuses(() => fixed.upload({ ...layer, levels: new Float32Array(16) }), 'the weights are codebook, and Fixed multiplies by symmetric ones');
await refuses(() => fixed.upload({ ...layer, inputOrder: [0] }), 'put the inputs in that order');
const levels = await q4.Levels.create(device, { languageFeatures });
const numbers = { zeroPoints: new Uint8Array(layer.scales.length), minimums: layer.scales, levels: new Float32Array(16) };
await refuses(() => levels.upload({ ...layer, levels: new Float32Array(15) }), 'levels has 15 elements');
await refuses(() => levels.upload({ ...layer, levels: new Float32Array(16).fill(NaN) }), 'levels[0] is NaN');
await refuses(() => levels.upload({ ...layer, ...numbers }), 'the layer has zeroPoints and minimums and levels');
await refuses(() => levels.upload(layer), 'the weights are symmetric, and Levels multiplies by codebook, as layers with levels are');
await refuses(() => levels.dispatch(pass, weights, x, y, 1), 'the weights are symmetric');
const zeroPoints = await q4.ZeroPoints.create(device, { languageFeatures });
await refuses(() => zeroPoints.upload({ ...layer, zeroPoints: new Uint8Array(3) }), 'zeroPoints has 3 elements');
await refuses(() => zeroPoints.upload({ ...layer, zeroPoints: layer.scales }), 'zeroPoints are bytes');
const minimums = await q4.RealMinimums.create(device, { languageFeatures });
await refuses(() => minimums.upload({ ...layer, minimums: layer.scales.map(() => Infinity) }), 'minimums[0] is Infinity');
await refuses(() => q4.pack([16], { n: 1, k: 1 }), 'the nibble at row 0, k 0 is 16');
await refuses(() => q4.pack([1], { n: 1, k: 2 }), 'nibbles has 1 elements');
await refuses(() => q4.grid('gem', 1, 1, 1), 'no variant of this module is called gem');

console.log(failures.length === 0 ? 'the exported module keeps its promises' : `${failures.length} promises are broken`);
process.exit(failures.length === 0 ? 0 : 1);
