import type {
  DeclaredLoss,
  Framework,
  ModelApplication,
  OpenFramework,
  TraceSession,
} from '../../../../src/core/frameworks/framework';
import { keras } from '../../../../src/core/frameworks/keras/keras';
import { numpy } from '../../../../src/core/frameworks/numpy/numpy';
import type { Dim, NetworkNode, Parameter } from '../../../../src/core/network/network';
import { type TracedTensor, Tracer } from '../../../../src/core/network/tracer';
import { Interpreter } from '../../../../src/core/python/interpreter';
import { parsePython } from '../../../../src/core/python/parse';
import type { CallTrail, InstanceValue, Scope, Value } from '../../../../src/core/python/values';

const file = 'model.py';

/** One model of a text as the framework reads it, with every node of its application. */
export interface TracedModel {
  readonly nodes: readonly NetworkNode[];
  readonly outputs: readonly TracedTensor[];
  readonly parameters: readonly Parameter[];
}

export interface TracedText {
  readonly scope: Scope;
  readonly interpreter: Interpreter;
  readonly session: RecordingSession;
  readonly opened: ReadonlyMap<Framework, OpenFramework>;
}

/** Takes declared input shapes, or the one given; keeps what the frameworks report. */
class RecordingSession implements TraceSession {
  readonly tracer = new Tracer(32, 20_000);
  readonly applications: ModelApplication[] = [];
  readonly losses: DeclaredLoss[] = [];
  readonly lossesSeen: TracedTensor[] = [];
  readonly mismatches: string[] = [];
  #depth = 0;

  constructor(
    readonly inputShape: readonly Dim[] | undefined,
    readonly declared: (model: InstanceValue) => readonly (readonly Dim[] | undefined)[] | undefined,
  ) {}

  get isInsideModel(): boolean {
    return this.#depth > 0;
  }

  enterModel(): void {
    this.#depth++;
  }

  leaveModel(application: ModelApplication): void {
    this.#depth--;
    this.applications.push(application);
  }

  assumedInput(model: InstanceValue, parameterName: string, index: number): TracedTensor | undefined {
    const shape = this.declared(model)?.[index] ?? this.inputShape;
    return shape && this.input(shape, parameterName, index);
  }

  input(shape: readonly Dim[], name: string, index: number): TracedTensor {
    return this.tracer.add({
      operation: { kind: 'input', index, content: 'real' },
      inputs: [],
      shape: [{ perBatch: 1 }, ...shape],
      name,
      label: name,
      applied: [],
    });
  }

  lossSeen(loss: TracedTensor): void {
    this.lossesSeen.push(loss);
  }

  lossDeclared(loss: DeclaredLoss): void {
    this.losses.push(loss);
  }

  shapeMismatch(description: string, _trail: CallTrail): void {
    this.mismatches.push(description);
  }
}

/** Evaluates a text with Keras and NumPy. `inputShape` is for models that declare none, without the batch axis. */
export function traceText(text: string, inputShape?: readonly Dim[]): TracedText {
  const opened = new Map<Framework, OpenFramework>();
  const session = new RecordingSession(inputShape, (model) => opened.get(keras)?.declaredInputShapes(model));
  for (const framework of [keras, numpy]) opened.set(framework, framework.open(session));
  const interpreter = new Interpreter({
    frameworks: {
      module: (name) => {
        for (const framework of opened.values()) {
          const found = framework.module(name);
          if (found) return found;
        }
        return undefined;
      },
    },
    clock: () => 0,
  });
  const scope = interpreter.evaluateModule(parsePython(text), file);
  return { scope, interpreter, session, opened };
}

/** The value of a module-level name. */
export function nameValue(traced: TracedText, name: string): Value | undefined {
  return traced.scope.names.get(name);
}

/** Applies the model that `name` holds to inputs of its declared shapes. */
export function applyModel(traced: TracedText, name = 'model'): TracedModel {
  const value = nameValue(traced, name);
  const opened = traced.opened.get(keras);
  if (!value || !opened?.isModel(value)) throw new Error(`${name} is ${value?.kind ?? 'nothing'}, not a model`);
  opened.apply(value, [], traced.interpreter.context([]));
  const application = traced.session.applications.at(-1);
  if (!application) throw new Error('the model was not applied');
  const { tracer } = traced.session;
  return {
    nodes: tracer.nodes.slice(application.firstNode, application.endNode),
    outputs: application.outputs,
    parameters: opened.parametersOf(value).map((id) => tracer.parameter(id)),
  };
}
