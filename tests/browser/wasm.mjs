// The WebAssembly example in headless Chromium: the typed API of Rust runs decode and prefill, and every output agrees with float64.
//
//   node wasm.mjs SCREENSHOT.png      (once examples/wasm/pkg is there)

import { fileURLToPath } from 'node:url';

import { browse } from './chromium.mjs';

const [screenshot] = process.argv.slice(2);
if (screenshot === undefined) {
  console.error('name a file for the screenshot');
  process.exit(2);
}
let verdict;
const said = await browse(fileURLToPath(new URL('../../examples/wasm/', import.meta.url)), {}, async (page) => {
  await page.waitForFunction(() => document.body.dataset.done, undefined, { timeout: 180_000 });
  verdict = await page.evaluate(() => document.body.dataset.done);
  console.log(await page.locator('#adapter').innerText());
  for (const row of await page.locator('tbody tr').all()) {
    console.log((await row.locator('td').allInnerTexts()).join('  '));
  }
  console.log(await page.locator('#verdict').innerText());
  await page.screenshot({ path: screenshot, fullPage: true });
});
said.forEach((line) => console.error(line));
process.exit(verdict === 'agrees' && said.length === 0 ? 0 : 1);
