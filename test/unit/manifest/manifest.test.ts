import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import manifest from '../../../package.json';
import names from '../../../package.nls.json';
import { rules } from '../../../src/core/rules/rules';
import { defaultThresholds } from '../../../src/core/rules/thresholds';
import { inputPresets } from '../../../src/core/signal/inputStatistics';
import {
  commandIds,
  panelViewType,
  repositoryUrl,
  settingIds,
  settingsSection,
  viewIds,
  walkthroughId,
} from '../../../src/protocol/ids';

const root = path.resolve(__dirname, '../../..');
const { contributes } = manifest;
const settings = contributes.configuration.properties;

suite('manifest', () => {
  test('contributes exactly the commands that the source knows', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), Object.values(commandIds).sort());
    assert.ok(contributes.commands.every(({ category }) => category === 'Gradlens'));
  });

  test('menus name commands that exist', () => {
    const known = new Set<string>(Object.values(commandIds));
    for (const items of Object.values(contributes.menus)) {
      for (const { command } of items) assert.ok(known.has(command), command);
    }
  });

  test('contributes exactly the settings that the source reads', () => {
    const read = Object.values(settingIds).map((id) => `${settingsSection}.${id}`);
    assert.deepEqual(Object.keys(settings).sort(), read.sort());
  });

  test('rules, thresholds and presets of the settings are those of the core', () => {
    const severities = settings['gradlens.rules.severities'].properties;
    assert.deepEqual(Object.keys(severities).sort(), rules.map(({ id }) => id).sort());
    const thresholds = settings['gradlens.rules.thresholds'].properties;
    const defaults = Object.entries(thresholds).map(([name, { default: value }]) => [name, value]);
    assert.deepEqual(Object.fromEntries(defaults), { ...defaultThresholds });
    assert.deepEqual(settings['gradlens.analysis.input'].enum, ['auto', ...inputPresets]);
  });

  test('contributes the view, its container, the panel and the walkthrough', () => {
    assert.deepEqual(
      contributes.viewsContainers.activitybar.map(({ id }) => id),
      [viewIds.container],
    );
    assert.deepEqual(
      contributes.views[viewIds.container].map(({ id }) => id),
      [viewIds.profile],
    );
    assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${panelViewType}`));
    assert.deepEqual(
      contributes.walkthroughs.map(({ id }) => id),
      [walkthroughId],
    );
  });

  test('every %key% has its text and every text its use', () => {
    const text = readFileSync(path.join(root, 'package.json'), 'utf8');
    const used = new Set([...text.matchAll(/"%([^%"]+)%"/g)].map((match) => match[1]));
    assert.deepEqual([...used].sort(), Object.keys(names).sort());
  });

  test('files that it names exist', () => {
    const media = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map((step) => step.media.markdown)),
    ];
    for (const file of media) assert.ok(existsSync(path.join(root, file)), file);
  });

  test('works in untrusted and virtual workspaces and on the web', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, true);
    assert.equal(manifest.capabilities.virtualWorkspaces.supported, true);
    assert.ok(manifest.browser);
    assert.ok(!manifest.activationEvents.includes('*'));
    assert.ok(!manifest.activationEvents.includes('onStartupFinished'));
  });

  test('links go to the repository that it names', () => {
    assert.equal(`${repositoryUrl}.git`, manifest.repository.url);
  });
});
