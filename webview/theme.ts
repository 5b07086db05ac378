/** Colours as a canvas takes them: a canvas reads no CSS variables. */
export interface Theme {
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  readonly gradient: string;
  readonly activation: string;
  readonly saturated: string;
  readonly healthy: string;
  readonly cursor: string;
  readonly error: string;
  readonly warning: string;
  readonly series: readonly string[];
  readonly fontFamily: string;
  readonly fontSize: number;
  readonly isHighContrast: boolean;
}

const names = {
  foreground: '--page-foreground',
  muted: '--page-muted',
  grid: '--page-grid',
  background: '--page-background',
  gradient: '--page-gradient',
  activation: '--page-activation',
  saturated: '--page-saturated',
  healthy: '--page-healthy',
  cursor: '--page-cursor',
  error: '--page-error',
  warning: '--page-warning',
} as const;

const seriesNames = [
  '--page-series-1',
  '--page-series-2',
  '--page-series-3',
  '--page-series-4',
  '--page-series-5',
  '--page-series-6',
];

/** Lets the browser work out each of the page's variables, mixes included, and reads the result. */
export function readTheme(): Theme {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const resolve = (name: string) => {
    probe.style.setProperty('color', `var(${name})`);
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, resolve(name)])) as Record<
    keyof typeof names,
    string
  >;
  const series = seriesNames.map(resolve);
  probe.remove();
  const { fontFamily, fontSize } = getComputedStyle(document.body);
  const { classList } = document.body;
  return {
    ...colours,
    series,
    fontFamily,
    fontSize: Number.parseFloat(fontSize) || 13,
    isHighContrast: classList.contains('vscode-high-contrast') || classList.contains('vscode-high-contrast-light'),
  };
}

/** Calls back when VS Code changes the theme: it rewrites the root's style and the body's class. */
export function onThemeChange(callback: () => void): void {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
}
