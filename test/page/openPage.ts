import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { createNonce, pageHtml } from '../../src/panels/pageHtml';
import type { Intent } from '../../src/protocol/messages';
import type { PagePlace, ViewState } from '../../src/protocol/viewState';
import themes from '../fixtures/page/themes.json';
import { findBrowser } from '../host/browser.mjs';

export type ThemeName = keyof typeof themes;
export const themeNames = Object.keys(themes) as ThemeName[];

const origin = 'https://page.test';
const dist = process.env.GRADLENS_PAGE ?? path.join(__dirname, '../../dist/webview');

export async function launchBrowser(): Promise<Browser> {
  const { executablePath, args } = await findBrowser();
  return chromium.launch({ executablePath, args: [...args] });
}

/** The page in a real browser under its own policy, with a double of VS Code's side of it. */
export class OpenPage {
  readonly problems: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {}

  static async open(
    browser: Browser,
    options: {
      readonly theme?: ThemeName;
      readonly width?: number;
      readonly height?: number;
      readonly saved?: unknown;
      readonly place?: PagePlace;
    } = {},
  ): Promise<OpenPage> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1200, height: options.height ?? 900 },
    });
    const page = await context.newPage();
    const opened = new OpenPage(page, context);
    page.on('console', (message) => {
      if (message.type() === 'error') opened.problems.push(message.text());
    });
    page.on('pageerror', (error) => opened.problems.push(String(error)));
    const html = pageHtml({
      script: `${origin}/main.js`,
      style: `${origin}/style.css`,
      styleSource: origin,
      nonce: createNonce(),
      place: options.place ?? 'panel',
      language: 'en',
      title: 'Gradlens',
    });
    await page.route(`${origin}/**`, async (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (name === '') return route.fulfill({ contentType: 'text/html', body: html });
      if (name !== 'main.js' && name !== 'style.css') return route.fulfill({ status: 404 });
      const contentType = name.endsWith('.js') ? 'text/javascript' : 'text/css';
      return route.fulfill({ contentType, body: await readFile(path.join(dist, name)) });
    });
    // tsx wraps named functions in a helper that the page does not have.
    await page.addInitScript('globalThis.__name = (named) => named');
    await page.addInitScript(
      ({ theme, saved }) => {
        const posted: unknown[] = [];
        let state = saved;
        Object.assign(window, {
          posted,
          acquireVsCodeApi: () => ({
            postMessage: (message: unknown) => posted.push(JSON.parse(JSON.stringify(message))),
            getState: () => state,
            setState: (next: unknown) => {
              state = next;
              Object.assign(window, { savedState: next });
            },
          }),
        });
        document.addEventListener('securitypolicyviolation', (event) =>
          console.error(`CSP: ${event.violatedDirective}`),
        );
        const apply = () => {
          for (const [name, value] of Object.entries(theme.variables))
            document.documentElement.style.setProperty(name, value);
          document.documentElement.style.setProperty('background', 'var(--vscode-editor-background)');
          document.body.classList.add(theme.class);
        };
        new MutationObserver((_, observer) => {
          if (!document.body) return;
          observer.disconnect();
          apply();
        }).observe(document, { childList: true, subtree: true });
      },
      { theme: themes[options.theme ?? 'dark'], saved: options.saved },
    );
    await page.goto(`${origin}/`);
    await page.waitForFunction(() => 'posted' in window && (window.posted as unknown[]).length > 0);
    return opened;
  }

  /** Sends a state as the host does: through JSON. */
  async show(state: ViewState): Promise<void> {
    await this.page.evaluate(
      (sent) => {
        window.dispatchEvent(new MessageEvent('message', { data: JSON.parse(sent) }));
        return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      },
      JSON.stringify({ type: 'state', state }),
    );
  }

  /** What the page asked for since the last call, *ready* left out. */
  async intents(): Promise<readonly Intent[]> {
    const posted = await this.page.evaluate(() => (window as unknown as { posted: unknown[] }).posted.splice(0));
    return (posted as Intent[]).filter(({ type }) => type !== 'ready');
  }

  async setTheme(name: ThemeName): Promise<void> {
    await this.page.evaluate((theme) => {
      document.documentElement.removeAttribute('style');
      for (const [variable, value] of Object.entries(theme.variables))
        document.documentElement.style.setProperty(variable, value);
      document.documentElement.style.setProperty('background', 'var(--vscode-editor-background)');
      document.body.className = theme.class;
      return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }, themes[name]);
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
