// The page: chooses a layer, measures it, compares outputs with float64, draws what came of it.

import * as q4 from './q4_kernels.js';

import { matricesOf } from './safetensors.js';

const $ = (id) => document.getElementById(id);

/** Wall-clock time that a measurement takes, at least: browsers round their clocks. */
const LONG_ENOUGH = 120;
/** Measurements after the first. */
const REPETITIONS = 2;
/** Dispatches of one measurement, at most. */
const MOST_DISPATCHES = 4096;
/** Outputs that are compared: all columns and rows where there are few, otherwise so many of each, spread evenly. */
const SAMPLE = { columns: 96, rows: 8 };

let device;
let loaded = [];

const pause = () => new Promise((next) => setTimeout(next));
const significant = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function say(text, isBad = false) {
  $('progress').textContent = text;
  $('progress').classList.toggle('bad', isBad);
}

async function open() {
  device = await q4.openDevice();
  const { vendor, architecture, description } = device.adapterInfo ?? {};
  const chip = (text, isOn = true) => {
    const element = document.createElement('span');
    element.className = isOn ? 'chip' : 'chip off';
    element.textContent = text;
    return element;
  };
  const features = ['subgroups', 'shader-f16'].map((feature) => chip(feature, device.features.has(feature)));
  $('adapter').replaceChildren(chip([vendor, architecture, description].filter(Boolean).join(' ') || 'an adapter without a name'), ...features);
  device.lost.then(({ message }) => say(`The device was lost: ${message}. Reload the page.`, true));
  $('run').disabled = false;
}

/** Weights as training leaves them: near a normal distribution. */
function generated({ n, k, groupSize }, bias) {
  const normal = () => (Math.random() + Math.random() + Math.random() - 1.5) * 0.08;
  const weights = Float32Array.from({ length: n * k }, normal);
  return q4.quantize(weights, { n, k, groupSize }, bias ? Float32Array.from({ length: n }, normal) : undefined);
}

async function chosenLayer() {
  if (document.forms[0].elements.source.value === 'file') {
    const matrix = loaded[Number($('matrix').value)];
    if (matrix === undefined) {
      throw new Error('choose a file first, or generate a layer');
    }
    return matrix.load();
  }
  const [n, k, groupSize] = ['n', 'k', 'group'].map((id) => $(id).valueAsNumber);
  return generated({ n, k, groupSize }, $('bias').checked);
}

/** The kernels of encodings that have one, which is exact. */
const OF_ENCODINGS = { zero_point: q4.ZeroPoints, minimum: q4.Minimums, codebook: q4.Codebooks };

function chosenKernel(layer) {
  const { groupSize } = layer;
  const ofEncoding = OF_ENCODINGS[q4.encodingOf(layer)];
  if (ofEncoding) {
    return ofEncoding;
  }
  const kernel = q4[$('numeric').value];
  // Layers of another group size than the kernels are specialised on have one that takes any.
  return kernel.DESCRIPTION.groupSize === groupSize ? kernel : q4.AnyGroup;
}

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

