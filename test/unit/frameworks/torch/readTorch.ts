import type { OpenFramework, TraceSession } from '../../../../src/core/frameworks/framework';
import { torch } from '../../../../src/core/frameworks/torch/torch';
import type { NetworkNode, Parameter, Shape } from '../../../../src/core/network/network';
import { ReadingSession } from '../../../../src/core/network/readingSession';
import { Interpreter } from '../../../../src/core/python/interpreter';
import { parsePython } from '../../../../src/core/python/parse';
import type { Scope, Value } from '../../../../src/core/python/values';

export interface TorchReading {
  readonly session: ReadingSession;
  readonly framework: OpenFramework;
  readonly scope: Scope;
  /** Of the first model that the text applies, in order. */
  readonly parameters: readonly Parameter[];
  readonly outputs: readonly Shape[];
  /** All that was traced. */
  readonly nodes: readonly NetworkNode[];
  readonly unknowns: readonly string[];
  readonly mismatches: readonly string[];
  /** Of the module that a name stands for, itself or one of its methods; none where it stands for something else. */
  readonly parametersOf: (name: string) => readonly Parameter[];
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
    framework,
    scope,
    parameters: ids.map((id) => session.tracer.parameter(id)),
    outputs: application?.outputs.map((tensor) => tensor.shape) ?? [],
    nodes: session.tracer.nodes,
    unknowns: [...new Set(interpreter.unknowns.map((unknown) => unknown.reason))],
    mismatches: session.mismatches,
    parametersOf: (name) => {
      const value = scope.names.get(name);
      const module = value?.kind === 'method' ? value.self : value;
      const own = module?.kind === 'instance' ? framework.parametersOf(module) : [];
      return own.map((id) => session.tracer.parameter(id));
    },
  };
}

/** Shapes of the tensors in a value, in order. */
export function tensorsOf(framework: OpenFramework, value: Value | undefined): readonly Shape[] {
  return value ? framework.tensorsIn(value).map((tensor) => tensor.shape) : [];
}
