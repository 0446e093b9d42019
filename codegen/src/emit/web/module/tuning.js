// Which variant is the fastest, by measurement: tables as `q4 tune` writes them, read, followed and written.

const TITLE = 'q4-kernel tuning ';
const AGAIN = 'measure again with `tune`';

/** What of a device's adapter a table is of. Browsers number neither vendors nor devices, and back ends are their own affair. */
function adapterOf({ vendor, architecture, device, description } = {}) {
  return { name: oneLine([vendor, architecture, device, description].filter(Boolean).join(' ')), backend: 'webgpu', vendor: '0x0000', device: '0x0000' };
}

/** A text that a line of a table can hold. */
const oneLine = (text) => text.split(/[\s\p{Cc}]+/u).filter(Boolean).join(' ');
const described = ({ name, backend, vendor, device }) => `${name || 'without a name'} (${backend}, ${vendor}:${device})`;

const HEAD = ['adapter', 'backend', 'vendor', 'device', 'driver'];
const ENTRY = /^entry m=([1-9]\d*) n=([1-9]\d*) k=([1-9]\d*) group_size=([1-9]\d*) numeric=(\w+) scales=(\w+) order=(\w+)((?: \w+=[1-9]\d*ns)+)$/;

/** Reads the text of a table. Whatever is not as `tableText` writes it is refused as a whole. */
async function parseTable(text) {
  const lines = text.split(/\r?\n/);
  const refuse = (index, expected) => {
    const given = index < lines.length - 1 ? `line ${index + 1} is ${JSON.stringify(lines[index].slice(0, 80))}` : `it ends at line ${index + 1}`;
    throw new Q4Error(`${given}, and ${expected} was expected; ${AGAIN}`);
  };
  if (!lines[0].startsWith(TITLE)) {
    refuse(0, `\`${TITLE}\` with a version`);
  }
  const version = lines[0].slice(TITLE.length);
  if (version !== String(FACTS.tuning.version)) {
    throw new Q4Error(`it is of version ${version.slice(0, 20)}, and version ${FACTS.tuning.version} was expected; ${AGAIN}`);
  }
  const head = HEAD.map((word, index) => {
    const line = lines[index + 1] ?? '';
    return line.startsWith(`${word} `) ? line.slice(word.length + 1) : refuse(index + 1, `\`${word}\``);
  });
  const [name, backend, vendor, device, driver] = head;
  const entries = [];
  let next = 1 + HEAD.length;
  for (; lines[next]?.startsWith('entry'); next += 1) {
    entries.push(entryOf(lines[next]) ?? refuse(next, '`entry` with a shape and candidates in the order of their times'));
  }
  const digest = await sha256(lines.slice(0, next));
  if (!lines[next]?.startsWith('sha256 ')) {
    refuse(next, '`entry`, or at the end `sha256` with a digest');
  }
  if (lines[next] !== `sha256 ${digest}`) {
    throw new Q4Error(`line ${next + 1} has the digest of other contents, so it was damaged or changed by hand; ${AGAIN}`);
  }
  if (lines.length !== next + 2 || lines[next + 1] !== '') {
    refuse(next + 1, 'nothing after the digest');
  }
  if (new Set(entries.map(keyOf)).size !== entries.length) {
    throw new Q4Error(`an entry stands twice in it; ${AGAIN}`);
  }
  return { adapter: { name, backend, vendor, device }, driver, entries };
}

/** The entry of a line; undefined where it is none. */
function entryOf(line) {
  const [matched, m, n, k, groupSize, numeric, format, order, measured] = ENTRY.exec(line) ?? [];
  if (matched === undefined) {
    return undefined;
  }
  const candidates = measured.trim().split(' ').map((word) => {
    const [kind, time] = word.split('=');
    return { kind, nanoseconds: Number(time.slice(0, -'ns'.length)) };
  });
  const shape = { m: Number(m), n: Number(n), k: Number(k), groupSize: Number(groupSize) };
  const isOrdered = candidates.every(({ nanoseconds }, index) => index === 0 || candidates[index - 1].nanoseconds <= nanoseconds);
  const areDistinct = new Set(candidates.map(({ kind }) => kind)).size === candidates.length;
  const areKnown = numeric in FACTS.tolerances.symmetric && FACTS.tuning.scales.includes(format) && FACTS.tuning.orders.includes(order);
  const fit = Object.values(shape).every((value) => value <= FACTS.mostDimension);
  return isOrdered && areDistinct && areKnown && fit ? { ...shape, numeric, scales: { format, order }, candidates } : undefined;
}

