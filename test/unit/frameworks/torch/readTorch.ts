import type { TraceSession } from '../../../../src/core/frameworks/framework';
import { torch } from '../../../../src/core/frameworks/torch/torch';
import type { NetworkNode, Parameter, Shape } from '../../../../src/core/network/network';
import { ReadingSession } from '../../../../src/core/network/readingSession';
import { Interpreter } from '../../../../src/core/python/interpreter';
import { parsePython } from '../../../../src/core/python/parse';
import type { Scope } from '../../../../src/core/python/values';

export interface TorchReading {
  readonly session: ReadingSession;
  readonly scope: Scope;
  /** Of the first model that the text applies, in order. */
  readonly parameters: readonly Parameter[];
  readonly outputs: readonly Shape[];
  /** All that was traced. */
  readonly nodes: readonly NetworkNode[];
  readonly unknowns: readonly string[];
  readonly mismatches: readonly string[];
}

/** Evaluates the text with PyTorch alone; the batch size is 4. */
export function readTorch(text: string): TorchReading {
  const session = new ReadingSession(4);
  const framework = torch.open(session satisfies TraceSession);
  const interpreter = new Interpreter({ frameworks: framework, clock: () => performance.now() });
  const scope = interpreter.evaluateModule(parsePython(text), 'models.py');
  const application = session.applications[0];
  const ids = application ? framework.parametersOf(application.model) : [];
  return {
    session,
    scope,
    parameters: ids.map((id) => session.tracer.parameter(id)),
    outputs: application?.outputs.map((tensor) => tensor.shape) ?? [],
    nodes: session.tracer.nodes,
    unknowns: [...new Set(interpreter.unknowns.map((unknown) => unknown.reason))],
    mismatches: session.mismatches,
  };
}
