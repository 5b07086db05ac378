import type { ModelAnalysis } from '../core/analysis';
import type { NetworkNode } from '../core/network/network';
import type { Span } from '../core/span';

/** The cursor in the analysed text, with the ends of its line. */
export interface Cursor {
  readonly file: string;
  readonly offset: number;
  readonly lineStart: number;
  readonly lineEnd: number;
}

/**
 * Paths of the layers under the cursor: those of the narrowest piece of source around it, else all that begin on its line. Several
 * where one line makes several layers.
 */
export function layersAt(model: ModelAnalysis, cursor: Cursor): readonly string[] {
  const { file, offset, lineStart, lineEnd } = cursor;
  let narrowest = Number.POSITIVE_INFINITY;
  let around: NetworkNode[] = [];
  const onLine: NetworkNode[] = [];
  for (const node of model.network.nodes) {
    if (node.isForeign) continue;
    const spans = spansOf(node).filter((span) => span.file === file && span.end > span.start);
    const width = Math.min(
      ...spans.filter(({ start, end }) => start <= offset && offset <= end).map(({ start, end }) => end - start),
    );
    if (width < narrowest) {
      narrowest = width;
      around = [node];
    } else if (width === narrowest && Number.isFinite(width)) {
      around.push(node);
    }
    if (spans.some(({ start }) => start >= lineStart && start <= lineEnd)) onLine.push(node);
  }
  return (around.length > 0 ? around : onLine).map((node) => node.path);
}

/** Where a layer stands in the source: made and applied. */
function spansOf({ provenance }: NetworkNode): readonly Span[] {
  return [provenance.made, provenance.applied];
}
