/** The colour with its opacity multiplied. Computed colours read `rgb(…)`, `rgba(…)` or, for mixes, `color(srgb …)`. */
export function withAlpha(colour: string, alpha: number): string {
  const [red, green, blue, opacity = 1] = (colour.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  if (red === undefined || green === undefined || blue === undefined) return colour;
  const scale = colour.startsWith('color(') ? 255 : 1;
  const channels = [red, green, blue].map((channel) => Math.round(channel * scale));
  return `rgba(${channels.join(', ')}, ${Number((opacity * alpha).toFixed(3))})`;
}
