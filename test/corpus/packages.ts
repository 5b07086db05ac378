import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Unpacked wheels, never committed. */
export const cacheFolder = path.join(__dirname, '../../.cache/corpus/site');

/** Pinned; what each of them is was recorded from these versions. */
const requirements: readonly (readonly [folder: string, requirement: string])[] = [
  ['torchvision', 'torchvision==0.28.0'],
  ['vit_pytorch', 'vit-pytorch==1.26.11'],
  ['labml_nn', 'labml-nn==0.5.1'],
  ['d2l', 'd2l==1.0.3'],
  ['timm', 'timm==1.0.31'],
  ['segmentation_models_pytorch', 'segmentation-models-pytorch==0.6.0'],
  ['keras', 'keras==3.15.1'],
];

/** Downloads what is missing and unpacks its Python sources. Nothing of it is ever run. */
export function fetchPackages(): void {
  const wheels = path.join(cacheFolder, '../wheels');
  mkdirSync(wheels, { recursive: true });
  mkdirSync(cacheFolder, { recursive: true });
  for (const [folder, requirement] of requirements) {
    if (existsSync(path.join(cacheFolder, folder))) continue;
    execFileSync('pip', ['download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', wheels, requirement], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const prefix = requirement.split('==').join('-').replaceAll('-', '_').toLowerCase();
    const wheel = readdirSync(wheels).find((name) => name.replaceAll('-', '_').toLowerCase().startsWith(prefix));
    if (!wheel) throw new Error(`${requirement}: no wheel was downloaded`);
    execFileSync('python3', ['-m', 'zipfile', '-e', path.join(wheels, wheel), cacheFolder]);
  }
}
