// A real browser: headless Chromium with its WebGPU on SwiftShader, and a server for its pages.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

import { chromium } from 'playwright-core';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};
/** Where a system keeps the browser. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Serves a folder on a port of its own. Pages under http://localhost are secure contexts, which WebGPU asks for. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const path = join(folder, normalize(new URL(request.url, 'http://localhost').pathname));
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path;
    if (file.endsWith('favicon.ico')) {
      response.writeHead(204).end();
    } else if (!existsSync(file)) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).pipe(response);
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** Opens the page of a folder, hands it to `visit` and returns what the page said that it should not have said. */
export async function browse(folder, { viewport = { width: 1280, height: 1000 }, colorScheme = 'light' } = {}, visit) {
  const executablePath = process.env.CHROMIUM ?? PLACES.find(existsSync);
  if (executablePath === undefined) {
    throw new Error('no Chromium was found; install it (Debian: apt install chromium), or name it in the variable CHROMIUM');
  }
  const { server, origin } = await serve(folder);
  const browser = await chromium.launch({ executablePath, args: FLAGS, chromiumSandbox: false });
  try {
    const page = await browser.newPage({ viewport, colorScheme });
    const said = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) {
        said.push(`console ${message.type()}: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => said.push(`uncaught: ${error.stack}`));
    page.on('requestfailed', (request) => said.push(`${request.url()} did not come: ${request.failure()?.errorText}`));
    page.on('response', (response) => response.status() >= 400 && said.push(`${response.url()}: ${response.status()}`));
    await page.goto(`${origin}/`);
    await visit(page);
    return said;
  } finally {
    await browser.close();
    server.close();
  }
}
