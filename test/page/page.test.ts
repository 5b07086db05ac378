import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import themes from '../fixtures/page/themes.json';
import { launchBrowser, OpenPage, themeNames } from './openPage';
import { contents, profileOf, stateOf } from './pageContents';
import { deepSigmoid } from './sampleModels';

const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

suite('page', () => {
  let browser: Browser;
  let opened: OpenPage | undefined;

  suiteSetup(async () => {
    browser = await launchBrowser();
  });

  suiteTeardown(() => browser?.close());

  teardown(async () => {
    const problems = opened?.problems ?? [];
    await opened?.close();
    opened = undefined;
    assert.deepEqual(problems, [], 'errors or policy violations');
  });

  async function open(options?: Parameters<typeof OpenPage.open>[1]): Promise<OpenPage> {
    opened = await OpenPage.open(browser, options);
    return opened;
  }

  test('asks for its state and draws nothing before it has it', async () => {
    const { page } = await open();
    assert.deepEqual(await page.evaluate(() => (window as unknown as { posted: unknown[] }).posted), [
      { type: 'ready' },
    ]);
    assert.equal(await textOf(page, 'main'), '');
  });

  for (const [name, content] of Object.entries(contents)) {
    test(`shows the state ${name} without overflow at any width`, async () => {
      const shown = await open({ width: 250 });
      for (const width of [250, 280, 320, 600, 1200]) {
        await shown.page.setViewportSize({ width, height: 900 });
        await shown.show(stateOf(content()));
        const overflow = await shown.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${overflow} px too wide at ${width} px`);
      }
      assert.ok((await shown.page.locator('[data-state]').count()) === 1);
      assert.ok((await textOf(shown.page, 'main')).trim().length > 10);
    });
  }

  test('a value that the source leaves open can be set; what is no value is refused where it stands', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.origins()));
    const { page } = shown;
    const field = page.locator('[data-focus^="argument"]').last();
    await field.fill('depth * 2');
    await field.press('Enter');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.match(await textOf(page, '.refusal:not(:empty)'), /A Python value is wanted/);
    assert.deepEqual(await shown.intents(), []);
    await field.fill('(64, 128)');
    await field.press('Enter');
    const name = `${'very_'.repeat(7)}long_name`;
    assert.deepEqual(await shown.intents(), [{ type: 'setArgument', model: 'DeepSigmoid', name, text: '(64, 128)' }]);
    await page.locator('[data-focus="input shape"]').fill('1x28x28');
    await page.locator('[data-focus="input shape"]').press('Enter');
    await page.locator('[data-focus="input data"]').selectOption('mnist');
    await page.locator('[data-focus="directive"]').click();
    await page.locator('[data-focus="origin 2"]').click();
    assert.deepEqual(await shown.intents(), [
      { type: 'setInputShape', model: 'DeepSigmoid', text: '1x28x28' },
      { type: 'setInputData', model: 'DeepSigmoid', text: 'mnist' },
      { type: 'writeDirective', version: '1' },
      { type: 'revealOrigin', version: '1', origin: 2 },
    ]);
  });

  test('a sample batch is asked for, and taken back', async () => {
    const shown = await open();
    const { page } = shown;
    await shown.show(stateOf(contents.origins()));
    await page.locator('[data-focus="input data"]').selectOption({ label: 'your own data (.npy) …' });
    await shown.show(stateOf(contents.sample()));
    const name = '../recordings/batch of 2026-11-26.npy';
    assert.equal(await page.locator('[data-focus="input data"]').inputValue(), name);
    assert.ok((await textOf(page, '.head .note')).includes(`input: ${name}`));
    await page.locator('[data-focus="remove sample"]').click();
    await shown.show(stateOf(contents['sample refused']()));
    assert.equal(
      await textOf(page, '.origin .refusal:not(:empty)'),
      'data/batch.npy: its samples have the shape 3x224x224, the model takes 1x28x28',
    );
    assert.equal(await page.locator('[data-focus="input data"]').inputValue(), 'data/batch.npy');
    await page.locator('[data-focus="input data"]').selectOption('mnist');
    assert.deepEqual(await shown.intents(), [
      { type: 'chooseSample', model: 'DeepSigmoid' },
      { type: 'setInputData', model: 'DeepSigmoid', text: '' },
      { type: 'setInputData', model: 'DeepSigmoid', text: 'mnist' },
    ]);
  });

  test('says which engines the numbers come from', async () => {
    const shown = await open();
    const note = () => textOf(shown.page, '.head .note');
    await shown.show(stateOf(contents.sigmoid()));
    assert.match(await note(), /· estimated by formulas$/);
    await shown.show(stateOf(contents.refining()));
    assert.match(await note(), /· estimated by formulas, being refined …$/);
    await shown.show(stateOf(contents.refined()));
    assert.match(await note(), /· refined by 8 runs with random weights$/);
  });

  test('a state that comes by itself leaves no blank picture, and no text half typed', async () => {
    const shown = await open();
    const { page } = shown;
    await shown.show(stateOf(contents.refining()));
    const blanks = await page.evaluate(
      (sent) => {
        window.dispatchEvent(new MessageEvent('message', { data: JSON.parse(sent) }));
        return [...document.querySelectorAll('canvas')].filter((canvas) => {
          const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [0] };
          return data.every((value) => value === 0);
        }).length;
      },
      JSON.stringify({ type: 'state', state: stateOf(contents.refined()) }),
    );
    assert.equal(blanks, 0, 'canvases are drawn before anybody sees them');
    await shown.show(stateOf(contents.refining()));
    const field = page.locator('[data-focus="expression"]');
    await field.pressSequentially('Net(dep');
    await shown.show(stateOf(contents.refined()));
    await field.pressSequentially('th=3)');
    assert.equal(await field.inputValue(), 'Net(depth=3)');
    await field.press('Enter');
    await page.locator('.head .note', { hasText: 'refined by' }).waitFor();
    assert.deepEqual(await shown.intents(), [{ type: 'showExpression', text: 'Net(depth=3)' }]);
  });

  test('a block and any expression can be asked for', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.origins()));
    const { page } = shown;
    await page.locator('[data-focus="model"]').selectOption({ label: 'Block (block)' });
    await page.locator('[data-focus="expression"]').fill('Net(depth=3)');
    await page.locator('[data-focus="expression"]').press('Enter');
    assert.deepEqual(await shown.intents(), [
      { type: 'showBlock', name: 'Block' },
      { type: 'showExpression', text: 'Net(depth=3)' },
    ]);
    await shown.show(stateOf(contents.asked()));
    assert.match(await textOf(page, '.chooser'), /name Net is not defined/);
  });

  test('a model that waits for arguments has a field for each', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.nothing()));
    const field = shown.page.locator('[data-focus="argument Net mystery"]');
    await field.fill('3');
    await field.press('Enter');
    assert.deepEqual(await shown.intents(), [{ type: 'setArgument', model: 'Net', name: 'mystery', text: '3' }]);
  });

  test('blocks scripts and styles that are not its own', async () => {
    const shown = await open();
    const hacked = await shown.page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.hacked = 1';
      document.body.append(script);
      return 'hacked' in window;
    });
    assert.equal(hacked, false);
    while (shown.problems.length < 2) await shown.page.waitForTimeout(20);
    assert.ok(shown.problems.every((problem) => problem.includes('script-src') || problem.includes('inline script')));
    shown.problems.length = 0;
  });

  test('shows hostile names as text', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.hostile()));
    const { page } = shown;
    assert.equal(await textOf(page, 'h1'), '<img src=x onerror="window.hacked=1">');
    assert.equal(await page.locator('main img, main script, main b').count(), 0);
    assert.ok((await textOf(page, 'table')).includes('**bold** [link](command:evil)'));
    assert.equal(await page.evaluate(() => 'hacked' in window), false);
  });

  test('draws the gradient in the theme’s colour and again when the theme changes', async () => {
    const shown = await open({ theme: 'light' });
    await shown.show(stateOf(contents.sigmoid()));
    for (const theme of themeNames) {
      await shown.setTheme(theme);
      const wanted = themes[theme].variables['--vscode-charts-blue'];
      const share = await inkShare(shown, wanted);
      assert.ok(share > 0.001, `${theme}: ${share} of the picture is ${wanted}`);
      assert.ok((await inkShare(shown, '#ff00ff')) === 0);
    }
  });

  test('marks the layer at the cursor in charts and table', async () => {
    const shown = await open({ theme: 'light' });
    const content = contents.sigmoid();
    const first = stateOf(content);
    await shown.show(first);
    const before = await pictureOf(shown);
    await shown.show({ ...first, highlights: ['net.10'] });
    assert.notEqual(await pictureOf(shown), before);
    assert.equal(await shown.page.locator('tr.is-highlighted').count(), 1);
    assert.ok((await textOf(shown.page, 'tr.is-current')).includes('net.10'));
    assert.ok((await textOf(shown.page, '.readout')).includes('net.10'));
    await shown.show({ ...first, highlights: ['net.8', 'net.10', 'net.12'] });
    assert.equal(await shown.page.locator('tr.is-highlighted').count(), 3);
    assert.ok((await textOf(shown.page, '.readout')).includes('net.10'), 'one of several stays the current one');
    await shown.show({ ...first, highlights: [] });
    assert.equal(await shown.page.locator('tr.is-highlighted').count(), 0);
  });

  test('a click on a layer reveals it in the editor', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.sigmoid()));
    const canvas = shown.page.locator('.charts canvas').first();
    const box = await canvas.boundingBox();
    assert.ok(box);
    await canvas.click({ position: { x: box.width - 12, y: 60 } });
    assert.deepEqual(await shown.intents(), [{ type: 'revealLayer', version: '1', path: 'net.22', focus: false }]);
    await shown.page.locator('tbody tr').nth(2).click();
    assert.deepEqual(await shown.intents(), [{ type: 'revealLayer', version: '1', path: 'net.2', focus: false }]);
  });

  test('steps through the layers by keyboard and speaks each', async () => {
    const shown = await open();
    const { page } = shown;
    await shown.show(stateOf(contents.sigmoid()));
    await page.locator('.charts').focus();
    await page.keyboard.press('End');
    assert.match(await textOf(page, '[role=status]'), /^23 of 23, net\.22, Linear\(64, 64\): gradient 0\.1/);
    await page.keyboard.press('ArrowLeft');
    assert.match(await textOf(page, '[role=status]'), /^22 of 23, net\.21, Sigmoid\(\): .* saturated 23%$/);
    await page.keyboard.press('Enter');
    assert.deepEqual(await shown.intents(), [{ type: 'revealLayer', version: '1', path: 'net.21', focus: false }]);
    await page.keyboard.press('Home');
    assert.match(await textOf(page, '[role=status]'), /^1 of 23, net\.0,.* gradient 1e-9/);
    const outline = await page.locator('.charts').evaluate((charts) => getComputedStyle(charts).outlineStyle);
    assert.equal(outline, 'solid');
  });

  test('every action can be reached by tab', async () => {
    const shown = await open();
    await shown.show(stateOf(contents['what-if']()));
    const reached = new Set<string>();
    for (let step = 0; step < 40; step++) {
      await shown.page.keyboard.press('Tab');
      reached.add(await shown.page.evaluate(() => document.activeElement?.getAttribute('data-focus') ?? ''));
    }
    const wanted = [
      'charts',
      'rule 0',
      'finding 0',
      'fix 0 0',
      'what-if activation',
      'what-if reset',
      'table',
      'reveal',
    ];
    for (const focus of wanted) assert.ok(reached.has(focus), focus);
  });

  test('asks for fixes, rule pages, models and what-ifs', async () => {
    const shown = await open();
    const { page } = shown;
    await shown.show(stateOf(contents.sigmoid()));
    await page.locator('button.fix').first().click();
    await page.locator('.finding button.link').first().click();
    await page.locator('.finding button.quiet').nth(1).click();
    await page.locator('.head select').selectOption('1');
    await page.locator('.what-if select').first().selectOption('gelu');
    assert.deepEqual(await shown.intents(), [
      { type: 'applyFix', version: '1', rule: 'vanishing-gradient', finding: 0, fix: 0 },
      { type: 'openRulePage', rule: 'vanishing-gradient' },
      { type: 'revealFinding', version: '1', finding: 1 },
      { type: 'chooseModel', index: 1 },
      { type: 'setWhatIf', edits: [{ kind: 'activation', id: 'gelu' }] },
    ]);
    await shown.show(stateOf(contents['what-if']()));
    assert.ok((await textOf(page, '.fall')).includes('1e-8 →'));
    await page.locator('.what-if select').nth(2).selectOption('layer');
    await page.locator('.what-if button').click();
    assert.deepEqual(await shown.intents(), [
      {
        type: 'setWhatIf',
        edits: [
          { kind: 'activation', id: 'relu' },
          { kind: 'normalisation', variant: 'layer' },
        ],
      },
      { type: 'setWhatIf', edits: [] },
    ]);
  });

  test('keeps the focus where it was when a new state comes', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.sigmoid()));
    await shown.page.locator('.what-if select').nth(1).focus();
    await shown.show(stateOf(profileOf(deepSigmoid(), { isBusy: true })));
    const focused = await shown.page.evaluate(() => document.activeElement?.getAttribute('data-focus'));
    assert.equal(focused, 'what-if initialiser');
  });

  test('compares activations and stops at six', async () => {
    const shown = await open();
    const { page } = shown;
    await shown.show(stateOf(contents.compare()));
    assert.equal(await page.locator('.pick input:checked').count(), 6);
    assert.equal(await page.locator('.pick input:not(:checked):enabled').count(), 0);
    await page.locator('[data-focus="pick gelu"]').click();
    assert.deepEqual(await shown.intents(), [{ type: 'setCompare', ids: ['sigmoid', 'tanh', 'relu', 'silu', 'elu'] }]);
    await page.locator('[data-focus=back]').click();
    assert.deepEqual(await shown.intents(), [{ type: 'showProfile' }]);
  });

  test('keeps its arrangement, and nothing else, over a reload', async () => {
    const shown = await open({ saved: { layer: 'net.6', isTableOpen: false } });
    const { page } = shown;
    await shown.show(stateOf(contents.sigmoid()));
    assert.ok((await textOf(page, '.readout')).includes('net.6'));
    assert.equal(await page.locator('details').evaluate((details) => (details as HTMLDetailsElement).open), false);
    await page.locator('summary').click();
    await page.waitForFunction(() => 'savedState' in window);
    assert.deepEqual(await page.evaluate(() => (window as unknown as { savedState: unknown }).savedState), {
      layer: 'net.6',
      isTableOpen: true,
    });
  });

  test('passes over messages that are not the host’s', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.sigmoid()));
    await shown.page.evaluate(() => {
      for (const data of [null, 'state', { type: 'state' }, { type: 'state', state: { revision: 1 } }]) {
        window.dispatchEvent(new MessageEvent('message', { data }));
      }
    });
    assert.equal(await textOf(shown.page, 'h1'), 'DeepSigmoid');
  });

  test('the time to draw does not outgrow the number of layers', async () => {
    const shown = await open();
    await shown.show(stateOf(contents.sigmoid()));
    const messages = [contents.sigmoid(), contents.deep()].map((content) =>
      JSON.stringify({ type: 'state', state: stateOf(content) }),
    );
    // In turn, since a state that is drawn already is not drawn again.
    const [few = 0, many = 0] = await shown.page.evaluate((sent) => {
      const spent = sent.map(() => 0);
      for (let round = 0; round < 5; round++) {
        sent.forEach((message, index) => {
          const start = performance.now();
          window.dispatchEvent(new MessageEvent('message', { data: JSON.parse(message) }));
          spent[index] = (spent[index] ?? 0) + performance.now() - start;
        });
      }
      return spent;
    }, messages);
    assert.ok(few > 0, 'nothing was drawn');
    assert.equal(await shown.page.locator('tbody tr').count(), 200);
    assert.ok(many < 20 * few, `200 layers take ${many} ms, 25 take ${few} ms`);
  });

  for (const theme of themeNames) {
    test(`has nothing that axe finds serious in ${theme}`, async () => {
      const shown = await open({ theme });
      for (const width of [280, 1200]) {
        await shown.page.setViewportSize({ width, height: 900 });
        for (const name of ['sigmoid', 'what-if', 'unknown', 'compare', 'nothing', 'failed'] as const) {
          await shown.show(stateOf(contents[name]()));
          assert.deepEqual(await seriousFindings(shown), [], `${name} at ${width} px`);
        }
      }
    });
  }
});

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? '';
}

/** Share of the first chart's pixels that have the colour, within a small distance. */
async function inkShare(shown: OpenPage, colour: string): Promise<number> {
  return shown.page.evaluate((hex) => {
    const canvas = document.querySelector<HTMLCanvasElement>('.charts canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return 0;
    const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let hits = 0;
    for (let at = 0; at < data.length; at += 4) {
      const isOpaque = (data[at + 3] ?? 0) > 250;
      if (isOpaque && wanted.every((channel, index) => Math.abs((data[at + index] ?? 0) - channel) <= 6)) hits++;
    }
    return hits / (data.length / 4);
  }, colour);
}

function pictureOf(shown: OpenPage): Promise<string> {
  return shown.page.evaluate(() => document.querySelector<HTMLCanvasElement>('.charts canvas')?.toDataURL() ?? '');
}

async function seriousFindings(shown: OpenPage): Promise<readonly string[]> {
  const hasAxe = await shown.page.evaluate(() => 'axe' in window);
  if (!hasAxe) await shown.page.evaluate(axeSource);
  return shown.page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}
