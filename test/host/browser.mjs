import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, installPackage, run } from './packages.mjs';

const runFile = promisify(execFile);

/**
 * What playwright-core's `chromium.launch` needs.
 * @typedef {{ readonly executablePath: string, readonly args: readonly string[] }} Browser
 */

/** A Linux build of Chromium inside an npm package; pinned, since it must start under the installed playwright-core. */
const packagedChromium = { name: '@sparticuz/chromium', version: '153.0.0' };

const launchArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chrome and Chromium stand where they were installed by hand or by a package manager. */
const installedPaths = {
  linux: [],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
    const folder = process.env[variable];
    if (!folder) return [];
    return [
      path.join(folder, 'Google/Chrome/Application/chrome.exe'),
      path.join(folder, 'Microsoft/Edge/Application/msedge.exe'),
    ];
  }),
};

const commandNames = [
  'google-chrome',
  'google-chrome-stable',
  'chromium',
  'chromium-browser',
  'chrome',
  'microsoft-edge',
];

/**
 * A Chrome or Chromium for tests: `CHROME_PATH`, an installed one, Debian's package where apt and root are at hand, else the npm
 * package. Installs what it must.
 * @returns {Promise<Browser>}
 */
export async function findBrowser() {
  const executablePath =
    (await givenBrowser()) ?? (await installedBrowser()) ?? (await debianBrowser()) ?? (await packagedBrowser());
  return { executablePath, args: launchArguments };
}

/** @returns {Promise<string | undefined>} */
async function givenBrowser() {
  const given = process.env.CHROME_PATH;
  if (!given) return undefined;
  if (!(await isExecutable(given))) throw new Error(`CHROME_PATH names ${given}, which cannot be run.`);
  return given;
}

/** @returns {Promise<string | undefined>} */
export async function installedBrowser() {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = [
    ...(installedPaths[/** @type {keyof typeof installedPaths} */ (process.platform)] ?? []),
    ...commandNames.flatMap((name) => folders.map((folder) => path.join(folder, name))),
  ];
  for (const candidate of candidates) {
    if ((await isExecutable(candidate)) && (await startsOutsideSnap(candidate))) return candidate;
  }
  return undefined;
}

/** Ubuntu's `chromium-browser` is a script that asks for a snap; it starts no browser where there is none. */
async function startsOutsideSnap(/** @type {string} */ file) {
  if (process.platform !== 'linux') return true;
  try {
    await runFile(file, ['--version'], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/** @returns {Promise<string | undefined>} */
async function debianBrowser() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID=debian$/m.test(system)) return undefined;
  try {
    console.log('No Chrome or Chromium found: installing Debian’s chromium …');
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    console.log(`That failed: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
  return installedBrowser();
}

/** @returns {Promise<string>} */
async function packagedBrowser() {
  if (process.platform !== 'linux') {
    throw new Error('No Chrome or Chromium found. Install one, or set CHROME_PATH to its program.');
  }
  const folder = path.join(cacheFolder, 'chromium', packagedChromium.version);
  const installed = await installPackage(packagedChromium, folder);
  const { default: chromium } = await import(pathToFileURL(path.join(installed, 'build/index.js')).href);
  return chromium.executablePath();
}

async function isExecutable(/** @type {string} */ file) {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
