// Collects the texts that are translated; run by itself it writes them to l10n/bundle.l10n.json.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const literal = String.raw`'((?:[^'\\\n]|\\.)*)'`;

/** Texts that the host looks up where it shows them. */
const hostTexts = new RegExp(String.raw`l10n\.t\(\s*${literal}`, 'g');
/** Texts of the core's messages; also the first choice of a conditional, and the second one behind it. */
const messageTexts = new RegExp(String.raw`\btext:\s*(?:[^'\n]*\?\s*)?${literal}(?:\s*:\s*${literal})?`, 'g');
/** Texts of the page. */
const pageTexts = new RegExp(String.raw`^ {2}\w+:\s*${literal},$`, 'gm');

const messageFolders = ['core/rules', 'core/findings', 'core/network', 'core/environment'].map((folder) =>
  path.join('src', folder),
);

/** @returns {Readonly<Record<string, string>>} every text by itself, sorted */
export function translatedTexts() {
  /** @type {Set<string>} */
  const texts = new Set();
  for (const file of readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    const name = path.join('src', file);
    if (!name.endsWith('.ts')) continue;
    const source = readFileSync(path.join(root, name), 'utf8');
    const patterns = [hostTexts];
    if (messageFolders.some((folder) => name.startsWith(folder + path.sep))) patterns.push(messageTexts);
    if (name.endsWith('pageStrings.ts')) patterns.push(pageTexts);
    for (const match of patterns.flatMap((pattern) => [...source.matchAll(pattern)])) {
      for (const text of match.slice(1)) if (text) texts.add(text.replace(/\\(.)/g, '$1'));
    }
  }
  return Object.fromEntries([...texts].sort().map((text) => [text, text]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(path.join(root, 'l10n/bundle.l10n.json'), `${JSON.stringify(translatedTexts(), undefined, 2)}\n`);
}