function submit(call, dispatches) {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (let index = 0; index < dispatches; index += 1) {
    call.record(pass);
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
}

async function read(buffer) {
  const staging = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

/** Milliseconds of one dispatch: of several measurements the shortest, which other work of the machine disturbed least. */
async function timed(call) {
  let dispatches = 1;
  const once = async () => {
    const begin = performance.now();
    submit(call, dispatches);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - begin;
  };
  let elapsed = await once();
  while (elapsed < LONG_ENOUGH && dispatches < MOST_DISPATCHES) {
    dispatches *= 2;
    elapsed = await once();
  }
  for (let again = 0; again < REPETITIONS; again += 1) {
    elapsed = Math.min(elapsed, await once());
  }
  return elapsed / dispatches;
}

const spread = (of, most) => Array.from({ length: Math.min(of, most) }, (_, index) => Math.floor((index * of) / Math.min(of, most)));

/** Compares outputs with float64. */
function compared(variant, layer, m, x, y) {
  const { n, k } = layer;
  const [columns, rows] = [spread(n, SAMPLE.columns), spread(m, SAMPLE.rows)];
  const inputs = new Float32Array(rows.length * k);
  rows.forEach((row, index) => inputs.set(x.subarray(row * k, (row + 1) * k), index * k));
  const got = rows.flatMap((row) => columns.map((column) => y[row * n + column]));
  return q4.compare(variant, k, q4.reference(inputs, layer, columns), got);
}

/** Where the page keeps what it measured: a table is of one adapter, and refused for others. */
const KEPT = 'q4 tuning';
/** Seconds that the kernels race for. */
const SECONDS = 4;

/** The tables to follow: what earlier visits measured, and with it what is measured now, where that is asked for. */
async function tuning(chosen, layer, rows) {
  const kept = localStorage.getItem(KEPT);
  const earlier = kept === null ? [] : [kept];
  if (!$('tune').checked) {
    return earlier;
  }
  say('Measuring which kernels are fastest here…');
  await pause();
  const { table, leftOut } = await (await chosen.create(device)).tune([layer], { rows, seconds: SECONDS, earlier });
  if (leftOut.length > 0) {
    throw new Error(`${leftOut[0].variant}: ${leftOut[0].reason}`);
  }
  localStorage.setItem(KEPT, table);
  return [table];
}

async function measured(kernel, layer, weights, m) {
  const { n, k } = layer;
  const x = Float32Array.from({ length: m * k }, () => Math.random() * 2 - 1);
  const input = device.createBuffer({ size: x.byteLength, usage: USAGE });
  device.queue.writeBuffer(input, 0, x);
  const output = device.createBuffer({ size: m * n * Float32Array.BYTES_PER_ELEMENT, usage: USAGE });
  try {
    const call = kernel.prepare(weights, input, output, m);
    submit(call, 1);
    const comparison = compared(call.variant, kernel.asStored(layer), m, x, await read(output));
    const milliseconds = await timed(call);
    return {
      m,
      ...kernel.route(m, layer),
      comparison,
      milliseconds,
      gigabytes: (weights.bytes + input.size + output.size) / milliseconds / 1e6,
      gigaflops: (2 * m * n * k) / milliseconds / 1e6,
    };
  } finally {
    weights.forgetBindings();
    input.destroy();
    output.destroy();
  }
}

function time(milliseconds) {
  return milliseconds >= 1 ? `${significant(milliseconds)} ms` : `${significant(milliseconds * 1000)} µs`;
}

function addRow({ m, route, measured, variant, milliseconds, gigabytes, gigaflops, comparison }) {
  const row = document.querySelector('tbody').insertRow();
  const name = document.createElement('code');
  name.textContent = variant;
  const verdict = comparison.wrong === 0 ? `${comparison.outputs} agree` : `${comparison.wrong} of ${comparison.outputs} wrong`;
  const cells = [m, measured ? `${route}, measured` : route, name, time(milliseconds), significant(gigabytes), significant(gigaflops), comparison.worst.toExponential(1), verdict];
  for (const cell of cells) {
    row.insertCell().append(cell);
  }
  row.lastChild.className = comparison.wrong === 0 ? 'good' : 'bad';
}

const SVG = 'http://www.w3.org/2000/svg';
/** What the chart shows, to be drawn anew where the page changes its width. */
let drawn = [];

function shape(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.textContent = text ?? '';
  parent.append(element);
}

/** Two bars for each number of rows. They have scales of their own: one row is limited by bytes, many by arithmetic. */
function draw(results) {
  drawn = results;
  const [width, line, left, right] = [Math.max($('chart').clientWidth, 300), 54, 64, 115];
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${results.length * line + 4}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', results.map(({ m, gigaflops, gigabytes }) => `M = ${m}: ${significant(gigaflops)} GFLOP/s, ${significant(gigabytes)} GB/s`).join('; '));
  const series = [
    ['gigaflops', 'flops', 'GFLOP/s'],
    ['gigabytes', 'bytes', 'GB/s'],
  ];
  results.forEach((result, index) => {
    const top = index * line + 8;
    shape(svg, 'text', { x: 0, y: top + 24, class: 'axis' }, `M = ${result.m}`);
    series.forEach(([key, name, unit], place) => {
      const most = Math.max(...results.map((each) => each[key]));
      const length = Math.max(((width - left - right) * result[key]) / most, 2);
      shape(svg, 'rect', { x: left, y: top + place * 20, width: length, height: 16, rx: 4, class: `bar ${name}` });
      shape(svg, 'text', { x: left + length + 8, y: top + place * 20 + 13 }, `${significant(result[key])} ${unit}`);
    });
  });
  $('chart').replaceChildren(svg);
}

function showText({ m, variant, considered, measured }) {
  $('text').hidden = false;
  $('text-rows').textContent = m === 1 ? 'one row' : `${m} rows`;
  $('text-name').textContent = variant;
  $('wgsl').textContent = q4.WGSL[variant];
  const passedOver = considered.map(({ variant, reason }) => `${variant} was passed over: ${reason}`);
  const decided = measured ? [`measured here: ${time(measured.nanoseconds / 1e6)} for M = ${measured.m}, ${measured.n} × ${measured.k}`] : [];
  $('considered').replaceChildren(
    ...[...decided, ...passedOver].map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }),
  );
}

