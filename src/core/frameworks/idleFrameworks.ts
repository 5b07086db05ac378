import type { Framework, OpenFramework, SourceReader, TraceSession } from './framework';

interface IdleFramework {
  readonly open: OpenFramework;
  /** Evaluations that it has served. */
  readonly uses: number;
}

/** The tables remember names that were asked for and that no framework has; after so many evaluations they are made anew. */
const mostUses = 1_000;

const idle = new Map<Framework, IdleFramework>();
const inUse = new WeakMap<OpenFramework, IdleFramework>();

/** Opens a framework; with the tables of an evaluation that has ended, as making them takes longer than reading a small file. */
export function openFramework(framework: Framework, session: TraceSession, readSource: SourceReader): OpenFramework {
  const known = idle.get(framework);
  idle.delete(framework);
  if (known) known.open.reopen?.(session, readSource);
  const open = known?.open ?? framework.open(session, readSource);
  inUse.set(open, { open, uses: (known?.uses ?? 0) + 1 });
  return open;
}

/** Called when nothing of the evaluation will be used again. `resting` takes the place of its session. */
export function returnFramework(framework: Framework, open: OpenFramework, resting: TraceSession): void {
  const used = inUse.get(open);
  if (!used || !open.reopen || used.uses >= mostUses) return;
  open.reopen(resting, () => undefined);
  idle.set(framework, used);
}