/** Of what an entry is: a table has one of each. */
const keyOf = ({ m, n, k, groupSize, numeric, scales: { format, order } }) =>
  `m=${m} n=${n} k=${k} group_size=${groupSize} numeric=${numeric} scales=${format} order=${order}`;

/** The text of a table. */
async function tableText({ adapter, driver, entries }) {
  const { name, backend, vendor, device } = adapter;
  const head = [name, backend, vendor, device, driver].map((value, index) => `${HEAD[index]} ${value}`);
  const body = entries.map((entry) => {
    const measured = entry.candidates.map(({ kind, nanoseconds }) => ` ${kind}=${nanoseconds}ns`);
    return `entry ${keyOf(entry)}${measured.join('')}`;
  });
  const lines = [`${TITLE}${FACTS.tuning.version}`, ...head, ...body];
  return [...lines, `sha256 ${await sha256(lines)}`, ''].join('\n');
}

/** SHA-256 in hexadecimal of lines as they stand in a file, whatever ends them there. */
async function sha256(lines) {
  if (globalThis.crypto?.subtle === undefined) {
    throw new Q4Error('there is no crypto.subtle here to check it with; pages need a secure context (https, or localhost)');
  }
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
  const digest = await globalThis.crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Reads tables for an adapter, and says of those that are refused why. What is wrong with a table is no reason not to run. */
async function tablesFor(adapter, texts) {
  const [tables, refused] = [[], []];
  for (const text of texts) {
    try {
      const table = await parseTable(String(text));
      if (described(table.adapter) !== described(adapter)) {
        throw new Q4Error(`it is of the adapter ${described(table.adapter)}, and this is ${described(adapter)}; measure this one with \`tune\``);
      }
      tables.push(table);
    } catch (error) {
      if (!(error instanceof Q4Error)) {
        throw error;
      }
      refused.push(error.message);
      console.warn(`q4: a tuning table is refused: ${error.message}; going on without it`);
    }
  }
  return { tables, refused };
}

/** The range of rows in which one order of candidates holds. */
const rangeOf = (rows) => FACTS.tuning.ranges.find(({ last }) => rows <= last);

const factor = (a, b) => Math.max(a, b) / Math.min(a, b);

/** The entry of a table for a shape: of the same group size, class, scales and range of rows, and the nearest in n and k; undefined where none is near. */
function nearest({ entries }, { m, n, k, groupSize }, numeric, { format, order }) {
  const alike = (entry) =>
    entry.groupSize === groupSize && entry.numeric === numeric && entry.scales.format === format && entry.scales.order === order && rangeOf(entry.m) === rangeOf(m);
  return entries
    .filter(alike)
    .map((entry) => ({ entry, layer: factor(entry.n, n) * factor(entry.k, k), rows: factor(entry.m, m) }))
    .filter(({ layer }) => layer <= FACTS.tuning.farthest)
    .sort((a, b) => a.layer - b.layer || a.rows - b.rows)[0]?.entry;
}

/** Entries of two tables of an adapter. Of one shape both have, the candidates of both, those of the newer one where both have them. */
function merged(older, newer) {
  const entries = new Map(older.map((entry) => [keyOf(entry), entry]));
  for (const entry of newer) {
    const known = entries.get(keyOf(entry))?.candidates ?? [];
    const kept = known.filter(({ kind }) => !entry.candidates.some((candidate) => candidate.kind === kind));
    const candidates = [...entry.candidates, ...kept].sort((a, b) => a.nanoseconds - b.nanoseconds);
    entries.set(keyOf(entry), { ...entry, candidates });
  }
  return [...entries.values()];
}