async function run() {
  document.querySelector('tbody').replaceChildren();
  const rows = [...$('rows').querySelectorAll('input:checked')].map(({ value }) => Number(value));
  if (rows.length === 0) {
    throw new Error('choose at least one number of rows');
  }
  say('Making the layer…');
  await pause();
  const layer = await chosenLayer();
  say(`Compiling kernels for ${layer.n} × ${layer.k}…`);
  await pause();
  const chosen = chosenKernel(layer);
  const kernel = await chosen.create(device, { tuning: await tuning(chosen, layer, rows) });
  const weights = await kernel.upload(layer);
  const results = [];
  try {
    for (const m of rows) {
      say(`Measuring ${m === 1 ? 'one row' : `${m} rows`}…`);
      await pause();
      const result = await measured(kernel, layer, weights, m);
      results.push(result);
      addRow(result);
      draw(results);
    }
  } finally {
    weights.destroy();
  }
  const decode = results.find(({ m }) => m === 1);
  const most = results.at(-1);
  const worst = results.reduce((a, b) => (b.comparison.worst > a.comparison.worst ? b : a));
  $('decode').textContent = decode ? significant(decode.gigabytes) : '–';
  $('prefill').textContent = most.m > 1 ? significant(most.gigaflops) : '–';
  $('prefill-note').textContent = `GFLOP/s, M = ${most.m}`;
  $('error').textContent = worst.comparison.worst.toExponential(1);
  const wrong = results.reduce((count, { comparison }) => count + comparison.wrong, 0);
  $('error-note').textContent = wrong === 0 ? 'every output compared agrees with float64' : `${wrong} outputs are wrong`;
  $('error').className = wrong === 0 ? 'good' : 'bad';
  showText(decode ?? most);
  const isAsked = chosen === q4[$('numeric').value] || $('numeric').value === 'Exact';
  const arithmetic = isAsked ? '' : ' Its kernels on this page are exact.';
  say(`Done: ${(weights.bytes / 2 ** 20).toFixed(1)} MiB on the device.${arithmetic}`);
  return wrong === 0;
}

$('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  $('run').disabled = true;
  delete document.body.dataset.done;
  try {
    document.body.dataset.done = (await run()) ? 'agrees' : 'wrong';
  } catch (error) {
    say(error.message, true);
    document.body.dataset.done = 'failed';
  } finally {
    $('run').disabled = false;
  }
});

$('preset').addEventListener('change', ({ target }) => {
  if (target.value !== '') {
    [$('n').value, $('k').value] = target.value.split(',');
  }
});
for (const id of ['n', 'k']) {
  $(id).addEventListener('input', () => ($('preset').value = ''));
}
for (const radio of document.forms[0].elements.source) {
  radio.addEventListener('change', () => {
    $('generate').hidden = radio.value !== 'generate';
    $('file').hidden = radio.value !== 'file';
  });
}

async function take(file) {
  try {
    const { matrices, refused } = await matricesOf(file);
    loaded = matrices;
    $('matrix').replaceChildren(...matrices.map(({ name, n, k, groupSize, encoding }, index) => new Option(`${name}: ${n} × ${k}, group ${groupSize}, ${encoding.replace('_', ' ')}`, index)));
    $('matrices').hidden = matrices.length === 0;
    say(`${file.name} has ${matrices.length} matrices that run here${refused.length > 0 ? `; not ${refused.join(', ')}` : ''}.`, matrices.length === 0);
  } catch (error) {
    say(error.message, true);
  }
}

$('upload').addEventListener('change', ({ target }) => target.files[0] && take(target.files[0]));
for (const [name, isOver] of [['dragover', true], ['dragleave', false], ['drop', false]]) {
  $('drop').addEventListener(name, (event) => {
    event.preventDefault();
    $('drop').classList.toggle('over', isOver);
    if (name === 'drop' && event.dataTransfer.files[0]) {
      take(event.dataTransfer.files[0]);
    }
  });
}

addEventListener('resize', () => drawn.length > 0 && draw(drawn));

open().catch((error) => {
  $('adapter').textContent = error.message;
  document.body.dataset.done = 'failed';
});
