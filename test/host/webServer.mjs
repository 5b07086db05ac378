import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from './dependencies.mjs';
import { prepareServer } from './vscodeServer.mjs';

/** @type {Readonly<Record<string, string>>} */
const contentTypes = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/**
 * VS Code for the web, with no server behind it: the workbench of the server build as plain files, the repository as an extension that its web
 * extension host loads, and `/node-worker`, which runs a job in Node's worker for comparison.
 * @param {{ readonly testsPath: string }} options from the root
 * @returns {Promise<{ readonly url: string, readonly close: () => Promise<void> }>}
 */
export async function startWebServer({ testsPath }) {
  const { nodePath, serverMain } = await prepareServer();
  const build = path.resolve(path.dirname(serverMain), '..');
  const workbench = await localWorkbench(path.join(build, 'out/vs/code/browser/workbench/workbench.js'));
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, room, ...parts] = pathname.split('/').map(decodeURIComponent);
    try {
      if (pathname === '/') {
        response.setHeader('Content-Type', 'text/html').end(workbenchPage(String(request.headers.host), testsPath));
      } else if (room === 'node-worker') {
        response.setHeader('Content-Type', 'application/json').end(await runInNode(nodePath, request));
      } else {
        const file = path.join(room === 'build' ? build : root, ...parts);
        response.setHeader('Content-Type', contentTypes[path.extname(file)] ?? 'application/octet-stream');
        response.end(file.endsWith('workbench/workbench.js') ? workbench : await readFile(file));
      }
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://localhost:${address.port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve(undefined))),
  };
}

/**
 * @param {string} authority
 * @param {string} testsPath
 */
function workbenchPage(authority, testsPath) {
  const at = (/** @type {string} */ file) => ({ scheme: 'http', authority, path: file });
  const settings = JSON.stringify({
    productConfiguration: { enableTelemetry: false },
    folderUri: { scheme: 'tmp', path: '/workspace' },
    developmentOptions: {
      extensions: [at('/extension')],
      extensionTestsPath: at(`/extension/${testsPath}`),
      enableSmokeTestDriver: true,
    },
    // Asked for by code-server's build.
    userDataPath: '/',
    isEnabledFileDownloads: false,
    isEnabledFileUploads: false,
    isEnabledCoderGettingStarted: false,
  });
  const base = `http://${authority}/build`;
  return `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta id="vscode-workbench-web-configuration" data-settings="${settings.replaceAll('"', '&quot;')}">
<link rel="stylesheet" href="${base}/out/vs/code/browser/workbench/workbench.css">
</head>
<body>
<script>globalThis._VSCODE_FILE_ROOT = '${base}/out/';</script>
<script type="module" src="${base}/out/nls.messages.js"></script>
<script type="module" src="${base}/out/vs/code/browser/workbench/workbench.js"></script>
</body>
</html>
`;
}

/**
 * The workbench as it is without code-server: it takes no server for granted and keeps the user's data in the browser.
 * @param {string} file
 */
async function localWorkbench(file) {
  const changes = /** @type {const} */ ([
    [/remoteAuthority:location\.host/, 'remoteAuthority:undefined'],
    [/\.with\(\{scheme:(\w+)\.vscodeRemote\}\),"User"\)/, '.with({scheme:$1.vscodeUserData}),"User")'],
  ]);
  let source = await readFile(file, 'utf8');
  for (const [place, text] of changes) {
    if (!place.test(source)) throw new Error(`${place} is nowhere in this build's workbench.`);
    source = source.replace(place, text);
  }
  return source;
}

/**
 * In the Node that VS Code's server runs in, whose `Math` is that of today's browsers: older ones round cosines otherwise.
 * @param {string} nodePath
 * @param {import('node:http').IncomingMessage} job as JSON
 * @returns {Promise<string>} what the worker replies, as JSON
 */
function runInNode(nodePath, job) {
  const child = spawn(nodePath, [path.join(root, 'test/host/nodeWorker.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  job.pipe(child.stdin);
  return text(child.stdout);
}
