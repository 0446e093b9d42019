// The live page in headless Chromium: generated layers and layers from files run decode and prefill, outputs agree with float64, nothing is said on
// the console. Leaves screenshots: light and dark, wide and narrow.
//
//   node demo.mjs FOLDER SYMMETRIC.safetensors OTHER.safetensors..      (once examples/web/q4_kernels.js is there; the files are from `q4 convert`)

import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { browse } from './chromium.mjs';

const [out, symmetric, ...others] = process.argv.slice(2);
if (others.length === 0) {
  console.error('name a folder for screenshots, a safetensors file of symmetric layers, and others');
  process.exit(2);
}
const pages = fileURLToPath(new URL('../../examples/web/', import.meta.url));
let failed = 0;

function check(holds, message) {
  if (!holds) {
    failed += 1;
    console.error(`FAILED: ${message}`);
  }
}

/** Presses the button and waits for the end. */
async function run(page, label) {
  await page.locator('#run:not([disabled])').click();
  await page.waitForFunction(() => document.body.dataset.done, undefined, { timeout: 180_000 });
  const done = await page.evaluate(() => document.body.dataset.done);
  check(done === 'agrees', `${label}: ${done}: ${await page.locator('#progress').innerText()}`);
  const rows = await page.locator('tbody tr').allInnerTexts();
  for (const row of rows) {
    console.log(`${label}: ${row.replaceAll('\t', '  ').replaceAll('\n', ' ')}`);
    check(/agree/.test(row) && !/NaN|Infinity/.test(row), `${label}: ${row}`);
  }
  return rows;
}

const wide = { width: 1360, height: 1180 };
const said = await browse(pages, { viewport: wide }, async (page) => {
  const rows = await run(page, 'generated');
  check(rows.length === 4, 'a row for each number of rows');
  check((await page.locator('#chart rect').count()) === 8, 'two bars for each');
  check(Number(await page.locator('#decode').innerText()) > 0, 'decode has a number');
  await page.screenshot({ path: join(out, 'demo-light.png'), fullPage: true });

  await page.locator('#preset').selectOption('');
  await page.locator('#n').fill('71');
  await page.locator('#k').fill('2050');
  await page.locator('#group').fill('24');
  await page.locator('#bias').check();
  await run(page, 'odd');

  // What is measured once is followed, and kept for the next visit.
  await page.locator('#n').fill('96');
  await page.locator('#k').fill('256');
  await page.locator('#group').fill('32');
  for (const m of [16, 128]) {
    await page.locator(`#rows input[value="${m}"]`).uncheck({ force: true });
  }
  await page.locator('#tune').check();
  const tuned = await run(page, 'measured first');
  await page.locator('#tune').uncheck();
  const kept = await run(page, 'measured before');
  for (const row of [...tuned, ...kept]) {
    check(row.includes(', measured'), `a measurement decides: ${row}`);
  }
  await page.locator('summary').click();
  check((await page.locator('#considered').innerText()).includes('measured here: '), 'the measurement that decided is shown');
  await page.screenshot({ path: join(out, 'demo-measured.png'), fullPage: true });
  for (const m of [16, 128]) {
    await page.locator(`#rows input[value="${m}"]`).check({ force: true });
  }

  await page.locator('input[value=file]').check({ force: true });
  await page.locator('#upload').setInputFiles(symmetric);
  await page.locator('#matrix option').first().waitFor({ state: 'attached' });
  await page.locator('#numeric').selectOption('Integers');
  await run(page, 'from a file, 8-bit inputs');
  await page.locator('#numeric').selectOption('Exact');
  for (const other of others) {
    await page.locator('#upload').setInputFiles(other);
    await page.locator('#progress', { hasText: basename(other) }).waitFor();
    await run(page, await page.locator('#matrix option').first().innerText());
  }

  // A mistake is said in words, and the page goes on.
  await page.locator('input[value=generate]').check({ force: true });
  await page.locator('#n').evaluate((input) => (input.value = '2.5'));
  await page.locator('#form').evaluate((form) => form.setAttribute('novalidate', ''));
  await page.locator('#run').click();
  await page.locator('#progress.bad').waitFor();
  check((await page.locator('#progress').innerText()).includes('n is 2.5; a whole number'), 'a mistake is explained');
});
said.push(
  ...(await browse(pages, { viewport: wide, colorScheme: 'dark' }, async (page) => {
    await run(page, 'dark');
    await page.locator('summary').click();
    await page.screenshot({ path: join(out, 'demo-dark.png'), fullPage: true });
    await page.setViewportSize({ width: 430, height: 900 });
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than a narrow page');
    await page.screenshot({ path: join(out, 'demo-narrow.png'), fullPage: true });
  })),
);
said.forEach((line) => console.error(line));
process.exit(failed === 0 && said.length === 0 ? 0 : 1);
